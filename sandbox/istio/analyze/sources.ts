import type { KubernetesObject } from '../../kubernetes/objects.ts';
import { textOf } from '../validate/spec.ts';
import { ignoredNamespaces, type Kind, type KindName, kindNames, kinds } from './kinds.ts';
import { fullName, type Resource, type Snapshot, toResource } from './resource.ts';

/** How a cluster's objects are listed; undefined where it does not serve the kind. */
export type ListObjects = (kind: Kind) => readonly KubernetesObject[] | undefined;

/** Every object of a cluster that analyzers look at (upstream AddRunningKubeSourceWithRevision). */
export function clusterResources(list: ListObjects, istioNamespace: string, revision: string): [KindName, Resource][] {
  return kindNames.flatMap((name) => {
    const kind: Kind = kinds[name];
    return (list(kind) ?? [])
      .map((object) => toResource(name, object as unknown as Resource['object']))
      .filter((resource) => isLookedAt(name, resource, istioNamespace, revision))
      .map((resource): [KindName, Resource] => [name, resource]);
  });
}

const hiddenSecrets = ['helm.sh/release.v1', 'kubernetes.io/service-account-token'];

function isLookedAt(name: KindName, resource: Resource, istioNamespace: string, revision: string): boolean {
  const kind: Kind = kinds[name];
  if (name === 'Node') return true;
  if (name === 'Secret') return !hiddenSecrets.includes(textOf(resource.object.type));
  if (kind.runtime) return !ignoredNamespaces.includes(name === 'Namespace' ? resource.name : resource.namespace);
  if (name === 'ConfigMap') {
    const leader = 'control-plane.alpha.kubernetes.io/leader' in resource.annotations;
    if (resource.namespace !== istioNamespace || leader || !resource.name.startsWith('istio')) return false;
  }
  return (resource.labels['istio.io/rev'] ?? revision) === revision;
}

/**
 * The objects by kind, sorted by name. Of equal names the first one counts: files come before the cluster, and a later document of
 * one file before an earlier one. Without a cluster the kinds that only a cluster has are missing.
 */
export function snapshotOf(
  files: readonly [KindName, Resource][],
  cluster: readonly [KindName, Resource][] | undefined,
): Snapshot {
  const byKind = new Map<KindName, Map<string, Resource>>();
  for (const name of kindNames) {
    const kind: Kind = kinds[name];
    if (cluster || !kind.runtime) byKind.set(name, new Map());
  }
  for (const [name, resource] of [...(cluster ?? []), ...files]) byKind.get(name)?.set(fullName(resource), resource);
  const sorted = (resources: Map<string, Resource>) =>
    [...resources.keys()].sort().map((key) => resources.get(key) as Resource);
  return new Map([...byKind].map(([name, resources]) => [name, sorted(resources)]));
}
