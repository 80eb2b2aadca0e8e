import type { NamedAny } from '../../../envoy/xds/types.ts';
import type { Destination, DestinationRule, RouteDestination } from '../api/networking.ts';
import type { Build } from '../build.ts';
import { envoyType, metadataExchange } from '../filters/constants.ts';
import { hostAndPort } from '../model/addresses.ts';
import { protoDuration } from '../model/duration.ts';
import type { Protocol } from '../model/protocol.ts';
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

/** Filters that look into a protocol to count what passes. */
export function protocolFilters(protocol: Protocol, statPrefix: string): NamedAny[] {
  if (protocol !== 'Mongo') return [];
  const type = envoyType('envoy.extensions.filters.network.mongo_proxy.v3.MongoProxy');
  return [{ name: 'envoy.filters.network.mongo_proxy', typedConfig: { '@type': type, statPrefix } }];
}

interface Surroundings {
  /** Protocol of the listener's port. */
  protocol: Protocol;
  /** Learn from the client who it is. */
  peerExchange?: boolean;
  /** Policies of the proxy's own workload apply; default true. */
  policies?: boolean;
}

/** The proxy with what Istio puts before it. */
function complete(
  build: Build,
  { protocol, peerExchange, policies = true }: Surroundings,
  statPrefix: string,
  proxy: NamedAny,
): NamedAny[] {
  const { tcpCustom, tcp, metrics } = build.filters(build.clientClass);
  return [
    ...(peerExchange ? [metadataExchange] : []),
    ...(policies ? [...tcpCustom, ...tcp] : []),
    ...metrics,
    ...protocolFilters(protocol, statPrefix),
    proxy,
  ];
}

/** Filters of a chain that leads to one cluster. `subset`: which of the rule's subsets it is. */
export function singleDestination(
  build: Build,
  options: Surroundings & {
    cluster: string;
    statPrefix?: string;
    subset?: string;
    rule: DestinationRule | undefined;
    /** Whether a tunnel of the rule is used; default true. */
    tunnel?: boolean;
  },
): NamedAny[] {
  const { cluster, rule, subset = '', statPrefix = cluster } = options;
  const proxy = tcpProxy(build, build.clientClass, {
    statPrefix,
    cluster,
    ...connectionLimits(rule),
    ...hashPolicy(rule, subset),
    ...(options.tunnel === false ? {} : tunneling(rule, subset)),
  });
  return complete(build, options, statPrefix, proxy);
}

/** Filters for the destinations of a TCP or TLS route of a VirtualService. */
export function routedDestinations(
  build: Build,
  routes: readonly RouteDestination[],
  options: Surroundings & { port: number; name: string; namespace: string },
): NamedAny[] {
  const { push, proxy } = build;
  const service = (destination: Destination) => push.serviceFor(proxy, destination.host);
  const [first] = routes;
  if (!first) return [];
  const found = service(first.destination);
  const rule = found && build.destinationRule(found.hostname)?.rule.spec;
  if (routes.length === 1) {
    const cluster = destinationCluster(first.destination, found, options.port);
    const { subset } = first.destination;
    const statPrefix = found
      ? statName(build.push.mesh.outboundClusterStatName, found, options.port, subset)
      : undefined;
    return singleDestination(build, {
      cluster,
      rule,
      protocol: options.protocol,
      peerExchange: options.peerExchange ?? false,
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
  const statPrefix = `${options.name}.${options.namespace}`;
  const tcp = tcpProxy(build, build.clientClass, {
    statPrefix,
    weightedClusters: { clusters },
    ...connectionLimits(rule),
    ...hashPolicy(rule, ''),
    ...tunneling(rule, ''),
  });
  return complete(build, options, statPrefix, tcp);
}

function connectionLimits(rule: DestinationRule | undefined): Record<string, unknown> {
  const tcp = rule?.trafficPolicy?.connectionPool?.tcp;
  return {
    ...(tcp?.idleTimeout ? { idleTimeout: protoDuration(tcp.idleTimeout) } : {}),
    ...(tcp?.maxConnectionDuration
      ? { maxDownstreamConnectionDuration: protoDuration(tcp.maxConnectionDuration) }
      : {}),
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
