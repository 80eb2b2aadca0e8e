import type { Route, RouteConfiguration, VirtualHost } from '../../../envoy/xds/types.ts';
import type { Build } from '../build.ts';
import { fallthroughCluster } from '../listeners/virtual-outbound.ts';
import { hostAndPort } from '../model/addresses.ts';
import { hostsMatch, isWildcard } from '../model/host.ts';
import { isHttpOrSniffed, parseProtocol } from '../model/protocol.ts';
import type { EgressListener } from '../model/sidecar-scope.ts';
import { meshGateway, usesGatewaySemantics, type VirtualServiceConfig } from '../model/virtual-services.ts';
import { type Service, subsetKey } from '../registry/service.ts';
import { hashForService, hashPolicy } from './consistent-hash.ts';
import { serviceDomains } from './domains.ts';
import { retryPolicy } from './retry.ts';
import { virtualServiceRoutes } from './virtual-service.ts';

/** Routes for some services and for hosts that are none, on one port. */
interface HostGroup {
  port: number;
  services: readonly Service[];
  hosts: readonly string[];
  routes: Route[];
}

/** The route configuration a sidecar's listener names: a port, or `host:port` for a sniffed port of one service. */
export function outboundRoutes(build: Build, name: string): RouteConfiguration {
  const colon = name.startsWith('unix://') ? -1 : name.indexOf(':');
  const port = Number(name.slice(colon + 1)) || 0;
  const sniffed = colon >= 0;
  const found = virtualHosts(build, name, port);
  const hosts = sniffed ? onlyHost(found, name) : found;
  hosts.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return {
    name,
    virtualHosts: sniffed ? hosts : [...hosts, catchAll(build)],
    validateClusters: false,
    maxDirectResponseBodySizeBytes: 1048576,
    ignorePortInHostMatching: true,
  };
}

/** A listener for one service needs no Host header to know which it is. */
function onlyHost(hosts: readonly VirtualHost[], name: string): VirtualHost[] {
  const hostname = name.slice(0, name.lastIndexOf(':'));
  const own = hosts.filter(({ domains }) => domains.includes(hostname) || domains.includes(name));
  return own.length === 1 ? own.map((host) => ({ ...host, domains: ['*'] })) : own;
}

function egressListenerFor(build: Build, name: string, port: number): EgressListener | undefined {
  return build.scope.egressListeners.find(({ listener }) => {
    if (!listener?.port) return true;
    return listener.port.number === port && (port !== 0 || listener.bind === name);
  });
}

function virtualHosts(build: Build, name: string, listenerPort: number): VirtualHost[] {
  const egress = egressListenerFor(build, name, listenerPort);
  if (!egress) return [];
  const own = egress.listener?.port;
  const port = own && parseProtocol(own.protocol) === 'HTTP_PROXY' ? 0 : listenerPort;
  const services = new Map<string, Service>();
  for (const service of egress.services) {
    const ports = port === 0 ? service.ports : service.ports.filter((each) => each.port === port);
    if (ports.length > 0) services.set(service.hostname.toLowerCase(), { ...service, ports });
  }
  const hostnames = [...services.keys()];
  const configs =
    port === 80 ? egress.virtualServices : egress.virtualServices.filter((config) => concerns(config, hostnames));
  const groups = configs.flatMap((config) => configGroups(build, egress, config, services, port));
  for (const { services: taken } of groups) for (const { hostname } of taken) services.delete(hostname.toLowerCase());
  groups.push(...[...services.values()].flatMap((service) => serviceGroups(build, service)));
  const made = new HostBuilder(build, groups, port).build(groups);
  return port === 0 ? allPorts(made) : made.filter((each) => each.port === port).map(({ host }) => host);
}

function concerns({ spec }: VirtualServiceConfig, hostnames: readonly string[]): boolean {
  return (spec.hosts ?? []).some((each) => {
    const host = each.toLowerCase();
    return hostnames.some(
      (hostname) => hostname === host || ((isWildcard(host) || isWildcard(hostname)) && hostsMatch(host, hostname)),
    );
  });
}

/** Routes of a VirtualService, on each port on which services it is for serve HTTP. */
function configGroups(
  build: Build,
  egress: EgressListener,
  config: VirtualServiceConfig,
  services: ReadonlyMap<string, Service>,
  port: number,
): HostGroup[] {
  const routes = virtualServiceRoutes(build, config, {
    port,
    gateway: meshGateway,
    isTls: false,
    lookupService: (host) => services.get(host),
  });
  if (routes.length === 0) return [];
  const { hosts, matching } = splitHosts(egress, config, services);
  if (usesGatewaySemantics(config)) {
    const allowed = matching.some(
      ({ namespace }) => namespace === config.namespace || build.proxy.namespace === config.namespace,
    );
    if (!allowed) return [];
  }
  const byPort = new Map<number, Service[]>();
  for (const service of matching) {
    for (const each of service.ports) {
      if (isHttpOrSniffed(each.protocol)) byPort.set(each.port, [...(byPort.get(each.port) ?? []), service]);
    }
  }
  if (byPort.size === 0 && port === 80) byPort.set(80, []);
  return [...byPort].map(([number, own]) => ({ port: number, services: own, hosts, routes }));
}

/** Hosts of a VirtualService that are services, and those that are not. A wildcard takes the services it fits best. */
function splitHosts(egress: EgressListener, config: VirtualServiceConfig, services: ReadonlyMap<string, Service>) {
  const hosts: string[] = [];
  const matching: Service[] = [];
  const written = config.spec.hosts ?? [];
  for (const host of written.filter((each) => !isWildcard(each))) {
    const service = services.get(host.toLowerCase());
    if (service) matching.push(service);
    else hosts.push(host);
  }
  for (const host of written.filter(isWildcard)) {
    if (usesGatewaySemantics(config)) {
      hosts.push(host);
      continue;
    }
    const fitting = [...services.values()].filter(({ hostname }) => hostsMatch(hostname, host.toLowerCase()));
    const best = `${config.namespace}/${config.name}`;
    matching.push(...fitting.filter(({ hostname }) => egress.bestVirtualService.get(hostname) === best));
    if (fitting.length === 0) hosts.push(host.toLowerCase());
  }
  return { hosts, matching };
}

function serviceGroups(build: Build, service: Service): HostGroup[] {
  if (service.resolution === 'Alias') return [];
  return service.ports.flatMap(({ port, protocol }) => {
    if (!isHttpOrSniffed(protocol)) return [];
    const hash = hashPolicy(hashForService(build, service, port));
    const retries = retryPolicy(build.push.mesh.defaultHttpRetryPolicy, false);
    const route: Route = {
      name: 'default',
      match: { prefix: '/' },
      route: {
        cluster: subsetKey('', service.hostname, port),
        timeout: '0s',
        ...(retries ? { retryPolicy: retries } : {}),
        maxGrpcTimeout: '0s',
        ...(hash ? { hashPolicy: [hash] } : {}),
      },
      decorator: { operation: `${hostAndPort(service.hostname, port)}/*` },
    };
    return { port, services: [service], hosts: [], routes: [route] };
  });
}

/** Makes virtual hosts one after the other: a domain belongs to the first that has it. */
class HostBuilder {
  readonly #build: Build;
  readonly #listenerPort: number;
  readonly #names = new Set<string>();
  readonly #domains = new Set<string>();
  /** Full names of services: no short form of another service may hide them. */
  readonly #known = new Set<string>();

  constructor(build: Build, groups: readonly HostGroup[], listenerPort: number) {
    this.#build = build;
    this.#listenerPort = listenerPort;
    for (const { services, port } of groups) {
      for (const { hostname } of services) this.#known.add(hostname).add(hostAndPort(hostname, port));
    }
  }

  build(groups: readonly HostGroup[]): { port: number; host: VirtualHost }[] {
    return groups.flatMap((group) => {
      const made = [
        ...group.hosts.map((host) => this.#make(host.toLowerCase(), group)),
        ...group.services.map((service) => this.#make(service.hostname, group, service)),
      ];
      return made.flatMap((host) => (host ? [{ port: group.port, host }] : []));
    });
  }

  #make(hostname: string, { port, routes }: HostGroup, service?: Service): VirtualHost | undefined {
    const name = hostAndPort(hostname, port);
    if (this.#names.has(name)) return undefined;
    this.#names.add(name);
    const domains = this.#domainsOf(hostname, port, service);
    if (domains.length === 0) return undefined;
    const counted = !this.#build.proxyConfig.proxyHeaders?.attemptCount?.disabled;
    return { name, domains, routes, ...(counted ? { includeRequestAttemptCount: true } : {}) };
  }

  #domainsOf(hostname: string, port: number, service: Service | undefined): string[] {
    const { all, alternative } = service
      ? serviceDomains(service, this.#build.proxy.dnsDomain, service.addresses)
      : { all: [hostname.includes(':') ? `[${hostname}]` : hostname], alternative: new Set<string>() };
    const withPorts =
      service && this.#listenerPort === 0 ? all.flatMap((domain) => [domain, `${domain}:${port}`]) : all;
    return withPorts.filter((domain) => {
      const key = domain.toLowerCase();
      if (this.#domains.has(key) || (alternative.has(domain) && this.#known.has(domain))) return false;
      this.#domains.add(key);
      return true;
    });
  }
}

/** For an HTTP proxy listener: names without a port are port 80's. */
function allPorts(made: readonly { port: number; host: VirtualHost }[]): VirtualHost[] {
  return made.flatMap(({ port, host }) => {
    if (port === 80) return [host];
    const domains = host.domains.filter((domain) => domain.includes(':'));
    return domains.length > 0 ? [{ ...host, domains }] : [];
  });
}

/** Hosts nobody knows: sent on, or refused. */
function catchAll(build: Build): VirtualHost {
  const counted = !build.proxyConfig.proxyHeaders?.attemptCount?.disabled;
  const count = counted ? { includeRequestAttemptCount: true } : {};
  const cluster = fallthroughCluster(build);
  if (cluster === 'BlackHoleCluster') {
    const routes = [{ name: 'block_all', match: { prefix: '/' }, directResponse: { status: 502 } }];
    return { name: 'block_all', domains: ['*'], routes, ...count };
  }
  const appendXForwardedHost = build.proxyConfig.proxyHeaders?.xForwardedHost?.enabled;
  const route = {
    cluster,
    timeout: '0s',
    maxGrpcTimeout: '0s',
    ...(appendXForwardedHost ? { appendXForwardedHost } : {}),
  };
  return {
    name: 'allow_any',
    domains: ['*'],
    routes: [{ name: 'allow_any', match: { prefix: '/' }, route }],
    ...count,
  };
}
