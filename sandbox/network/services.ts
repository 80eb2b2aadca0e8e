import type { Random } from '../kernel/random.ts';

/** What kube-proxy programs into the node for one address and port of a Service. */
export interface ServicePort {
  /** ClusterIP, external or load balancer address; a node's own for a node port. */
  address: string;
  port: number;
  protocol: 'TCP' | 'UDP';
  /** For traces: `namespace/name`. */
  service: string;
  /** Ready endpoints; empty: REJECT. */
  backends: { address: string; port: number }[];
}

/** kube-proxy's rules: every service address with its endpoints, one chosen at random for each connection. */
export class Services {
  #ports = new Map<string, ServicePort>();
  #addresses = new Set<string>();

  set(ports: readonly ServicePort[]): void {
    this.#ports = new Map(ports.map((entry) => [`${entry.protocol} ${entry.address} ${entry.port}`, entry]));
    this.#addresses = new Set(ports.map((entry) => entry.address));
  }

  lookup(protocol: 'TCP' | 'UDP', address: string, port: number): ServicePort | undefined {
    return this.#ports.get(`${protocol} ${address} ${port}`);
  }

  /** Is it the address of some service (whose other ports lead nowhere)? */
  holds(address: string): boolean {
    return this.#addresses.has(address);
  }

  choose(entry: ServicePort, random: Random): { address: string; port: number } | undefined {
    return entry.backends.length > 1 ? random.pick(entry.backends) : entry.backends[0];
  }
}
