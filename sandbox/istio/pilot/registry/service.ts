import type { Labels } from '../model/labels.ts';
import type { Protocol } from '../model/protocol.ts';

export interface ServicePort {
  name: string;
  port: number;
  protocol: Protocol;
}

/**
 * How the endpoints of a service are found. ClientSideLB: istiod tells (EDS). DNS…: Envoy asks DNS. Passthrough: wherever the
 * connection was going. Alias: an ExternalName, another name of the service it points at. DynamicDNS: DNS of the requested host.
 */
export type Resolution = 'ClientSideLB' | 'DNSLB' | 'DNSRoundRobinLB' | 'Passthrough' | 'Alias' | 'DynamicDNS';

export type TrafficDistribution = 'Any' | 'PreferSameZone' | 'PreferSameNode';

/** One host name that proxies can call, from a Kubernetes Service or one host (and address) of a ServiceEntry. */
export interface Service {
  hostname: string;
  /** Of the Service; the host name again for a ServiceEntry. */
  name: string;
  /** Of the Service or ServiceEntry object. */
  objectName: string;
  namespace: string;
  createdAt: string;
  registry: 'Kubernetes' | 'External';
  resolution: Resolution;
  meshExternal: boolean;
  /** The first is the one listeners are bound to; `0.0.0.0` where the service has none. */
  addresses: readonly string[];
  ports: readonly ServicePort[];
  labels: Labels;
  selector?: Labels;
  /** Empty: as the mesh config says. */
  exportTo: readonly string[];
  serviceAccounts: readonly string[];
  /** Other names of this service (ExternalName services that point here). */
  aliases: readonly { hostname: string; namespace: string }[];
  externalName?: string;
  /** Upstream ports of a Passthrough service by service port. */
  passthroughTargetPorts?: Readonly<Record<number, number>>;
  nodeLocal: boolean;
  trafficDistribution: TrafficDistribution;
  /** From annotation `networking.istio.io/dns-connect-strategy`. */
  raceFirstTcpConnect: boolean;
}

export function serviceKey(service: { namespace: string; hostname: string }): string {
  return `${service.namespace}/${service.hostname}`;
}

/** Services that prefer near endpoints also get the unhealthy ones. */
export function supportsUnhealthyEndpoints(service: Service | undefined): boolean {
  return service !== undefined && service.trafficDistribution !== 'Any';
}

export type Health = 'HEALTHY' | 'UNHEALTHY' | 'TERMINATING';

/** One address and port that serves one port of a service. */
export interface Endpoint {
  address: string;
  port: number;
  /** The service port it serves: by number where the registry knows it, else by name. */
  servicePort: { name: string; number?: number };
  labels: Labels;
  /** SPIFFE id, or ''. */
  serviceAccount: string;
  /** `istio` where the workload takes mutual TLS. */
  tlsMode: string;
  /** `region/zone/subzone`, or ''. */
  locality: string;
  namespace: string;
  workload: string;
  node: string;
  /** Absent for endpoints of ServiceEntries: their health is not known. */
  health?: Health;
  weight: number;
}

/** A service port a proxy's own workload serves, and the port it listens on. */
export interface ServiceTarget {
  service: Service;
  port: ServicePort;
  targetPort: number;
}

/** `outbound|80|v1|reviews.default.svc.cluster.local`. */
export function subsetKey(subset: string, hostname: string, port: number): string {
  return `outbound|${port}|${subset}|${hostname}`;
}

/** The same as a name that can be an SNI: `outbound_.80_.v1_.reviews.default.svc.cluster.local`. */
export function sniSubsetKey(subset: string, hostname: string, port: number): string {
  return `outbound_.${port}_.${subset}_.${hostname}`;
}

export function inboundKey(port: number): string {
  return `inbound|${port}||`;
}

/** The parts of a subset key in either form; undefined if it is none. */
export function parseSubsetKey(key: string): { port: number; subset: string; hostname: string } | undefined {
  const [direction, port = '', subset = '', hostname, ...rest] = key.split(key.startsWith('outbound_.') ? '_.' : '|');
  if ((direction !== 'outbound' && direction !== 'inbound') || hostname === undefined || rest.length > 0)
    return undefined;
  return { port: Number(port), subset, hostname };
}

export function spiffeId(trustDomain: string, namespace: string, serviceAccount: string): string {
  return `spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
}
