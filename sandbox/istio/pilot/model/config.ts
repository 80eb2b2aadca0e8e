import type { KubernetesObject } from '../../../kubernetes/objects.ts';

/** Kinds istiod watches, by kind; groups are told in `watched-kinds.ts`. */
export type WatchedKind =
  | 'Namespace'
  | 'Node'
  | 'Pod'
  | 'Service'
  | 'EndpointSlice'
  | 'Secret'
  | 'ServiceEntry'
  | 'WorkloadEntry'
  | 'VirtualService'
  | 'DestinationRule'
  | 'Gateway'
  | 'Sidecar'
  | 'EnvoyFilter'
  | 'PeerAuthentication'
  | 'RequestAuthentication'
  | 'AuthorizationPolicy'
  | 'Telemetry'
  | 'GatewayClass'
  | 'KubernetesGateway'
  | 'HTTPRoute'
  | 'TLSRoute'
  | 'GRPCRoute'
  | 'ReferenceGrant';

/** Where istiod's view of the cluster comes from: the API server, or files. */
export interface ObjectSource {
  /** Objects of a kind, in a stable order. They are shared and must not be changed. */
  list(kind: WatchedKind): readonly KubernetesObject[];
}

/** An Istio configuration object. `spec` may be shared with the API server: copy before changing. */
export interface Config<Spec> {
  kind: string;
  name: string;
  namespace: string;
  /** RFC 3339, or '' for an object without one: these are equally old. */
  createdAt: string;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  spec: Spec;
}

export function toConfig<Spec>(object: KubernetesObject): Config<Spec> {
  const { metadata } = object;
  return {
    kind: object.kind,
    name: metadata.name,
    namespace: metadata.namespace ?? '',
    createdAt: metadata.creationTimestamp ?? '',
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    spec: (object.spec ?? {}) as Spec,
  };
}

/** All configuration objects of a kind, the oldest first, then by name and namespace. */
export function listConfigs<Spec>(source: ObjectSource, kind: WatchedKind): Config<Spec>[] {
  return source
    .list(kind)
    .map((object) => toConfig<Spec>(object))
    .sort(compareAge);
}

interface Aged {
  createdAt: string;
  name: string;
  namespace: string;
}

/** istiod's order of precedence: the oldest first, then by name, then by namespace. */
export function compareAge(a: Aged, b: Aged): number {
  return compareText(a.createdAt, b.createdAt) || compareText(a.name, b.name) || compareText(a.namespace, b.namespace);
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Lists by key, each in the order of `items`. */
export function groupBy<T>(items: Iterable<T>, key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}

/** The path under which Envoy's metadata tells where a resource came from. */
export function configPath(config: { kind: string; namespace: string; name: string }): string {
  const kebab = config.kind.replace(/([a-z])([A-Z])/g, '$1-$2').toLowerCase();
  return `/apis/networking.istio.io/v1/namespaces/${config.namespace}/${kebab}/${config.name}`;
}
