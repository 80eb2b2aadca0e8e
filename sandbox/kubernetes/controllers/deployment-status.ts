import { formatSeconds, parseTime } from '../../kernel/time.ts';
import { bounds, isComplete, minimumAvailable, replicasOf, total } from './rollout.ts';
import type { Condition, Deployment, ReplicaSet } from './types.ts';

type Status = NonNullable<Deployment['status']>;

/** A condition of a Deployment: `lastUpdateTime` moves with reason and message, `lastTransitionTime` with the status only. */
export function setCondition(conditions: Condition[], next: Condition, now: string): Condition[] {
  const old = conditions.find((condition) => condition.type === next.type);
  if (old && old.status === next.status && old.reason === next.reason && old.message === next.message)
    return conditions;
  if (old && old.status === next.status && old.reason === next.reason && next.type === 'Available') return conditions;
  const lastTransitionTime = old?.status === next.status ? (old.lastTransitionTime ?? now) : now;
  return [
    ...conditions.filter((condition) => condition.type !== next.type),
    { ...next, lastUpdateTime: now, lastTransitionTime },
  ];
}

/** Counts of pods and the condition Available (calculateStatus in pkg/controller/deployment/sync.go). */
export function countedStatus(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
  at: number,
): Status {
  const available = total(sets, (set) => set.status?.availableReplicas);
  const replicas = total(sets, (set) => set.status?.replicas);
  const updated = newSet?.status?.replicas ?? 0;
  const ready = total(sets, (set) => set.status?.readyReplicas);
  const unavailable = Math.max(0, total(sets, replicasOf) - available);
  const enough = available >= minimumAvailable(deployment);
  const conditions = setCondition(
    deployment.status?.conditions ?? [],
    {
      type: 'Available',
      status: enough ? 'True' : 'False',
      reason: enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
      message: enough ? 'Deployment has minimum availability.' : 'Deployment does not have minimum availability.',
    },
    formatSeconds(at),
  );
  const { collisionCount } = deployment.status ?? {};
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    ...(replicas > 0 && { replicas }),
    ...(updated > 0 && { updatedReplicas: updated }),
    ...(ready > 0 && { readyReplicas: ready }),
    ...(available > 0 && { availableReplicas: available }),
    ...(unavailable > 0 && { unavailableReplicas: unavailable }),
    ...(collisionCount !== undefined && { collisionCount }),
    conditions,
  };
}

/**
 * The whole status of a rollout with the conditions Progressing and ReplicaFailure (pkg/controller/deployment/progress.go).
 * `deadline`: ms from now at which the rollout has taken too long, if it is still going on.
 */
export function rolloutStatus(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
  at: number,
): { status: Status; deadline: number | undefined } {
  const status = countedStatus(deployment, sets, newSet, at);
  const now = formatSeconds(at);
  let conditions = status.conditions ?? [];
  let deadline: number | undefined;
  const current = conditions.find((condition) => condition.type === 'Progressing');
  const settled =
    (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === 'NewReplicaSetAvailable';
  if (limitOf(deployment) !== undefined && !settled) {
    const name = newSet ? `ReplicaSet "${newSet.metadata.name}"` : `Deployment "${deployment.metadata.name}"`;
    const progressing = (next: Omit<Condition, 'type'>) => {
      conditions = setCondition(conditions, { type: 'Progressing', ...next }, now);
    };
    if (isComplete(deployment, status)) {
      const message = `${name} has successfully progressed.`;
      progressing({ status: 'True', reason: 'NewReplicaSetAvailable', message });
    } else if (isProgressing(deployment, status)) {
      const rest = conditions.filter((condition) => condition.type !== 'Progressing');
      const since = current?.status === 'True' ? (current.lastTransitionTime ?? now) : now;
      const message = `${name} is progressing.`;
      const next: Condition = { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated', message };
      conditions = [...rest, { ...next, lastUpdateTime: now, lastTransitionTime: since }];
    } else if (isLate(deployment, current, at)) {
      const message = `${name} has timed out progressing.`;
      progressing({ status: 'False', reason: 'ProgressDeadlineExceeded', message });
    }
    const last = conditions.find((condition) => condition.type === 'Progressing');
    if (last?.status === 'True' && last.reason !== 'NewReplicaSetAvailable' && !deployment.spec.paused) {
      const since = parseTime(last.lastUpdateTime ?? '') ?? at;
      deadline = Math.max(0, since + (limitOf(deployment) ?? 0) + 1000 - at);
    }
  }
  const failure = [...(newSet ? [newSet] : []), ...sets]
    .flatMap((set) => set.status?.conditions ?? [])
    .find((condition) => condition.type === 'ReplicaFailure');
  if (failure) conditions = setCondition(conditions, { ...failure }, now);
  else conditions = conditions.filter((condition) => condition.type !== 'ReplicaFailure');
  return { status: { ...status, conditions }, deadline };
}

/** progressDeadlineSeconds in ms; undefined where the deadline is switched off (the greatest int32). */
function limitOf(deployment: Deployment): number | undefined {
  const seconds = deployment.spec.progressDeadlineSeconds;
  return seconds === undefined || seconds === 2 ** 31 - 1 ? undefined : seconds * 1000;
}

function isProgressing(deployment: Deployment, next: Status): boolean {
  const old = deployment.status ?? {};
  const oldLeft = (old.replicas ?? 0) - (old.updatedReplicas ?? 0);
  const nextLeft = (next.replicas ?? 0) - (next.updatedReplicas ?? 0);
  return (
    (next.updatedReplicas ?? 0) > (old.updatedReplicas ?? 0) ||
    nextLeft < oldLeft ||
    (next.readyReplicas ?? 0) > (old.readyReplicas ?? 0) ||
    (next.availableReplicas ?? 0) > (old.availableReplicas ?? 0)
  );
}

function isLate(deployment: Deployment, condition: Condition | undefined, at: number): boolean {
  if (!condition) return false;
  if (condition.reason === 'ProgressDeadlineExceeded') return true;
  if (condition.reason === 'NewReplicaSetAvailable') return false;
  const since = parseTime(condition.lastUpdateTime ?? '') ?? at;
  return since + (limitOf(deployment) ?? 0) < at;
}

/** Most pods that a Deployment may have during a rollout, as its ReplicaSets note it. */
export function maximumReplicas(deployment: Deployment): number {
  return replicasOf(deployment) + bounds(deployment).maxSurge;
}
