export type Labels = Readonly<Record<string, string>>;

/** Whether all of `selector` stand in `labels`. An empty selector selects everything. */
export function selects(selector: Labels | undefined, labels: Labels | undefined): boolean {
  for (const key in selector) if (labels?.[key] !== selector[key]) return false;
  return true;
}

export function equalLabels(a: Labels | undefined, b: Labels | undefined): boolean {
  return selects(a, b) && selects(b, a);
}

const nameLabels = ['service.istio.io/canonical-name', 'app.kubernetes.io/name', 'app'];
const revisionLabels = ['service.istio.io/canonical-revision', 'app.kubernetes.io/version', 'version'];

/** Name and revision under which telemetry shows a workload (pkg/kube/labels). */
export function canonicalService(labels: Labels | undefined, workload: string): { name: string; revision: string } {
  const first = (keys: string[]) => keys.map((key) => labels?.[key]).find((value) => value !== undefined);
  return { name: first(nameLabels) ?? workload, revision: first(revisionLabels) ?? 'latest' };
}

/** A locality as labels and EDS write it: `region/zone/subzone`. */
export interface Locality {
  region?: string;
  zone?: string;
  subZone?: string;
}

export function parseLocality(text: string): Locality {
  const [region, zone, subZone] = text.split('/');
  return {
    ...(region ? { region } : {}),
    ...(zone ? { zone } : {}),
    ...(subZone ? { subZone } : {}),
  };
}

/** The labels of a workload with where it runs, as failover priorities and source labels see them. */
export function augmentLabels(
  labels: Labels | undefined,
  where: { cluster: string; locality: string; node?: string },
): Labels {
  const { region, zone, subZone } = parseLocality(where.locality);
  return {
    ...labels,
    ...(region ? { 'topology.kubernetes.io/region': region } : {}),
    ...(zone ? { 'topology.kubernetes.io/zone': zone } : {}),
    ...(subZone ? { 'topology.istio.io/subzone': subZone } : {}),
    ...(where.cluster ? { 'topology.istio.io/cluster': where.cluster } : {}),
    ...(where.node ? { 'kubernetes.io/hostname': where.node } : {}),
  };
}
