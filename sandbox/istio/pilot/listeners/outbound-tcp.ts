import type { L4Match } from '../api/networking.ts';
import type { Build } from '../build.ts';
import { configMetadata } from '../filters/metadata.ts';
import { unspecifiedAddress } from '../model/addresses.ts';
import { hostsMatch } from '../model/host.ts';
import { selects } from '../model/labels.ts';
import { isTls } from '../model/protocol.ts';
import { meshGateway, type VirtualServiceConfig } from '../model/virtual-services.ts';
import { type Service, type ServicePort, subsetKey } from '../registry/service.ts';
import { alternativeHosts } from '../routes/domains.ts';
import { statName } from '../stat-names.ts';
import type { ChainSpec } from './chain.ts';
import { routedDestinations, singleDestination } from './tcp-filters.ts';

interface TcpListener {
  service: Service;
  port: ServicePort;
  bind: string;
  /** Networks the service stands for. */
  cidrs: readonly string[];
  configs: readonly VirtualServiceConfig[];
}

/** Chains of a TCP or TLS port: those VirtualServices ask for, else one to the service (networking/core/tls.go). */
export function tcpChains(build: Build, listener: TcpListener): ChainSpec[] {
  const configs = listener.configs.filter(({ spec }) =>
    (spec.hosts ?? []).some((host) => hostsMatch(host, listener.service.hostname)),
  );
  return isTls(listener.port.protocol) ? byServerName(build, listener, configs) : byAddress(build, listener, configs);
}

/** Whether a match concerns this proxy and port; what the connection must look like is the chain's matter. */
function applies(build: Build, match: L4Match, port: number): boolean {
  const { proxy } = build;
  return (
    (!match.gateways?.length || match.gateways.includes(meshGateway)) &&
    selects(match.sourceLabels, proxy.labels) &&
    (!match.port || match.port === port) &&
    (!match.sourceNamespace || match.sourceNamespace === proxy.namespace)
  );
}

function byServerName(build: Build, listener: TcpListener, configs: readonly VirtualServiceConfig[]): ChainSpec[] {
  const { port } = listener;
  let { cidrs } = listener;
  const chains: ChainSpec[] = [];
  const handled = new Set<string>();
  for (const config of configs) {
    for (const { match, route } of config.spec.tls ?? []) {
      for (const each of match ?? []) {
        if (!applies(build, each, port.port)) continue;
        if (each.destinationSubnets?.length && port.port > 0) cidrs = each.destinationSubnets;
        const key = `${each.sniHosts?.join()}|${each.destinationSubnets?.join() ?? ''}`;
        if (handled.has(key)) continue;
        handled.add(key);
        chains.push({
          metadata: configMetadata(config),
          sniHosts: each.sniHosts ?? [],
          destinationCidrs: cidrs,
          filters: routedDestinations(build, route, portOptions(config, port)),
        });
      }
    }
  }
  return chains.length > 0
    ? chains
    : [toService(build, { ...listener, cidrs }, serviceSniHosts(build, listener, cidrs))];
}

/** Where the address does not tell the service, its name must. */
function serviceSniHosts(build: Build, { service, bind }: TcpListener, cidrs: readonly string[]): string[] {
  const own = service.addresses[0] ?? '';
  const address = own.includes('/') ? '' : own;
  const shared = address === unspecifiedAddress && bind === unspecifiedAddress;
  if (cidrs.length === 0 && address !== '' && !shared) return [];
  return [
    service.hostname,
    ...service.aliases.flatMap(({ hostname }) => [hostname, ...alternativeHosts(hostname, build.proxy.dnsDomain)]),
  ];
}

function byAddress(build: Build, listener: TcpListener, configs: readonly VirtualServiceConfig[]): ChainSpec[] {
  const { port, cidrs } = listener;
  const chains: ChainSpec[] = [];
  for (const config of configs) {
    for (const { match = [], route } of config.spec.tcp ?? []) {
      const filters = () => routedDestinations(build, route, portOptions(config, port));
      const matching = match.filter((each) => applies(build, each, port.port));
      const everywhere = matching.some(({ destinationSubnets }) => !destinationSubnets?.length);
      if (match.length === 0 || everywhere) {
        chains.push({ metadata: configMetadata(config), destinationCidrs: cidrs, filters: filters() });
        return chains;
      }
      const subnets = matching.flatMap(({ destinationSubnets }) => destinationSubnets ?? []);
      if (subnets.length === 0) continue;
      chains.push({ destinationCidrs: subnets, filters: filters() });
      if ([...subnets].sort().join() === [...cidrs].sort().join()) return chains;
    }
  }
  return [...chains, toService(build, listener, [])];
}

function toService(build: Build, listener: TcpListener, sniHosts: readonly string[]): ChainSpec {
  const { service, cidrs } = listener;
  const only = service.ports.length === 1 ? service.ports[0] : undefined;
  const port = only?.port ?? listener.port.port;
  const cluster = subsetKey('', service.hostname, port);
  const statPrefix = statName(build.push.mesh.outboundClusterStatName, service, port);
  const rule = build.destinationRule(service.hostname)?.rule.spec;
  return {
    ...(sniHosts.length > 0 ? { sniHosts } : {}),
    ...(cidrs.length > 0 ? { destinationCidrs: cidrs } : {}),
    filters: singleDestination(build, {
      cluster,
      rule,
      protocol: listener.port.protocol,
      ...(statPrefix ? { statPrefix } : {}),
    }),
  };
}

function portOptions({ name, namespace }: VirtualServiceConfig, { port, protocol }: ServicePort) {
  return { name, namespace, port, protocol };
}
