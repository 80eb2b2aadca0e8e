import type { ServicePort as EntryPort, ServiceEntry, WorkloadEntry } from '../api/networking.ts';
import { isIpAddress, isUnixAddress, unspecifiedAddress } from '../model/addresses.ts';
import type { Config } from '../model/config.ts';
import { augmentLabels, type Labels } from '../model/labels.ts';
import { parseProtocol } from '../model/protocol.ts';
import { trafficDistribution } from './kubernetes.ts';
import { type Endpoint, type Health, type Resolution, type Service, spiffeId } from './service.ts';
import { localityLabel } from './workloads.ts';

const resolutions: Record<NonNullable<ServiceEntry['resolution']>, Resolution> = {
  NONE: 'Passthrough',
  STATIC: 'ClientSideLB',
  DNS: 'DNSLB',
  DNS_ROUND_ROBIN: 'DNSRoundRobinLB',
  DYNAMIC_DNS: 'DynamicDNS',
};

/** The services of a ServiceEntry: one for each host and address (serviceregistry/serviceentry/conversion.go). */
export function convertServiceEntry(
  config: Config<ServiceEntry>,
  namespaceAnnotations: Readonly<Record<string, string>>,
): Service[] {
  const { spec } = config;
  const resolution = resolutions[spec.resolution ?? 'NONE'] ?? 'Passthrough';
  const targets = (spec.ports ?? []).filter(({ targetPort }) => targetPort);
  const passthroughTargetPorts =
    resolution === 'Passthrough' && targets.length > 0
      ? Object.fromEntries(targets.map(({ number, targetPort }) => [number, targetPort as number]))
      : undefined;
  const common = {
    objectName: config.name,
    namespace: config.namespace,
    createdAt: config.createdAt,
    registry: 'External' as const,
    resolution,
    meshExternal: spec.location !== 'MESH_INTERNAL',
    ports: (spec.ports ?? []).map(({ name, number, protocol }) => ({
      name,
      port: number,
      protocol: parseProtocol(protocol),
    })),
    labels: config.labels,
    ...(spec.workloadSelector ? { selector: spec.workloadSelector.labels ?? {} } : {}),
    exportTo: spec.exportTo ?? [],
    serviceAccounts: spec.subjectAltNames ?? [],
    aliases: [],
    ...(passthroughTargetPorts ? { passthroughTargetPorts } : {}),
    nodeLocal: false,
    trafficDistribution: trafficDistribution(undefined, config.annotations, namespaceAnnotations),
    raceFirstTcpConnect:
      config.annotations['networking.istio.io/dns-connect-strategy']?.toUpperCase() === 'RACE_FIRST_TCP_CONNECT',
  };
  return (spec.hosts ?? []).flatMap((hostname) =>
    addressesOf(spec).map((address) => ({ ...common, hostname, name: hostname, addresses: [address] })),
  );
}

/** Addresses and networks; a network of one address is that address. */
function addressesOf(spec: ServiceEntry): string[] {
  if (!spec.addresses?.length) return [unspecifiedAddress];
  return spec.addresses.flatMap((address) => {
    const [ip = '', length] = address.split('/');
    if (!isIpAddress(ip)) return [];
    return [length === (ip.includes(':') ? '128' : '32') ? ip : address];
  });
}

export function usesDns(resolution: Resolution): boolean {
  return resolution === 'DNSLB' || resolution === 'DNSRoundRobinLB';
}

/** What serves a ServiceEntry: an inline endpoint, a WorkloadEntry or a pod. */
export interface EntryWorkload {
  address: string;
  /** Ports by port name that differ from the service's. */
  ports: Readonly<Record<string, number>>;
  namespace: string;
  workload: string;
  labels: Labels;
  serviceAccount: string;
  tlsMode: string;
  locality: string;
  node: string;
  weight: number;
  health?: Health;
}

/** A WorkloadEntry, or an inline endpoint of a ServiceEntry, as a workload. */
export function entryWorkload(
  entry: WorkloadEntry,
  identity: { namespace: string; name: string },
  options: { trustDomain: string; cluster: string },
): EntryWorkload {
  const locality = entry.locality || localityLabel(entry.labels);
  const labels = entry.labels ?? {};
  return {
    address: entry.address ?? '',
    ports: entry.ports ?? {},
    namespace: identity.namespace,
    workload: identity.name,
    labels: augmentLabels(labels, { cluster: options.cluster, locality }),
    serviceAccount: entry.serviceAccount ? spiffeId(options.trustDomain, identity.namespace, entry.serviceAccount) : '',
    tlsMode: labels['security.istio.io/tlsMode'] ?? (entry.serviceAccount ? 'istio' : 'disabled'),
    locality,
    node: '',
    weight: entry.weight || 1,
  };
}

/** Only services that are resolved by DNS can have endpoints that are names or sockets. */
export function isIpWorkload(workload: EntryWorkload): boolean {
  return workload.address === '' || isIpAddress(workload.address);
}

/** Endpoints of a ServiceEntry's ports on its workloads. */
export function entryEndpoints(ports: readonly EntryPort[], workloads: readonly EntryWorkload[]): Endpoint[] {
  return workloads.flatMap(({ ports: own, address, ...workload }) =>
    ports.map((port) => ({
      ...workload,
      address,
      port: isUnixAddress(address) ? 0 : (own[port.name] ?? 0) || port.targetPort || port.number,
      servicePort: { name: port.name, number: port.number },
    })),
  );
}

/** A service resolved by DNS that lists no endpoints is served by its own host name. */
export function ownHostEndpoints(config: Config<ServiceEntry>, service: Service): Endpoint[] {
  return (config.spec.ports ?? []).map((port) => ({
    address: service.hostname,
    port: port.targetPort || port.number,
    servicePort: { name: port.name, number: port.number },
    labels: {},
    serviceAccount: '',
    tlsMode: 'disabled',
    locality: '',
    namespace: config.namespace,
    workload: config.name,
    node: '',
    weight: 1,
  }));
}
