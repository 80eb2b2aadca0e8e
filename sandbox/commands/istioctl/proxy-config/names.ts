import type { JsonObject } from '../../../kernel/json.ts';

/** The parts of a cluster's name: `outbound|80|v1|reviews.default.svc.cluster.local`. */
export interface ClusterName {
  direction: string;
  port: number;
  subset: string;
  host: string;
}

/** A name of Istio's in its parts, or undefined for others such as `PassthroughCluster`. */
export function parseClusterName(name: string): ClusterName | undefined {
  const parts = name.split('|');
  if (parts.length <= 3) return undefined;
  const [direction = '', port = '', subset = '', host = ''] = parts;
  return { direction, port: Number(port) || 0, subset, host };
}

/** Order of clusters and endpoints in tables: by host, subset, port, direction; byte order as Go has it. */
export function lessByName(left: string, right: string): boolean {
  const whole = (name: string): ClusterName =>
    parseClusterName(name) ?? { direction: '', subset: '', host: name, port: 0 };
  const [a, b] = [whole(left), whole(right)];
  if (a.host !== b.host) return a.host < b.host;
  if (a.subset !== b.subset) return a.subset < b.subset;
  if (a.port !== b.port) return a.port < b.port;
  return a.direction < b.direction;
}

/** The Istio resource a cluster or route comes from, as `name.namespace`. */
export function describeManagement(resource: JsonObject): string {
  const metadata = resource.metadata as { filterMetadata?: { istio?: { config?: unknown } } } | undefined;
  const path = metadata?.filterMetadata?.istio?.config;
  if (path === undefined) return '';
  if (typeof path !== 'string' || !path.startsWith('/apis/networking.istio.io/')) return '<unknown>';
  const parts = path.split('/');
  return parts.length === 8 ? `${parts[7]}.${parts[5]}` : '';
}
