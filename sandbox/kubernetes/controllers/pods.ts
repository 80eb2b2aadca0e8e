import { parseTime } from '../../kernel/time.ts';
import type { Condition, Pod } from './types.ts';

/** Questions about pods that several controllers ask (k8s.io/kubernetes/pkg/api/v1/pod and controller_utils.go). */

export function podCondition(pod: Pod, type: string): Condition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

export function isReady(pod: Pod): boolean {
  return podCondition(pod, 'Ready')?.status === 'True';
}

/** Neither ended nor about to be deleted. */
export function isActive(pod: Pod): boolean {
  return !isTerminal(pod) && pod.metadata.deletionTimestamp === undefined;
}

export function isTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** Ready for at least `minReadySeconds`; otherwise in how many ms it will be, or undefined if it is not even ready. */
export function availableIn(pod: Pod, minReadySeconds: number, now: number): number | undefined {
  if (!isReady(pod)) return undefined;
  if (minReadySeconds === 0) return 0;
  const since = parseTime(podCondition(pod, 'Ready')?.lastTransitionTime ?? '') ?? now;
  return Math.max(0, since + minReadySeconds * 1000 - now);
}

function rank(pod: Pod): number[] {
  const phases = { Pending: 0, Unknown: 1, Running: 2 } as Record<string, number>;
  const created = parseTime(pod.metadata.creationTimestamp ?? '') ?? 0;
  const ready = isReady(pod);
  const readySince = parseTime(podCondition(pod, 'Ready')?.lastTransitionTime ?? '') ?? 0;
  const restarts = Math.max(0, ...(pod.status?.containerStatuses ?? []).map((status) => status.restartCount));
  const cost = Number(pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0);
  return [
    pod.spec.nodeName ? 1 : 0,
    phases[pod.status?.phase ?? 'Pending'] ?? 0,
    ready ? 1 : 0,
    cost,
    ready ? -readySince : 0,
    -restarts,
    -created,
  ];
}

/** Order in which a ReplicaSet gives pods up: unassigned, pending, unready, youngest first (controller.ActivePodsWithRanks). */
export function deletionOrder(pods: readonly Pod[]): Pod[] {
  const ranked = pods.map((pod) => ({ pod, rank: rank(pod) }));
  ranked.sort((a, b) => {
    for (let index = 0; index < a.rank.length; index++) {
      const difference = (a.rank[index] ?? 0) - (b.rank[index] ?? 0);
      if (difference !== 0) return difference;
    }
    return a.pod.metadata.name < b.pod.metadata.name ? -1 : 1;
  });
  return ranked.map(({ pod }) => pod);
}
