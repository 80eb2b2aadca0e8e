import type { ApiClient, KubernetesObject } from '../kubernetes/objects.ts';
import type { DnsRecord } from '../network/dns.ts';
import type { Network } from '../network/network.ts';
import type { ServicePort } from '../network/services.ts';

const services = { group: '', version: 'v1', resource: 'services' };
const slices = { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' };
const domain = 'svc.cluster.local';

interface Service extends KubernetesObject {
  spec: {
    type?: string;
    clusterIP?: string;
    externalName?: string;
    externalIPs?: string[];
    ports?: { name?: string; port: number; protocol?: 'TCP' | 'UDP'; nodePort?: number }[];
  };
}

interface EndpointSlice extends KubernetesObject {
  ports?: { name?: string; port?: number; protocol?: string }[];
  endpoints?: { addresses: string[]; hostname?: string; conditions?: { ready?: boolean } }[];
}

/**
 * What turns Services and EndpointSlices into the network's own data: kube-proxy's rules and CoreDNS' zone. It knows both
 * sides, so that neither knows the other. Everything follows from the store: after a restore, `sync` makes it again.
 */
export class ServiceNetwork {
  readonly #client: ApiClient;
  readonly #network: Network;
  readonly #nodeAddress: string;
  /** By service, so that one change compiles one service. */
  readonly #ports = new Map<string, ServicePort[]>();
  readonly #records = new Map<string, Map<string, DnsRecord>>();

  constructor(client: ApiClient, network: Network, nodeAddress: string) {
    this.#client = client;
    this.#network = network;
    this.#nodeAddress = nodeAddress;
    client.onChange(services, ({ object }) => this.#change(object.metadata.namespace ?? '', object.metadata.name));
    client.onChange(slices, ({ object }) => {
      const name = object.metadata.labels?.['kubernetes.io/service-name'];
      if (name !== undefined) this.#change(object.metadata.namespace ?? '', name);
    });
  }

  /** Compiles everything anew. */
  sync(): void {
    this.#ports.clear();
    this.#records.clear();
    const byService = new Map<string, EndpointSlice[]>();
    for (const slice of this.#client.list<EndpointSlice>(slices)) {
      const key = `${slice.metadata.namespace}/${slice.metadata.labels?.['kubernetes.io/service-name']}`;
      byService.set(key, [...(byService.get(key) ?? []), slice]);
    }
    for (const service of this.#client.list<Service>(services)) {
      const key = `${service.metadata.namespace}/${service.metadata.name}`;
      this.#compile(key, service, byService.get(key) ?? []);
    }
    this.#publish();
  }

  #change(namespace: string, name: string): void {
    const key = `${namespace}/${name}`;
    const service = this.#client.get<Service>(services, namespace, name);
    this.#ports.delete(key);
    this.#records.delete(key);
    if (service) {
      const own = this.#client
        .list<EndpointSlice>(slices, namespace)
        .filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === name);
      this.#compile(key, service, own);
    }
    this.#publish();
  }

  #compile(key: string, service: Service, own: readonly EndpointSlice[]): void {
    this.#ports.set(key, this.#servicePorts(key, service, own));
    this.#records.set(key, records(service, own));
  }

  #servicePorts(key: string, service: Service, own: readonly EndpointSlice[]): ServicePort[] {
    const { clusterIP, type, ports = [], externalIPs = [] } = service.spec;
    if (type === 'ExternalName' || !clusterIP || clusterIP === 'None') return [];
    return ports.flatMap(({ name = '', port, protocol = 'TCP', nodePort }) => {
      const backends = own.flatMap((slice) => {
        const target = slice.ports?.find((each) => (each.name ?? '') === name)?.port;
        if (target === undefined) return [];
        const ready = (slice.endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
        return ready.flatMap(({ addresses }) => addresses.map((address) => ({ address, port: target })));
      });
      const entry = (address: string, at: number): ServicePort => ({
        address,
        port: at,
        protocol,
        service: key,
        backends,
      });
      return [
        ...[clusterIP, ...externalIPs].map((address) => entry(address, port)),
        ...(nodePort === undefined ? [] : [entry(this.#nodeAddress, nodePort)]),
      ];
    });
  }

  #publish(): void {
    this.#network.setServices([...this.#ports.values()].flat());
    this.#network.setZone(domain, new Map([...this.#records.values()].flatMap((zone) => [...zone])));
  }
}

/** The names of a service, after https://github.com/kubernetes/dns/blob/master/docs/specification.md. */
function records(service: Service, own: readonly EndpointSlice[]): Map<string, DnsRecord> {
  const name = `${service.metadata.name}.${service.metadata.namespace}.${domain}`;
  const { type, externalName, clusterIP } = service.spec;
  if (type === 'ExternalName') return new Map(externalName ? [[name, { cname: externalName }]] : []);
  if (!clusterIP) return new Map();
  if (clusterIP !== 'None') return new Map([[name, { ipv4: [clusterIP] }]]);
  const ready = own.flatMap((slice) => (slice.endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false));
  const zone = new Map<string, DnsRecord>(
    ready.length > 0 ? [[name, { ipv4: ready.flatMap(({ addresses }) => addresses) }]] : [],
  );
  for (const { hostname, addresses } of ready) {
    const label = hostname ?? addresses[0]?.replaceAll('.', '-');
    if (label) zone.set(`${label}.${name}`, { ipv4: addresses });
  }
  return zone;
}
