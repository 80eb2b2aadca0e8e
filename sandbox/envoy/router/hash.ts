import { milliseconds } from '../duration.ts';
import type { HttpStream } from '../http/stream.ts';
import { queryParameters } from '../match/route.ts';
import { hashText } from '../upstream/load-balancer.ts';

interface HashPolicy {
  header?: { headerName: string };
  cookie?: { name: string; ttl?: string; path?: string };
  connectionProperties?: { sourceIp?: boolean };
  queryParameter?: { name: string };
  terminal?: boolean;
}

/** The hash a route's policies make of a request, and the cookie that keeps a client at its host. */
export function requestHash(
  policies: readonly HashPolicy[],
  stream: HttpStream,
): { hash: number | undefined; setCookie: string | undefined } {
  let hash: number | undefined;
  let setCookie: string | undefined;
  for (const policy of policies) {
    let value = hashedPart(policy, stream);
    const { cookie } = policy;
    const lifetime = milliseconds(cookie?.ttl);
    if (cookie && value === undefined && lifetime !== undefined) {
      value = stream.context.kernel.random.hex(16);
      const age = lifetime > 0 ? `; Max-Age=${Math.floor(lifetime / 1000)}` : '';
      setCookie = `${cookie.name}="${value}"${age}${cookie.path ? `; Path=${cookie.path}` : ''}; HttpOnly`;
    }
    if (value === undefined) continue;
    const part = hashText(value);
    hash = hash === undefined ? part : (((hash << 1) | (hash >>> 31)) ^ part) >>> 0;
    if (policy.terminal) break;
  }
  return { hash, setCookie };
}

function hashedPart(policy: HashPolicy, { head, info }: HttpStream): string | undefined {
  if (policy.header) return head.headers.get(policy.header.headerName.toLowerCase());
  if (policy.queryParameter) return queryParameters(head.path).get(policy.queryParameter.name);
  if (policy.connectionProperties?.sourceIp) return (info.remoteAddress ?? info.downstream.remote).address;
  const wanted = policy.cookie?.name;
  for (const pair of (head.headers.get('cookie') ?? '').split(/;\s*/)) {
    const [name, value] = pair.split('=');
    if (wanted !== undefined && name === wanted) return value?.replace(/^"|"$/g, '');
  }
  return undefined;
}
