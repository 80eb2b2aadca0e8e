import type { KubernetesObject } from '../../../kubernetes/objects.ts';
import { groupBy, type ObjectSource } from '../model/config.ts';
import { augmentLabels, type Labels } from '../model/labels.ts';
import { spiffeId } from './service.ts';

export interface PodObject extends KubernetesObject {
  spec: {
    nodeName?: string;
    serviceAccountName?: string;
    containers?: ContainerSpec[];
    initContainers?: ContainerSpec[];
  };
  status?: {
    podIP?: string;
    podIPs?: { ip: string }[];
    phase?: string;
    conditions?: { type: string; status: string }[];
  };
}

interface ContainerSpec {
  name: string;
  image?: string;
  restartPolicy?: string;
  env?: { name: string; value?: string }[];
  ports?: { name?: string; containerPort: number; protocol?: string }[];
}

/** What is known of a pod, apart from the ports it serves. */
export interface Workload {
  namespace: string;
  name: string;
  /** Labels of the pod and of where it runs. */
  labels: Labels;
  podLabels: Labels;
  serviceAccount: string;
  tlsMode: string;
  locality: string;
  node: string;
  /** Name of what the pod belongs to: its Deployment, else its controller, else itself. */
  workload: string;
}

/** Pods and nodes by name and address. */
export class Workloads {
  readonly #pods = new Map<string, PodObject>();
  readonly #byAddress: Map<string, PodObject[]>;
  readonly #nodes: Map<string, KubernetesObject>;
  readonly #known = new Map<PodObject, Workload>();
  readonly #options: { trustDomain: string; cluster: string };

  constructor(source: ObjectSource, options: { trustDomain: string; cluster: string }) {
    this.#options = options;
    const pods = source.list('Pod') as readonly PodObject[];
    for (const pod of pods) this.#pods.set(`${pod.metadata.namespace}/${pod.metadata.name}`, pod);
    const live = pods.filter(
      (pod) => pod.status?.podIP && pod.status.phase !== 'Succeeded' && pod.status.phase !== 'Failed',
    );
    this.#byAddress = groupBy(live, (pod) => pod.status?.podIP ?? '');
    this.#nodes = new Map(source.list('Node').map((node) => [node.metadata.name, node]));
  }

  pods(): Iterable<PodObject> {
    return this.#pods.values();
  }

  pod(namespace: string, name: string): PodObject | undefined {
    return this.#pods.get(`${namespace}/${name}`);
  }

  podByAddress(address: string, namespace: string): PodObject | undefined {
    return this.#byAddress.get(address)?.find((pod) => pod.metadata.namespace === namespace);
  }

  workload(pod: PodObject): Workload {
    let known = this.#known.get(pod);
    if (!known) {
      known = this.#describe(pod);
      this.#known.set(pod, known);
    }
    return known;
  }

  #describe(pod: PodObject): Workload {
    const { trustDomain, cluster } = this.#options;
    const labels = pod.metadata.labels ?? {};
    const locality = this.#locality(pod);
    const namespace = pod.metadata.namespace ?? '';
    const node = pod.spec.nodeName ?? '';
    return {
      namespace,
      name: pod.metadata.name,
      labels: augmentLabels(labels, { cluster, locality, node }),
      podLabels: labels,
      serviceAccount: spiffeId(trustDomain, namespace, pod.spec.serviceAccountName ?? 'default'),
      tlsMode: labels['security.istio.io/tlsMode'] ?? 'disabled',
      locality,
      node,
      workload: labels['service.istio.io/workload-name'] ?? controllerName(pod),
    };
  }

  /** `region/zone/subzone` from the pod's own label, else from its node's labels. */
  #locality(pod: PodObject): string {
    const own = localityLabel(pod.metadata.labels);
    if (own) return own;
    const labels = this.#nodes.get(pod.spec.nodeName ?? '')?.metadata.labels ?? {};
    const region = labels['topology.kubernetes.io/region'] ?? labels['failure-domain.beta.kubernetes.io/region'] ?? '';
    const zone = labels['topology.kubernetes.io/zone'] ?? labels['failure-domain.beta.kubernetes.io/zone'] ?? '';
    const subZone = labels['topology.istio.io/subzone'] ?? '';
    return region || zone || subZone ? `${region}/${zone}/${subZone}` : '';
  }
}

/** The locality a label gives; labels cannot hold `/`, so dots may stand for it. */
export function localityLabel(labels: Labels | undefined): string {
  const label = labels?.['topology.istio.io/locality'] ?? labels?.['istio-locality'] ?? '';
  return label.includes('/') ? label : label.replaceAll('.', '/');
}

/** The Deployment of a pod that a ReplicaSet made, else the controller, else the pod itself (pkg/kube/util.go). */
function controllerName(pod: PodObject): string {
  const { name, generateName, labels, ownerReferences } = pod.metadata;
  const owner = generateName ? ownerReferences?.find(({ controller }) => controller) : undefined;
  if (!owner) return name;
  const hash = labels?.['pod-template-hash'];
  const suffix = `-${hash}`;
  return owner.kind === 'ReplicaSet' && hash && owner.name.endsWith(suffix)
    ? owner.name.slice(0, -suffix.length)
    : owner.name;
}

/** The port of a pod a Service's port leads to; undefined if it names a port no container has. */
export function targetPortOf(
  pod: PodObject,
  port: { port: number; targetPort?: number | string; protocol?: string },
): number | undefined {
  const target = port.targetPort || port.port;
  if (typeof target === 'number') return target;
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const protocol = port.protocol ?? 'TCP';
  for (const container of [...(pod.spec.containers ?? []), ...sidecars]) {
    const found = container.ports?.find(
      ({ name, ...rest }) => name === target && (rest.protocol ?? 'TCP') === protocol,
    );
    if (found) return found.containerPort;
  }
  return undefined;
}
