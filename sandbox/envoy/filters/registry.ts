import type { ProxyContext } from '../context.ts';
import type { NamedAny } from '../xds/types.ts';
import { alpn } from './alpn.ts';
import { cors } from './cors.ts';
import { fault } from './fault.ts';
import type { Direction, HttpFilter, HttpFilterFactory } from './filter.ts';
import { localRateLimit } from './local-rate-limit.ts';
import { peerMetadata } from './peer-metadata.ts';
import { rbac } from './rbac.ts';

/** Changes nothing that can be seen from outside. */
const transparent: HttpFilterFactory = () => ({});

const factories: Record<string, HttpFilterFactory> = {
  'istio.metadata_exchange': peerMetadata,
  'istio.alpn': alpn,
  'istio.stats': transparent,
  'envoy.filters.http.grpc_stats': transparent,
  // Translates gRPC-Web bodies only; other requests pass.
  'envoy.filters.http.grpc_web': transparent,
  'envoy.filters.http.fault': fault,
  'envoy.filters.http.cors': cors,
  'envoy.filters.http.rbac': rbac,
  'envoy.filters.http.local_ratelimit': localRateLimit,
};

/** The last filter, which is the router itself. */
const router = 'envoy.filters.http.router';

/** A connection manager's filters in order, without the router. What is unknown is refused, as Envoy refuses the listener. */
export function httpFilters(list: readonly NamedAny[], context: ProxyContext, direction: Direction): HttpFilter[] {
  return list.flatMap((entry) => {
    if (entry.name === router || entry.disabled) return [];
    const factory = factories[entry.name];
    const config = entry.typedConfig ?? { '@type': '' };
    if (!factory) {
      throw new Error(
        `Didn't find a registered implementation for '${entry.name}' with type URL: '${config['@type'].replace(/^.*\//, '')}'`,
      );
    }
    return [factory(config, context, direction)];
  });
}
