import type { Cluster } from '../../../envoy/xds/types.ts';
import type { Mesh } from '../api/mesh.ts';
import type {
  ConnectionPoolSettings,
  LoadBalancerSettings,
  OutlierDetection,
  TcpKeepalive,
  TrafficPolicy,
} from '../api/networking.ts';
import { protoDuration, wholeSeconds } from '../model/duration.ts';
import { isHttp } from '../model/protocol.ts';
import { type Service, type ServicePort, supportsUnhealthyEndpoints } from '../registry/service.ts';
import { type ClusterSpec, httpOptions } from './cluster-spec.ts';

const unlimited = 4294967295;

/** Limits, time-outs and protocols of a connection pool (networking/core/cluster_traffic_policy.go). */
export function applyConnectionPool(
  spec: ClusterSpec,
  mesh: Mesh,
  settings: ConnectionPoolSettings,
  retryBudget?: TrafficPolicy['retryBudget'],
): void {
  const { cluster } = spec;
  const { http, tcp } = settings;
  cluster.connectTimeout = protoDuration(tcp?.connectTimeout ?? mesh.connectTimeout);
  cluster.circuitBreakers = {
    thresholds: [
      {
        maxConnections: tcp?.maxConnections || unlimited,
        maxPendingRequests: http?.http1MaxPendingRequests || unlimited,
        maxRequests: http?.http2MaxRequests || unlimited,
        maxRetries: http?.maxRetries || unlimited,
        ...(retryBudget
          ? {
              retryBudget: {
                budgetPercent: percent(retryBudget.percent ?? 20),
                minRetryConcurrency: retryBudget.minRetryConcurrency || 3,
              },
            }
          : {}),
      },
    ],
  };
  applyKeepalive(cluster, mesh.tcpKeepalive);
  applyKeepalive(cluster, tcp?.tcpKeepalive);
  const idleTimeout = protoDuration(http?.idleTimeout ?? tcp?.idleTimeout);
  const maxConnectionDuration = protoDuration(tcp?.maxConnectionDuration);
  const { maxRequestsPerConnection, maxConcurrentStreams } = http ?? {};
  if (idleTimeout ?? maxConnectionDuration ?? (maxRequestsPerConnection || maxConcurrentStreams || undefined)) {
    const options = httpOptions(spec);
    options.commonHttpProtocolOptions = {
      ...(idleTimeout ? { idleTimeout } : {}),
      ...(maxConnectionDuration ? { maxConnectionDuration } : {}),
      ...(maxRequestsPerConnection ? { maxRequestsPerConnection } : {}),
    };
    if (maxConcurrentStreams && options.upstream === 'http2') options.http2ProtocolOptions = { maxConcurrentStreams };
  }
  if (http?.useClientProtocol) httpOptions(spec).upstream = 'downstream';
}

/** A google Percent: zero is its default. */
function percent(value: number): { value?: number } {
  return value === 0 ? {} : { value };
}

function applyKeepalive(cluster: Cluster, keepalive: TcpKeepalive | undefined): void {
  if (!keepalive) return;
  const known = (cluster.upstreamConnectionOptions as { tcpKeepalive?: object } | undefined)?.tcpKeepalive;
  cluster.upstreamConnectionOptions = {
    tcpKeepalive: {
      ...known,
      ...(keepalive.probes ? { keepaliveProbes: keepalive.probes } : {}),
      ...(keepalive.time ? { keepaliveTime: wholeSeconds(keepalive.time) } : {}),
      ...(keepalive.interval ? { keepaliveInterval: wholeSeconds(keepalive.interval) } : {}),
    },
  };
}

/** Whether HTTP/1.1 of the client becomes HTTP/2 upstream. */
export function upgradesToHttp2(port: ServicePort, mesh: Mesh, { http }: ConnectionPoolSettings): boolean {
  if (http?.useClientProtocol || http?.h2UpgradePolicy === 'DO_NOT_UPGRADE') return false;
  if (http?.h2UpgradePolicy === 'UPGRADE') return true;
  return isHttp(port.protocol) && mesh.h2UpgradePolicy === 'UPGRADE';
}

export function applyOutlierDetection(cluster: Cluster, service: Service, outlier: OutlierDetection | undefined): void {
  if (!outlier) return;
  const enforced = (field: string, count: number | undefined) => {
    if (count === undefined) return {};
    return { [field]: count, [`enforcing${field[0]?.toUpperCase()}${field.slice(1)}`]: count > 0 ? 100 : 0 };
  };
  const split = outlier.splitExternalLocalOriginErrors;
  cluster.outlierDetection = {
    ...enforced('consecutive5xx', outlier.consecutive5xxErrors),
    ...(outlier.interval ? { interval: protoDuration(outlier.interval) } : {}),
    ...(outlier.baseEjectionTime ? { baseEjectionTime: protoDuration(outlier.baseEjectionTime) } : {}),
    ...(outlier.maxEjectionPercent ? { maxEjectionPercent: outlier.maxEjectionPercent } : {}),
    enforcingSuccessRate: 0,
    ...enforced('consecutiveGatewayFailure', outlier.consecutiveGatewayErrors),
    ...(split ? { splitExternalLocalOriginErrors: true, enforcingLocalOriginSuccessRate: 0 } : {}),
    ...(split && outlier.consecutiveLocalOriginFailures
      ? enforced('consecutiveLocalOriginFailure', outlier.consecutiveLocalOriginFailures)
      : {}),
  };
  const minimum = supportsUnhealthyEndpoints(service) ? 0 : (outlier.minHealthPercent ?? 0);
  if (minimum >= 0) cluster.commonLbConfig = { ...lbConfig(cluster), healthyPanicThreshold: percent(minimum) };
}

export function lbConfig(cluster: Cluster): Record<string, unknown> {
  return (cluster.commonLbConfig ?? {}) as Record<string, unknown>;
}

/** The algorithm; a cluster that is resolved by where connections were going has none. */
export function applyLoadBalancer(cluster: Cluster, settings: LoadBalancerSettings | undefined): void {
  if (cluster.type === 'ORIGINAL_DST') {
    cluster.lbPolicy = 'CLUSTER_PROVIDED';
    return;
  }
  switch (settings?.simple) {
    case 'RANDOM':
      cluster.lbPolicy = 'RANDOM';
      break;
    case 'ROUND_ROBIN':
      // Envoy's default, which JSON leaves out.
      delete cluster.lbPolicy;
      applySlowStart(cluster, settings, 'roundRobinLbConfig');
      break;
    case 'PASSTHROUGH':
      cluster.lbPolicy = 'CLUSTER_PROVIDED';
      cluster.type = 'ORIGINAL_DST';
      delete cluster.loadAssignment;
      break;
    default:
      cluster.lbPolicy = 'LEAST_REQUEST';
      applySlowStart(cluster, settings, 'leastRequestLbConfig');
  }
  applyConsistentHash(cluster, settings?.consistentHash);
}

function applySlowStart(
  cluster: Cluster,
  settings: LoadBalancerSettings | undefined,
  field: 'roundRobinLbConfig' | 'leastRequestLbConfig',
): void {
  const { warmup, warmupDurationSecs } = settings ?? {};
  if (warmup) {
    cluster[field] = {
      slowStartConfig: {
        ...(warmup.duration ? { slowStartWindow: protoDuration(warmup.duration) } : {}),
        aggression: { ...(warmup.aggression === 0 ? {} : { defaultValue: warmup.aggression ?? 1 }), runtimeKey: '(' },
        minWeightPercent: percent(warmup.minimumPercent ?? 10),
      },
    };
  } else if (warmupDurationSecs) {
    cluster[field] = { slowStartConfig: { slowStartWindow: protoDuration(warmupDurationSecs) } };
  }
}

function applyConsistentHash(cluster: Cluster, hash: LoadBalancerSettings['consistentHash']): void {
  if (!hash) return;
  delete cluster.leastRequestLbConfig;
  if (hash.maglev) {
    cluster.lbPolicy = 'MAGLEV';
    if (Number(hash.maglev.tableSize)) cluster.maglevLbConfig = { tableSize: String(hash.maglev.tableSize) };
    return;
  }
  cluster.lbPolicy = 'RING_HASH';
  const size = hash.ringHash ? Number(hash.ringHash.minimumRingSize ?? 0) : Number(hash.minimumRingSize ?? 0) || 1024;
  if (size) cluster.ringHashLbConfig = { minimumRingSize: String(size) };
}
