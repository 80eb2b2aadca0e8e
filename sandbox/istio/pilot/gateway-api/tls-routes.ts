import type { BackendReference, RouteSpec } from '../api/gateway-api.ts';
import type { RouteDestination, TlsRoute } from '../api/networking.ts';
import type { Config } from '../model/config.ts';
import { hostsMatch, intersectHosts } from '../model/host.ts';
import type { VirtualServiceConfig } from '../model/virtual-services.ts';
import { type BackendContext, backendDestination, InvalidRoute, weighted } from './backends.ts';
import { generatedName, routeAnnotations } from './names.ts';
import { hostsOf, type RouteParent, type RouteParents } from './parents.ts';
import type { ReferenceGrants } from './reference-grants.ts';

export type TlsRouteConfig = Config<RouteSpec<{ backendRefs?: BackendReference[] }>>;

/** VirtualServices of TLS routes, one for each host of each parent. */
export function convertTlsRoutes(
  routes: readonly TlsRouteConfig[],
  parents: RouteParents,
  options: { domain: string; grants: ReferenceGrants },
): VirtualServiceConfig[] {
  return routes.flatMap((route) => {
    const { kind, namespace, name } = route;
    const converted = parents.of(route).flatMap((parent) => {
      const grants = parent.mesh ? undefined : options.grants;
      const tls = convertRules(route, { kind, namespace, domain: options.domain, grants });
      return hostsAndRoutes(parent, route.spec.hostnames, tls).map((each) => ({ ...each, gateway: parent.gateway }));
    });
    return converted.map(({ host, tls, gateway }, index) => ({
      ...route,
      kind: 'VirtualService',
      name: `${name}~tls~${index}~${generatedName}`,
      annotations: routeAnnotations(route),
      spec: { hosts: [host], gateways: [gateway], tls },
    }));
  });
}

function hostsAndRoutes(parent: RouteParent, hostnames: readonly string[] | undefined, routes: readonly TlsRoute[]) {
  const hosts = hostsOf(parent, hostnames);
  if (parent.mesh) {
    const own = routes.map((route) => bindToMesh(route, hosts, parent.port));
    return hosts.map((host) => ({ host, tls: own.map((route) => narrowed(route, host)) }));
  }
  const { hostname } = parent.listener;
  if (hostname === '') return hosts.map((host) => ({ host, tls: [...routes] }));
  const tls = routes
    .map((route) => withNames(route, (names) => intersectHosts(names, [hostname])))
    .filter(({ match }) => match.length === 0 || match.some(({ sniHosts }) => sniHosts.length > 0));
  return intersectHosts(hosts, [hostname]).map((host) => ({ host, tls }));
}

/** A route that names no hosts is for those of its parent. */
function bindToMesh(route: TlsRoute, hosts: readonly string[], port: number | undefined): TlsRoute {
  const named = withNames(route, (names) => (names.join() === '*' ? hosts : names));
  return port === undefined ? named : { ...named, match: named.match.map((match) => ({ ...match, port })) };
}

/** Of several names, those that are this host's. */
function narrowed(route: TlsRoute, host: string): TlsRoute {
  return withNames(route, (names) => (names.length > 1 ? names.filter((name) => hostsMatch(host, name)) : names));
}

function withNames(route: TlsRoute, change: (names: readonly string[]) => readonly string[]): TlsRoute {
  return { ...route, match: route.match.map((match) => ({ ...match, sniHosts: [...change(match.sniHosts)] })) };
}

/** Where a rule without any backend sends to. */
const nowhere: RouteDestination = {
  destination: { host: 'internal.cluster.local', subset: 'zero-weight', port: { number: 65535 } },
};

function convertRules({ spec }: TlsRouteConfig, context: BackendContext): TlsRoute[] {
  const sniHosts = spec.hostnames?.length ? spec.hostnames : ['*'];
  try {
    return (spec.rules ?? []).map(({ backendRefs = [] }) => {
      const backends = weighted(backendRefs);
      if (backends.length === 0) return { match: [], route: [nowhere] };
      const route = backends.map(({ reference, weight }) => ({
        destination: backendDestination(reference, context),
        ...(weight ? { weight } : {}),
      }));
      return { match: [{ sniHosts }], route };
    });
  } catch (error) {
    if (error instanceof InvalidRoute) return [];
    throw error;
  }
}
