import { toBase64 } from '../../../kernel/base64.ts';
import { Random } from '../../../kernel/random.ts';
import { encode } from '../../../kernel/streams.ts';
import { fnv32a } from '../hash.ts';
import type { Pod } from '../types.ts';

const issuer = 'https://kubernetes.default.svc.cluster.local';

function base64url(bytes: Uint8Array): string {
  return toBase64(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

/**
 * A projected service account token: a JWT with the claims the API server writes (pkg/serviceaccount/claims.go). Its signature
 * has the right size and nobody's key: nothing here checks it.
 */
export function serviceAccountToken(
  pod: Pod,
  audience: string | undefined,
  issuedAt: number,
  lifetime: number,
): string {
  const { namespace, name, uid } = pod.metadata;
  const iat = Math.floor(issuedAt / 1000);
  const random = new Random(fnv32a(`${uid} ${audience} ${iat}`));
  const claims = {
    aud: [audience ?? issuer],
    exp: iat + lifetime,
    iat,
    iss: issuer,
    jti: random.uuid(),
    'kubernetes.io': {
      namespace,
      node: { name: pod.spec.nodeName },
      pod: { name, uid },
      serviceaccount: { name: pod.spec.serviceAccountName ?? 'default' },
    },
    nbf: iat,
    sub: `system:serviceaccount:${namespace}:${pod.spec.serviceAccountName ?? 'default'}`,
  };
  const header = { alg: 'RS256', kid: base64url(new Random(1).bytes(32)) };
  const text = [header, claims].map((part) => base64url(encode(JSON.stringify(part)))).join('.');
  return `${text}.${base64url(random.bytes(256))}`;
}

/** A container's 64 hexadecimal digits, as containerd draws them: the same for the same runtime ID. */
export function containerDigest(id: string): string {
  return new Random(fnv32a(id) * 4096 + (fnv32a(`${id}/`) % 4096)).hex(64);
}
