import { p256 } from '@noble/curves/nist.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { fromBase64 } from '../../kernel/base64.ts';
import { concat, decode, encode } from '../../kernel/streams.ts';

/** A JSON web key (RFC 7517), the members that matter here. */
export interface JsonWebKey {
  kty: string;
  kid?: string;
  alg?: string;
  n?: string;
  e?: string;
  crv?: string;
  x?: string;
  y?: string;
}

export interface Jwt {
  header: { alg?: string; kid?: string };
  claims: Record<string, unknown>;
  /** Base64url, as written. */
  payload: string;
  /** What was signed. */
  signed: string;
  signature: Uint8Array;
}

function fromBase64Url(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return undefined;
  const padded = text
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .padEnd(Math.ceil(text.length / 4) * 4, '=');
  return text.length % 4 === 1 ? undefined : fromBase64(padded);
}

function parseObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(decode(bytes));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** A token taken apart, or what jwt_verify_lib says is wrong with it. */
export function parseJwt(token: string): Jwt | string {
  const parts = token.split('.');
  if (parts.length !== 3) return 'Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections';
  const [head = '', payload = '', tail = ''] = parts;
  const headBytes = fromBase64Url(head);
  if (!headBytes) return 'Jwt header is an invalid Base64url encoded';
  const header = parseObject(headBytes);
  if (!header) return 'Jwt header is an invalid JSON';
  const payloadBytes = fromBase64Url(payload);
  if (!payloadBytes) return 'Jwt payload is an invalid Base64url encoded';
  const claims = parseObject(payloadBytes);
  if (!claims) return 'Jwt payload is an invalid JSON';
  const signature = fromBase64Url(tail);
  if (!signature) return 'Jwt signature is an invalid Base64url encoded';
  return { header: header as Jwt['header'], claims, payload, signed: `${head}.${payload}`, signature };
}

/** The keys of a JWKS text; undefined if it is none. */
export function parseKeys(text: string): JsonWebKey[] | undefined {
  const keys = parseObject(encode(text))?.keys;
  return Array.isArray(keys) ? (keys as JsonWebKey[]) : undefined;
}

/** Checks the signature; the answer is what is wrong, or undefined. */
export function verifySignature(jwt: Jwt, keys: readonly JsonWebKey[]): string | undefined {
  const { alg = '', kid } = jwt.header;
  const fitting = keys.filter(
    (key) =>
      (kid === undefined || key.kid === undefined || key.kid === kid) && (key.alg === undefined || key.alg === alg),
  );
  if (fitting.length === 0) return "Jwks doesn't have key to match kid or alg from Jwt";
  return fitting.some((key) => signedBy(jwt, key, alg)) ? undefined : 'Jwt verification fails';
}

function signedBy(jwt: Jwt, key: JsonWebKey, algorithm: string): boolean {
  const message = encode(jwt.signed);
  if (algorithm === 'ES256' && key.kty === 'EC') {
    const [x, y] = [fromBase64Url(key.x ?? ''), fromBase64Url(key.y ?? '')];
    if (!x || !y || jwt.signature.length !== 64) return false;
    return p256.verify(jwt.signature, message, concat([Uint8Array.of(4), x, y]));
  }
  if (key.kty !== 'RSA') return false;
  const hash = { RS256: sha256, RS384: sha384, RS512: sha512 }[algorithm];
  const [modulus, exponent] = [fromBase64Url(key.n ?? ''), fromBase64Url(key.e ?? '')];
  if (!hash || !modulus || !exponent) return false;
  return pkcs1Matches(jwt.signature, modulus, exponent, hash(message), algorithm);
}

/** DER prefixes of DigestInfo (RFC 8017 section 9.2). */
const digestInfo: Record<string, string> = {
  RS256: '3031300d060960864801650304020105000420',
  RS384: '3041300d060960864801650304020205000430',
  RS512: '3051300d060960864801650304020305000440',
};

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** RSASSA-PKCS1-v1_5 verification. */
function pkcs1Matches(
  signature: Uint8Array,
  modulus: Uint8Array,
  exponent: Uint8Array,
  digest: Uint8Array,
  algorithm: string,
): boolean {
  const n = BigInt(`0x${hex(modulus)}`);
  let base = BigInt(`0x${hex(signature) || '0'}`) % n;
  let result = 1n;
  for (let power = BigInt(`0x${hex(exponent)}`); power > 0n; power >>= 1n) {
    if (power & 1n) result = (result * base) % n;
    base = (base * base) % n;
  }
  const tail = `00${digestInfo[algorithm]}${hex(digest)}`;
  const size = hex(modulus).replace(/^(00)+/, '').length;
  const expected = `0001${'ff'.repeat(Math.max(0, (size - 4 - tail.length) / 2))}${tail}`;
  return result.toString(16).padStart(size, '0') === expected;
}
