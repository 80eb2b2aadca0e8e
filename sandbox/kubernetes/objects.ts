/** Any Kubernetes object, as plain data. Kinds narrow it with the types of their schema. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

export interface ObjectMeta {
  name: string;
  namespace?: string;
  generateName?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  managedFields?: unknown[];
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** Names a kind the way REST paths do: `{ group: 'apps', version: 'v1', resource: 'deployments' }`; the core group is ''. */
export interface GroupVersionResource {
  group: string;
  version: string;
  resource: string;
}

export interface ObjectChange {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: KubernetesObject;
  /** What stood there before, for MODIFIED and DELETED. */
  old?: KubernetesObject;
}

/**
 * The API server as controllers, the kubelet and istiod use it: the same admission, validation and conflicts as over HTTP,
 * without the text in between. Synchronous. Objects handed out are shared and must not be changed: copy first.
 * Every refusal is thrown as `ApiError` (apiserver/errors.ts).
 */
export interface ApiClient {
  get<T extends KubernetesObject>(
    resource: GroupVersionResource,
    namespace: string | undefined,
    name: string,
  ): T | undefined;
  /** All objects of a kind (of one namespace), in the order of namespace and name. */
  list<T extends KubernetesObject>(resource: GroupVersionResource, namespace?: string): readonly T[];
  create<T extends KubernetesObject>(resource: GroupVersionResource, object: T): T;
  /** Full replacement; a stale resourceVersion is a Conflict. */
  update<T extends KubernetesObject>(resource: GroupVersionResource, object: T): T;
  updateStatus<T extends KubernetesObject>(resource: GroupVersionResource, object: T): T;
  /** Replaces `spec.finalizers` through the object's finalize path (namespaces). */
  updateFinalizers<T extends KubernetesObject>(resource: GroupVersionResource, object: T): T;
  /** Assigns a pod to a node through its binding path and notes the condition PodScheduled. */
  bind(namespace: string, pod: string, node: string): void;
  delete(
    resource: GroupVersionResource,
    namespace: string | undefined,
    name: string,
    options?: { gracePeriodSeconds?: number; propagationPolicy?: 'Orphan' | 'Background' | 'Foreground'; uid?: string },
  ): void;
  /** Told of each change of a kind, right after it is stored; the answer unsubscribes. Not told of what is there already. */
  onChange(resource: GroupVersionResource, listener: (change: ObjectChange) => void): () => void;
  /** Served kinds as REST names, in the order they were registered. */
  resources(): readonly GroupVersionResource[];
}
