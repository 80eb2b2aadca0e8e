/** A range of addresses as bits: `0101…` and how many of them count. */
export interface Prefix {
  bits: string;
  length: number;
}

/** `10.0.0.0/8` or `2001:db8::/64`; undefined if it is none (netutils.ParseCIDRSloppy without its leading zeros). */
export function parseCidr(text: string): Prefix | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  if (!match) return undefined;
  const bits = (match[1] as string).includes(':') ? bitsOfIPv6(match[1] as string) : bitsOfIPv4(match[1] as string);
  const length = Number(match[2]);
  return bits !== undefined && length <= bits.length ? { bits, length } : undefined;
}

/** Is `part` in `whole`, and smaller? */
export function isStrictSubset(part: Prefix, whole: Prefix): boolean {
  const sameFamily = part.bits.length === whole.bits.length;
  return sameFamily && part.length > whole.length && part.bits.startsWith(whole.bits.slice(0, whole.length));
}

const binary = (value: number, width: number) => value.toString(2).padStart(width, '0');

function bitsOfIPv4(text: string): string | undefined {
  const parts = text.split('.');
  const valid = parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
  return valid ? parts.map((part) => binary(Number(part), 8)).join('') : undefined;
}

function bitsOfIPv6(text: string): string | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array<string>(missing).fill('0'), ...tail];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return groups.map((group) => binary(Number.parseInt(group, 16), 16)).join('');
}
