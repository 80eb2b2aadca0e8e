import { quantity } from '../quantity.ts';
import type { Container, Node, Pod, ResourceFieldRef } from '../types.ts';

/** Values that a pod may ask about itself (fieldRef, resourceFieldRef; pkg/fieldpath, pkg/api/v1/resource). */

/** `metadata.labels['app']`, `spec.nodeName`, `status.podIP`, … or undefined if there is no such field. */
export function podField(path: string, pod: Pod, addresses: { podIP: string; hostIP: string }): string | undefined {
  const { metadata, spec } = pod;
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed) return metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2] ?? ''] ?? '';
  switch (path) {
    case 'metadata.name':
      return metadata.name;
    case 'metadata.namespace':
      return metadata.namespace ?? '';
    case 'metadata.uid':
      return metadata.uid ?? '';
    case 'metadata.labels':
      return formatMap(metadata.labels);
    case 'metadata.annotations':
      return formatMap(metadata.annotations);
    case 'spec.nodeName':
      return spec.nodeName ?? '';
    case 'spec.serviceAccountName':
      return spec.serviceAccountName ?? '';
    case 'status.podIP':
    case 'status.podIPs':
      return addresses.podIP;
    case 'status.hostIP':
    case 'status.hostIPs':
      return addresses.hostIP;
    default:
      return undefined;
  }
}

/** As files of a downwardAPI volume have it: `app="curl"`, a line each, sorted. */
function formatMap(map: Record<string, string> = {}): string {
  return Object.keys(map)
    .sort()
    .map((key) => `${key}=${JSON.stringify(map[key])}`)
    .join('\n');
}

/** A container's request or limit in units of the divisor, rounded up; limits that are not set are the node's. */
export function resourceField(ref: ResourceFieldRef, pod: Pod, container: Container, node: Node | undefined): string {
  const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const target = ref.containerName ? (all.find(({ name }) => name === ref.containerName) ?? container) : container;
  const [kind = '', name = ''] = ref.resource.split('.');
  const { limits, requests } = target.resources ?? {};
  const amount =
    kind === 'limits'
      ? (limits?.[name] ?? node?.status?.allocatable?.[name])
      : (requests?.[name] ?? limits?.[name] ?? '0');
  const divisor = quantity(ref.divisor) || 1;
  return String(Math.ceil(quantity(amount) / divisor - 1e-9));
}
