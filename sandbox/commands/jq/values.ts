import type { Json, JsonObject } from '../../kernel/json.ts';

/** A value thrown by `error` or by an operation that cannot be done. */
export class JqError extends Error {
  override name = 'JqError';
  readonly value: Json;
  constructor(value: Json) {
    super(typeof value === 'string' ? value : JSON.stringify(value));
    this.value = value;
  }
}

/** Thrown by `break`. */
export class Break extends Error {
  readonly label: object;
  constructor(label: object) {
    super('break');
    this.label = label;
  }
}

const order = ['null', 'false', 'true', 'number', 'string', 'array', 'object'];

export function typeOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value;
}

export const isObject = (value: Json): value is JsonObject => typeOf(value) === 'object';
export const truthy = (value: Json): boolean => value !== null && value !== false;

export function sortedKeys(object: JsonObject): string[] {
  return Object.keys(object).sort(compareStrings);
}

export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const [left, right] = [[...a], [...b]];
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const difference = (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** jq's order: null, false, true, numbers, strings, arrays, objects. */
export function compare(a: Json, b: Json): number {
  const rank = (value: Json) => order.indexOf(typeof value === 'boolean' ? String(value) : typeOf(value));
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  if (typeof a === 'number' && typeof b === 'number') return a < b || Number.isNaN(a) ? -1 : a === b ? 0 : 1;
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b);
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let at = 0; at < Math.min(a.length, b.length); at++) {
      const difference = compare(a[at] as Json, b[at] as Json);
      if (difference !== 0) return difference;
    }
    return a.length - b.length;
  }
  if (isObject(a) && isObject(b)) {
    const [left, right] = [sortedKeys(a), sortedKeys(b)];
    const keys = compare(left, right);
    if (keys !== 0) return keys;
    for (const key of left) {
      const difference = compare(a[key] as Json, b[key] as Json);
      if (difference !== 0) return difference;
    }
  }
  return 0;
}

export const equal = (a: Json, b: Json): boolean => compare(a, b) === 0;

export interface FormatOptions {
  /** Undefined: all on one line. */
  indent?: string | undefined;
  sortKeys?: boolean;
  ascii?: boolean;
}

export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return 'null';
  if (!Number.isFinite(value)) return value < 0 ? '-1.7976931348623157e+308' : '1.7976931348623157e+308';
  if (Object.is(value, -0)) return '-0';
  // Like the dtoa.c that jq carries: an exponent where the point lies far from the digits.
  const [, sign = '', first = '', rest = '', power = '0'] =
    /^(-?)(\d)\.?(\d*)e([-+]\d+)$/.exec(value.toExponential()) ?? [];
  const [digits, exponent] = [first + rest, Number(power)];
  const point = exponent + 1;
  if (point <= -4 || point > digits.length + 15) {
    const mantissa = rest === '' ? first : `${first}.${rest}`;
    return `${sign}${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits.padEnd(point, '0');
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

function formatString(text: string, ascii: boolean): string {
  // jq writes DEL as an escape; JSON.stringify does not.
  const quoted = JSON.stringify(text).replaceAll('\x7f', '\\u007f');
  if (!ascii) return quoted;
  return quoted.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** JSON text as jq prints it. */
export function format(value: Json, options: FormatOptions = {}, margin = ''): string {
  const { indent, sortKeys = false, ascii = false } = options;
  if (typeof value === 'number') return formatNumber(value);
  if (typeof value === 'string') return formatString(value, ascii);
  if (value === null || typeof value === 'boolean') return String(value);
  const inner = indent === undefined ? '' : margin + indent;
  const join = (items: string[], open: string, close: string) => {
    if (items.length === 0) return open + close;
    if (indent === undefined) return `${open}${items.join(',')}${close}`;
    return `${open}\n${inner}${items.join(`,\n${inner}`)}\n${margin}${close}`;
  };
  if (Array.isArray(value))
    return join(
      value.map((item) => format(item, options, inner)),
      '[',
      ']',
    );
  const keys = sortKeys ? sortedKeys(value) : Object.keys(value);
  const colon = indent === undefined ? ':' : ': ';
  const items = keys.map((key) => formatString(key, ascii) + colon + format(value[key] as Json, options, inner));
  return join(items, '{', '}');
}

/** For error messages: `object ({"a":1})`, cut at eleven bytes as jq 1.7 does. */
export function described(value: Json): string {
  const text = format(value);
  return `${typeOf(value)} (${text.length > 11 ? `${text.slice(0, 10)}...` : text})`;
}
