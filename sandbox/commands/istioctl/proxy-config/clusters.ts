import type { JsonObject } from '../../../kernel/json.ts';
import { TabWriter } from '../../kubectl/tab-writer.ts';
import { IstioctlError } from '../errors.ts';
import { type ConfigDump, section, untyped } from './config-dump.ts';
import { describeManagement, lessByName, parseClusterName } from './names.ts';
import { dump, insertionSort, objects, text } from './output.ts';

export interface ClusterFilter {
  fqdn: string;
  port: number;
  subset: string;
  direction: string;
}

/** `istioctl proxy-config clusters`: a table, or whole clusters. `typed` prefixes names as `proxy-config all` does. */
export function printClusters(
  config: ConfigDump,
  filter: ClusterFilter,
  format: 'short' | 'json' | 'yaml',
  typed = false,
): string {
  const clusters = sortedClusters(config).filter((cluster) => passes(text(cluster.name), filter));
  if (format !== 'short') return dump(clusters, format);
  const table = new TabWriter(0, 5);
  const header = ['SERVICE FQDN', 'PORT', 'SUBSET', 'DIRECTION', 'TYPE', 'DESTINATION RULE'];
  table.line(typed ? ['NAME', ...header] : header);
  for (const cluster of clusters) {
    const name = text(cluster.name);
    const parts = parseClusterName(name);
    const cells = parts
      ? [parts.host, String(parts.port), parts.subset || '-', parts.direction]
      : [typed ? `cluster/${name}` : name, '-', '-', '-'];
    const row = [...cells, text(cluster.type) || 'STATIC', describeManagement(cluster)];
    table.line(typed ? [`cluster/${name}`, ...row] : row);
  }
  return table.flush();
}

function passes(name: string, filter: ClusterFilter): boolean {
  return (
    name.includes(filter.fqdn) &&
    name.includes(filter.direction) &&
    name.includes(filter.subset) &&
    (filter.port === 0 || name.includes(`|${filter.port}|`))
  );
}

function sortedClusters(config: ConfigDump): JsonObject[] {
  const found = section(config, 'ClustersConfigDump');
  const clusters = [...objects(found.dynamicActiveClusters), ...objects(found.staticClusters)]
    .filter((entry) => entry.cluster)
    .map((entry) => untyped(entry.cluster));
  if (clusters.length === 0) throw new IstioctlError('no clusters found');
  return insertionSort(clusters, (a, b) => lessByName(text(a.name), text(b.name)));
}
