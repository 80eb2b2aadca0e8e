import type { Labels, Locality } from './model/labels.ts';
import { parseLocality } from './model/labels.ts';
import type { PushContext } from './push-context.ts';
import type { PodObject } from './registry/workloads.ts';

/** A proxy as istiod knows it from its node metadata and its pod. */
export interface MeshProxy {
  /** `curl-x.default`. */
  id: string;
  type: 'sidecar' | 'router';
  namespace: string;
  /** Name of the pod. */
  name: string;
  address: string;
  /** Labels of the pod and of where it runs. */
  labels: Labels;
  podLabels: Labels;
  locality: Locality;
  node: string;
  serviceAccount: string;
  cluster: string;
  meshId: string;
  /** Domain of short names: `default.svc.cluster.local`. */
  dnsDomain: string;
  /** May not bind ports below 1024. */
  unprivileged: boolean;
  /** Of Istio, as its image tells it: `1.30.3`. */
  version: string;
  /** Node metadata that EnvoyFilters may ask for. */
  metadata: Readonly<Record<string, string>>;
  pod: PodObject;
}

/**
 * A proxy from its pod: a gateway if the pod was made as one (its name says so in the root namespace, or the injection
 * template), else a sidecar. `known`: what the proxy itself said.
 */
export function proxyOfPod(push: PushContext, pod: PodObject, known: { type?: MeshProxy['type'] } = {}): MeshProxy {
  const namespace = pod.metadata.namespace ?? '';
  const workload = push.serviceIndex.workloads.workload(pod);
  const ofChart = namespace === push.mesh.rootNamespace && pod.metadata.name.includes('gateway-');
  const templates = pod.metadata.annotations?.['inject.istio.io/templates'] ?? '';
  const router = ofChart || templates.split(',').includes('gateway');
  const containers = [...(pod.spec.containers ?? []), ...(pod.spec.initContainers ?? [])];
  const own = containers.find(({ name }) => name === 'istio-proxy');
  const version = /:v?(\d+\.\d+\.\d+)/.exec(own?.image ?? '')?.[1] ?? '';
  const prefix = 'ISTIO_META_';
  const written = (own?.env ?? []).flatMap(({ name, value }): [string, string][] =>
    name.startsWith(prefix) && value !== undefined ? [[name.slice(prefix.length), value]] : [],
  );
  const metadata: Record<string, string> = {
    ISTIO_VERSION: version,
    NAME: pod.metadata.name,
    NAMESPACE: namespace,
    CLUSTER_ID: push.cluster,
    MESH_ID: push.meshId,
    NODE_NAME: workload.node,
    ...Object.fromEntries(written),
  };
  return {
    id: `${pod.metadata.name}.${namespace}`,
    type: known.type ?? (router ? 'router' : 'sidecar'),
    namespace,
    name: pod.metadata.name,
    address: pod.status?.podIP ?? '',
    labels: workload.labels,
    podLabels: workload.podLabels,
    locality: parseLocality(workload.locality),
    node: workload.node,
    serviceAccount: pod.spec.serviceAccountName ?? 'default',
    cluster: push.cluster,
    meshId: push.meshId,
    dnsDomain: `${namespace}.svc.${push.domain}`,
    unprivileged: ofChart || metadata.UNPRIVILEGED_POD === 'true',
    version,
    metadata,
    pod,
  };
}
