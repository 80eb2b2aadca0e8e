import { ApiError } from '../apiserver/errors.ts';
import type { GroupVersionResource, KubernetesObject, ObjectChange, OwnerReference } from '../objects.ts';
import { type ControllerContext, kinds } from './context.ts';
import { Controller } from './controller.ts';

const foreground = 'foregroundDeletion';
const orphan = 'orphan';

interface Found {
  kind: GroupVersionResource;
  object: KubernetesObject;
}

/**
 * Deletes what lost its owners, in the background, in the foreground, or not at all (pkg/controller/garbagecollector).
 * Keys: `gone:<uid>` – an object is gone, look for what it owned; `check:<uid>` – a new or changed object whose owners may be
 * missing; `finish:<uid>` – an object that waits with one of the two finalizers.
 */
export class GarbageCollector extends Controller {
  readonly #watched = new Set<string>();

  constructor(context: ControllerContext) {
    super(context, 'garbage-collector-controller', 15);
    this.#watchAll();
    this.client.onChange(kinds.customResourceDefinitions, () => this.#watchAll());
  }

  /** Watches kinds that were not served before; call after a restore. */
  #watchAll(): void {
    for (const kind of this.client.resources()) {
      const id = `${kind.group}/${kind.resource}`;
      if (this.#watched.has(id) || kind.resource === 'events') continue;
      this.#watched.add(id);
      this.client.onChange(kind, (change) => this.#changed(change));
    }
  }

  resync(): void {
    this.#watchAll();
  }

  #changed({ type, object }: ObjectChange): void {
    const { uid, ownerReferences, finalizers, deletionTimestamp } = object.metadata;
    if (type === 'DELETED') {
      this.enqueue(`gone:${uid}`);
      for (const owner of ownerReferences ?? []) if (owner.blockOwnerDeletion) this.enqueue(`finish:${owner.uid}`);
      return;
    }
    if (type === 'ADDED' && ownerReferences) this.enqueue(`check:${uid}`);
    if (deletionTimestamp && finalizers?.some((finalizer) => finalizer === foreground || finalizer === orphan)) {
      this.enqueue(`finish:${uid}`);
    }
  }

  protected reconcile(key: string): void {
    const [what, uid = ''] = key.split(':');
    if (what === 'gone') for (const { kind, object } of this.#dependents(uid)) this.#attemptToDelete(kind, object);
    else {
      const found = this.#find(uid);
      if (!found) return;
      if (what === 'check') this.#attemptToDelete(found.kind, found.object);
      else this.#finish(found);
    }
  }

  *#all(): Generator<Found> {
    const seen = new Set<string>();
    for (const kind of this.client.resources()) {
      if (kind.resource === 'events' || seen.has(`${kind.group}/${kind.resource}`)) continue;
      seen.add(`${kind.group}/${kind.resource}`);
      for (const object of this.client.list(kind)) yield { kind, object };
    }
  }

  #find(uid: string): Found | undefined {
    for (const found of this.#all()) if (found.object.metadata.uid === uid) return found;
    return undefined;
  }

  #dependents(uid: string): Found[] {
    const found: Found[] = [];
    for (const candidate of this.#all()) {
      if (candidate.object.metadata.ownerReferences?.some((owner) => owner.uid === uid)) found.push(candidate);
    }
    return found;
  }

  /** Deletes an object if none of its owners exists any more; drops the references to those that are gone. */
  #attemptToDelete(kind: GroupVersionResource, object: KubernetesObject): void {
    const owners = object.metadata.ownerReferences ?? [];
    if (owners.length === 0 || object.metadata.deletionTimestamp) return;
    const solid = owners.filter((owner) => this.#ownerExists(owner, object.metadata.namespace));
    const { namespace, name, uid, finalizers } = object.metadata;
    if (solid.length === owners.length) return;
    if (solid.length > 0) {
      this.client.update(kind, { ...object, metadata: { ...object.metadata, ownerReferences: solid } });
      return;
    }
    const propagationPolicy = finalizers?.includes(orphan)
      ? 'Orphan'
      : finalizers?.includes(foreground)
        ? 'Foreground'
        : 'Background';
    this.client.delete(kind, namespace, name, { propagationPolicy, uid: uid as string });
  }

  #ownerExists(owner: OwnerReference, namespace: string | undefined): boolean {
    const [version = '', group = ''] = owner.apiVersion.split('/').reverse();
    let served = false;
    for (const kind of this.client.resources()) {
      if (kind.group !== group || kind.version !== version || !isPlural(kind.resource, owner.kind)) continue;
      served = true;
      const object = this.client.get(kind, namespace, owner.name);
      if (object?.metadata.uid === owner.uid) return true;
    }
    // Of a kind nobody serves, nothing is known: what depends on it stays.
    return !served;
  }

  #finish({ kind, object }: Found): void {
    const { finalizers = [], deletionTimestamp, uid } = object.metadata;
    if (!deletionTimestamp) return;
    if (finalizers.includes(orphan)) {
      for (const dependent of this.#dependents(uid as string)) this.#release(dependent, uid as string);
      this.#removeFinalizer(kind, object, orphan);
    } else if (finalizers.includes(foreground)) {
      const dependents = this.#dependents(uid as string);
      const blocking = dependents.filter(({ object: { metadata } }) =>
        metadata.ownerReferences?.some((owner) => owner.uid === uid && owner.blockOwnerDeletion),
      );
      if (blocking.length === 0) {
        this.#removeFinalizer(kind, object, foreground);
        return;
      }
      for (const dependent of dependents) {
        const { namespace, name, deletionTimestamp: going } = dependent.object.metadata;
        if (going) continue;
        try {
          this.client.delete(dependent.kind, namespace, name, { propagationPolicy: 'Foreground' });
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
        }
      }
      const left = this.#find(uid as string);
      if (left && this.#dependents(uid as string).length === 0) this.#removeFinalizer(kind, left.object, foreground);
    }
  }

  #release({ kind, object }: Found, uid: string): void {
    const { ownerReferences: owners, ...metadata } = object.metadata;
    const rest = (owners ?? []).filter((owner) => owner.uid !== uid);
    this.client.update(kind, {
      ...object,
      metadata: { ...metadata, ...(rest.length > 0 && { ownerReferences: rest }) },
    });
  }

  #removeFinalizer(kind: GroupVersionResource, object: KubernetesObject, finalizer: string): void {
    const current = this.client.get(kind, object.metadata.namespace, object.metadata.name);
    if (current?.metadata.uid !== object.metadata.uid || !current) return;
    const finalizers = (current.metadata.finalizers ?? []).filter((other) => other !== finalizer);
    this.client.update(kind, { ...current, metadata: { ...current.metadata, finalizers } });
  }
}

/** Does a REST name look like the plural of a kind? Kubernetes' own names follow the three rules of English. */
function isPlural(resource: string, kind: string): boolean {
  const name = kind.toLowerCase();
  return (
    resource === `${name}s` || resource === `${name}es` || resource === name || resource === `${name.slice(0, -1)}ies`
  );
}
