import { encode } from '../kernel/streams.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** A text's UTF-8 bytes in base64 (RFC 4648, with padding). */
export function encodeBase64(text: string): string {
  const bytes = encode(text);
  let result = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b, c] = bytes.subarray(at, at + 3);
    const bits = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    result += alphabet[bits >> 18];
    result += alphabet[(bits >> 12) & 63];
    result += b === undefined ? '=' : alphabet[(bits >> 6) & 63];
    result += c === undefined ? '=' : alphabet[bits & 63];
  }
  return result;
}

/** The bytes of a base64 text, or the place of the first wrong character (Go's encoding/base64). */
export function decodeBase64(text: string): Uint8Array | { wrongAt: number } {
  const clean = text.replace(/[\r\n]/g, '');
  const body = clean.replace(/={1,2}$/, '');
  const bytes: number[] = [];
  let bits = 0;
  let count = 0;
  for (const [at, letter] of [...body].entries()) {
    const value = alphabet.indexOf(letter);
    if (value < 0) return { wrongAt: at };
    bits = (bits << 6) | value;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push((bits >> count) & 0xff);
      bits &= (1 << count) - 1;
    }
  }
  return clean.length % 4 === 0 ? Uint8Array.from(bytes) : { wrongAt: clean.length };
}
