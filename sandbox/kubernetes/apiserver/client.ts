import type { Kernel } from '../../kernel/kernel.ts';
import { cloneJson } from '../json.ts';
import type { ApiClient, GroupVersionResource, KubernetesObject, ObjectChange } from '../objects.ts';
import { bindPod } from './binding.ts';
import { noSuchPath } from './errors.ts';
import type { Caller, Part, Rest } from './rest.ts';
import { inVersion, type Served, type ServedKinds } from './served.ts';
import type { Store } from './store.ts';

interface Parts {
  kernel: Kernel;
  rest: Rest;
  kinds: ServedKinds;
  store: Store;
}

type Deletion = Parameters<ApiClient['delete']>[3];

/** The API server for those who live inside the cluster: no text in between, the same rules. */
export class InternalClient implements ApiClient {
  readonly #parts: Parts;
  readonly #caller: Caller;

  constructor(user: string, parts: Parts) {
    this.#parts = parts;
    this.#caller = { user, dryRun: false, warn: () => {} };
  }

  get<T extends KubernetesObject>(resource: GroupVersionResource, namespace: string | undefined, name: string) {
    const served = this.#parts.kinds.byResource(resource);
    if (!served) return undefined;
    return this.#parts.rest.find(served, served.kind.namespaced ? namespace : undefined, name) as T | undefined;
  }

  list<T extends KubernetesObject>(resource: GroupVersionResource, namespace?: string): readonly T[] {
    const served = this.#parts.kinds.byResource(resource);
    return served ? (this.#parts.rest.list(served, namespace) as readonly T[]) : [];
  }

  create<T extends KubernetesObject>(resource: GroupVersionResource, object: T): T {
    const served = this.#served(resource);
    return this.#parts.rest.create(served, object.metadata.namespace, cloneJson(object), this.#caller) as T;
  }

  update<T extends KubernetesObject>(resource: GroupVersionResource, object: T): T {
    return this.#write(resource, '', object);
  }

  updateStatus<T extends KubernetesObject>(resource: GroupVersionResource, object: T): T {
    return this.#write(resource, 'status', object);
  }

  updateFinalizers<T extends KubernetesObject>(resource: GroupVersionResource, object: T): T {
    return this.#write(resource, 'finalize', object);
  }

  bind(namespace: string, pod: string, node: string): void {
    bindPod(this.#parts.store, this.#parts.kernel, namespace, pod, node);
  }

  delete(resource: GroupVersionResource, namespace: string | undefined, name: string, options: Deletion = {}): void {
    const { uid, ...deletion } = options;
    const preconditions = uid === undefined ? {} : { preconditions: { uid } };
    this.#parts.rest.delete(this.#served(resource), namespace, name, { ...deletion, ...preconditions }, this.#caller);
  }

  onChange(resource: GroupVersionResource, listener: (change: ObjectChange) => void): () => void {
    const { kinds, store } = this.#parts;
    const table = kinds.byResource(resource)?.table ?? `${resource.group}/${resource.resource}`;
    return store.onChange(table, ({ type, object, old }) => {
      const served = kinds.byResource(resource);
      const seen = (stored: KubernetesObject) => (served ? inVersion(served, stored) : stored);
      listener({ type, object: seen(object), ...(old && { old: seen(old) }) });
    });
  }

  resources(): readonly GroupVersionResource[] {
    return this.#parts.kinds
      .all()
      .map(({ kind, version }) => ({ group: kind.group, version: version.name, resource: kind.plural }));
  }

  #write<T extends KubernetesObject>(resource: GroupVersionResource, part: Part, object: T): T {
    const served = this.#served(resource);
    const { namespace, name } = object.metadata;
    return this.#parts.rest.update(served, part, namespace, name, () => cloneJson(object), this.#caller).object as T;
  }

  #served(resource: GroupVersionResource): Served {
    const served = this.#parts.kinds.byResource(resource);
    if (!served) throw noSuchPath();
    return served;
  }
}
