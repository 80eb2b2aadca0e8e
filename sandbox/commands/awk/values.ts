import { floatText } from '../small/printf.ts';

/** Text that came from outside: a number where it looks like one (POSIX's "numeric string"). */
export class Input {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** `undefined` is a variable that was never set. */
export type Value = number | string | Input | undefined;

const numeric = /^\s*[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)\s*$/;

export function toNumber(value: Value): number {
  if (typeof value === 'number') return value;
  if (value === undefined) return 0;
  const text = typeof value === 'string' ? value : value.text;
  return Number(/^\s*[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)/.exec(text)?.[0] ?? 0);
}

export function toText(value: Value, format = '%.6g'): string {
  if (typeof value === 'string') return value;
  if (value === undefined) return '';
  if (value instanceof Input) return value.text;
  if (Number.isInteger(value) && Math.abs(value) < 1e16) return String(value);
  const [, precision, verb = 'g'] = /^%\.(\d+)([efgEFG])$/.exec(format) ?? [];
  const digits = floatText(verb, Math.abs(value), precision === undefined ? 6 : Number(precision));
  return value < 0 ? `-${digits}` : digits;
}

export function isTrue(value: Value): boolean {
  if (typeof value === 'number') return value !== 0;
  if (value instanceof Input) return numeric.test(value.text) ? Number(value.text) !== 0 : value.text !== '';
  return value !== undefined && value !== '';
}

function isNumeric(value: Value): boolean {
  return value === undefined || typeof value === 'number' || (value instanceof Input && numeric.test(value.text));
}

/** Numbers by value where both are, all else as text. */
export function compareValues(left: Value, right: Value, format: string): number {
  if (isNumeric(left) && isNumeric(right)) return toNumber(left) - toNumber(right);
  const [a, b] = [toText(left, format), toText(right, format)];
  return a < b ? -1 : a > b ? 1 : 0;
}
