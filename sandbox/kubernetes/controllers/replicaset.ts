import { equalJson } from '../../kernel/json.ts';
import { formatSeconds, parseTime } from '../../kernel/time.ts';
import { ApiError } from '../apiserver/errors.ts';
import { cloneJson } from '../json.ts';
import { withCondition } from './conditions.ts';
import { type ControllerContext, controllerOf, keyOf, kinds, splitKey } from './context.ts';
import { Controller } from './controller.ts';
import { selectedBy } from './labels.ts';
import { availableIn, deletionOrder, isActive, isReady } from './pods.ts';
import type { Pod, PodTemplate, ReplicaSet } from './types.ts';

const component = 'replicaset-controller';

/** Keeps as many pods of a template as a ReplicaSet wants (pkg/controller/replicaset/replica_set.go). */
export class ReplicaSetController extends Controller {
  constructor(context: ControllerContext) {
    super(context, component, 4);
    this.client.onChange(kinds.replicaSets, ({ type, object }) => {
      if (type !== 'DELETED') this.enqueue(keyOf(object));
    });
    this.client.onChange(kinds.pods, ({ object, old }) => {
      for (const pod of old ? [object, old] : [object]) this.#podChanged(pod as Pod);
    });
  }

  #podChanged(pod: Pod): void {
    const { namespace } = pod.metadata;
    const owner = controllerOf(pod);
    if (owner) {
      if (owner.kind === 'ReplicaSet') this.enqueue(`${namespace}/${owner.name}`);
      return;
    }
    for (const set of this.client.list<ReplicaSet>(kinds.replicaSets, namespace)) {
      if (selectedBy(set.spec.selector, pod)) this.enqueue(keyOf(set));
    }
  }

  protected reconcile(key: string): void {
    const { namespace, name } = splitKey(key);
    const set = this.client.get<ReplicaSet>(kinds.replicaSets, namespace, name);
    if (!set) return;
    const pods = this.#claim(set).filter(isActive);
    let failure: ApiError | undefined;
    if (!set.metadata.deletionTimestamp) {
      try {
        this.#scale(set, pods);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        failure = error;
      }
    }
    this.#updateStatus(set, pods, failure);
    if (failure) throw failure;
  }

  /** The set's pods; those that match and belong to nobody are adopted. */
  #claim(set: ReplicaSet): Pod[] {
    const claimed: Pod[] = [];
    for (const pod of this.client.list<Pod>(kinds.pods, set.metadata.namespace)) {
      const owner = controllerOf(pod);
      if (owner) {
        if (owner.uid === set.metadata.uid) claimed.push(pod);
      } else if (selectedBy(set.spec.selector, pod) && isActive(pod) && !set.metadata.deletionTimestamp) {
        const owners = [...(pod.metadata.ownerReferences ?? []), ownerReference(set)];
        claimed.push(
          this.client.update<Pod>(kinds.pods, { ...pod, metadata: { ...pod.metadata, ownerReferences: owners } }),
        );
      }
    }
    return claimed;
  }

  #scale(set: ReplicaSet, pods: Pod[]): void {
    const missing = (set.spec.replicas ?? 1) - pods.length;
    const event = { object: set, component };
    for (let count = 0; count < missing; count++) {
      try {
        const pod = this.client.create<Pod>(kinds.pods, this.#podOf(set));
        this.events.record({
          ...event,
          type: 'Normal',
          reason: 'SuccessfulCreate',
          message: `Created pod: ${pod.metadata.name}`,
        });
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        this.events.record({
          ...event,
          type: 'Warning',
          reason: 'FailedCreate',
          message: `Error creating: ${error.message}`,
        });
        throw error;
      }
    }
    for (const pod of deletionOrder(pods).slice(0, Math.max(0, -missing))) {
      this.client.delete(kinds.pods, pod.metadata.namespace, pod.metadata.name, { uid: pod.metadata.uid as string });
      this.events.record({
        ...event,
        type: 'Normal',
        reason: 'SuccessfulDelete',
        message: `Deleted pod: ${pod.metadata.name}`,
      });
    }
  }

  #podOf(set: ReplicaSet): Pod {
    const { metadata = {}, spec }: PodTemplate = cloneJson(set.spec.template);
    const { labels, annotations, finalizers } = metadata;
    const generateName = `${set.metadata.name}-`;
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `${generateName.slice(0, 58)}${this.kernel.random.suffix(5)}`,
        generateName,
        ...(set.metadata.namespace !== undefined && { namespace: set.metadata.namespace }),
        ...(labels && { labels }),
        ...(annotations && { annotations }),
        ...(finalizers && { finalizers }),
        ownerReferences: [ownerReference(set)],
      },
      spec,
    };
  }

  #updateStatus(set: ReplicaSet, before: Pod[], failure: ApiError | undefined): void {
    const current = this.client.get<ReplicaSet>(kinds.replicaSets, set.metadata.namespace, set.metadata.name);
    if (!current || current.metadata.uid !== set.metadata.uid) return;
    // Pods are counted as they were before this round; those made or deleted now come back as changes.
    const now = this.kernel.now();
    const waits = before.map((pod) => availableIn(pod, set.spec.minReadySeconds ?? 0, now));
    const later = waits.filter((wait) => wait !== undefined && wait > 0) as number[];
    if (later.length > 0) this.enqueue(keyOf(set), Math.min(...later));
    const others = (current.status?.conditions ?? []).filter((condition) => condition.type !== 'ReplicaFailure');
    const wanted = (set.spec.replicas ?? 1) - before.length;
    const conditions = failure
      ? withCondition(
          current.status?.conditions,
          {
            type: 'ReplicaFailure',
            status: 'True',
            reason: wanted < 0 ? 'FailedDelete' : 'FailedCreate',
            message: failure.message,
          },
          formatSeconds(now),
        )
      : others;
    const status: ReplicaSet['status'] = {
      replicas: before.length,
      ...some('fullyLabeledReplicas', before.filter((pod) => this.#fullyLabeled(set, pod)).length),
      ...some('readyReplicas', before.filter(isReady).length),
      ...some('availableReplicas', waits.filter((wait) => wait === 0).length),
      observedGeneration: current.metadata.generation ?? 0,
      ...(conditions.length > 0 && { conditions }),
    };
    if (!equalJson(status, current.status)) this.client.updateStatus(kinds.replicaSets, { ...current, status });
  }

  #fullyLabeled(set: ReplicaSet, pod: Pod): boolean {
    return Object.entries(set.spec.template.metadata?.labels ?? {}).every(
      ([key, value]) => pod.metadata.labels?.[key] === value,
    );
  }
}

/** Go's omitempty: counts of zero are left out. */
function some<K extends string>(name: K, count: number): { [key in K]?: number } {
  return (count === 0 ? {} : { [name]: count }) as { [key in K]?: number };
}

function ownerReference(set: ReplicaSet) {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    name: set.metadata.name,
    uid: set.metadata.uid as string,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Oldest first, then by name. */
export function byAge(a: ReplicaSet, b: ReplicaSet): number {
  const age = (set: ReplicaSet) => parseTime(set.metadata.creationTimestamp ?? '') ?? 0;
  return age(a) - age(b) || (a.metadata.name < b.metadata.name ? -1 : 1);
}
