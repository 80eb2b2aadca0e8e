import { HttpStream } from '../http/stream.ts';
import { type Fraction, share } from '../match/route.ts';
import type { RouteAction } from '../xds/types.ts';
import { UpstreamRequest } from './upstream-request.ts';

interface MirrorPolicy {
  cluster: string;
  runtimeFraction?: { defaultValue?: Fraction };
  disableShadowHostSuffixAppend?: boolean;
}

/** Sends copies of a request where the route wants them; nobody waits for what they bring. */
export function mirror(stream: HttpStream, action: RouteAction): void {
  for (const policy of (action.requestMirrorPolicies ?? []) as MirrorPolicy[]) {
    const { context } = stream;
    const fraction = policy.runtimeFraction?.defaultValue;
    if (fraction && context.kernel.random.float() >= share(fraction)) continue;
    const cluster = context.clusters.get(policy.cluster);
    const host = cluster && context.clusters.choose(cluster, { downstream: stream.info.downstream });
    if (!cluster || !host) continue;
    const { head } = stream;
    const copy = new HttpStream({
      context,
      info: { ...stream.info, flags: [...stream.info.flags] },
      head: {
        ...head,
        authority: policy.disableShadowHostSuffixAppend ? head.authority : shadowed(head.authority),
        headers: head.headers.clone(),
      },
      body: stream.body,
      trace: undefined,
      gone: stream.gone,
      protocol: stream.protocol,
      statPrefix: stream.statPrefix,
      routes: stream.routes,
    });
    copy.head.headers.append('x-forwarded-for', context.stack.address);
    copy.alpnOverride = stream.alpnOverride;
    new UpstreamRequest(copy, cluster, host).run().catch(() => {});
  }
}

function shadowed(authority: string): string {
  return authority.replace(/^(.*?)(:\d+)?$/, '$1-shadow$2');
}
