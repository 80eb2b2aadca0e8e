import type { NamedAny } from '../../../envoy/xds/types.ts';
import type { Destination, DestinationRule, RouteDestination } from '../api/networking.ts';
import type { Build } from '../build.ts';
import { envoyType, metadataExchange } from '../filters/constants.ts';
import { hostAndPort } from '../model/addresses.ts';
import { protoDuration } from '../model/duration.ts';
import type { ListenerClass } from '../policies/telemetries.ts';
import { destinationCluster } from '../routes/destination.ts';
import { statName } from '../stat-names.ts';

/** Envoy's TCP proxy to one cluster or to several by weight. */
export function tcpProxy(
  build: Build,
  listener: ListenerClass,
  config: { statPrefix: string; [field: string]: unknown },
): NamedAny {
  const { accessLogs } = build.filters(listener);
  return {
    name: 'envoy.filters.network.tcp_proxy',
    typedConfig: {
      '@type': envoyType('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy'),
      ...config,
      ...(accessLogs.connections ? { accessLog: accessLogs.connections } : {}),
    },
  };
}

/** The proxy with what Istio puts before it: policies only where the listener is the workload's own side. */
function complete(build: Build, proxy: NamedAny, peerExchange: boolean): NamedAny[] {
  const { tcpCustom, tcp, metrics } = build.filters(build.clientClass);
  return [...(peerExchange ? [metadataExchange] : []), ...tcpCustom, ...tcp, ...metrics, proxy];
}

/** Filters of a chain that leads to one cluster. `subset`: which of the rule's subsets it is. */
export function singleDestination(
  build: Build,
  options: {
    cluster: string;
    statPrefix?: string;
    subset?: string;
    rule: DestinationRule | undefined;
    tunnel?: boolean;
    peerExchange?: boolean;
  },
): NamedAny[] {
  const { cluster, rule, subset = '' } = options;
  const proxy = tcpProxy(build, build.clientClass, {
    statPrefix: options.statPrefix ?? cluster,
    cluster,
    ...connectionLimits(rule),
    ...hashPolicy(rule, subset),
    ...(options.tunnel === false ? {} : tunneling(rule, subset)),
  });
  return complete(build, proxy, options.peerExchange ?? false);
}

/** Filters for the destinations of a TCP or TLS route of a VirtualService. */
export function routedDestinations(
  build: Build,
  routes: readonly RouteDestination[],
  options: { port: number; name: string; namespace: string; peerExchange?: boolean },
): NamedAny[] {
  const { push, proxy } = build;
  const service = (destination: Destination) => push.serviceFor(proxy, destination.host);
  const [first] = routes;
  if (!first) return [];
  const found = service(first.destination);
  const rule = found && build.destinationRule(found.hostname)?.rule.spec;
  const peerExchange = options.peerExchange ?? false;
  if (routes.length === 1) {
    const cluster = destinationCluster(first.destination, found, options.port);
    const { subset } = first.destination;
    const statPrefix = found ? statName(build.push.mesh.outboundClusterStatName, found, options.port, subset) : undefined;
    return singleDestination(build, {
      cluster,
      rule,
      peerExchange,
      ...(subset ? { subset } : {}),
      ...(statPrefix ? { statPrefix } : {}),
    });
  }
  const clusters = routes
    .filter(({ weight }) => weight)
    .map(({ destination, weight }) => ({
      name: destinationCluster(destination, service(destination), options.port),
      weight,
    }));
  const tcp = tcpProxy(build, build.clientClass, {
    statPrefix: `${options.name}.${options.namespace}`,
    weightedClusters: { clusters },
    ...connectionLimits(rule),
    ...hashPolicy(rule, ''),
    ...tunneling(rule, ''),
  });
  return complete(build, tcp, peerExchange);
}

function connectionLimits(rule: DestinationRule | undefined): Record<string, unknown> {
  const tcp = rule?.trafficPolicy?.connectionPool?.tcp;
  return {
    ...(tcp?.idleTimeout ? { idleTimeout: protoDuration(tcp.idleTimeout) } : {}),
    ...(tcp?.maxConnectionDuration ? { maxDownstreamConnectionDuration: protoDuration(tcp.maxConnectionDuration) } : {}),
  };
}

function hashPolicy(rule: DestinationRule | undefined, name: string): Record<string, unknown> {
  const subset = rule?.subsets?.find((each) => each.name === name);
  const own = subset?.trafficPolicy?.loadBalancer;
  const bySource = (own ?? rule?.trafficPolicy?.loadBalancer)?.consistentHash?.useSourceIp;
  return bySource ? { hashPolicy: [{ sourceIp: {} }] } : {};
}

function tunneling(rule: DestinationRule | undefined, name: string): Record<string, unknown> {
  const policy = name === '' ? rule?.trafficPolicy : rule?.subsets?.find((each) => each.name === name)?.trafficPolicy;
  const tunnel = policy?.tunnel;
  if (!tunnel) return {};
  const hostname = hostAndPort(tunnel.targetHost ?? '', tunnel.targetPort ?? 0);
  return { tunnelingConfig: { hostname, ...(tunnel.protocol === 'POST' ? { usePost: true } : {}) } };
}
