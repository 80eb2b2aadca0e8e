import { equalJson } from '../../kernel/json.ts';
import { byAge } from './replicaset.ts';
import type { Deployment, PodTemplate, ReplicaSet } from './types.ts';

/** The arithmetic of rollouts (pkg/controller/deployment/util/deployment_util.go). */

export const hashLabel = 'pod-template-hash';
export const revisionAnnotation = 'deployment.kubernetes.io/revision';
export const historyAnnotation = 'deployment.kubernetes.io/revision-history';
export const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas';
export const maximumAnnotation = 'deployment.kubernetes.io/max-replicas';

/** Annotations of a Deployment that its ReplicaSets do not inherit. */
export const ownAnnotations = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maximumAnnotation,
  'deprecated.deployment.rollback.to',
]);

export function replicasOf(object: Deployment | ReplicaSet): number {
  return object.spec.replicas ?? 1;
}

export function revisionOf(set: ReplicaSet): number {
  return Number(set.metadata.annotations?.[revisionAnnotation] ?? 0) || 0;
}

/** An absolute number or a percentage of `total`. */
function scaled(value: number | string | undefined, total: number, roundUp: boolean): number {
  if (value === undefined) return 0;
  if (typeof value === 'number') return value;
  const share = (Number.parseInt(value, 10) * total) / 100;
  return roundUp ? Math.ceil(share) : Math.floor(share);
}

/** How many pods a rollout may have above and below the wanted number. Both zero: one may be missing. */
export function bounds(deployment: Deployment): { maxSurge: number; maxUnavailable: number } {
  if (deployment.spec.strategy?.type === 'Recreate' || replicasOf(deployment) === 0) {
    return { maxSurge: 0, maxUnavailable: 0 };
  }
  const { rollingUpdate } = deployment.spec.strategy ?? {};
  const total = replicasOf(deployment);
  const maxSurge = scaled(rollingUpdate?.maxSurge, total, true);
  const maxUnavailable = scaled(rollingUpdate?.maxUnavailable, total, false);
  if (maxSurge === 0 && maxUnavailable === 0) return { maxSurge, maxUnavailable: 1 };
  return { maxSurge, maxUnavailable: Math.min(maxUnavailable, total) };
}

export function minimumAvailable(deployment: Deployment): number {
  return replicasOf(deployment) - bounds(deployment).maxUnavailable;
}

/** EqualIgnoreHash: do two templates say the same, but for the label that the controller adds? */
function sameTemplate(a: PodTemplate, b: PodTemplate): boolean {
  if (!equalJson(a.spec, b.spec)) return false;
  const [{ labels: left, ...first } = {}, { labels: right, ...second } = {}] = [a.metadata, b.metadata];
  return equalJson(first, second) && equalJson(withoutHash(left), withoutHash(right));
}

function withoutHash({ [hashLabel]: _, ...labels }: Record<string, string> = {}): Record<string, string> {
  return labels;
}

/** The ReplicaSet of a Deployment's current template: the oldest, if there are several. */
export function newSetOf(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  return [...sets].sort(byAge).find((set) => sameTemplate(set.spec.template, deployment.spec.template));
}

export function total(sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number | undefined): number {
  return sets.reduce((sum, set) => sum + (count(set) ?? 0), 0);
}

/** How many replicas the newest ReplicaSet should have now (NewRSNewReplicas). */
export function newReplicas(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
): number {
  if (deployment.spec.strategy?.type === 'Recreate') return replicasOf(deployment);
  const present = newSet ? replicasOf(newSet) : 0;
  const allowed = replicasOf(deployment) + bounds(deployment).maxSurge - total(sets, replicasOf);
  if (allowed <= 0) return present;
  return present + Math.min(allowed, replicasOf(deployment) - present);
}

/** Everything runs the newest template and nothing older is left. */
export function isComplete(deployment: Deployment, status: NonNullable<Deployment['status']>): boolean {
  const wanted = replicasOf(deployment);
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/** New sizes of ReplicaSets after a Deployment was scaled in the middle of a rollout: each gets its share (dc.scale). */
export function proportions(deployment: Deployment, sets: readonly ReplicaSet[]): Map<ReplicaSet, number> {
  const sum = total(sets, replicasOf);
  const allowed = replicasOf(deployment) === 0 ? 0 : replicasOf(deployment) + bounds(deployment).maxSurge;
  let left = allowed - sum;
  const growing = left > 0;
  const ordered = [...sets].sort((a, b) => replicasOf(b) - replicasOf(a) || (growing ? byAge(b, a) : byAge(a, b)));
  const sizes = new Map<ReplicaSet, number>();
  const whole = left;
  for (const set of ordered) {
    const size = replicasOf(set);
    const before = Number(set.metadata.annotations?.[maximumAnnotation] ?? deployment.status?.replicas ?? sum) || sum;
    const share = Math.round((size * allowed) / before) - size;
    const change = whole > 0 ? Math.min(Math.max(share, 0), left) : Math.max(Math.min(share, 0), left);
    sizes.set(set, size + change);
    left -= change;
  }
  const first = ordered[0];
  if (first && left !== 0) sizes.set(first, Math.max(0, (sizes.get(first) ?? 0) + left));
  return sizes;
}
