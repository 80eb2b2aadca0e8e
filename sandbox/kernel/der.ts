import { concat, decode, encode } from './streams.ts';
import { calendar } from './time.ts';

/** ASN.1 in DER (X.690): what X.509 certificates and keys are written in. */

/** Universal tags; constructed ones with bit 6 set. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

export function tlv(tag: number, ...contents: Uint8Array[]): Uint8Array {
  const content = concat(contents);
  const { length } = content;
  if (length < 128) return concat([Uint8Array.of(tag, length), content]);
  const size: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) size.unshift(rest % 256);
  return concat([Uint8Array.of(tag, 0x80 | size.length, ...size), content]);
}

export const sequence = (...items: Uint8Array[]): Uint8Array => tlv(tags.sequence, ...items);
export const set = (...items: Uint8Array[]): Uint8Array => tlv(tags.set, ...items);
export const octets = (bytes: Uint8Array): Uint8Array => tlv(tags.octetString, bytes);
export const boolean = (value: boolean): Uint8Array => tlv(tags.boolean, Uint8Array.of(value ? 0xff : 0));

/** A non-negative INTEGER of big-endian bytes. */
export function integer(bytes: Uint8Array | number): Uint8Array {
  const given = typeof bytes === 'number' ? Uint8Array.of(bytes) : bytes;
  let start = 0;
  while (start < given.length - 1 && given[start] === 0) start++;
  const shortest = given.subarray(start);
  const negative = ((shortest[0] ?? 0) & 0x80) !== 0;
  return tlv(tags.integer, negative ? Uint8Array.of(0) : new Uint8Array(), shortest);
}

/** A BIT STRING; `unused` bits at its end do not count. */
export function bits(bytes: Uint8Array, unused = 0): Uint8Array {
  return tlv(tags.bitString, Uint8Array.of(unused), bytes);
}

/** `1.2.840.10045.2.1` */
export function objectIdentifier(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return tlv(tags.objectIdentifier, Uint8Array.from(bytes));
}

/** UTCTime until 2049, GeneralizedTime after (RFC 5280 4.1.2.5). `at`: ms since 1970. */
export function time(at: number): Uint8Array {
  const { year, month, day, hour, minute, second } = calendar(at);
  const two = (value: number) => String(value).padStart(2, '0');
  const rest = `${two(month)}${two(day)}${two(hour)}${two(minute)}${two(second)}Z`;
  return year < 2050
    ? tlv(tags.utcTime, encode(`${two(year % 100)}${rest}`))
    : tlv(tags.generalizedTime, encode(`${year}${rest}`));
}

export class DerError extends Error {
  override name = 'DerError';
}

/** One element: its tag, its content and, with its head, the whole of it. */
export interface Element {
  tag: number;
  content: Uint8Array;
  whole: Uint8Array;
}

/** The elements that follow one another in `bytes`; throws `DerError` where they are cut short. */
export function elements(bytes: Uint8Array): Element[] {
  const found: Element[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const tag = bytes[offset] as number;
    let length = bytes[offset + 1];
    let start = offset + 2;
    if (length === undefined) throw new DerError('header too long');
    if (length & 0x80) {
      const count = length & 0x7f;
      if (count === 0 || count > 4 || start + count > bytes.length) throw new DerError('header too long');
      length = bytes.subarray(start, start + count).reduce((size, byte) => size * 256 + byte, 0);
      start += count;
    }
    if (start + length > bytes.length) throw new DerError('too long');
    found.push({ tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(offset, start + length) });
    offset = start + length;
  }
  return found;
}

export function readObjectIdentifier(content: Uint8Array): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f);
    if (byte & 0x80) continue;
    if (arcs.length === 0) arcs.push(Math.min(2, Math.floor(arc / 40)), arc - 40 * Math.min(2, Math.floor(arc / 40)));
    else arcs.push(arc);
    arc = 0;
  }
  return arcs.join('.');
}

/** RFC 3339 text of a UTCTime or GeneralizedTime. */
export function readTime({ tag, content }: Element): string {
  const text = decode(content);
  const digits = tag === tags.utcTime ? `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}` : text;
  const part = (from: number, to: number) => digits.slice(from, to);
  return `${part(0, 4)}-${part(4, 6)}-${part(6, 8)}T${part(8, 10)}:${part(10, 12)}:${part(12, 14)}Z`;
}
