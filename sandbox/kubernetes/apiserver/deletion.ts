import { formatSeconds } from '../../kernel/time.ts';
import { cloneJson } from '../json.ts';
import type { Kind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';

/** metav1.DeleteOptions, as far as they count. */
export interface Deletion {
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  preconditions?: { uid?: string; resourceVersion?: string };
}

const orphanFinalizer = 'orphan';
const foregroundFinalizer = 'foregroundDeletion';

/**
 * What a deletion makes of an object (k8s.io/apiserver rest.BeforeDelete and the generic store): it goes at once, stays as
 * it is because it is on its way already, or stays marked until its finalizers and its grace period are over.
 */
export function deletionPlan(
  kind: Kind,
  stored: KubernetesObject,
  deletion: Deletion,
  now: number,
): 'remove' | 'keep' | KubernetesObject {
  const marked = stored.metadata.deletionTimestamp !== undefined;
  const grace = kind.gracePeriod?.(stored, deletion.gracePeriodSeconds) ?? 0;
  const finalizers = finalizersFor(stored, deletion.propagationPolicy);
  const held = finalizers.length > 0 || (kind.holdsDeletion?.(stored) ?? false);
  const shorter = marked && grace < (stored.metadata.deletionGracePeriodSeconds ?? 0);
  if (marked && !shorter && (held || grace > 0)) return 'keep';
  if (!held && grace === 0) return 'remove';
  const next = cloneJson(stored);
  if (finalizers.length > 0) next.metadata.finalizers = finalizers;
  next.metadata.deletionTimestamp = formatSeconds(now + grace * 1000);
  next.metadata.deletionGracePeriodSeconds = grace;
  if (next.metadata.generation && !marked) next.metadata.generation++;
  kind.markDeleted?.(next);
  return next;
}

function finalizersFor(stored: KubernetesObject, policy: Deletion['propagationPolicy']): string[] {
  const present = stored.metadata.finalizers ?? [];
  if (policy === undefined || stored.metadata.deletionTimestamp) return present;
  const others = present.filter((finalizer) => finalizer !== orphanFinalizer && finalizer !== foregroundFinalizer);
  if (policy === 'Orphan') return [...others, orphanFinalizer];
  if (policy === 'Foreground') return [...others, foregroundFinalizer];
  return others;
}
