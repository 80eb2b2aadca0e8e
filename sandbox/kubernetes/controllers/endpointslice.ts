import { equalJson } from '../../kernel/json.ts';
import { formatSeconds } from '../../kernel/time.ts';
import { type ControllerContext, keyOf, kinds, splitKey } from './context.ts';
import { Controller } from './controller.ts';
import { canonicalJson } from './hash.ts';
import {
  endpointConditions,
  endpointHostname,
  endpointPorts,
  hasEndpoint,
  isHeadless,
  isManaged,
  selectedPods,
} from './service-endpoints.ts';
import type { Endpoint, EndpointPort, EndpointSlice, Node, Pod, Service } from './types.ts';

export const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
export const serviceNameLabel = 'kubernetes.io/service-name';
const headlessLabel = 'service.kubernetes.io/headless';
const manager = 'endpointslice-controller.k8s.io';
const triggerAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';
/** Endpoints a slice holds at most (--max-endpoints-per-slice). */
const sliceSize = 100;

/** Which pods stand behind a service, as EndpointSlices (k8s.io/endpointslice/reconciler.go). */
export class EndpointSliceController extends Controller {
  constructor(context: ControllerContext) {
    super(context, 'endpointslice-controller', 6);
    this.client.onChange(kinds.services, ({ type, object }) => {
      if (type !== 'DELETED') this.enqueue(keyOf(object));
    });
    this.client.onChange(kinds.pods, ({ object, old }) => {
      const [pod, before] = [object as Pod, old as Pod | undefined];
      if (before && !endpointDiffers(before, pod) && pod !== before) return;
      for (const service of this.client.list<Service>(kinds.services, pod.metadata.namespace)) {
        if (!isManaged(service)) continue;
        if (selectedPods(service, before ? [pod, before] : [pod]).length > 0) this.enqueue(keyOf(service));
      }
    });
    this.client.onChange(kinds.endpointSlices, ({ type, object }) => {
      if (object.metadata.labels?.[managedByLabel] !== manager || type === 'ADDED') return;
      this.enqueue(`${object.metadata.namespace}/${object.metadata.labels[serviceNameLabel]}`);
    });
  }

  protected reconcile(key: string): void {
    const { namespace, name } = splitKey(key);
    const service = this.client.get<Service>(kinds.services, namespace, name);
    if (!service || service.metadata.deletionTimestamp || !isManaged(service)) return;
    const slices = this.client
      .list<EndpointSlice>(kinds.endpointSlices, namespace)
      .filter(({ metadata: { labels, deletionTimestamp } }) => {
        return labels?.[serviceNameLabel] === name && labels[managedByLabel] === manager && !deletionTimestamp;
      });
    const groups = this.#groups(service);
    if (groups.length === 0) groups.push({ ports: [], endpoints: [] });
    const wanted = groups.flatMap(({ ports, endpoints }) => this.#fill(ports, endpoints, slices));
    this.#write(service, wanted, slices);
  }

  /** Endpoints by the ports they serve: named target ports may differ from pod to pod. */
  #groups(service: Service): { ports: EndpointPort[]; endpoints: Endpoint[] }[] {
    const groups = new Map<string, { ports: EndpointPort[]; endpoints: Endpoint[] }>();
    const pods = this.client.list<Pod>(kinds.pods, service.metadata.namespace);
    for (const pod of selectedPods(service, pods)) {
      if (!hasEndpoint(pod)) continue;
      const ports = endpointPorts(service, pod);
      const id = canonicalJson(ports);
      const group = groups.get(id) ?? { ports, endpoints: [] };
      group.endpoints.push(this.#endpointOf(service, pod));
      groups.set(id, group);
    }
    return [...groups.values()];
  }

  #endpointOf(service: Service, pod: Pod): Endpoint {
    const { namespace, name, uid } = pod.metadata;
    const { nodeName } = pod.spec;
    const node = nodeName ? this.client.get<Node>(kinds.nodes, undefined, nodeName) : undefined;
    const zone = node?.metadata.labels?.['topology.kubernetes.io/zone'];
    const hostname = endpointHostname(service, pod);
    return {
      addresses: [pod.status?.podIP ?? ''],
      conditions: endpointConditions(service, pod),
      ...(hostname && { hostname }),
      ...(nodeName && { nodeName }),
      targetRef: { kind: 'Pod', ...(namespace && { namespace }), name, ...(uid && { uid }) },
      ...(zone && { zone }),
    };
  }

  /** Spreads endpoints over slices: those that stand in one stay there, new ones follow. */
  #fill(ports: EndpointPort[], endpoints: Endpoint[], slices: readonly EndpointSlice[]): WantedSlice[] {
    const open = new Map(endpoints.map((endpoint) => [identity(endpoint), endpoint]));
    const kept: WantedSlice[] = [];
    for (const slice of slices) {
      if (!equalJson(slice.ports ?? [], ports) || slice.addressType !== 'IPv4') continue;
      const present: Endpoint[] = [];
      for (const endpoint of slice.endpoints ?? []) {
        const still = open.get(identity(endpoint));
        if (still && open.delete(identity(endpoint))) present.push(still);
      }
      kept.push({ slice, ports, endpoints: present });
    }
    const rest = [...open.values()];
    for (const slice of kept) slice.endpoints.push(...rest.splice(0, sliceSize - slice.endpoints.length));
    while (rest.length > 0) kept.push({ slice: undefined, ports, endpoints: rest.splice(0, sliceSize) });
    const filled = kept.filter((slice) => slice.endpoints.length > 0);
    return filled.length > 0 ? filled : [kept[0] ?? { slice: undefined, ports, endpoints: [] }];
  }

  /** New slices take the place of superfluous ones, so that names stay. */
  #write(service: Service, wanted: WantedSlice[], slices: readonly EndpointSlice[]): void {
    const used = new Set(wanted.map(({ slice }) => slice));
    const free = slices.filter((slice) => !used.has(slice));
    for (const { slice = free.shift(), ports, endpoints } of wanted) {
      if (slice) this.#update(service, slice, ports, endpoints);
      else this.#create(service, ports, endpoints);
    }
    for (const { metadata } of free) this.client.delete(kinds.endpointSlices, metadata.namespace, metadata.name);
  }

  #update(service: Service, slice: EndpointSlice, ports: EndpointPort[], endpoints: Endpoint[]): void {
    const labels = labelsOf(service);
    if (
      equalJson(slice.ports ?? [], ports) &&
      equalJson(slice.endpoints ?? [], endpoints) &&
      equalJson(slice.metadata.labels ?? {}, labels)
    ) {
      return;
    }
    const metadata = { ...slice.metadata, labels, annotations: this.#trigger(slice.metadata.annotations) };
    this.client.update<EndpointSlice>(kinds.endpointSlices, { ...slice, metadata, ports, endpoints });
  }

  #create(service: Service, ports: EndpointPort[], endpoints: Endpoint[]): void {
    const generateName = `${service.metadata.name}-`;
    this.client.create<EndpointSlice>(kinds.endpointSlices, {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `${generateName.slice(0, 58)}${this.kernel.random.suffix(5)}`,
        generateName,
        ...(service.metadata.namespace && { namespace: service.metadata.namespace }),
        labels: labelsOf(service),
        ...(endpoints.length > 0 && { annotations: this.#trigger(undefined) }),
        ownerReferences: [
          {
            apiVersion: 'v1',
            kind: 'Service',
            name: service.metadata.name,
            uid: service.metadata.uid as string,
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      addressType: 'IPv4',
      endpoints,
      ports,
    });
  }

  #trigger(annotations: Record<string, string> | undefined): Record<string, string> {
    return { ...annotations, [triggerAnnotation]: formatSeconds(this.kernel.now()) };
  }
}

interface WantedSlice {
  slice: EndpointSlice | undefined;
  ports: EndpointPort[];
  endpoints: Endpoint[];
}

function identity({ addresses, targetRef }: Endpoint): string {
  return `${addresses.join(',')} ${targetRef?.uid ?? ''}`;
}

function labelsOf(service: Service): Record<string, string> {
  return {
    ...service.metadata.labels,
    [managedByLabel]: manager,
    [serviceNameLabel]: service.metadata.name,
    ...(isHeadless(service) && { [headlessLabel]: '' }),
  };
}

/** Did anything change that services see? */
export function endpointDiffers(before: Pod, after: Pod): boolean {
  return !equalJson(visible(before), visible(after));
}

function visible(pod: Pod) {
  const { labels, deletionTimestamp } = pod.metadata;
  const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  const { hostname, subdomain, nodeName } = pod.spec;
  const gone = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
  const terminating = deletionTimestamp !== undefined;
  return { labels, terminating, ready, ip: pod.status?.podIP, gone, hostname, subdomain, nodeName };
}
