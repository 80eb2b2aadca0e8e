import type { Kernel } from '../../kernel/kernel.ts';
import { formatSeconds } from '../../kernel/time.ts';
import { cloneJson } from '../json.ts';
import type { Pod } from '../kinds/pod.ts';
import { conflict, notFound } from './errors.ts';
import type { Store } from './store.ts';

const table = '/pods';

/** The binding path of a pod (pkg/registry/core/pod/storage.BindingREST): assigns a node, once. */
export function bindPod(store: Store, kernel: Kernel, namespace: string, name: string, node: string): void {
  const stored = store.get(table, namespace, name) as Pod | undefined;
  if (!stored) throw notFound({ group: '', name: 'pods' }, name);
  const refuse = (why: string) => conflict({ group: '', name: 'pods/binding' }, name, why);
  if (stored.metadata.deletionTimestamp) throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  const assigned = stored.spec?.nodeName;
  if (assigned) throw refuse(`pod ${name} is already assigned to node "${assigned}"`);
  const next = cloneJson(stored);
  if (!next.spec) throw refuse('the pod has no spec');
  next.spec.nodeName = node;
  const others = (next.status?.conditions ?? []).filter((condition) => condition.type !== 'PodScheduled');
  const lastTransitionTime = formatSeconds(kernel.now());
  next.status = {
    ...next.status,
    conditions: [...others, { type: 'PodScheduled', status: 'True', lastTransitionTime }],
  };
  store.put(table, next);
}
