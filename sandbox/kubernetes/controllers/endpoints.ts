import { equalJson } from '../../kernel/json.ts';
import { formatSeconds } from '../../kernel/time.ts';
import { type ControllerContext, keyOf, kinds, splitKey } from './context.ts';
import { Controller } from './controller.ts';
import { endpointDiffers, managedByLabel, serviceNameLabel } from './endpointslice.ts';
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
import type { EndpointAddress, EndpointSlice, Endpoints, Pod, Service } from './types.ts';

const managedLabel = 'endpoints.kubernetes.io/managed-by';
const triggerAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';

/** Keeps the old Endpoints of services with a selector (pkg/controller/endpoint/endpoints_controller.go). */
export class EndpointsController extends Controller {
  constructor(context: ControllerContext) {
    super(context, 'endpoint-controller', 8);
    this.client.onChange(kinds.services, ({ type, object }) => {
      if (type === 'DELETED') this.#remove(object as Service);
      else this.enqueue(keyOf(object));
    });
    this.client.onChange(kinds.pods, ({ object, old }) => {
      const [pod, before] = [object as Pod, old as Pod | undefined];
      if (before && !endpointDiffers(before, pod) && pod !== before) return;
      for (const service of this.client.list<Service>(kinds.services, pod.metadata.namespace)) {
        if (!isManaged(service)) continue;
        if (selectedPods(service, before ? [pod, before] : [pod]).length > 0) this.enqueue(keyOf(service));
      }
    });
  }

  #remove(service: Service): void {
    const { namespace, name } = service.metadata;
    if (this.client.get(kinds.endpoints, namespace, name)) this.client.delete(kinds.endpoints, namespace, name);
  }

  protected reconcile(key: string): void {
    const { namespace, name } = splitKey(key);
    const service = this.client.get<Service>(kinds.services, namespace, name);
    if (!service || service.metadata.deletionTimestamp || !isManaged(service)) return;
    const subsets = this.#subsets(service);
    const labels = {
      ...service.metadata.labels,
      [managedLabel]: 'endpoint-controller',
      ...(isHeadless(service) && { 'service.kubernetes.io/headless': '' }),
    };
    const annotations = { [triggerAnnotation]: formatSeconds(this.kernel.now()) };
    const present = this.client.get<Endpoints>(kinds.endpoints, namespace, name);
    if (!present) {
      const metadata = { name, namespace, labels, annotations };
      this.client.create<Endpoints>(kinds.endpoints, {
        apiVersion: 'v1',
        kind: 'Endpoints',
        metadata,
        ...(subsets.length > 0 && { subsets }),
      });
      return;
    }
    if (equalJson(present.subsets ?? [], subsets) && equalJson(present.metadata.labels ?? {}, labels)) return;
    const { subsets: _, ...rest } = present;
    const metadata = { ...present.metadata, labels, annotations: { ...present.metadata.annotations, ...annotations } };
    this.client.update<Endpoints>(kinds.endpoints, { ...rest, metadata, ...(subsets.length > 0 && { subsets }) });
  }

  #subsets(service: Service): NonNullable<Endpoints['subsets']> {
    type Subset = NonNullable<Endpoints['subsets']>[number];
    const subsets = new Map<string, Subset>();
    for (const pod of selectedPods(service, this.client.list<Pod>(kinds.pods, service.metadata.namespace))) {
      if (!hasEndpoint(pod) || pod.metadata.deletionTimestamp) continue;
      const ports = endpointPorts(service, pod).map(({ name, ...port }) => ({ ...(name && { name }), ...port }));
      const id = canonicalJson(ports);
      const subset: Subset = subsets.get(id) ?? { ports };
      const address = addressOf(service, pod);
      if (endpointConditions(service, pod).ready) subset.addresses = sorted([...(subset.addresses ?? []), address]);
      else subset.notReadyAddresses = sorted([...(subset.notReadyAddresses ?? []), address]);
      subsets.set(id, subset);
    }
    return [...subsets.values()];
  }
}

function sorted(addresses: EndpointAddress[]): EndpointAddress[] {
  return addresses.sort((a, b) => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : 0));
}

function addressOf(service: Service, pod: Pod): EndpointAddress {
  const { namespace, name, uid } = pod.metadata;
  const hostname = endpointHostname(service, pod);
  return {
    ip: pod.status?.podIP ?? '',
    ...(hostname && { hostname }),
    ...(pod.spec.nodeName && { nodeName: pod.spec.nodeName }),
    targetRef: { kind: 'Pod', ...(namespace && { namespace }), name, ...(uid && { uid }) },
  };
}

const mirrorManager = 'endpointslicemirroring-controller.k8s.io';

/** Copies Endpoints that somebody wrote for a service without selector into a slice (pkg/controller/endpointslicemirroring). */
export class EndpointSliceMirroringController extends Controller {
  constructor(context: ControllerContext) {
    super(context, 'endpointslicemirroring-controller', 9);
    this.client.onChange(kinds.endpoints, ({ object }) => this.enqueue(keyOf(object)));
    this.client.onChange(kinds.services, ({ object }) => this.enqueue(keyOf(object)));
  }

  protected reconcile(key: string): void {
    const { namespace, name } = splitKey(key);
    const service = this.client.get<Service>(kinds.services, namespace, name);
    const endpoints = this.client.get<Endpoints>(kinds.endpoints, namespace, name);
    const skipped =
      endpoints?.metadata.labels?.['endpointslice.kubernetes.io/skip-mirror'] === 'true' ||
      endpoints?.metadata.annotations?.['control-plane.alpha.kubernetes.io/leader'] !== undefined;
    const wanted = service && !isManaged(service) && endpoints && !skipped ? (endpoints.subsets ?? []) : [];
    const slices = this.client
      .list<EndpointSlice>(kinds.endpointSlices, namespace)
      .filter(
        ({ metadata: { labels } }) => labels?.[serviceNameLabel] === name && labels[managedByLabel] === mirrorManager,
      );
    for (const [index, subset] of wanted.entries()) this.#mirror(endpoints as Endpoints, subset, slices[index]);
    for (const { metadata } of slices.slice(wanted.length)) {
      this.client.delete(kinds.endpointSlices, metadata.namespace, metadata.name);
    }
  }

  #mirror(
    endpoints: Endpoints,
    subset: NonNullable<Endpoints['subsets']>[number],
    slice: EndpointSlice | undefined,
  ): void {
    const all = [
      ...(subset.addresses ?? []).map((address) => ({ address, ready: true })),
      ...(subset.notReadyAddresses ?? []).map((address) => ({ address, ready: false })),
    ];
    const list = all.map(({ address, ready }) => ({
      addresses: [address.ip],
      conditions: { ready },
      ...(address.hostname && { hostname: address.hostname }),
      ...(address.nodeName && { nodeName: address.nodeName }),
      ...(address.targetRef && { targetRef: address.targetRef }),
    }));
    const ports = (subset.ports ?? []).map((port) => ({ name: '', protocol: 'TCP', ...port }));
    if (slice) {
      if (equalJson(slice.endpoints ?? [], list) && equalJson(slice.ports ?? [], ports)) return;
      this.client.update<EndpointSlice>(kinds.endpointSlices, { ...slice, endpoints: list, ports });
      return;
    }
    const { name, namespace, uid, labels } = endpoints.metadata;
    const generateName = `${name}-`;
    this.client.create<EndpointSlice>(kinds.endpointSlices, {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `${generateName}${this.kernel.random.suffix(5)}`,
        generateName,
        ...(namespace && { namespace }),
        labels: { ...labels, [managedByLabel]: mirrorManager, [serviceNameLabel]: name },
        ownerReferences: [
          { apiVersion: 'v1', kind: 'Endpoints', name, uid: uid as string, controller: true, blockOwnerDeletion: true },
        ],
      },
      addressType: list.some(({ addresses }) => addresses[0]?.includes(':')) ? 'IPv6' : 'IPv4',
      endpoints: list,
      ports,
    });
  }
}
