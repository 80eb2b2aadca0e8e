import type { EnvoyProxy } from './proxy.ts';
import type { Host } from './upstream/cluster.ts';

function locality(host: Host): { region: string; zone: string; subZone: string } {
  const [region = '', zone = '', subZone = ''] = host.locality.split('/');
  return { region, zone, subZone };
}

/** `/clusters` as text: one line a fact. */
export function clustersText(proxy: EnvoyProxy): string {
  const lines: string[] = [];
  for (const cluster of proxy.clusters.all()) {
    const { name, thresholds, observabilityName, config } = cluster;
    lines.push(`${name}::observability_name::${observabilityName}`);
    for (const priority of ['default', 'high'] as const) {
      const limits = priority === 'default' ? thresholds : { ...thresholds, maxRetries: 3 };
      lines.push(`${name}::${priority}_priority::max_connections::${limits.maxConnections}`);
      lines.push(`${name}::${priority}_priority::max_pending_requests::${limits.maxPendingRequests}`);
      lines.push(`${name}::${priority}_priority::max_requests::${limits.maxRequests}`);
      lines.push(`${name}::${priority}_priority::max_retries::${limits.maxRetries}`);
    }
    lines.push(`${name}::added_via_api::${config.edsClusterConfig !== undefined}`);
    for (const host of proxy.clusters.hosts(cluster)) {
      const { region, zone, subZone } = locality(host);
      lines.push(
        `${name}::${host.key}::hostname::${host.hostname === host.address ? '' : host.hostname}`,
        `${name}::${host.key}::health_flags::${host.healthy ? 'healthy' : '/failed_outlier_check'}`,
        `${name}::${host.key}::weight::${host.weight}`,
        `${name}::${host.key}::region::${region}`,
        `${name}::${host.key}::zone::${zone}`,
        `${name}::${host.key}::sub_zone::${subZone}`,
        `${name}::${host.key}::priority::${host.priority}`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

/** `/clusters?format=json`, envoy.admin.v3.Clusters. */
export function clusterStatuses(proxy: EnvoyProxy): Record<string, unknown> {
  return {
    clusterStatuses: proxy.clusters.all().map((cluster) => ({
      name: cluster.name,
      addedViaApi: cluster.config.edsClusterConfig !== undefined,
      hostStatuses: proxy.clusters.hosts(cluster).map((host) => ({
        address: { socketAddress: { address: host.address, portValue: host.port } },
        healthStatus: { ...(host.healthy ? {} : { failedOutlierCheck: true }), edsHealthStatus: 'HEALTHY' },
        weight: host.weight,
        ...(host.hostname !== host.address && { hostname: host.hostname }),
        ...(host.priority > 0 && { priority: host.priority }),
        locality: locality(host),
      })),
      observabilityName: cluster.observabilityName,
    })),
  };
}
