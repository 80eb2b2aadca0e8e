import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { Case } from './outcomes.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const { n = '', e = '' } = publicKey.export({ format: 'jwk' }) as { n?: string; e?: string };

/** The recording's JWKS was replaced by a key made there; so is ours. */
export const modulus = n;
export const exponent = e;

const good = {
  iss: 'testing@secure.istio.io',
  sub: 'user',
  aud: 'foo.example.com',
  exp: 4_000_000_000,
  groups: ['group1'],
};

function token(claims: Record<string, unknown>): string {
  const text = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${text({ alg: 'RS256', kid: 'k1', typ: 'JWT' })}.${text(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
}

/** The token a case means by $TOKEN: its name says which. */
export function tokenFor({ name }: Case): string {
  if (/without the group/.test(name)) return token({ ...good, groups: ['other'] });
  if (/expired/.test(name)) return token({ ...good, exp: 1_000_000_000 });
  if (/wrong audience/.test(name)) return token({ ...good, aud: 'other.example.com' });
  if (/wrong issuer/.test(name)) return token({ ...good, iss: 'other@example.com' });
  if (/not a JWT/.test(name)) return 'nonsense';
  if (/bad signature/.test(name)) {
    const [head, payload] = token(good).split('.');
    return `${head}.${payload}.${createHash('sha512').update('no').digest('base64url')}`;
  }
  return token(good);
}
