import type { GrpcMatch, HttpMatch, RouteRule, RouteSpec } from '../api/gateway-api.ts';
import type { Gateway } from '../api/networking.ts';
import { type Config, listConfigs, type ObjectSource } from '../model/config.ts';
import type { VirtualServiceConfig } from '../model/virtual-services.ts';
import { convertHttpRoutes } from './http-routes.ts';
import { convertGateways } from './listeners.ts';
import { grpcMatches, httpMatches } from './matches.ts';
import { RouteParents } from './parents.ts';
import { ReferenceGrants } from './reference-grants.ts';
import { convertTlsRoutes, type TlsRouteConfig } from './tls-routes.ts';

/** Objects of the Gateway API as Istio's own (pilot/pkg/config/kube/gateway): names full, delegates none. */
export function convertGatewayApi(
  source: ObjectSource,
  domain: string,
): { gateways: Config<Gateway>[]; virtualServices: VirtualServiceConfig[] } {
  const grants = new ReferenceGrants(source);
  const listeners = convertGateways(source, domain, grants);
  const parents = new RouteParents(
    source,
    listeners.map(({ parent }) => parent),
    domain,
  );
  const options = { domain, grants };
  const http = listConfigs<RouteSpec<RouteRule<HttpMatch>>>(source, 'HTTPRoute');
  const grpc = listConfigs<RouteSpec<RouteRule<GrpcMatch>>>(source, 'GRPCRoute');
  return {
    gateways: listeners.flatMap(({ config }) => config ?? []),
    virtualServices: [
      ...convertHttpRoutes(http, parents, { ...options, matches: httpMatches }),
      ...convertHttpRoutes(grpc, parents, { ...options, matches: grpcMatches }),
      ...convertTlsRoutes(listConfigs<TlsRouteConfig['spec']>(source, 'TLSRoute'), parents, options),
    ],
  };
}
