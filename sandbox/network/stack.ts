import { formatAddress, isIPv6, isLoopback } from './addresses.ts';
import { type Tap, Wire } from './capture.ts';
import { connectionPair, type Path } from './connection.ts';
import { candidateNames, lookupHosts, parseResolvConf } from './dns.ts';
import { formatRule, type NatRule, translate } from './iptables.ts';
import type { NamespaceOptions, Network } from './network.ts';
import {
  type Connection,
  type ConnectOptions,
  type ListenOptions,
  type NetworkStack,
  type RestingConnection,
  type SocketAddress,
  SocketError,
} from './socket.ts';
import type { Hop, ObjectReference, Trace } from './trace.ts';

export interface NamespaceState {
  options: NamespaceOptions;
  rules: NatRule[];
  nextPort: number;
}

interface Listening extends ListenOptions {
  port: number;
  accept: (connection: Connection) => void;
}

/** Between two pods of one node, one way, ms. */
const podLatency = 0.1;
const firstPort = 32768;
const lastPort = 60999;
/** How long Linux goes on sending SYN (tcp_syn_retries 6), ms. */
const synTimeout = 127_000;
/** How long musl's resolver goes on asking its name servers, all at once, twice (timeout 5, attempts 2), ms. */
const dnsTimeout = 5_000;
/** How long an ARP request waits before "no route to host", ms. */
const arpTimeout = 3_070;

/** Where a connection leads after every translation. */
interface Route {
  target: Namespace;
  /** As the accepting socket sees it. */
  local: SocketAddress;
  originalDestination: SocketAddress;
  latency: number;
  source: string;
}

interface Ends {
  local: SocketAddress;
  remote: SocketAddress;
}

/** One network namespace: a pod's, a node's or an outside host's. */
export class Namespace implements NetworkStack {
  readonly id: string;
  readonly address: string;
  readonly addresses: readonly string[];
  readonly hostname: string;
  rules: NatRule[] = [];
  readonly #network: Network;
  readonly #options: NamespaceOptions;
  #listeners: Listening[] = [];
  #open = new Set<Connection>();
  readonly #taps = new Set<Tap>();
  #nextPort: number;

  constructor(network: Network, options: NamespaceOptions, nextPort?: number) {
    this.#network = network;
    this.#options = options;
    this.id = options.id;
    this.address = options.address;
    this.addresses = [options.address, ...(options.aliases ?? [])];
    this.hostname = options.hostname ?? options.id;
    this.#nextPort = nextPort ?? firstPort + 2 * network.kernel.random.int((lastPort - firstPort) / 2);
  }

  static from(network: Network, state: NamespaceState): Namespace {
    const namespace = new Namespace(network, structuredClone(state.options), state.nextPort);
    namespace.rules = structuredClone(state.rules);
    return namespace;
  }

  save(): NamespaceState {
    return structuredClone({ options: this.#options, rules: this.rules, nextPort: this.#nextPort });
  }

  /** Ends everything that is open here, as a namespace that is torn down does. */
  dispose(): void {
    this.#listeners = [];
    for (const connection of this.#open) connection.reset();
    this.#open.clear();
  }

  async connect(options: ConnectOptions): Promise<Connection> {
    const { kernel } = this.#network;
    const limit = options.timeout ?? Number.POSITIVE_INFINITY;
    const local = { address: this.#sourceFor(options), port: options.source?.port || this.#ephemeralPort() };
    const route = this.#route(options, local);
    if ('error' in route) {
      const wait = Math.min(route.after, limit);
      if (wait > 0) await kernel.sleep(wait);
      const { code, message } = route.after > limit ? timedOut().error : route.error;
      const error = new SocketError(code, message, local);
      this.#note(options.trace, 'connection', 'connect-failed', {
        destination: formatAddress(options.destination),
        error: error.message,
      });
      throw error;
    }
    const { target, latency } = route;
    const wire = this.#wireTo(target, route.local, {
      client: { local, remote: options.destination },
      server: { local: route.originalDestination, remote: { address: route.source, port: local.port } },
    });
    wire.leave('client', 'S', 0, 0);
    if (latency * 2 > limit) {
      await kernel.sleep(limit);
      throw new SocketError('ETIMEDOUT', 'Connection timed out', local);
    }
    if (latency > 0) await kernel.sleep(latency);
    wire.arrive('client', 'S', 0, 0);
    const listener = target.#listenerFor(route.local);
    if (!listener) {
      wire.leave('server', 'R.', -1, 1);
      if (latency > 0) await kernel.sleep(latency);
      wire.arrive('server', 'R.', -1, 1);
      this.#note(options.trace, 'connection', 'connection-refused', { destination: formatAddress(route.local) });
      throw new SocketError('ECONNREFUSED', 'Connection refused', local);
    }
    const { client, server } = this.#establish(target, {
      client: { local, remote: options.destination, originalDestination: local },
      server: {
        local: route.local,
        remote: { address: route.source, port: local.port },
        originalDestination: route.originalDestination,
      },
      latency,
      peer: { namespace: target.id, incarnation: listener.incarnation ?? '', keepAlive: listener.keepAlive },
      trace: options.trace,
      wire,
    });
    wire.leave('server', 'S.', 0, 1);
    listener.accept(server);
    if (latency > 0) await kernel.sleep(latency);
    wire.arrive('server', 'S.', 0, 1);
    wire.acknowledge('client', 1, 1);
    return client;
  }

  resume(resting: RestingConnection, trace?: Trace): Connection | undefined {
    const { peer } = resting;
    const target = this.#network.namespace(peer.namespace);
    if (!target) return undefined;
    const listener = target.#listenerFor(peer.local);
    if (!listener || (listener.incarnation ?? '') !== peer.incarnation) return undefined;
    if (resting.until !== undefined && this.#network.kernel.now() >= resting.until) return undefined;
    const { client, server } = this.#establish(target, {
      client: { local: resting.local, remote: resting.remote, originalDestination: resting.local },
      server: { local: peer.local, remote: peer.remote, originalDestination: peer.originalDestination },
      latency: resting.latency,
      peer: { namespace: peer.namespace, incarnation: peer.incarnation, keepAlive: listener.keepAlive },
      trace,
      wire: this.#wireTo(target, peer.local, {
        client: { local: resting.local, remote: resting.remote },
        server: { local: peer.originalDestination, remote: peer.remote },
      }),
      resumed: resting,
    });
    listener.accept(server);
    return client;
  }

  capture(tap: Tap): () => void {
    this.#taps.add(tap);
    return () => this.#taps.delete(tap);
  }

  /** Addresses as packets carry them at each end; `accepted`: where they end after every redirection. */
  #wireTo(target: Namespace, accepted: SocketAddress, { client, server }: Record<'client' | 'server', Ends>): Wire {
    const ends = { client: { ...client, taps: this.#taps }, server: { ...server, taps: target.#taps } };
    if (target !== this) return new Wire(this.#network.kernel, ends, undefined);
    ends.server.local = accepted;
    return new Wire(this.#network.kernel, ends, { answersFrom: client.remote });
  }

  startTrace(request: string): Trace {
    return this.#network.startTrace(this.id, request);
  }

  listen(port: number, accept: (connection: Connection) => void, options: ListenOptions = {}): () => void {
    const clash = this.#listeners.some(
      (other) => other.port === port && (other.address === options.address || !other.address || !options.address),
    );
    if (clash) throw new SocketError('EADDRINUSE', 'Address already in use');
    const listener: Listening = { ...options, port, accept };
    this.#listeners.push(listener);
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    };
  }

  listening(port: number): boolean {
    return this.#listeners.some((listener) => listener.port === port && !isLoopback(listener.address ?? ''));
  }

  async resolve(name: string, trace?: Trace): Promise<{ ipv4: string[]; ipv6: string[] }> {
    const known = this.#lookupLocally(name);
    if (known) return known;
    const { kernel } = this.#network;
    const { answers, silent } = this.#reachNameserver(trace);
    const wait = answers ? 2 * podLatency : silent > 0 ? dnsTimeout : 0;
    if (wait > 0 && this.#options.resolvConf !== undefined) await kernel.sleep(wait);
    return answers ? this.#ask(name) : { ipv4: [], ipv6: [] };
  }

  lookup(name: string): { ipv4: string[]; ipv6: string[] } | undefined {
    return this.#lookupLocally(name) ?? (this.#reachNameserver().answers ? this.#ask(name) : undefined);
  }

  swallows(host: string, port: number): { address?: string } | undefined {
    const known = this.#lookupLocally(host);
    const { answers, silent } = known ? { answers: true, silent: 0 } : this.#reachNameserver();
    if (!answers) return silent > 0 ? {} : undefined;
    const [address] = (known ?? this.#ask(host)).ipv4;
    if (address === undefined) return undefined;
    const entry = this.#network.services.lookup('TCP', address, port);
    const real = entry ? entry.backends[0] : { address, port };
    return !real || this.#mayPass('TCP', real, undefined) ? undefined : { address };
  }

  async aliases(name: string): Promise<{ name: string; target: string }[]> {
    const { kernel, zones } = this.#network;
    const { answers, silent } = this.#reachNameserver();
    const wait = answers ? 2 * podLatency : silent > 0 ? dnsTimeout : 0;
    if (wait > 0 && this.#options.resolvConf !== undefined) await kernel.sleep(wait);
    const chain: { name: string; target: string }[] = [];
    let asked = answers ? this.#candidates(name).find((candidate) => zones.alias(candidate) !== undefined) : undefined;
    while (asked !== undefined && chain.length < 8) {
      const target = zones.alias(asked);
      if (target !== undefined) chain.push({ name: asked, target });
      asked = target;
    }
    return chain;
  }

  /** Names that need no name server: loopback and /etc/hosts. */
  #lookupLocally(name: string): { ipv4: string[]; ipv6: string[] } | undefined {
    if (name === 'localhost' || name.endsWith('.localhost')) return { ipv4: ['127.0.0.1'], ipv6: ['::1'] };
    return lookupHosts(this.#options.hosts ?? '', name);
  }

  /** Full names that a name may stand for, in the order they are asked for. */
  #candidates(name: string): string[] {
    const { resolvConf } = this.#options;
    return resolvConf === undefined ? [name.replace(/\.$/, '')] : candidateNames(name, parseResolvConf(resolvConf));
  }

  #ask(name: string): { ipv4: string[]; ipv6: string[] } {
    const { zones } = this.#network;
    for (const candidate of this.#candidates(name)) {
      const found = zones.lookup(candidate);
      if (found && found.ipv4.length + found.ipv6.length > 0) return { ipv4: found.ipv4, ipv6: found.ipv6 };
    }
    return { ipv4: [], ipv6: [] };
  }

  /** Does one of resolv.conf's servers answer? `silent` ones let the caller wait; refusals come at once. */
  #reachNameserver(trace?: Trace): { answers: boolean; silent: number } {
    if (this.#options.resolvConf === undefined) return { answers: true, silent: 0 };
    const { kernel, services } = this.#network;
    let silent = 0;
    for (const server of parseResolvConf(this.#options.resolvConf).nameservers) {
      const entry = services.lookup('UDP', server, 53);
      const backend = entry ? services.choose(entry, kernel.random) : { address: server, port: 53 };
      if (!backend) continue; // REJECT
      const dropped = !this.#mayPass('UDP', backend, trace) || (!entry && !this.#network.at(backend.address));
      if (!dropped) return { answers: true, silent };
      silent++;
    }
    return { answers: false, silent };
  }

  #sourceFor(options: ConnectOptions): string {
    if (options.source) return options.source.address;
    const { address } = options.destination;
    return isLoopback(address) ? '127.0.0.1' : this.addresses.includes(address) ? address : this.address;
  }

  /** Follows a SYN through this namespace's nat table, the node and the target's nat table. */
  #route(options: ConnectOptions, local: SocketAddress): Route | { error: SocketError; after: number } {
    const { destination, trace, uid } = options;
    if (isIPv6(destination.address) && destination.address !== '::1') {
      return { error: new SocketError('ENETUNREACH', 'Network is unreachable'), after: 0 };
    }
    const own = isLoopback(destination.address) || this.addresses.includes(destination.address);
    const packet = { source: local.address, destination: destination.address, port: destination.port, loopback: own };
    // The rules are iptables', which see no IPv6.
    const ipv6 = isIPv6(destination.address);
    const redirect = ipv6 ? undefined : translate(this.rules, 'OUTPUT', { ...packet, owner: { uid, gid: uid } });
    if (redirect) {
      this.#noteRedirect(trace, destination, redirect);
      const to = { address: '127.0.0.1', port: redirect.port };
      return { target: this, local: to, originalDestination: destination, latency: 0, source: local.address };
    }
    if (own) {
      return { target: this, local: destination, originalDestination: destination, latency: 0, source: local.address };
    }
    return this.#routeOut(destination, local, trace);
  }

  #routeOut(
    destination: SocketAddress,
    local: SocketAddress,
    trace: Trace | undefined,
  ): Route | { error: SocketError; after: number } {
    const { kernel, services } = this.#network;
    let real = destination;
    if (!this.#options.outside) {
      const entry = services.lookup('TCP', destination.address, destination.port);
      if (entry) {
        const backend = services.choose(entry, kernel.random);
        this.#note(trace, 'service', backend ? 'backend-chosen' : 'no-backend', {
          service: entry.service,
          address: formatAddress(destination),
          ...(backend && { backend: formatAddress(backend) }),
        });
        if (!backend) return refused();
        real = backend;
      } else if (services.holds(destination.address) && !this.#network.at(destination.address)) {
        return timedOut(); // no rule translates it, so it leaves for an address that nobody has
      }
    }
    const target = this.#network.at(real.address);
    if (!this.#mayPass('TCP', real, trace)) return timedOut();
    if (!target) {
      if (!this.#network.isLocal(real.address)) return timedOut();
      return { error: new SocketError('EHOSTUNREACH', 'No route to host'), after: arpTimeout };
    }
    const base = (this.#options.latency ?? podLatency) + (target.#options.latency ?? podLatency);
    const latency = target === this ? 0 : base * (1 + 0.1 * kernel.random.float());
    const source = (target.#options.outside && !this.#options.outside && this.#network.masquerade) || local.address;
    const redirect = translate(target.rules, 'PREROUTING', {
      source,
      destination: real.address,
      port: real.port,
      loopback: false,
    });
    if (redirect) target.#noteRedirect(trace, real, redirect);
    const accepted = redirect ? { address: real.address, port: redirect.port } : real;
    return { target, local: accepted, originalDestination: real, latency, source };
  }

  /** What the policies say about a new flow from here. */
  #mayPass(protocol: 'TCP' | 'UDP', to: SocketAddress, trace: Trace | undefined): boolean {
    const verdict = this.#network.policy?.({
      from: this.id,
      to: this.#network.at(to.address)?.id,
      source: this.address,
      destination: to.address,
      port: to.port,
      protocol,
    });
    const object = verdict?.policies?.[0];
    if (verdict && object) {
      const details = {
        destination: formatAddress(to),
        protocol,
        direction: verdict.direction ?? '',
        policies: (verdict.policies ?? []).map(({ namespace, name }) => `${namespace}/${name}`).join(', '),
      };
      this.#note(trace, 'network-policy', verdict.allowed ? 'allowed' : 'dropped', details, object);
    }
    return verdict?.allowed ?? true;
  }

  #noteRedirect(
    trace: Trace | undefined,
    destination: SocketAddress,
    redirect: { port: number; rules: readonly NatRule[] },
  ): void {
    if (!trace) return;
    this.#note(trace, 'iptables', 'redirected', {
      destination: formatAddress(destination),
      port: redirect.port,
      rules: redirect.rules.map(formatRule).join('\n'),
    });
  }

  #note(
    trace: Trace | undefined,
    layer: Hop['layer'],
    decision: string,
    details: Hop['details'],
    object?: ObjectReference,
  ): void {
    trace?.hops.push({
      at: this.#network.kernel.now(),
      where: this.id,
      layer,
      decision,
      details,
      ...(object && { object }),
    });
  }

  #listenerFor(address: SocketAddress): Listening | undefined {
    let any: Listening | undefined;
    for (const listener of this.#listeners) {
      if (listener.port !== address.port) continue;
      if (listener.address === address.address) return listener;
      if (listener.address === undefined || listener.address === '0.0.0.0') any = listener;
    }
    return any;
  }

  #ephemeralPort(): number {
    const port = this.#nextPort;
    const next = port + 2 * this.#network.kernel.random.between(1, 12);
    this.#nextPort = next > lastPort ? firstPort + (next % 2) : next;
    return port;
  }

  /** Makes both ends, each known to its namespace as long as it is open. */
  #establish(target: Namespace, path: Omit<Path, 'onGone'>): { client: Connection; server: Connection } {
    const pair = connectionPair(this.#network.kernel, {
      ...path,
      onGone: (end) => {
        this.#open.delete(end);
        target.#open.delete(end);
      },
    });
    this.#open.add(pair.client);
    target.#open.add(pair.server);
    return pair;
  }
}

function refused(): { error: SocketError; after: number } {
  return { error: new SocketError('ECONNREFUSED', 'Connection refused'), after: 2 * podLatency };
}

function timedOut(): { error: SocketError; after: number } {
  return { error: new SocketError('ETIMEDOUT', 'Connection timed out'), after: synTimeout };
}
