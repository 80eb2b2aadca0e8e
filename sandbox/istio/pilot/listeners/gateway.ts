import type { Listener } from '../../../envoy/xds/types.ts';
import type { Server, TlsMatch } from '../api/networking.ts';
import type { Build } from '../build.ts';
import { proxyProtocolListener, tlsInspector } from '../filters/constants.ts';
import { socketAddress, unspecifiedAddress } from '../model/addresses.ts';
import { isHttpsTermination, isPassthrough, type MergedPort, type MergedServer, takeHosts } from '../model/gateways.ts';
import { hostsMatch, isSubsetOf } from '../model/host.ts';
import { isHttp, parseProtocol } from '../model/protocol.ts';
import type { VirtualServiceConfig } from '../model/virtual-services.ts';
import { sniSubsetKey } from '../registry/service.ts';
import { buildChain, type ChainSpec, needsTlsInspector } from './chain.ts';
import { connectionManager } from './connection-manager.ts';
import { routedDestinations, singleDestination } from './tcp-filters.ts';
import { serverTlsContext } from './tls-context.ts';

/** Listeners of a gateway, one for each address and port its Gateways open (networking/core/gateway.go). */
export function gatewayListeners(build: Build): Listener[] {
  const chains = new Map<string, { bind: string; port: number; chains: ChainSpec[] }>();
  const taken = new Map<number, Map<string, string>>();
  for (const port of build.gateway?.ports ?? []) {
    if (build.proxy.unprivileged && port.number < 1024) continue;
    const bind = port.bind || unspecifiedAddress;
    const name = `${bind}_${port.number}`;
    const known = chains.get(name) ?? { bind, port: port.number, chains: [] };
    chains.set(name, known);
    known.chains.push(...portChains(build, port, name, taken));
  }
  return [...chains].flatMap(([name, listener]) => {
    return listener.chains.length > 0 ? [gatewayListener(build, name, listener)] : [];
  });
}

function gatewayListener(
  build: Build,
  name: string,
  { bind, port, chains }: { bind: string; port: number; chains: readonly ChainSpec[] },
): Listener {
  const { accessLogs } = build.filters('gateway');
  const listenerFilters = [
    ...(build.proxyConfig.gatewayTopology?.proxyProtocol ? [proxyProtocolListener] : []),
    ...(chains.some(needsTlsInspector) ? [tlsInspector] : []),
  ];
  return {
    name,
    address: socketAddress(bind, port),
    filterChains: chains.map(buildChain),
    ...(listenerFilters.length > 0 ? { listenerFilters } : {}),
    trafficDirection: 'OUTBOUND',
    ...(accessLogs.listener ? { accessLog: accessLogs.listener } : {}),
    maxConnectionsToAcceptPerSocketEvent: 1,
  };
}

function portChains(
  build: Build,
  port: MergedPort,
  listenerName: string,
  taken: Map<number, Map<string, string>>,
): ChainSpec[] {
  const http = (routes: string, statPrefix: string, protocol: string) =>
    connectionManager(build, { listener: 'gateway', routes, statPrefix, protocol: parseProtocol(protocol) });
  const byListener = `outbound_${listenerName};`;
  if (isHttp(port.protocol)) return [{ filters: [http(port.routeName, byListener, port.protocol)] }];
  return port.servers.flatMap((merged) => {
    const { server, routeName, sniHosts } = merged;
    if (!isHttpsTermination(server)) return tcpServerChains(build, merged, port.number, taken);
    const chain: ChainSpec = {
      sniHosts,
      ...(server.tls ? { tls: serverTlsContext(build.push, server.tls, false) } : {}),
      filters: [http(routeName, server.name || byListener, server.port.protocol)],
    };
    return [chain];
  });
}

function tcpServerChains(
  build: Build,
  merged: MergedServer,
  port: number,
  taken: Map<number, Map<string, string>>,
): ChainSpec[] {
  const { server, sniHosts } = merged;
  if (server.tls && isPassthrough(server)) {
    if (server.tls.mode === 'AUTO_PASSTHROUGH') return autoPassthroughChains(build, sniHosts);
    return tlsRouteChains(build, merged, port, taken);
  }
  const filters = tcpRouteFilters(build, merged);
  if (!filters) return [];
  if (!server.tls) return [{ filters }];
  const protocol = parseProtocol(server.port.protocol);
  const tcp = !isHttp(protocol) && protocol !== 'HTTPS';
  return [{ sniHosts, tls: serverTlsContext(build.push, server.tls, tcp), filters }];
}

/** VirtualServices bound to the server's Gateway with a host in common with it. */
function boundConfigs(build: Build, { server, gateway }: MergedServer): VirtualServiceConfig[] {
  return build.push
    .virtualServicesForGateway(build.proxy.namespace, gateway)
    .filter((config) => (config.spec.hosts ?? []).some((host) => serves(server, config.namespace, host)));
}

function serves({ hosts }: Server, namespace: string, host: string): boolean {
  return hosts.some((own) => {
    const [owner, name] = own.split('/');
    if (name === undefined) return hostsMatch(own, host);
    return owner === namespace && hostsMatch(name, host);
  });
}

function matches(match: Pick<TlsMatch, 'port' | 'gateways'>, { server, gateway }: MergedServer): boolean {
  return (
    (!match.port || match.port === server.port.number) && (!match.gateways?.length || match.gateways.includes(gateway))
  );
}

function tcpRouteFilters(build: Build, merged: MergedServer) {
  const { server } = merged;
  const peerExchange = server.tls?.mode === 'ISTIO_MUTUAL';
  for (const config of boundConfigs(build, merged)) {
    const options = { ...routeOptions(config, server), peerExchange };
    for (const { match = [], route } of config.spec.tcp ?? []) {
      if (match.length > 0 && !match.some((each) => matches(each, merged))) continue;
      return routedDestinations(build, route, options);
    }
    if (!config.annotations['internal.istio.io/parents']?.startsWith('TLSRoute/')) continue;
    for (const { match, route } of config.spec.tls ?? []) {
      if (match.some((each) => matches(each, merged))) return routedDestinations(build, route, options);
    }
  }
  return undefined;
}

/** One chain a match; a server name belongs to the first that has it. */
function tlsRouteChains(
  build: Build,
  merged: MergedServer,
  port: number,
  taken: Map<number, Map<string, string>>,
): ChainSpec[] {
  const { server } = merged;
  const chains: ChainSpec[] = [];
  for (const config of boundConfigs(build, merged)) {
    for (const { match, route } of config.spec.tls ?? []) {
      for (const each of match ?? []) {
        if (!matches(each, merged)) continue;
        let hosts = taken.get(port);
        if (!hosts) {
          hosts = new Map();
          taken.set(port, hosts);
        }
        if (!takeHosts(each.sniHosts ?? [], server.bind ?? '', hosts)) continue;
        const filters = routedDestinations(build, route, routeOptions(config, server));
        chains.push({ sniHosts: each.sniHosts ?? [], filters });
      }
    }
  }
  return chains;
}

function routeOptions({ name, namespace }: VirtualServiceConfig, { port }: MergedServer['server']) {
  return { name, namespace, port: port.number, protocol: parseProtocol(port.protocol) };
}

const meshProtocols = ['istio', 'istio-peer-exchange', 'istio-http/1.0', 'istio-http/1.1', 'istio-h2'];

/** Mutual TLS of the mesh that is only passed on: the server name is the name of the cluster. */
function autoPassthroughChains(build: Build, hosts: readonly string[]): ChainSpec[] {
  return build.scope.services.flatMap((service) => {
    if (service.meshExternal || !hosts.some((host) => isSubsetOf(service.hostname, host))) return [];
    const rule = build.destinationRule(service.hostname)?.rule.spec;
    return service.ports.flatMap(({ port, protocol }) => {
      if (protocol === 'UDP') return [];
      return ['', ...(rule?.subsets ?? []).map(({ name }) => name)].map((subset) => {
        const cluster = sniSubsetKey(subset, service.hostname, port);
        return {
          sniHosts: [cluster],
          applicationProtocols: meshProtocols,
          filters: singleDestination(build, { cluster, subset, rule, protocol, tunnel: false, policies: false }),
        };
      });
    });
  });
}
