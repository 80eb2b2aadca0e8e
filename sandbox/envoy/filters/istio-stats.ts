import type { CertificateChain } from '../../network/socket.ts';
import type { ProxyContext } from '../context.ts';
import type { Tags } from '../stats.ts';
import type { StreamInfo, WorkloadPeer } from '../stream-info.ts';
import { type HttpFilterFactory, settings } from './filter.ts';

interface Settings {
  disableHostHeaderFallback?: boolean;
  metrics?: { name?: string; drop?: boolean; tagsToRemove?: string[] }[];
}

type Tag = [name: string, value: string];

/**
 * istio.stats on HTTP: Istio's standard metrics, by who speaks to whom (istio/proxy
 * source/extensions/filters/http/istio_stats/istio_stats.cc).
 */
export const istioStats: HttpFilterFactory = (config, context, direction) => {
  const { disableHostHeaderFallback, metrics = [] } = settings(config) as Settings;
  const own = ownWorkload(context);
  return {
    onLog(info) {
      const service = serviceOf(info, context, disableHostHeaderFallback !== true);
      const workloads = direction === 'INBOUND' ? inbound(info, own, service) : outbound(info, own, service);
      const grpc = (info.request?.headers.get('content-type') ?? '').startsWith('application/grpc');
      const tags: Tag[] = [
        ...workloads.tags,
        ['request_protocol', grpc ? 'grpc' : 'http'],
        ['response_code', String(info.responseCode)],
        ['grpc_response_status', grpc ? (info.response?.get('grpc-status') ?? '') : ''],
        ['response_flags', info.flags.join(',') || '-'],
        ['connection_security_policy', workloads.security],
      ];
      const tagsFor = (name: string): Tags | undefined => {
        // A metric without a name stands for all of them.
        const changes = metrics.filter((metric) => !metric.name || metric.name === name);
        if (changes.some(({ drop }) => drop)) return undefined;
        const removed = changes.flatMap(({ tagsToRemove = [] }) => tagsToRemove);
        return tags.filter(([tag]) => !removed.includes(tag));
      };
      const { stats } = context;
      const counted = tagsFor('requests_total');
      if (counted) stats.count('istio_requests_total', counted);
      const values: [string, number][] = [
        ['request_duration_milliseconds', Math.floor((info.endTime ?? info.startTime) - info.startTime)],
        ['request_bytes', info.bytesReceived + headerSize(info.request?.headers.fields())],
        ['response_bytes', info.bytesSent + headerSize(info.response?.fields())],
      ];
      for (const [name, value] of values) {
        const recorded = tagsFor(name);
        if (recorded) stats.record(`istio_${name}`, recorded, value);
      }
    },
  };
};

/** `name: value\r\n` each, and the empty line behind them. */
function headerSize(fields: readonly (readonly [string, string])[] | undefined): number {
  return (fields ?? []).reduce((size, [name, value]) => size + name.length + value.length + 4, 2);
}

interface DestinationService {
  host: string;
  name: string;
  namespace: string;
}

const passthrough = /^(BlackHoleCluster|PassthroughCluster|InboundPassthroughCluster(Ipv[46])?)$/;

/** The service that was called: of the chosen cluster, else the Host header where that is trusted. */
function serviceOf(info: StreamInfo, context: ProxyContext, byHeader: boolean): DestinationService {
  const authority = byHeader ? (info.request?.authority ?? '') : '';
  const unknown = { host: authority, name: authority, namespace: '' };
  if (info.routeName === 'block_all') return { ...unknown, name: 'BlackHoleCluster' };
  if (info.routeName === 'allow_any') return { ...unknown, name: 'PassthroughCluster' };
  const cluster = info.upstreamCluster?.name;
  if (cluster === undefined) return unknown;
  if (passthrough.test(cluster)) return { ...unknown, name: cluster };
  const istio = context.clusters.get(cluster)?.config.metadata?.filterMetadata?.istio;
  const [service] = (istio?.services ?? []) as Partial<DestinationService>[];
  if (!service) return unknown;
  const host = service.host ?? authority;
  return { host, name: service.name ?? host.replace(/\..*$/, ''), namespace: service.namespace ?? '' };
}

function ownWorkload({ nodeMetadata }: ProxyContext): WorkloadPeer {
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  const labels = (nodeMetadata.LABELS ?? {}) as Record<string, string>;
  return {
    workload: text(nodeMetadata.WORKLOAD_NAME),
    namespace: text(nodeMetadata.NAMESPACE),
    cluster: text(nodeMetadata.CLUSTER_ID),
    canonicalName: labels['service.istio.io/canonical-name'] ?? '',
    canonicalRevision: labels['service.istio.io/canonical-revision'] ?? '',
    app: labels.app ?? '',
    version: labels.version ?? '',
  };
}

function uriName(chain: CertificateChain | undefined): string {
  return chain?.subjectAltNames.find((name) => name.includes('://')) ?? '';
}

/** A SPIFFE name's namespace. */
function namespaceOf(principal: string): string | undefined {
  return /\/ns\/([^/]+)/.exec(principal)?.[1];
}

const known = (text: string | undefined) => text || 'unknown';

interface Workloads {
  tags: Tag[];
  security: 'mutual_tls' | 'none' | 'unknown';
}

/** As the server sees it. */
function inbound(info: StreamInfo, own: WorkloadPeer, service: DestinationService): Workloads {
  const peer = info.peers?.downstream;
  const { tls } = info.downstream;
  const [source, destination] = [uriName(tls?.clientCertificate), tls ? uriName(tls.serverCertificate) : ''];
  const tags: Tag[] = [
    ['reporter', 'destination'],
    ['source_workload', known(peer?.workload)],
    ['source_canonical_service', known(peer?.canonicalName)],
    ['source_canonical_revision', peer?.canonicalRevision || 'latest'],
    ['source_workload_namespace', known(namespaceOf(source) ?? peer?.namespace)],
    ['source_principal', known(source)],
    ['source_app', known(peer?.app)],
    ['source_version', known(peer?.version)],
    ['source_cluster', known(peer?.cluster)],
    ['destination_workload', own.workload],
    ['destination_workload_namespace', own.namespace],
    ['destination_principal', known(destination)],
    ['destination_app', own.app],
    ['destination_version', own.version],
    ['destination_service', service.host || own.canonicalName],
    ['destination_canonical_service', own.canonicalName],
    ['destination_canonical_revision', own.canonicalRevision],
    ['destination_service_name', service.name || own.canonicalName],
    ['destination_service_namespace', own.namespace],
    ['destination_cluster', own.cluster],
  ];
  return { tags, security: source && destination ? 'mutual_tls' : 'none' };
}

/** As the client sees it, who cannot tell what the server made of its certificate. */
function outbound(info: StreamInfo, own: WorkloadPeer, service: DestinationService): Workloads {
  const peer = info.peers?.upstream;
  const { upstreamTls } = info;
  const [source, destination] = [uriName(upstreamTls?.clientCertificate), uriName(upstreamTls?.serverCertificate)];
  const namespace = namespaceOf(destination) ?? peer?.namespace;
  const tags: Tag[] = [
    ['reporter', 'source'],
    ['source_workload', own.workload],
    ['source_canonical_service', own.canonicalName],
    ['source_canonical_revision', own.canonicalRevision],
    ['source_workload_namespace', own.namespace],
    ['source_principal', known(source)],
    ['source_app', own.app],
    ['source_version', own.version],
    ['source_cluster', own.cluster],
    ['destination_workload', known(peer?.workload)],
    ['destination_workload_namespace', known(namespace)],
    ['destination_principal', known(destination)],
    ['destination_app', known(peer?.app)],
    ['destination_version', known(peer?.version)],
    ['destination_service', known(service.host)],
    ['destination_canonical_service', known(peer?.canonicalName)],
    ['destination_canonical_revision', peer?.canonicalRevision || 'latest'],
    ['destination_service_name', known(service.name)],
    ['destination_service_namespace', known(service.namespace || namespace)],
    ['destination_cluster', known(peer?.cluster)],
  ];
  return { tags, security: 'unknown' };
}
