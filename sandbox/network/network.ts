import type { Stateful } from '../kernel/json.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { type Cidr, cidrContains, parseCidr } from './addresses.ts';
import { type DnsRecord, Zones } from './dns.ts';
import type { NatRule } from './iptables.ts';
import { type ServicePort, Services } from './services.ts';
import type { NetworkStack } from './socket.ts';
import { Namespace, type NamespaceState } from './stack.ts';
import type { ObjectReference, Trace } from './trace.ts';

/** Asked about each new flow. Dropped packets are not answered. */
export type FlowPolicy = (flow: Flow) => FlowVerdict;

export interface FlowVerdict {
  allowed: boolean;
  /** The side that is isolated, and the policies that isolate it (or the one that lets the flow pass); none: nobody is. */
  direction?: 'egress' | 'ingress';
  policies?: readonly ObjectReference[];
}

export interface Flow {
  /** Namespaces by id; undefined where an address belongs to none. */
  from: string;
  to: string | undefined;
  source: string;
  destination: string;
  port: number;
  protocol: 'TCP' | 'UDP';
}

export interface NamespaceOptions {
  /** `namespace/pod`, or the name of a node or outside host. Unique. */
  id: string;
  address: string;
  /** More addresses of the same host. */
  aliases?: string[];
  hostname?: string;
  /** Text of /etc/resolv.conf; without it names are looked up with neither search domains nor a name server in between. */
  resolvConf?: string;
  /** Text of /etc/hosts. */
  hosts?: string;
  /** One way from the node to this host, ms; a pod's is small. */
  latency?: number;
  /** A host outside the cluster: pods reach it by masquerading. */
  outside?: boolean;
}

export interface NetworkState {
  namespaces: NamespaceState[];
  traces: Trace[];
  nextTrace: number;
}

/** All network namespaces there are, inside and outside, and what joins them: routes, services, names, policies. */
export class Network implements Stateful<NetworkState> {
  readonly kernel: Kernel;
  readonly zones: Zones;
  readonly services = new Services();
  /** Ranges whose unused addresses answer "no route to host" instead of silence. */
  local: Cidr[] = [];
  /** The address under which hosts outside see the cluster; undefined: the pod's own. */
  masquerade: string | undefined;
  policy: FlowPolicy | undefined;
  /** The last traces, newest at the end. */
  traces: Trace[] = [];
  #nextTrace = 1;
  readonly #namespaces = new Map<string, Namespace>();
  readonly #byAddress = new Map<string, Namespace>();

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.zones = new Zones(kernel.random);
  }

  /** Makes a namespace, or gives the one that is there already under this id (after a restore). */
  addNamespace(options: NamespaceOptions): Namespace {
    const present = this.#namespaces.get(options.id);
    if (present) return present;
    const taken = this.#byAddress.get(options.address);
    if (taken) throw new Error(`network: ${options.address} belongs to ${taken.id}`);
    const namespace = new Namespace(this, options);
    this.#register(namespace);
    return namespace;
  }

  /** Takes a namespace away: its listeners are gone, what stands open is reset. */
  removeNamespace(id: string): void {
    const namespace = this.#namespaces.get(id);
    if (!namespace) return;
    this.#namespaces.delete(id);
    for (const address of namespace.addresses) {
      if (this.#byAddress.get(address) === namespace) this.#byAddress.delete(address);
    }
    namespace.dispose();
  }

  namespace(id: string): Namespace | undefined {
    return this.#namespaces.get(id);
  }

  at(address: string): Namespace | undefined {
    return this.#byAddress.get(address);
  }

  stack(id: string): NetworkStack | undefined {
    return this.#namespaces.get(id);
  }

  setServices(ports: readonly ServicePort[]): void {
    this.services.set(ports);
  }

  setZone(zone: string, records: ReadonlyMap<string, DnsRecord>): void {
    this.zones.set(zone, records);
  }

  /** The nat rules of a namespace, as its privileged init container wrote them. */
  setIptables(id: string, rules: readonly NatRule[]): void {
    const namespace = this.#namespaces.get(id);
    if (!namespace) throw new Error(`network: no namespace ${id}`);
    namespace.rules = [...rules];
  }

  /** `text`s are CIDR ranges of pods and services. */
  setLocalRanges(texts: readonly string[]): void {
    this.local = texts.map(parseCidr).filter((range) => range !== undefined);
  }

  isLocal(address: string): boolean {
    return this.local.some((range) => cidrContains(range, address));
  }

  startTrace(from: string, request: string): Trace {
    const trace: Trace = { id: String(this.#nextTrace++), startedAt: this.kernel.now(), from, request, hops: [] };
    this.traces.push(trace);
    if (this.traces.length > 200) this.traces.shift();
    return trace;
  }

  save(): NetworkState {
    return {
      namespaces: [...this.#namespaces.values()].map((namespace) => namespace.save()),
      traces: structuredClone(this.traces),
      nextTrace: this.#nextTrace,
    };
  }

  /** Restores addresses, rules and port counters; programs listen again on the namespaces found by `namespace(id)`. */
  load(state: NetworkState): void {
    for (const namespace of this.#namespaces.values()) namespace.dispose();
    this.#namespaces.clear();
    this.#byAddress.clear();
    for (const saved of state.namespaces) this.#register(Namespace.from(this, saved));
    this.traces = structuredClone(state.traces);
    this.#nextTrace = state.nextTrace;
  }

  #register(namespace: Namespace): void {
    this.#namespaces.set(namespace.id, namespace);
    for (const address of namespace.addresses) this.#byAddress.set(address, namespace);
  }
}
