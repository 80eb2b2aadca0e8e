import { pattern } from '../regexp.ts';
import {
  CelError,
  type CelMap,
  type CelValue,
  conversionError,
  Duration,
  isMap,
  noOverload,
  parseDuration,
  parseUrl,
  typeOf,
  Url,
} from './values.ts';

type Fn = (...args: CelValue[]) => CelValue;

function text(value: CelValue | undefined): string {
  if (typeof value !== 'string') throw noOverload();
  return value;
}

function whole(value: CelValue | undefined): number {
  if (typeof value !== 'bigint') throw noOverload();
  return Number(value);
}

function size(value: CelValue): bigint {
  if (typeof value === 'string') return BigInt([...value].length);
  if (Array.isArray(value)) return BigInt(value.length);
  if (isMap(value)) return BigInt(Object.keys(value).length);
  throw noOverload();
}

function range(value: CelValue, from: CelValue, to?: CelValue): string {
  const characters = [...text(value)];
  const start = whole(from);
  const end = to === undefined ? characters.length : whole(to);
  if (start < 0 || start > characters.length) throw new CelError(`index out of range: ${start}`);
  if (end < 0 || end > characters.length) throw new CelError(`index out of range: ${end}`);
  if (start > end) throw new CelError(`invalid substring range. start: ${start}, end: ${end}`);
  return characters.slice(start, end).join('');
}

/** Functions by name; a call on a receiver has it as the first argument. */
export const functions: Record<string, Fn> = {
  size: (value) => size(value as CelValue),
  int(value) {
    if (typeof value === 'bigint') return value;
    if (typeof value === 'number') return BigInt(Math.trunc(value));
    if (typeof value === 'string' && /^[+-]?\d+$/.test(value)) return BigInt(value);
    throw conversionError(typeOf(value as CelValue), 'int');
  },
  uint: (value) => functions.int?.(value as CelValue) as CelValue,
  double(value) {
    const result = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number(value as bigint | number);
    if (Number.isNaN(result)) throw conversionError(typeOf(value as CelValue), 'double');
    return result;
  },
  string(value) {
    if (typeof value === 'string') return value;
    if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean') return String(value);
    if (value instanceof Duration) return `${Number(value.nanoseconds) / 1e9}s`;
    throw conversionError(typeOf(value as CelValue), 'string');
  },
  bool(value) {
    if (typeof value === 'boolean') return value;
    if (value === 'true' || value === 'false') return value === 'true';
    throw conversionError(typeOf(value as CelValue), 'bool');
  },
  type: (value) => typeOf(value as CelValue),
  dyn: (value) => value as CelValue,
  duration: (value) => (value instanceof Duration ? value : parseDuration(text(value))),
  url: (value) => parseUrl(text(value)),
  isURL(value) {
    try {
      parseUrl(text(value));
      return true;
    } catch {
      return false;
    }
  },
  getScheme: (value) => urlPart(value, (url) => url.scheme),
  getHost: (value) => urlPart(value, (url) => url.host),
  getHostname: (value) => urlPart(value, (url) => url.host.replace(/:\d*$/, '').replace(/^\[|\]$/g, '')),
  getPort: (value) => urlPart(value, (url) => /:(\d+)$/.exec(url.host)?.[1] ?? ''),
  getEscapedPath: (value) => urlPart(value, (url) => url.path.replace(/[?#].*$/s, '')),
  startsWith: (value, prefix) => text(value).startsWith(text(prefix)),
  endsWith: (value, suffix) => text(value).endsWith(text(suffix)),
  contains: (value, part) => text(value).includes(text(part)),
  matches: (value, expression) => pattern(text(expression)).test(text(value)),
  find: (value, expression) => pattern(text(expression)).exec(text(value))?.[0] ?? '',
  lowerAscii: (value) => text(value).replace(/[A-Z]/g, (letter) => letter.toLowerCase()),
  upperAscii: (value) => text(value).replace(/[a-z]/g, (letter) => letter.toUpperCase()),
  trim: (value) => text(value).trim(),
  replace: (value, from, to) => text(value).replaceAll(text(from), () => text(to)),
  split: (value, separator) => text(value).split(text(separator)),
  indexOf: (value, part) => {
    if (Array.isArray(value)) return BigInt(value.findIndex((item) => equal(item, part as CelValue)));
    return BigInt(text(value).indexOf(text(part)));
  },
  lastIndexOf: (value, part) => BigInt(text(value).lastIndexOf(text(part))),
  charAt: (value, at) => text(value).charAt(whole(at)),
  substring: (value, from, to) => range(value as CelValue, from as CelValue, to),
  join: (value, separator) => (value as CelValue[]).map(text).join(separator === undefined ? '' : text(separator)),
  isSorted: (value) =>
    list(value).every((item, index, all) => index === 0 || compare(all[index - 1] as CelValue, item) <= 0),
  sum: (value) =>
    list(value).reduce<CelValue>(
      (sum, item) => (typeof item === 'bigint' ? (sum as bigint) + item : Number(sum) + Number(item)),
      0n,
    ),
};

function list(value: CelValue | undefined): CelValue[] {
  if (!Array.isArray(value)) throw noOverload();
  return value;
}

function urlPart(value: CelValue | undefined, read: (url: Url) => string): string {
  if (!(value instanceof Url)) throw noOverload();
  return read(value);
}

/** CEL's ==: values of different types are not equal, numbers of different types may be. */
export function equal(a: CelValue, b: CelValue): boolean {
  if (typeof a === 'bigint' && typeof b === 'number') return Number(a) === b;
  if (typeof a === 'number' && typeof b === 'bigint') return a === Number(b);
  if (a instanceof Duration && b instanceof Duration) return a.nanoseconds === b.nanoseconds;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => equal(item, b[index] as CelValue));
  }
  if (isMap(a) && isMap(b)) {
    const keys = Object.keys(a);
    const other: CelMap = b;
    if (keys.length !== Object.keys(other).length) return false;
    return keys.every((key) => Object.hasOwn(other, key) && equal(a[key] as CelValue, other[key] as CelValue));
  }
  return a === b;
}

/** Negative, zero or positive. Throws where the types have no order. */
export function compare(a: CelValue, b: CelValue): number {
  if (a instanceof Duration && b instanceof Duration) return compare(a.nanoseconds, b.nanoseconds);
  const numbers = isNumber(a) && isNumber(b);
  if (
    !numbers &&
    !(typeof a === 'string' && typeof b === 'string') &&
    !(typeof a === 'boolean' && typeof b === 'boolean')
  ) {
    throw noOverload();
  }
  const left = a as string;
  const right = b as string;
  return left < right ? -1 : left > right ? 1 : 0;
}

function isNumber(value: CelValue): boolean {
  return typeof value === 'bigint' || typeof value === 'number';
}
