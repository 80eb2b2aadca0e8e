const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const values = new Map([...alphabet].map((letter, value) => [letter.charCodeAt(0), value]));

/** RFC 4648 section 4, with padding. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let index = 0; index < bytes.length; index += 3) {
    const [a = 0, b = 0, c = 0] = [bytes[index], bytes[index + 1], bytes[index + 2]];
    const left = bytes.length - index;
    text += alphabet[a >> 2];
    text += alphabet[((a & 3) << 4) | (b >> 4)];
    text += left > 1 ? alphabet[((b & 15) << 2) | (c >> 6)] : '=';
    text += left > 2 ? alphabet[c & 63] : '=';
  }
  return text;
}

/** The bytes of a padded text, or undefined if it is not base64. Line breaks count as nothing, as in Go's encoding/base64. */
export function fromBase64(text: string): Uint8Array | undefined {
  const dense = text.replace(/[\r\n]/g, '');
  const padding = dense.endsWith('==') ? 2 : dense.endsWith('=') ? 1 : 0;
  if (dense.length % 4 !== 0) return undefined;
  const bytes = new Uint8Array((dense.length / 4) * 3 - padding);
  let [buffer, bits, offset] = [0, 0, 0];
  for (let index = 0; index < dense.length - padding; index++) {
    const value = values.get(dense.charCodeAt(index));
    if (value === undefined) return undefined;
    buffer = ((buffer << 6) | value) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[offset++] = (buffer >> bits) & 0xff;
    }
  }
  return bytes;
}
