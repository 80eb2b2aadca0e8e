import type { ProxyContext } from '../context.ts';
import type { Any, NamedAny } from '../xds/types.ts';
import { alpn } from './alpn.ts';
import { cors } from './cors.ts';
import { extAuthz } from './ext-authz.ts';
import { fault } from './fault.ts';
import type { Direction, HttpFilter, HttpFilterFactory } from './filter.ts';
import { istioStats } from './istio-stats.ts';
import { jwtAuthn } from './jwt.ts';
import { localRateLimit } from './local-rate-limit.ts';
import { peerMetadata } from './peer-metadata.ts';
import { rbac } from './rbac.ts';

/** Changes nothing that can be seen from outside. */
const transparent: HttpFilterFactory = () => ({});

const factories: Record<string, HttpFilterFactory> = {
  'istio.metadata_exchange': peerMetadata,
  'istio.alpn': alpn,
  'istio.stats': istioStats,
  'envoy.filters.http.grpc_stats': transparent,
  // Translates gRPC-Web bodies only; other requests pass.
  'envoy.filters.http.grpc_web': transparent,
  'envoy.filters.http.fault': fault,
  'envoy.filters.http.cors': cors,
  'envoy.filters.http.rbac': rbac,
  'envoy.filters.http.jwt_authn': jwtAuthn,
  'envoy.filters.http.ext_authz': extAuthz,
  'envoy.filters.http.local_ratelimit': localRateLimit,
};

/** The last filter, which is the router itself. */
const router = 'envoy.filters.http.router';

const critical = new Set(['envoy.filters.http.jwt_authn', 'envoy.filters.http.ext_authz']);

/** Is a filter of this name taken whatever its configuration? */
export function alwaysAccepted(name: string): boolean {
  return name === router || (name in factories && !critical.has(name));
}

/** A connection manager's filters in order, without the router. What is unknown is refused, as Envoy refuses the listener. */
export function httpFilters(list: readonly NamedAny[], context: ProxyContext, direction: Direction): HttpFilter[] {
  return list.flatMap((entry) => {
    if (entry.name === router || entry.disabled) return [];
    const config = entry.typedConfig ?? { '@type': '' };
    const type = typeOf(config);
    // Types decide; names are free where an EnvoyFilter wrote them.
    const factory = factories[entry.name] ?? factories[types[type] ?? ''];
    if (!factory) {
      throw new Error(`Didn't find a registered implementation for '${entry.name}' with type URL: '${type}'`);
    }
    return [factory(config, context, direction)];
  });
}

const types: Record<string, string> = {
  'envoy.extensions.filters.http.fault.v3.HTTPFault': 'envoy.filters.http.fault',
  'envoy.extensions.filters.http.cors.v3.Cors': 'envoy.filters.http.cors',
  'envoy.extensions.filters.http.rbac.v3.RBAC': 'envoy.filters.http.rbac',
  'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit': 'envoy.filters.http.local_ratelimit',
  'envoy.extensions.filters.http.grpc_stats.v3.FilterConfig': 'envoy.filters.http.grpc_stats',
  'envoy.extensions.filters.http.grpc_web.v3.GrpcWeb': 'envoy.filters.http.grpc_web',
};

/** The message's type, also where it is wrapped in a TypedStruct. */
function typeOf(config: Any): string {
  const url = config['@type'].endsWith('TypedStruct') ? String(config.typeUrl ?? '') : config['@type'];
  return url.replace(/^.*\//, '');
}
