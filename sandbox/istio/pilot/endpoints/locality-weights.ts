import type { LbEndpoint, LocalityLbEndpoints } from '../../../envoy/xds/types.ts';
import type { LocalityLbSetting } from '../api/networking.ts';
import type { Labels, Locality } from '../model/labels.ts';
import type { Endpoint, Service } from '../registry/service.ts';

/** Endpoints of one locality with what istiod knows of each, in the same order. */
export interface LocalityGroup {
  entry: LocalityLbEndpoints;
  endpoints: readonly Endpoint[];
}

/** The setting that counts: the rule's, else what the service prefers, else the mesh's. `forced`: fail over without outlier detection. */
export function localitySetting(
  mesh: LocalityLbSetting | undefined,
  rule: LocalityLbSetting | undefined,
  service: Service | undefined,
): { setting?: LocalityLbSetting; forced: boolean } {
  if (rule) return rule.enabled === false ? { forced: false } : { setting: rule, forced: false };
  const preferred = service && preferredOrder[service.trafficDistribution];
  if (preferred) return { setting: { enabled: true, failoverPriority: preferred }, forced: true };
  return !mesh || mesh.enabled === false ? { forced: false } : { setting: mesh, forced: false };
}

const sameZone = ['topology.istio.io/network', 'topology.kubernetes.io/region', 'topology.kubernetes.io/zone'];
const preferredOrder: Record<Service['trafficDistribution'], string[] | undefined> = {
  Any: undefined,
  PreferSameZone: sameZone,
  PreferSameNode: [...sameZone, 'topology.istio.io/subzone', 'kubernetes.io/hostname'],
};

/** Weights or priorities by where the client is (networking/core/loadbalancer). */
export function applyLocality(
  groups: readonly LocalityGroup[],
  client: { locality: Locality; labels: Labels },
  setting: LocalityLbSetting | undefined,
  failover: boolean,
): LocalityLbEndpoints[] {
  const entries = groups.map(({ entry }) => entry);
  if (!setting) return entries;
  if (setting.distribute) return distribute(entries, client.locality, setting.distribute);
  if (!failover) return entries;
  if (!setting.failoverPriority?.length) return failOver(entries, client.locality, setting.failover ?? []);
  const split =
    groups.length > 0 && Object.keys(client.labels).length > 0
      ? byLabels(groups, client.labels, setting.failoverPriority)
      : entries;
  return setting.failover?.length ? failOver(split, client.locality, setting.failover) : split;
}

function localityMatches(locality: Locality | undefined, rule: string): boolean {
  const [region, zone, subZone] = rule.split('/');
  const fits = (wanted: string | undefined, actual: string | undefined, optional: boolean) =>
    wanted === '*' || (optional && !wanted) || (actual ?? '') === (wanted ?? '');
  return (
    fits(region, locality?.region, false) && fits(zone, locality?.zone, true) && fits(subZone, locality?.subZone, true)
  );
}

function distribute(
  entries: readonly LocalityLbEndpoints[],
  client: Locality,
  rules: NonNullable<LocalityLbSetting['distribute']>,
): LocalityLbEndpoints[] {
  const rule = rules.find(({ from }) => localityMatches(client, from ?? ''));
  if (!rule) return [...entries];
  const result = [...entries];
  const open = new Set(entries.keys());
  for (const [to, weight] of Object.entries(rule.to ?? {})) {
    const chosen = [...open].filter((index) => localityMatches(entries[index]?.locality, to));
    const weightOf = (index: number) => entries[index]?.loadBalancingWeight ?? 1;
    const total = chosen.reduce((sum, index) => sum + weightOf(index), 0);
    for (const index of chosen) {
      open.delete(index);
      const share = Math.ceil((weightOf(index) * weight) / total);
      if (share > 0) result[index] = { ...(entries[index] as LocalityLbEndpoints), loadBalancingWeight: share };
    }
  }
  for (const index of open) {
    const { lbEndpoints: _, ...rest } = entries[index] as LocalityLbEndpoints;
    result[index] = rest;
  }
  return result;
}

function failOver(
  entries: readonly LocalityLbEndpoints[],
  client: Locality,
  rules: NonNullable<LocalityLbSetting['failover']>,
): LocalityLbEndpoints[] {
  const rule = rules.find(({ from }) => (from ?? '') === (client.region ?? ''));
  const ranks = entries.map(({ locality, priority = 0 }) => {
    let rank = distance(client, locality);
    if (rank === 3 && rule && (locality?.region ?? '') !== (rule.to ?? '')) rank = 4;
    return priority * 5 + rank;
  });
  return entries.map((entry, index) => withPriority(entry, ranks, ranks[index] as number));
}

/** 0 same subzone … 3 another region. */
function distance(a: Locality, b: Locality | undefined): number {
  if ((a.region ?? '') !== (b?.region ?? '')) return 3;
  if ((a.zone ?? '') !== (b?.zone ?? '')) return 2;
  return (a.subZone ?? '') === (b?.subZone ?? '') ? 0 : 1;
}

/** Envoy wants priorities without gaps. */
function withPriority(entry: LocalityLbEndpoints, ranks: readonly number[], rank: number): LocalityLbEndpoints {
  const priority = [...new Set(ranks)].sort((a, b) => a - b).indexOf(rank);
  const { priority: _, ...rest } = entry;
  return priority > 0 ? { ...rest, priority } : rest;
}

/** Endpoints that agree with the client in more of the first labels come first; a locality is split for it. */
function byLabels(
  groups: readonly LocalityGroup[],
  client: Labels,
  priorities: readonly string[],
): LocalityLbEndpoints[] {
  const wanted = priorities.map((each) => {
    const [label = '', value] = each.split('=');
    return { label, value: value ?? client[label] };
  });
  const split: { entry: LocalityLbEndpoints; rank: number }[] = [];
  for (const { entry, endpoints } of groups) {
    const byRank = new Map<number, LbEndpoint[]>();
    for (const [index, endpoint] of endpoints.entries()) {
      const differs = wanted.findIndex(({ label, value }) => (value ?? '') !== (endpoint.labels[label] ?? ''));
      const rank = differs < 0 ? 0 : priorities.length - differs;
      byRank.set(rank, [...(byRank.get(rank) ?? []), entry.lbEndpoints?.[index] as LbEndpoint]);
    }
    for (const [rank, lbEndpoints] of [...byRank].sort(([a], [b]) => a - b)) {
      const weight = lbEndpoints.reduce((sum, { loadBalancingWeight = 0 }) => sum + loadBalancingWeight, 0);
      split.push({ rank, entry: { ...entry, lbEndpoints, loadBalancingWeight: weight } });
    }
  }
  const ranks = split.map(({ rank }) => rank);
  return split.map(({ entry, rank }) => withPriority(entry, ranks, rank));
}
