import { equalJson } from '../../kernel/json.ts';
import { formatSeconds } from '../../kernel/time.ts';
import { ApiError } from '../apiserver/errors.ts';
import { cloneJson } from '../json.ts';
import { type ControllerContext, controllerOf, keyOf, kinds, splitKey } from './context.ts';
import { Controller } from './controller.ts';
import { countedStatus, maximumReplicas, rolloutStatus, setCondition } from './deployment-status.ts';
import { templateHash } from './hash.ts';
import { selectedBy } from './labels.ts';
import { isTerminal } from './pods.ts';
import { byAge } from './replicaset.ts';
import {
  bounds,
  desiredAnnotation,
  hashLabel,
  historyAnnotation,
  isComplete,
  maximumAnnotation,
  minimumAvailable,
  newReplicas,
  newSetOf,
  ownAnnotations,
  proportions,
  replicasOf,
  revisionAnnotation,
  revisionOf,
  total,
} from './rollout.ts';
import type { Deployment, Pod, PodTemplate, ReplicaSet } from './types.ts';

const component = 'deployment-controller';

/** Rolls templates out by ReplicaSets (pkg/controller/deployment). */
export class DeploymentController extends Controller {
  constructor(context: ControllerContext) {
    super(context, component, 5);
    this.client.onChange(kinds.deployments, ({ type, object }) => {
      if (type !== 'DELETED') this.enqueue(keyOf(object));
    });
    this.client.onChange(kinds.replicaSets, ({ object }) => this.#ownerOf(object as ReplicaSet));
    this.client.onChange(kinds.pods, ({ type, object }) => {
      // A Recreate rollout goes on when the last old pod is gone.
      const set = type === 'DELETED' ? controllerOf(object) : undefined;
      if (set?.kind !== 'ReplicaSet') return;
      const owner = this.client.get<ReplicaSet>(kinds.replicaSets, object.metadata.namespace, set.name);
      if (owner) this.#ownerOf(owner);
    });
  }

  #ownerOf(set: ReplicaSet): void {
    const owner = controllerOf(set);
    if (owner?.kind === 'Deployment') this.enqueue(`${set.metadata.namespace}/${owner.name}`);
  }

  protected reconcile(key: string): void {
    const { namespace, name } = splitKey(key);
    const deployment = this.client.get<Deployment>(kinds.deployments, namespace, name);
    if (!deployment) return;
    const sets = this.#claim(deployment);
    if (deployment.metadata.deletionTimestamp) {
      this.#writeCounts(deployment, sets);
      return;
    }
    this.#notePause(deployment);
    if (deployment.spec.paused || this.#wasScaled(deployment, sets)) this.#sync(deployment, sets);
    else if (deployment.spec.strategy?.type === 'Recreate') this.#recreate(deployment, sets);
    else this.#rollingUpdate(deployment, sets);
  }

  #current(deployment: Deployment): Deployment {
    const { namespace, name } = deployment.metadata;
    return this.client.get<Deployment>(kinds.deployments, namespace, name) ?? deployment;
  }

  /** The Deployment's ReplicaSets; those that match and belong to nobody are adopted. */
  #claim(deployment: Deployment): ReplicaSet[] {
    const claimed: ReplicaSet[] = [];
    for (const set of this.client.list<ReplicaSet>(kinds.replicaSets, deployment.metadata.namespace)) {
      const owner = controllerOf(set);
      if (owner) {
        if (owner.uid === deployment.metadata.uid) claimed.push(set);
      } else if (selectedBy(deployment.spec.selector, set) && !set.metadata.deletionTimestamp) {
        const ownerReferences = [...(set.metadata.ownerReferences ?? []), ownerReference(deployment)];
        const metadata = { ...set.metadata, ownerReferences };
        claimed.push(this.client.update<ReplicaSet>(kinds.replicaSets, { ...set, metadata }));
      }
    }
    return claimed;
  }

  #notePause(deployment: Deployment): void {
    const condition = deployment.status?.conditions?.find(({ type }) => type === 'Progressing');
    if (condition?.reason === 'ProgressDeadlineExceeded') return;
    const paused = condition?.reason === 'DeploymentPaused';
    if (paused === (deployment.spec.paused ?? false)) return;
    const next = paused
      ? { reason: 'DeploymentResumed', message: 'Deployment is resumed' }
      : { reason: 'DeploymentPaused', message: 'Deployment is paused' };
    this.#setProgressing(deployment, { status: 'Unknown', ...next });
  }

  #setProgressing(
    deployment: Deployment,
    next: { status: 'True' | 'False' | 'Unknown'; reason: string; message: string },
  ): void {
    const current = this.#current(deployment);
    const now = formatSeconds(this.kernel.now());
    const conditions = setCondition(current.status?.conditions ?? [], { type: 'Progressing', ...next }, now);
    if (conditions === current.status?.conditions) return;
    this.client.updateStatus(kinds.deployments, { ...current, status: { ...current.status, conditions } });
  }

  /** Did somebody change `replicas` since the ReplicaSets were sized? */
  #wasScaled(deployment: Deployment, sets: readonly ReplicaSet[]): boolean {
    return sets
      .filter((set) => replicasOf(set) > 0)
      .some((set) => {
        const desired = set.metadata.annotations?.[desiredAnnotation];
        return desired !== undefined && Number(desired) !== replicasOf(deployment);
      });
  }

  /** A paused Deployment, or one that was only scaled: sizes follow, no rollout begins. */
  #sync(deployment: Deployment, sets: ReplicaSet[]): void {
    const newSet = newSetOf(deployment, sets);
    this.#scaleAll(deployment, sets, newSet);
    if (deployment.spec.paused) this.#cleanUp(deployment, sets, newSet);
    const { sets: now, newSet: newest } = this.#again(deployment);
    this.#writeCounts(deployment, now, newest);
  }

  #again(deployment: Deployment): { sets: ReplicaSet[]; newSet: ReplicaSet | undefined } {
    const sets = this.#claim(deployment);
    return { sets, newSet: newSetOf(deployment, sets) };
  }

  #scaleAll(deployment: Deployment, sets: ReplicaSet[], newSet: ReplicaSet | undefined): void {
    const active = sets.filter((set) => replicasOf(set) > 0);
    const only =
      active.length === 1 ? active[0] : active.length === 0 ? (newSet ?? [...sets].sort(byAge).at(-1)) : undefined;
    if (only) {
      if (replicasOf(only) !== replicasOf(deployment) || this.#wasScaled(deployment, [only])) {
        this.#scale(deployment, only, replicasOf(deployment));
      }
      return;
    }
    if (newSet && this.#saturated(deployment, newSet)) {
      for (const set of active) if (set !== newSet) this.#scale(deployment, set, 0);
      return;
    }
    if (deployment.spec.strategy?.type === 'Recreate') return;
    for (const [set, size] of proportions(deployment, active)) this.#scale(deployment, set, size);
  }

  #saturated(deployment: Deployment, set: ReplicaSet): boolean {
    return (
      replicasOf(set) === replicasOf(deployment) &&
      Number(set.metadata.annotations?.[desiredAnnotation]) === replicasOf(deployment) &&
      (set.status?.availableReplicas ?? 0) === replicasOf(deployment)
    );
  }

  #rollingUpdate(deployment: Deployment, before: ReplicaSet[]): void {
    const newSet = this.#ensureNewSet(deployment, before);
    let sets = this.#claim(deployment);
    const scaledUp = this.#sizeNewSet(deployment, sets, newSet);
    if (!scaledUp) this.#shrinkOldSets(deployment, sets, newSet);
    sets = this.#claim(deployment);
    const newest = newSetOf(deployment, sets);
    if (isComplete(deployment, countedStatus(deployment, sets, newest, this.kernel.now()))) {
      this.#cleanUp(deployment, sets, newest);
    }
    this.#writeRollout(deployment);
  }

  #sizeNewSet(deployment: Deployment, sets: ReplicaSet[], newSet: ReplicaSet): boolean {
    const wanted =
      replicasOf(newSet) > replicasOf(deployment) ? replicasOf(deployment) : newReplicas(deployment, sets, newSet);
    return wanted !== replicasOf(newSet) && this.#scale(deployment, newSet, wanted);
  }

  /** Takes as many old pods away as availability allows, unhealthy ones first. */
  #shrinkOldSets(deployment: Deployment, sets: ReplicaSet[], newSet: ReplicaSet): void {
    const old = sets.filter((set) => set.metadata.uid !== newSet.metadata.uid && replicasOf(set) > 0).sort(byAge);
    if (old.length === 0) return;
    const sum = total(sets, replicasOf);
    const newUnavailable = replicasOf(newSet) - (newSet.status?.availableReplicas ?? 0);
    const removable = sum - minimumAvailable(deployment) - newUnavailable;
    if (removable <= 0) return;
    const sizes = new Map(old.map((set) => [set, replicasOf(set)]));
    let unhealthy = removable;
    for (const set of old) {
      const sick = Math.min(unhealthy, replicasOf(set) - (set.status?.availableReplicas ?? 0));
      sizes.set(set, replicasOf(set) - sick);
      unhealthy -= sick;
    }
    let spare = total(sets, (set) => set.status?.availableReplicas) - minimumAvailable(deployment);
    for (const set of old) {
      if (spare <= 0) break;
      const less = Math.min(sizes.get(set) ?? 0, spare);
      sizes.set(set, (sizes.get(set) ?? 0) - less);
      spare -= less;
    }
    for (const [set, size] of sizes) if (size !== replicasOf(set)) this.#scale(deployment, set, size);
  }

  #recreate(deployment: Deployment, before: ReplicaSet[]): void {
    const present = newSetOf(deployment, before);
    const old = before.filter((set) => set !== present);
    let scaledDown = false;
    for (const set of old) if (replicasOf(set) > 0) scaledDown = this.#scale(deployment, set, 0) || scaledDown;
    if (!scaledDown && !this.#oldPodsRun(deployment, old)) {
      const newSet = this.#ensureNewSet(deployment, before);
      if (replicasOf(newSet) !== replicasOf(deployment)) this.#scale(deployment, newSet, replicasOf(deployment));
      const { sets, newSet: newest } = this.#again(deployment);
      if (isComplete(deployment, countedStatus(deployment, sets, newest, this.kernel.now()))) {
        this.#cleanUp(deployment, sets, newest);
      }
    }
    this.#writeRollout(deployment);
  }

  #oldPodsRun(deployment: Deployment, old: readonly ReplicaSet[]): boolean {
    const uids = new Set(old.map((set) => set.metadata.uid));
    return this.client
      .list<Pod>(kinds.pods, deployment.metadata.namespace)
      .some((pod) => uids.has(controllerOf(pod)?.uid) && !isTerminal(pod));
  }

  /** The ReplicaSet of the current template, made if need be, with revision and annotations brought up to date. */
  #ensureNewSet(deployment: Deployment, sets: ReplicaSet[]): ReplicaSet {
    const present = newSetOf(deployment, sets);
    const newestOld = Math.max(0, ...sets.filter((set) => set !== present).map(revisionOf));
    const revision = Math.max(newestOld + 1, present ? revisionOf(present) : 0);
    const set = present ? this.#refresh(deployment, present, revision) : this.#create(deployment, sets, revision);
    this.#annotate(deployment, String(revisionOf(set)));
    if (present && !deployment.status?.conditions?.some(({ type }) => type === 'Progressing')) {
      const message = `Found new replica set "${set.metadata.name}"`;
      this.#setProgressing(deployment, { status: 'True', reason: 'FoundNewReplicaSet', message });
    }
    return set;
  }

  #refresh(deployment: Deployment, set: ReplicaSet, revision: number): ReplicaSet {
    const old = set.metadata.annotations ?? {};
    const annotations: Record<string, string> = { ...old, ...inherited(deployment), ...sizes(deployment) };
    if (revision > revisionOf(set)) {
      const before = old[revisionAnnotation];
      if (before) annotations[historyAnnotation] = [old[historyAnnotation], before].filter(Boolean).join(',');
      annotations[revisionAnnotation] = String(revision);
    }
    const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
    if (equalJson(annotations, old) && (set.spec.minReadySeconds ?? 0) === minReadySeconds) return set;
    const spec = { ...set.spec };
    if (minReadySeconds > 0) spec.minReadySeconds = minReadySeconds;
    else delete spec.minReadySeconds;
    return this.client.update<ReplicaSet>(kinds.replicaSets, {
      ...set,
      metadata: { ...set.metadata, annotations },
      spec,
    });
  }

  #create(deployment: Deployment, sets: ReplicaSet[], revision: number): ReplicaSet {
    const hash = templateHash(deployment.spec.template, deployment.status?.collisionCount);
    const name = `${deployment.metadata.name}-${hash}`;
    const template: PodTemplate = cloneJson(deployment.spec.template);
    template.metadata = { ...template.metadata, labels: { ...template.metadata?.labels, [hashLabel]: hash } };
    const replicas = newReplicas(deployment, sets, undefined);
    const { matchLabels, ...selector } = deployment.spec.selector;
    let created: ReplicaSet;
    try {
      created = this.client.create<ReplicaSet>(kinds.replicaSets, {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        metadata: {
          name,
          ...(deployment.metadata.namespace !== undefined && { namespace: deployment.metadata.namespace }),
          labels: template.metadata.labels as Record<string, string>,
          annotations: { ...inherited(deployment), ...sizes(deployment), [revisionAnnotation]: String(revision) },
          ownerReferences: [ownerReference(deployment)],
        },
        spec: {
          replicas,
          ...(deployment.spec.minReadySeconds && { minReadySeconds: deployment.spec.minReadySeconds }),
          selector: { ...selector, matchLabels: { ...matchLabels, [hashLabel]: hash } },
          template,
        },
      });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.reason === 'AlreadyExists') this.#noteCollision(deployment);
      else {
        const message = `Failed to create new replica set "${name}": ${error.message}`;
        this.#setProgressing(deployment, { status: 'False', reason: 'ReplicaSetCreateError', message });
      }
      throw error;
    }
    if (replicas > 0) this.#recordScaling(deployment, name, 0, replicas);
    const message = `Created new replica set "${name}"`;
    this.#setProgressing(deployment, { status: 'True', reason: 'NewReplicaSetCreated', message });
    return created;
  }

  /** Another object has the name already: the next try hashes differently. */
  #noteCollision(deployment: Deployment): void {
    const current = this.#current(deployment);
    const collisionCount = (current.status?.collisionCount ?? 0) + 1;
    this.client.updateStatus(kinds.deployments, { ...current, status: { ...current.status, collisionCount } });
  }

  /** Notes the revision at the Deployment itself. */
  #annotate(deployment: Deployment, revision: string): void {
    const current = this.#current(deployment);
    if (current.metadata.annotations?.[revisionAnnotation] === revision) return;
    const annotations = { ...current.metadata.annotations, [revisionAnnotation]: revision };
    this.client.update(kinds.deployments, { ...current, metadata: { ...current.metadata, annotations } });
  }

  #scale(deployment: Deployment, set: ReplicaSet, size: number): boolean {
    const annotations = { ...set.metadata.annotations, ...sizes(deployment) };
    const before = replicasOf(set);
    if (before === size && equalJson(annotations, set.metadata.annotations)) return false;
    this.client.update<ReplicaSet>(kinds.replicaSets, {
      ...set,
      metadata: { ...set.metadata, annotations },
      spec: { ...set.spec, replicas: size },
    });
    if (before !== size) this.#recordScaling(deployment, set.metadata.name, before, size);
    return before !== size;
  }

  #recordScaling(deployment: Deployment, set: string, from: number, to: number): void {
    const message = `Scaled ${to > from ? 'up' : 'down'} replica set ${set} from ${from} to ${to}`;
    this.events.record({ object: deployment, type: 'Normal', reason: 'ScalingReplicaSet', message, component });
  }

  /** Old, empty ReplicaSets beyond revisionHistoryLimit go, the oldest revisions first. */
  #cleanUp(deployment: Deployment, sets: readonly ReplicaSet[], newSet: ReplicaSet | undefined): void {
    const old = sets.filter((set) => set.metadata.uid !== newSet?.metadata.uid && !set.metadata.deletionTimestamp);
    const surplus = old.length - (deployment.spec.revisionHistoryLimit ?? 10);
    if (surplus <= 0) return;
    const ordered = old.sort((a, b) => revisionOf(a) - revisionOf(b) || byAge(a, b));
    for (const set of ordered.slice(0, surplus)) {
      if ((set.status?.replicas ?? 0) !== 0 || replicasOf(set) !== 0) continue;
      if ((set.metadata.generation ?? 0) > (set.status?.observedGeneration ?? 0)) continue;
      this.client.delete(kinds.replicaSets, set.metadata.namespace, set.metadata.name);
    }
  }

  #writeCounts(deployment: Deployment, sets: ReplicaSet[], newSet = newSetOf(deployment, sets)): void {
    const current = this.#current(deployment);
    this.#write(current, countedStatus(current, sets, newSet, this.kernel.now()));
  }

  #writeRollout(deployment: Deployment): void {
    const { sets, newSet } = this.#again(deployment);
    const current = this.#current(deployment);
    const { status, deadline } = rolloutStatus(current, sets, newSet, this.kernel.now());
    this.#write(current, status);
    // Idle: a rollout that never comes to its end asks again and again, and nobody waits for that.
    if (deadline !== undefined) this.enqueue(`${keyOf(deployment)}`, deadline, { idle: true });
  }

  #write(current: Deployment, status: NonNullable<Deployment['status']>): void {
    if (!equalJson(status, current.status)) this.client.updateStatus(kinds.deployments, { ...current, status });
  }
}

function inherited(deployment: Deployment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !ownAnnotations.has(key)),
  );
}

function sizes(deployment: Deployment): Record<string, string> {
  const { maxSurge } = bounds(deployment);
  return {
    [desiredAnnotation]: String(replicasOf(deployment)),
    [maximumAnnotation]: String(replicasOf(deployment) === 0 ? maxSurge : maximumReplicas(deployment)),
  };
}

function ownerReference(deployment: Deployment) {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    name: deployment.metadata.name,
    uid: deployment.metadata.uid as string,
    controller: true,
    blockOwnerDeletion: true,
  };
}
