import { equalJson } from '../../kernel/json.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { formatSeconds } from '../../kernel/time.ts';
import type { FieldError } from '../field.ts';
import { cloneJson } from '../json.ts';
import type { KindContext } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import type { Admission } from './admission.ts';
import { type Deletion, deletionPlan } from './deletion.ts';
import {
  ApiError,
  alreadyExists,
  badRequest,
  conflict,
  invalidObject,
  type Named,
  notFound,
  optimisticLock,
} from './errors.ts';
import { hasVerb, inVersion, type Served, type ServedKinds, toStorage } from './served.ts';
import type { Store } from './store.ts';

/** Who writes, and how. */
export interface Caller {
  user: string;
  dryRun: boolean;
  /** Sentences for the `Warning` headers of the answer. */
  warn(sentence: string): void;
}

/** The part of an object that a write is about; '' is the object's own path. */
export type Part = '' | 'status' | 'finalize';

/** The next object, made of what is stored (undefined: nothing is). Both in the version of the request. */
export type Change = (old: KubernetesObject | undefined) => KubernetesObject;

/**
 * Reads and writes of objects with everything that Kubernetes does around them: names, defaults, admission, validation,
 * conflicts, generations, finalizers (k8s.io/apiserver/pkg/registry). Objects come and go in the version of `served`.
 */
export class Rest {
  readonly #kernel: Kernel;
  readonly #store: Store;
  readonly #kinds: ServedKinds;
  readonly #admission: Admission;
  readonly #validateSchema: (served: Served, object: KubernetesObject, old?: KubernetesObject) => FieldError[];

  constructor(parts: {
    kernel: Kernel;
    store: Store;
    kinds: ServedKinds;
    admission: Admission;
    validateSchema: (served: Served, object: KubernetesObject, old?: KubernetesObject) => FieldError[];
  }) {
    this.#kernel = parts.kernel;
    this.#store = parts.store;
    this.#kinds = parts.kinds;
    this.#admission = parts.admission;
    this.#validateSchema = parts.validateSchema;
  }

  find(served: Served, namespace: string | undefined, name: string): KubernetesObject | undefined {
    const stored = this.#store.get(served.table, namespace, name);
    return stored && inVersion(served, stored);
  }

  get(served: Served, namespace: string | undefined, name: string): KubernetesObject {
    const object = this.find(served, namespace, name);
    if (!object) throw notFound(resourceOf(served), name);
    return object;
  }

  list(served: Served, namespace?: string): readonly KubernetesObject[] {
    const list = this.#store.list(served.table, namespace);
    if (list.every((object) => object.apiVersion === served.apiVersion && object.kind === served.kind.kind))
      return list;
    return list.map((object) => inVersion(served, object));
  }

  /** `object` must be the caller's own: it becomes what is stored. */
  create(served: Served, namespace: string | undefined, object: KubernetesObject, caller: Caller): KubernetesObject {
    if (!hasVerb(served.kind, 'create')) throw new ApiError(405, 'MethodNotAllowed', 'create is not allowed');
    this.#checkNamespace(served, namespace, object);
    const context = this.#context(caller);
    let next = toStorage(served, object);
    const { metadata } = next;
    delete metadata.resourceVersion;
    delete metadata.deletionTimestamp;
    delete metadata.deletionGracePeriodSeconds;
    if (metadata.name && this.#store.get(served.table, namespace, metadata.name)) {
      this.#admission.checkNamespace('CREATE', served, next, caller);
      throw alreadyExists(resourceOf(served), metadata.name);
    }
    metadata.uid = this.#kernel.random.uuid();
    metadata.creationTimestamp = formatSeconds(this.#kernel.now());
    served.kind.defaults?.(next, context);
    next = this.#admission.mutate({ operation: 'CREATE', served, part: '', object: next, caller, context });
    if (!next.metadata.name && next.metadata.generateName) {
      next.metadata.name = this.#generateName(served, namespace, next.metadata.generateName);
    }
    served.kind.prepareForCreate?.(next, context);
    if (served.kind.generation) next.metadata.generation = 1;
    else delete next.metadata.generation;
    this.#refuse(served, next, [
      ...validateMetadata(served.kind, next),
      ...this.#validate(served, next, undefined, context),
    ]);
    this.#admission.validate({ operation: 'CREATE', served, part: '', object: next, caller, context });
    for (const sentence of served.kind.warnings?.(next, undefined) ?? []) caller.warn(sentence);
    if (caller.dryRun) return inVersion(served, next);
    return inVersion(served, this.#store.put(served.table, next));
  }

  /** A replacement. `change` answers an object of the caller's own. Creates where nothing is, if allowed. */
  update(
    served: Served,
    part: Part,
    namespace: string | undefined,
    name: string,
    change: Change,
    caller: Caller,
    allowCreate = false,
  ): { object: KubernetesObject; created: boolean } {
    const stored = this.#store.get(served.table, namespace, name);
    if (!stored) {
      if (!allowCreate || part !== '') throw notFound(resourceOf(served), name);
      return { object: this.create(served, namespace, change(undefined), caller), created: true };
    }
    const sent = change(inVersion(served, stored));
    this.#checkNamespace(served, namespace, sent);
    if (sent.metadata.name !== name) {
      throw badRequest(`the name of the object (${sent.metadata.name}) does not match the name on the URL (${name})`);
    }
    const context = this.#context(caller);
    let next = toStorage(served, sent);
    this.#checkPreconditions(served, next, stored);
    keepSystemFields(next, stored);
    if (part === 'status') next = takeStatus(next, stored);
    else if (part === 'finalize') next = takeFinalizers(next, stored);
    else if (served.kind.status) keepStatus(next, stored);
    served.kind.defaults?.(next, context);
    next = this.#admission.mutate({ operation: 'UPDATE', served, part, object: next, old: stored, caller, context });
    if (part === 'status') served.kind.prepareForStatusUpdate?.(next, stored, context);
    else if (part === '') served.kind.prepareForUpdate?.(next, stored, context);
    if (served.kind.generation && stored.metadata.generation !== undefined) {
      const changed = part === '' && contentChanged(next, stored);
      next.metadata.generation = stored.metadata.generation + (changed ? 1 : 0);
    }
    this.#refuse(served, next, [
      ...validateMetadataUpdate(next, stored),
      ...validateMetadata(served.kind, next).filter((error) => !error.field.startsWith('metadata.name')),
      ...this.#validate(served, next, stored, context),
      ...(part === '' ? (served.kind.validateUpdate?.(next, stored, context) ?? []) : []),
    ]);
    this.#admission.validate({ operation: 'UPDATE', served, part, object: next, old: stored, caller, context });
    for (const sentence of served.kind.warnings?.(next, stored) ?? []) caller.warn(sentence);
    if (equalJson(next, stored)) return { object: inVersion(served, stored), created: false };
    if (caller.dryRun) return { object: inVersion(served, next), created: false };
    if (next.metadata.deletionTimestamp && this.#mayGo(served, next)) {
      this.#store.remove(served.table, stored);
      return { object: inVersion(served, next), created: false };
    }
    return { object: inVersion(served, this.#store.put(served.table, next)), created: false };
  }

  /** Asks for the removal of an object. Answers what is still there of it, or undefined if it is gone. */
  delete(
    served: Served,
    namespace: string | undefined,
    name: string,
    deletion: Deletion,
    caller: Caller,
  ): { stored: KubernetesObject; left: KubernetesObject | undefined } {
    const stored = this.#store.get(served.table, namespace, name);
    if (!stored) throw notFound(resourceOf(served), name);
    const { uid, resourceVersion } = deletion.preconditions ?? {};
    if (uid && uid !== stored.metadata.uid) {
      const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${stored.metadata.uid}`;
      throw conflict(resourceOf(served), name, why);
    }
    if (resourceVersion && resourceVersion !== stored.metadata.resourceVersion) {
      const why = `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${stored.metadata.resourceVersion}`;
      throw conflict(resourceOf(served), name, why);
    }
    const context = this.#context(caller);
    this.#admission.validate({ operation: 'DELETE', served, part: '', object: stored, old: stored, caller, context });
    const plan = deletionPlan(served.kind, stored, deletion, this.#kernel.now());
    if (caller.dryRun || plan === 'keep') return { stored, left: inVersion(served, stored) };
    if (plan === 'remove') {
      this.#store.remove(served.table, stored);
      return { stored: inVersion(served, stored), left: undefined };
    }
    return { stored, left: inVersion(served, this.#store.put(served.table, plan)) };
  }

  #mayGo(served: Served, object: KubernetesObject): boolean {
    const { finalizers, deletionGracePeriodSeconds } = object.metadata;
    return (
      (finalizers ?? []).length === 0 && (deletionGracePeriodSeconds ?? 0) === 0 && !served.kind.holdsDeletion?.(object)
    );
  }

  #validate(
    served: Served,
    next: KubernetesObject,
    old: KubernetesObject | undefined,
    context: KindContext,
  ): FieldError[] {
    const errors = this.#validateSchema(served, next, old);
    return errors.length > 0 ? errors : (served.kind.validate?.(next, context) ?? []);
  }

  #refuse(served: Served, object: KubernetesObject, errors: FieldError[]): void {
    if (errors.length === 0) return;
    const { group, kind } = served.kind;
    throw invalidObject({ group, name: kind }, object.metadata.name ?? object.metadata.generateName ?? '', errors);
  }

  #checkNamespace(served: Served, namespace: string | undefined, object: KubernetesObject): void {
    if (!served.kind.namespaced) {
      if (namespace === undefined && object.metadata.namespace !== undefined) delete object.metadata.namespace;
      return;
    }
    if (namespace !== undefined && !object.metadata.namespace) object.metadata.namespace = namespace;
    if (object.metadata.namespace !== namespace) {
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    }
  }

  #checkPreconditions(served: Served, next: KubernetesObject, stored: KubernetesObject): void {
    const { uid, resourceVersion } = next.metadata;
    const { name } = stored.metadata;
    if (uid && uid !== stored.metadata.uid) {
      const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${stored.metadata.uid}`;
      throw conflict(resourceOf(served), name, why);
    }
    if (resourceVersion && resourceVersion !== stored.metadata.resourceVersion) {
      throw conflict(resourceOf(served), name, optimisticLock);
    }
  }

  #generateName(served: Served, namespace: string | undefined, prefix: string): string {
    for (let attempt = 0; attempt < 8; attempt++) {
      const name = `${prefix.slice(0, 58)}${this.#kernel.random.suffix(5)}`;
      if (!this.#store.get(served.table, namespace, name)) return name;
    }
    throw alreadyExists(resourceOf(served), prefix);
  }

  #context(caller: Caller): KindContext {
    const resolve = (resource: Parameters<KindContext['get']>[0]): Served => {
      const served = this.#kinds.byResource(resource);
      if (!served) throw new Error(`no kind ${resource.group}/${resource.version}/${resource.resource}`);
      return served;
    };
    return {
      kernel: this.#kernel,
      user: caller.user,
      get: (resource, namespace, name) => this.find(resolve(resource), namespace, name),
      list: (resource, namespace) => this.list(resolve(resource), namespace),
    };
  }
}

export function resourceOf(served: Served): Named {
  return { group: served.kind.group, name: served.kind.plural };
}

/** What no client may write: who and when an object is. */
function keepSystemFields(next: KubernetesObject, stored: KubernetesObject): void {
  const keep = ['uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'generation'] as const;
  const from = stored.metadata as unknown as Record<string, unknown>;
  const to = next.metadata as unknown as Record<string, unknown>;
  for (const field of [...keep, 'resourceVersion']) {
    if (from[field] === undefined) delete to[field];
    else to[field] = from[field];
  }
  if (stored.metadata.generateName && !next.metadata.generateName) {
    next.metadata.generateName = stored.metadata.generateName;
  }
}

function keepStatus(next: KubernetesObject, stored: KubernetesObject): void {
  if (stored.status === undefined) delete next.status;
  else next.status = stored.status;
}

function takeStatus(next: KubernetesObject, stored: KubernetesObject): KubernetesObject {
  const { status: _, ...rest } = stored;
  const metadata = { ...stored.metadata };
  if (next.metadata.managedFields) metadata.managedFields = next.metadata.managedFields;
  return { ...cloneJson({ ...rest, metadata }), ...(next.status !== undefined && { status: next.status }) };
}

function takeFinalizers(next: KubernetesObject, stored: KubernetesObject): KubernetesObject {
  const finalizers = (next.spec as { finalizers?: string[] } | undefined)?.finalizers ?? [];
  const copy = cloneJson(stored);
  copy.spec = { ...(copy.spec as object), finalizers };
  if (finalizers.length === 0) copy.spec = {};
  return copy;
}

/** True if anything but metadata and status differs. */
function contentChanged(next: KubernetesObject, stored: KubernetesObject): boolean {
  const { metadata: _m, status: _s, ...after } = next;
  const { metadata: _n, status: _t, ...before } = stored;
  return !equalJson(after, before);
}
