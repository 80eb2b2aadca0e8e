import type { Mesh } from '../api/mesh.ts';
import type { ServiceEntry, WorkloadEntry } from '../api/networking.ts';
import { type Config, compareAge, compareText, groupBy, listConfigs, type ObjectSource } from '../model/config.ts';
import { selects } from '../model/labels.ts';
import { resolveAliases } from './aliases.ts';
import { convertSlice, type EndpointSliceObject, serviceNameOf } from './endpoint-slices.ts';
import { convertService, type KubernetesServiceObject } from './kubernetes.ts';
import { type Endpoint, type Service, serviceKey } from './service.ts';
import {
  convertServiceEntry,
  type EntryWorkload,
  entryEndpoints,
  entryWorkload,
  isIpWorkload,
  ownHostEndpoints,
  usesDns,
} from './service-entry.ts';
import { type PodObject, Workloads } from './workloads.ts';

/** Everything proxies can call, and what serves it. */
export interface ServiceIndex {
  /** The oldest first, then by name and namespace. */
  services: readonly Service[];
  byHostname: ReadonlyMap<string, ReadonlyMap<string, Service>>;
  /** Of a `serviceKey`; services of one host and namespace share them. */
  endpoints: ReadonlyMap<string, readonly Endpoint[]>;
  /** Kubernetes Services of a namespace as objects. */
  kubernetesServices: ReadonlyMap<string, readonly KubernetesServiceObject[]>;
  workloads: Workloads;
}

/** Reads Services, EndpointSlices, Pods, Nodes, ServiceEntries and WorkloadEntries. */
export function buildServiceIndex(source: ObjectSource, mesh: Mesh, cluster: string, domain: string): ServiceIndex {
  const { trustDomain } = mesh;
  const workloads = new Workloads(source, { trustDomain, cluster });
  const namespaceAnnotations = new Map(
    source.list('Namespace').map(({ metadata }) => [metadata.name, metadata.annotations ?? {}]),
  );
  const endpoints = new Map<string, Endpoint[]>();
  const services: Service[] = [];
  const slices = groupBy(source.list('EndpointSlice') as readonly EndpointSliceObject[], (slice) => {
    return `${slice.metadata.namespace}/${serviceNameOf(slice)}`;
  });
  const entries = groupBy(listConfigs<WorkloadEntry>(source, 'WorkloadEntry'), ({ namespace }) => namespace);
  const entriesOf = (namespace: string) =>
    (entries.get(namespace) ?? []).map((entry) => entryWorkload(mergedEntry(entry), entry, { trustDomain, cluster }));

  const objects = source.list('Service') as readonly KubernetesServiceObject[];
  for (const object of objects) {
    const namespace = object.metadata.namespace ?? '';
    const annotations = namespaceAnnotations.get(namespace) ?? {};
    const service = convertService(object, { domain, trustDomain, namespaceAnnotations: annotations });
    services.push(service);
    const found = (slices.get(`${namespace}/${service.name}`) ?? [])
      .toSorted((a, b) => compareText(a.metadata.name, b.metadata.name))
      .flatMap((slice) => convertSlice(slice, workloads, cluster));
    const outside = service.selector && service.resolution === 'ClientSideLB' ? entriesOf(namespace) : [];
    endpoints.set(serviceKey(service), [...unique(found), ...kubernetesEntryEndpoints(object, service, outside)]);
  }

  const serviceEntries = listConfigs<ServiceEntry>(source, 'ServiceEntry');
  for (const config of serviceEntries) {
    const converted = convertServiceEntry(config, namespaceAnnotations.get(config.namespace) ?? {});
    services.push(...converted);
    const seen = new Set<string>();
    for (const service of converted) {
      if (seen.has(service.hostname)) continue;
      seen.add(service.hostname);
      const found = endpointsOfEntry(config, service, workloads, entriesOf, { trustDomain, cluster });
      const present = endpoints.get(serviceKey(service)) ?? [];
      endpoints.set(serviceKey(service), [...present, ...onePerPort(service, present, found)]);
    }
  }

  services.sort(compareAge);
  const resolved = resolveAliases(services);
  return {
    services: resolved,
    byHostname: indexByHostname(resolved),
    endpoints,
    kubernetesServices: groupBy(objects, ({ metadata }) => metadata.namespace ?? ''),
    workloads,
  };
}

function mergedEntry(entry: Config<WorkloadEntry>): WorkloadEntry {
  return { ...entry.spec, labels: { ...entry.spec.labels, ...entry.labels } };
}

/** A port of an address counts once, however many slices name it. */
function unique(endpoints: readonly Endpoint[]): Endpoint[] {
  const seen = new Set<string>();
  return endpoints.filter(({ address, servicePort }) => {
    const key = `${address} ${servicePort.name}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** WorkloadEntries that a Service's selector picks serve it too. */
function kubernetesEntryEndpoints(
  object: KubernetesServiceObject,
  service: Service,
  entries: readonly EntryWorkload[],
): Endpoint[] {
  const picked = entries.filter((entry) => selects(service.selector, entry.labels) && isIpWorkload(entry));
  return picked.flatMap(({ ports, ...entry }) =>
    (object.spec.ports ?? []).flatMap((port) => {
      if (port.protocol === 'UDP') return [];
      const target = port.targetPort || port.port;
      const number = typeof target === 'string' ? ports[target] : ports[port.name ?? ''] || target;
      return number
        ? [{ ...entry, port: number, servicePort: { name: port.name ?? '' }, health: 'HEALTHY' as const }]
        : [];
    }),
  );
}

function endpointsOfEntry(
  config: Config<ServiceEntry>,
  service: Service,
  workloads: Workloads,
  entriesOf: (namespace: string) => EntryWorkload[],
  options: { trustDomain: string; cluster: string },
): Endpoint[] {
  const { spec, namespace, name } = config;
  const ports = spec.ports ?? [];
  if (!spec.workloadSelector) {
    if (!spec.endpoints?.length) return usesDns(service.resolution) ? ownHostEndpoints(config, service) : [];
    const inline = spec.endpoints.map((endpoint, index) =>
      entryWorkload(endpoint, { namespace, name: `${name}-${index}` }, options),
    );
    return entryEndpoints(ports, inline);
  }
  const selected = [...selectedPods(workloads, namespace), ...entriesOf(namespace)].filter(
    (workload) =>
      selects(spec.workloadSelector?.labels, workload.labels) &&
      (isIpWorkload(workload) || usesDns(service.resolution)),
  );
  return entryEndpoints(ports, selected);
}

/** Pods of a namespace that a ServiceEntry may select. */
function selectedPods(workloads: Workloads, namespace: string): EntryWorkload[] {
  const found: (EntryWorkload & { name: string })[] = [];
  for (const pod of workloads.pods()) {
    if (pod.metadata.namespace !== namespace || !pod.status?.podIP || !isReady(pod)) continue;
    const workload = workloads.workload(pod);
    found.push({ ...workload, address: pod.status.podIP, ports: namedPorts(pod), weight: 1, health: 'HEALTHY' });
  }
  return found.sort((a, b) => compareText(a.name, b.name)).map(({ name: _, ...workload }) => workload);
}

function isReady(pod: PodObject): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

function namedPorts(pod: PodObject): Record<string, number> {
  const ports: Record<string, number> = {};
  for (const container of pod.spec.containers ?? []) {
    for (const { name, containerPort } of container.ports ?? []) if (name) ports[name] ??= containerPort;
  }
  return ports;
}

/** Envoy's LOGICAL_DNS takes one endpoint a port: the first one wins. */
function onePerPort(service: Service, present: readonly Endpoint[], found: readonly Endpoint[]): readonly Endpoint[] {
  if (service.resolution !== 'DNSRoundRobinLB') return found;
  const taken = new Set(present.map(({ servicePort }) => servicePort.number));
  return found.filter(({ servicePort: { number } }) => !taken.has(number) && taken.add(number));
}

/** Per host and namespace; a Kubernetes Service wins over a ServiceEntry. */
function indexByHostname(services: readonly Service[]): Map<string, Map<string, Service>> {
  const index = new Map<string, Map<string, Service>>();
  for (const service of services) {
    let byNamespace = index.get(service.hostname);
    if (!byNamespace) {
      byNamespace = new Map();
      index.set(service.hostname, byNamespace);
    }
    const existing = byNamespace.get(service.namespace);
    if (!existing || (existing.registry === 'External' && service.registry === 'Kubernetes')) {
      byNamespace.set(service.namespace, service);
    }
  }
  return index;
}

/** The endpoints of one port of a service; `labels` narrows them to a subset. */
export function endpointsOfPort(
  index: ServiceIndex,
  service: Service,
  port: number,
  labels?: Readonly<Record<string, string>>,
): Endpoint[] {
  const name = service.ports.find((each) => each.port === port && each.protocol !== 'UDP')?.name;
  return (index.endpoints.get(serviceKey(service)) ?? []).filter(
    ({ servicePort, labels: own }) =>
      (servicePort.number === undefined ? servicePort.name === name : servicePort.number === port) &&
      selects(labels, own),
  );
}

/** SPIFFE ids that may serve a service, sorted. */
export function serviceAccountsOf(index: ServiceIndex, service: Service, aliases: readonly string[]): string[] {
  const accounts = new Set(service.serviceAccounts);
  for (const { serviceAccount } of index.endpoints.get(serviceKey(service)) ?? []) {
    if (serviceAccount) accounts.add(serviceAccount);
  }
  for (const account of [...accounts]) {
    const path = /^spiffe:\/\/[^/]+(\/.*)$/.exec(account)?.[1];
    if (path) for (const alias of aliases) accounts.add(`spiffe://${alias}${path}`);
  }
  return [...accounts].sort();
}
