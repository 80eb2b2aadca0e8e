import type { Kubectl } from '../kubectl.ts';
import { at, type KubeObject, records, text } from '../objects.ts';
import { formatLabels } from '../table.ts';
import { describeEvents, eventsOf } from './events.ts';
import { DescribeWriter, orNone } from './writer.ts';

type Data = Record<string, unknown>;

export async function describeService(k: Kubectl, object: KubeObject): Promise<string> {
  const { name, namespace = '' } = object.metadata;
  const spec = (object.spec ?? {}) as Data;
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  const list = await k.client.json<Data>('GET', path, {
    query: { labelSelector: `kubernetes.io/service-name=${name}` },
  });
  const slices = records(list.items);
  const events = await eventsOf(k, object);
  const w = new DescribeWriter();
  w.write(0, `Name:\t${name}\n`);
  w.write(0, `Namespace:\t${namespace}\n`);
  w.pairs('Labels', object.metadata.labels);
  w.annotations('Annotations', object.metadata.annotations);
  w.write(0, `Selector:\t${formatLabels(spec.selector)}\n`);
  w.write(0, `Type:\t${text(spec.type)}\n`);
  if (spec.ipFamilyPolicy !== undefined) w.write(0, `IP Family Policy:\t${text(spec.ipFamilyPolicy)}\n`);
  w.write(0, `IP Families:\t${orNone(joined(spec.ipFamilies))}\n`);
  w.write(0, `IP:\t${text(spec.clusterIP)}\n`);
  w.write(0, `IPs:\t${orNone(joined(spec.clusterIPs))}\n`);
  if (joined(spec.externalIPs) !== '') w.write(0, `External IPs:\t${joined(spec.externalIPs)}\n`);
  if (spec.loadBalancerIP) w.write(0, `Desired LoadBalancer IP:\t${text(spec.loadBalancerIP)}\n`);
  if (spec.externalName) w.write(0, `External Name:\t${text(spec.externalName)}\n`);
  const ingress = records(at(object, 'status', 'loadBalancer', 'ingress'));
  if (ingress.length > 0) {
    const shown = ingress.map(({ ip, ipMode, hostname }) =>
      ip ? `${text(ip)}${ipMode === undefined ? '' : ` (${text(ipMode)})`}` : text(hostname),
    );
    w.write(0, `LoadBalancer Ingress:\t${shown.join(', ')}\n`);
  }
  for (const port of records(spec.ports)) {
    const portName = text(port.name) || '<unset>';
    const protocol = text(port.protocol);
    w.write(0, `Port:\t${portName}\t${text(port.port)}/${protocol}\n`);
    w.write(0, `TargetPort:\t${text(port.targetPort ?? 0)}/${protocol}\n`);
    if (port.nodePort) w.write(0, `NodePort:\t${portName}\t${text(port.nodePort)}/${protocol}\n`);
    w.write(0, `Endpoints:\t${formatSlices(slices, text(port.name))}\n`);
  }
  w.write(0, `Session Affinity:\t${text(spec.sessionAffinity)}\n`);
  if (spec.externalTrafficPolicy) w.write(0, `External Traffic Policy:\t${text(spec.externalTrafficPolicy)}\n`);
  if (spec.internalTrafficPolicy !== undefined) {
    w.write(0, `Internal Traffic Policy:\t${text(spec.internalTrafficPolicy)}\n`);
  }
  if (spec.healthCheckNodePort) w.write(0, `HealthCheck NodePort:\t${text(spec.healthCheckNodePort)}\n`);
  if (joined(spec.loadBalancerSourceRanges) !== '') {
    w.write(0, `LoadBalancer Source Ranges:\t${joined(spec.loadBalancerSourceRanges)}\n`);
  }
  if (spec.trafficDistribution !== undefined) {
    w.write(0, `Traffic Distribution:\t${text(spec.trafficDistribution)}\n`);
  }
  describeEvents(k, w, events);
  return w.finish();
}

function joined(values: unknown): string {
  return Array.isArray(values) ? values.map(text).join(',') : '';
}

/** Ready addresses of one port, three at most. */
function formatSlices(slices: Data[], portName: string): string {
  if (slices.length === 0) return '<none>';
  const all: string[] = [];
  for (const slice of slices) {
    const ready = records(slice.endpoints).filter((endpoint) => at(endpoint, 'conditions', 'ready') !== false);
    const ports = records(slice.ports);
    const addresses = ready.map((endpoint) => text(at(endpoint, 'addresses', 0)));
    if (ports.length === 0) all.push(...addresses);
    for (const port of ports) {
      if (text(port.name) !== portName) continue;
      all.push(...addresses.map((address) => `${address.includes(':') ? `[${address}]` : address}:${text(port.port)}`));
    }
  }
  const shown = all.slice(0, 3).join(',');
  return all.length > 3 ? `${shown} + ${all.length - 3} more...` : shown;
}

export async function describeEndpointSlice(k: Kubectl, object: KubeObject): Promise<string> {
  const events = await eventsOf(k, object);
  const w = new DescribeWriter();
  w.write(0, `Name:\t${object.metadata.name}\n`);
  w.write(0, `Namespace:\t${object.metadata.namespace ?? ''}\n`);
  w.pairs('Labels', object.metadata.labels);
  w.annotations('Annotations', object.metadata.annotations);
  w.write(0, `AddressType:\t${text(object.addressType)}\n`);
  const ports = records(object.ports);
  w.write(0, ports.length === 0 ? 'Ports: <unset>\n' : 'Ports:\n');
  if (ports.length > 0) {
    w.write(1, 'Name\tPort\tProtocol\n');
    w.write(1, '----\t----\t--------\n');
  }
  for (const port of ports) {
    w.write(1, `${text(port.name) || '<unset>'}\t${text(port.port ?? '<unset>')}\t${text(port.protocol)}\n`);
  }
  const endpoints = records(object.endpoints);
  w.write(0, endpoints.length === 0 ? 'Endpoints: <none>\n' : 'Endpoints:\n');
  for (const endpoint of endpoints) {
    const addresses = Array.isArray(endpoint.addresses) ? endpoint.addresses.map(text).join(', ') : '';
    w.write(1, `- Addresses:\t${orNone(addresses)}\n`);
    w.write(2, 'Conditions:\n');
    w.write(3, `Ready:\t${text(at(endpoint, 'conditions', 'ready') ?? '<unset>')}\n`);
    w.write(2, `Hostname:\t${text(endpoint.hostname ?? '<unset>')}\n`);
    const target = endpoint.targetRef;
    if (target) w.write(2, `TargetRef:\t${text(at(target, 'kind'))}/${text(at(target, 'name'))}\n`);
    w.write(2, `NodeName:\t${text(endpoint.nodeName ?? '<unset>')}\n`);
    w.write(2, `Zone:\t${text(endpoint.zone ?? '<unset>')}\n`);
  }
  describeEvents(k, w, events);
  return w.finish();
}

export async function describeEndpoints(k: Kubectl, object: KubeObject): Promise<string> {
  const events = await eventsOf(k, object);
  const w = new DescribeWriter();
  w.write(0, `Name:\t${object.metadata.name}\n`);
  w.write(0, `Namespace:\t${object.metadata.namespace ?? ''}\n`);
  w.pairs('Labels', object.metadata.labels);
  w.annotations('Annotations', object.metadata.annotations);
  w.write(0, 'Subsets:\n');
  const list = (addresses: unknown) =>
    orNone(
      records(addresses)
        .map(({ ip }) => text(ip))
        .join(','),
    );
  for (const subset of records(object.subsets)) {
    w.write(1, `Addresses:\t${list(subset.addresses)}\n`);
    w.write(1, `NotReadyAddresses:\t${list(subset.notReadyAddresses)}\n`);
    const ports = records(subset.ports);
    if (ports.length > 0) {
      w.write(1, 'Ports:\n');
      w.write(2, 'Name\tPort\tProtocol\n');
      w.write(2, '----\t----\t--------\n');
    }
    for (const port of ports) {
      w.write(2, `${text(port.name) || '<unset>'}\t${text(port.port)}\t${text(port.protocol)}\n`);
    }
    w.write(0, '\n');
  }
  describeEvents(k, w, events);
  return w.finish();
}
