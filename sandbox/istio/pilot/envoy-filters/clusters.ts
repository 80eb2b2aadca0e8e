import type { Cluster, TransportSocket } from '../../../envoy/xds/types.ts';
import type { PatchContext } from '../api/envoy-filter.ts';
import { parseSubsetKey } from '../registry/service.ts';
import type { EnvoyPatch, EnvoyPatches } from './patches.ts';
import { mergeMessage, mergeTyped } from './values.ts';

/** Clusters as EnvoyFilters change them, with those they add (networking/core/envoyfilter/cluster_patch.go). */
export function patchClusters(patches: EnvoyPatches, context: PatchContext, clusters: readonly Cluster[]): Cluster[] {
  const own = patches.of('CLUSTER', context);
  if (own.length === 0) return [...clusters];
  return [
    ...clusters.flatMap((cluster) => patchCluster(cluster, own) ?? []),
    ...(patches.additions('CLUSTER', context) as unknown as Cluster[]),
  ];
}

function patchCluster(cluster: Cluster, patches: readonly EnvoyPatch[]): Cluster | undefined {
  let patched = cluster;
  for (const patch of patches) {
    if (!isMatch(patched, patch)) continue;
    if (patch.operation === 'REMOVE') return undefined;
    if (patch.operation === 'MERGE') patched = mergeCluster(patched, patch.value);
  }
  return patched;
}

function isMatch(cluster: Cluster, { match: { cluster: wanted } }: EnvoyPatch): boolean {
  if (!wanted) return true;
  if (wanted.name) return wanted.name === cluster.name;
  const { port, subset, hostname } = parseSubsetKey(cluster.name) ?? { port: 0, subset: '', hostname: '' };
  if (wanted.subset && wanted.subset !== subset) return false;
  if (wanted.service && !hosts(cluster, hostname).includes(wanted.service)) return false;
  return !wanted.portNumber || wanted.portNumber === port;
}

/** Inbound clusters do not have their services' hosts in the name. */
function hosts({ metadata }: Cluster, hostname: string): string[] {
  if (hostname !== '') return [hostname];
  const istio = metadata?.filterMetadata?.istio as { services?: { host: string }[] } | undefined;
  return (istio?.services ?? []).map(({ host }) => host);
}

/** A transport socket is merged with its like, instead of the cluster being merged. */
function mergeCluster(cluster: Cluster, value: Record<string, unknown>): Cluster {
  const { transportSocket: wanted } = value as unknown as Cluster;
  if (!wanted) return mergeMessage(cluster, value);
  const { transportSocketMatches = [], transportSocket } = cluster;
  if (transportSocketMatches.length > 0) {
    const at = transportSocketMatches.findIndex((each) => each.transportSocket?.name === wanted.name);
    const found = transportSocketMatches[at];
    if (!found?.transportSocket) return cluster;
    const merged = { ...found, transportSocket: mergeSocket(found.transportSocket, wanted) };
    return { ...cluster, transportSocketMatches: transportSocketMatches.with(at, merged) };
  }
  const same = transportSocket?.name === wanted.name;
  return { ...cluster, transportSocket: same ? mergeSocket(transportSocket, wanted) : wanted };
}

function mergeSocket(own: TransportSocket, wanted: TransportSocket): TransportSocket {
  if (!own.typedConfig || !wanted.typedConfig) return own;
  return { ...own, typedConfig: mergeTyped(own.typedConfig, wanted.typedConfig) };
}
