import type { Route, RouteConfiguration, VirtualHost } from '../../../envoy/xds/types.ts';
import type { Build } from '../build.ts';
import { hostAndPort } from '../model/addresses.ts';
import type { MergedServer } from '../model/gateways.ts';
import { compareSpecificity, hostsForNamespace, intersectHosts } from '../model/host.ts';
import type { VirtualServiceConfig } from '../model/virtual-services.ts';
import type { Service } from '../registry/service.ts';
import { isCatchAll } from './match.ts';
import { virtualServiceRoutes } from './virtual-service.ts';

/** The routes of a gateway's listener: of all VirtualServices bound to the Gateways that opened it. */
export function gatewayRoutes(build: Build, name: string): RouteConfiguration {
  const servers = build.gateway?.serversByRouteName.get(name);
  if (!servers?.length) return { name, validateClusters: false };
  const hosts = collectHosts(build, servers);
  const virtualHosts =
    hosts.size > 0
      ? collapse(hosts)
      : [{ name: hostAndPort('blackhole', servers[0]?.server.port.number ?? 0), domains: ['*'] }];
  virtualHosts.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return {
    name,
    virtualHosts,
    validateClusters: false,
    maxDirectResponseBodySizeBytes: 1048576,
    ignorePortInHostMatching: true,
  };
}

function collectHosts(build: Build, servers: readonly MergedServer[]): Map<string, VirtualHost> {
  const hosts = new Map<string, VirtualHost>();
  const made = new Map<string, Route[]>();
  for (const { server, gateway } of servers) {
    const port = server.port.number;
    const redirect = server.tls?.httpsRedirect ?? false;
    const open = (hostname: string): VirtualHost => {
      const counted = !build.proxyConfig.proxyHeaders?.attemptCount?.disabled;
      const host: VirtualHost = {
        name: hostAndPort(hostname, port),
        domains: [hostname],
        ...(counted ? { includeRequestAttemptCount: true } : {}),
      };
      hosts.set(hostname, host);
      return host;
    };
    for (const config of build.push.virtualServicesForGateway(build.proxy.namespace, gateway)) {
      const common = intersectHosts(hostsForNamespace(server.hosts, config.namespace), config.spec.hosts ?? []);
      if (common.length === 0) continue;
      const routes = routesOf(build, config, server, gateway, made);
      if (routes.length === 0) continue;
      for (const hostname of common.map((each) => each.toLowerCase())) {
        const host = hosts.get(hostname) ?? open(hostname);
        host.routes = [...(host.routes ?? []), ...routes];
        if (redirect) host.requireTls = 'ALL';
      }
    }
    if (!redirect) continue;
    for (const hostname of server.hosts.map((each) => each.toLowerCase())) {
      (hosts.get(hostname) ?? open(hostname)).requireTls = 'ALL';
    }
  }
  return hosts;
}

/** Made once a Gateway: servers of one share them. */
function routesOf(
  build: Build,
  config: VirtualServiceConfig,
  server: MergedServer['server'],
  gateway: string,
  made: Map<string, Route[]>,
): Route[] {
  const key = `${gateway} ${config.namespace}/${config.name}`;
  const known = made.get(key);
  if (known) return known;
  const routes = virtualServiceRoutes(build, config, {
    port: server.port.number,
    gateway,
    isTls: server.tls !== undefined,
    lookupService: (host) => lookupService(build, config, host),
  });
  if (routes.length > 0) made.set(key, routes);
  return routes;
}

/** A service of the VirtualService's own namespace comes first. */
function lookupService(build: Build, config: VirtualServiceConfig, host: string): Service | undefined {
  const own = build.push.serviceIndex.byHostname.get(host)?.get(config.namespace);
  if (own && build.push.isServiceVisible(own, build.proxy.namespace)) return own;
  return build.push.serviceFor(build.proxy, host);
}

/** Hosts with the same routes become one virtual host; routes that take everything go last. */
function collapse(hosts: ReadonlyMap<string, VirtualHost>): VirtualHost[] {
  const collapsed: VirtualHost[] = [];
  for (const hostname of [...hosts.keys()].sort(compareSpecificity)) {
    const host = hosts.get(hostname) as VirtualHost;
    const same = collapsed.find((each) => each.requireTls === host.requireTls && sameRoutes(each.routes, host.routes));
    if (same) same.domains = [...same.domains, ...host.domains];
    else collapsed.push(host);
  }
  for (const host of collapsed) {
    const { routes } = host;
    if (!routes) continue;
    host.routes = [
      ...routes.filter(({ match }) => !isCatchAll(match)),
      ...routes.filter(({ match }) => isCatchAll(match)),
    ];
  }
  return collapsed;
}

function sameRoutes(a: readonly Route[] = [], b: readonly Route[] = []): boolean {
  return a.length === b.length && a.every((route, index) => route === b[index]);
}
