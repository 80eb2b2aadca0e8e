import { formatSeconds } from '../../../kernel/time.ts';
import type { Connection, DiscoveryType, SyncState } from './connections.ts';

const prefixes: Record<DiscoveryType, string> = { CDS: 'cluster', LDS: 'listener', RDS: 'route', EDS: 'endpoint' };
const typeUrls: Record<DiscoveryType, string> = {
  CDS: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  LDS: 'type.googleapis.com/envoy.config.listener.v3.Listener',
  RDS: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
  EDS: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
};

/** `/debug/syncz`: what each connected proxy was sent and has taken (xds/debug.go). */
export function syncz(
  connections: readonly Connection[],
  options: { version: string; cluster: string; namespace?: string },
): Record<string, unknown>[] {
  const wanted = connections.filter(({ state }) => !options.namespace || state.node.namespace === options.namespace);
  return wanted.map(({ state: { node, types } }) => {
    const entries = Object.entries(types) as [DiscoveryType, SyncState][];
    const fields = entries.flatMap(([type, { sent, acked }]) => [
      [`${prefixes[type]}_sent`, sent],
      ...(acked ? [[`${prefixes[type]}_acked`, acked]] : []),
    ]);
    const resources = entries.map(([type, { sent, acked, sentAt, error }]) => [
      typeUrls[type],
      { sent, acked, sent_time: formatSeconds(sentAt), last_error: error ?? '' },
    ]);
    const proxyType = node.id.split('~')[0] ?? 'sidecar';
    return {
      cluster_id: options.cluster,
      proxy: `${node.pod}.${node.namespace}`,
      proxy_type: proxyType,
      istio_version: options.version,
      ...Object.fromEntries(fields),
      resources: Object.fromEntries(resources),
    };
  });
}
