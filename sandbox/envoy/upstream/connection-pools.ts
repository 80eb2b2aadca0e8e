import type { Stateful } from '../../kernel/json.ts';
import { encode } from '../../kernel/streams.ts';
import { type HttpClientConnection, httpClient } from '../../network/http-client.ts';
import type { Connection, RestingConnection } from '../../network/socket.ts';
import { type TlsConnection, tlsConnect, tlsResume } from '../../network/tls.ts';
import type { Trace } from '../../network/trace.ts';
import type { ProxyContext } from '../context.ts';
import type { Downstream } from '../stream-info.ts';
import type { Cluster, Host } from './cluster.ts';
import { connectFailure, UpstreamFailure } from './failure.ts';
import type { UpstreamTlsChoice } from './transport-socket.ts';

/** A pooled connection between two exchanges. */
interface Pooled {
  resting: RestingConnection;
  protocol: 'HTTP/1.1' | 'HTTP/2';
  /** Exchanges it has carried. */
  requests: number;
  /** ms since 1970. */
  opened: number;
}

/** By cluster, then by what makes connections alike (host, protocol, TLS choice). */
export type PoolState = Record<string, Record<string, Pooled[]>>;

/** Uid of Envoy in Istio's images, which iptables lets pass. */
const proxyUid = 1337;

/** An upstream HTTP connection in use. */
export interface Lease {
  readonly client: HttpClientConnection;
  readonly connection: Connection;
  /** Back to the pool, to rest if it can. */
  release(): void;
  /** The exchange was given up: HTTP/1.1 breaks the connection. */
  abort(): void;
}

export interface LeaseOptions {
  protocol: 'HTTP/1.1' | 'HTTP/2';
  tls: UpstreamTlsChoice;
  downstream: Downstream | undefined;
  trace: Trace | undefined;
}

interface Live {
  client: HttpClientConnection;
  requests: number;
  opened: number;
  /** Leases out on it (HTTP/2 carries several). */
  users: number;
}

/** Upstream connections of a proxy. At rest they are data; an exchange brings one back, with its ports and its session. */
export class ConnectionPools implements Stateful<PoolState> {
  readonly #context: ProxyContext;
  #pools: PoolState = {};
  /** HTTP/2 connections in use or being made, by cluster and key. */
  #shared = new Map<string, Promise<Live>>();
  /** What circuit breakers count, by cluster: connections in use, requests without one, and who waits for one. */
  #inUse = new Map<string, number>();
  #pending = new Map<string, number>();
  #waiting = new Map<string, (() => void)[]>();

  constructor(context: ProxyContext) {
    this.#context = context;
  }

  /** A connection to the host, from the pool or new. Rejects with `UpstreamFailure`. */
  async lease(cluster: Cluster, host: Host, options: LeaseOptions): Promise<Lease> {
    if (this.#context.clusters.activeRequests(cluster) > cluster.thresholds.maxRequests) {
      throw new UpstreamFailure('overflow');
    }
    const key = [host.key, options.protocol, options.tls.alpn ?? '', options.tls.autoSni ?? ''].join(' ');
    if (options.protocol === 'HTTP/1.1') {
      return this.#leaseOn(cluster, key, await this.#obtain(cluster, host, key, options));
    }
    const name = `${cluster.name} ${key}`;
    let shared = this.#shared.get(name);
    const present = shared && (await shared.catch(() => undefined));
    if (!present?.client.reusable) {
      shared = this.#obtain(cluster, host, key, options);
      this.#shared.set(name, shared);
      shared.catch(() => this.#shared.delete(name));
    }
    return this.#leaseOn(cluster, key, await (shared as Promise<Live>));
  }

  /** A plain connection for the TCP proxy. Rejects with `UpstreamFailure`. */
  async connect(cluster: Cluster, host: Host, options: Omit<LeaseOptions, 'protocol'>): Promise<Connection> {
    const { kernel, stack } = this.#context;
    const deadline = kernel.now() + cluster.connectTimeout;
    const socket = cluster.socketFor(host);
    let shaking = false;
    let connection: Connection | undefined;
    try {
      const tls = socket.tls?.(options.tls, kernel.now());
      connection = await stack.connect({
        destination: { address: host.address, port: host.port },
        uid: proxyUid,
        timeout: cluster.connectTimeout,
        ...(options.trace && { trace: options.trace }),
        ...(cluster.bindAddress && { source: { address: cluster.bindAddress, port: 0 } }),
      });
      this.#context.stats.increment(`cluster.${cluster.name}.upstream_cx_total`);
      this.#enter(cluster.name, connection);
      if (socket.proxyProtocol && options.downstream) sendProxyHeader(connection, options.downstream);
      if (!tls) return connection;
      shaking = true;
      return await this.#handshake(connection, tls, deadline);
    } catch (error) {
      if (shaking) connection?.reset();
      throw connectFailure(error, shaking);
    }
  }

  async #handshake(
    connection: Connection,
    tls: Parameters<typeof tlsConnect>[1],
    deadline: number,
  ): Promise<TlsConnection> {
    const { kernel } = this.#context;
    let late = false;
    const cancel = kernel.wakeAt(deadline, () => {
      late = true;
      connection.reset();
    });
    try {
      return await tlsConnect(connection, tls);
    } catch (error) {
      throw late ? new UpstreamFailure('connection timeout') : error;
    } finally {
      cancel();
    }
  }

  /** Counts a connection in use, until it closes or `leave` takes it out for a rest. */
  #enter(name: string, connection: Connection): void {
    this.#inUse.set(name, (this.#inUse.get(name) ?? 0) + 1);
    connection.onClose(() => {
      this.#leave(name);
      this.#admit(name);
    });
  }

  #leave(name: string): void {
    this.#inUse.set(name, Math.max(0, (this.#inUse.get(name) ?? 1) - 1));
  }

  /** Lets who waits for a connection look again. */
  #admit(name: string): void {
    this.#waiting.get(name)?.shift()?.();
  }

  /** May the cluster have one more connection? One in use is always allowed, so that nobody waits for connections at rest elsewhere. */
  hasRoom(cluster: Cluster): boolean {
    const used = this.#inUse.get(cluster.name) ?? 0;
    return used === 0 || used + this.idle(cluster.name) < cluster.thresholds.maxConnections;
  }

  /** A connection at rest, a new one, or (where the circuit breaker forbids one more) the next that is given back. */
  async #obtain(cluster: Cluster, host: Host, key: string, options: LeaseOptions): Promise<Live> {
    const present = this.#takeIdle(cluster, key, options);
    if (present) return present;
    const { name, thresholds } = cluster;
    const pending = this.#pending.get(name) ?? 0;
    if (pending >= thresholds.maxPendingRequests) throw new UpstreamFailure('overflow');
    this.#pending.set(name, pending + 1);
    try {
      while (!this.hasRoom(cluster)) {
        await new Promise<void>((resolve) => {
          this.#waiting.set(name, [...(this.#waiting.get(name) ?? []), resolve]);
        });
        const freed = this.#takeIdle(cluster, key, options);
        if (freed) return freed;
      }
      const connection = await this.connect(cluster, host, options);
      const client = httpClient(connection, options.protocol);
      return { client, requests: 0, opened: this.#context.kernel.now(), users: 0 };
    } finally {
      this.#pending.set(name, (this.#pending.get(name) ?? 1) - 1);
    }
  }

  #takeIdle(cluster: Cluster, key: string, options: LeaseOptions): Live | undefined {
    const now = this.#context.kernel.now();
    const idle = this.#pools[cluster.name]?.[key] ?? [];
    for (let pooled = idle.pop(); pooled; pooled = idle.pop()) {
      const connection = this.#resume(cluster, pooled, now, options.trace);
      if (!connection) continue;
      this.#enter(cluster.name, connection);
      const client = httpClient(connection, options.protocol);
      return { client, requests: pooled.requests, opened: pooled.opened, users: 0 };
    }
    return undefined;
  }

  #resume(cluster: Cluster, pooled: Pooled, now: number, trace: Trace | undefined): Connection | undefined {
    const { resting, opened } = pooled;
    const expired = now - resting.since >= cluster.idleTimeout;
    const old = cluster.maxConnectionDuration !== undefined && now - opened >= cluster.maxConnectionDuration;
    if (expired || old) return undefined;
    const connection = this.#context.stack.resume(resting, trace);
    return connection && resting.tls ? tlsResume(connection, resting.tls) : connection;
  }

  #leaseOn(cluster: Cluster, key: string, live: Live): Lease {
    live.users++;
    live.requests++;
    const { client } = live;
    let over = false;
    const end = (aborted: boolean) => {
      if (over) return;
      over = true;
      live.users--;
      if (live.users > 0) return;
      this.#shared.delete(`${cluster.name} ${key}`);
      if (aborted && client.protocol === 'HTTP/1.1') client.connection.reset();
      else this.#putToRest(cluster, key, live);
    };
    return { client, connection: client.connection, release: () => end(false), abort: () => end(true) };
  }

  #putToRest(cluster: Cluster, key: string, live: Live): void {
    const { client, requests, opened } = live;
    const worn = cluster.maxRequestsPerConnection !== undefined && requests >= cluster.maxRequestsPerConnection;
    const gone = this.#context.clusters.get(cluster.name) !== cluster;
    const resting = client.reusable && !worn && !gone ? client.connection.rest() : undefined;
    if (!resting) {
      client.close();
      return;
    }
    this.#leave(cluster.name);
    const pool = this.#pools[cluster.name] ?? {};
    this.#pools[cluster.name] = pool;
    const idle = pool[key] ?? [];
    pool[key] = idle;
    idle.push({ resting, protocol: client.protocol, requests, opened });
    this.#admit(cluster.name);
  }

  /** Closes what rests of a cluster that changed or went. */
  drain(cluster: string): void {
    delete this.#pools[cluster];
  }

  /** Connections at rest, by cluster. */
  idle(cluster: string): number {
    return Object.values(this.#pools[cluster] ?? {}).reduce((sum, list) => sum + list.length, 0);
  }

  /** Without what has been idle for too long, which nobody would use again. */
  save(): PoolState {
    const now = this.#context.kernel.now();
    const state: PoolState = {};
    for (const [name, pool] of Object.entries(this.#pools)) {
      const limit = this.#context.clusters.get(name)?.idleTimeout ?? 0;
      for (const [key, idle] of Object.entries(pool)) {
        const fresh = idle.filter(({ resting }) => now - resting.since < limit && now < (resting.until ?? now + 1));
        if (fresh.length > 0) state[name] = { ...state[name], [key]: structuredClone(fresh) };
      }
    }
    return state;
  }

  load(state: PoolState): void {
    this.#pools = structuredClone(state);
    this.#shared.clear();
    this.#inUse.clear();
    this.#pending.clear();
    this.#waiting.clear();
  }
}

/** The PROXY protocol's header, version 1 as text. */
function sendProxyHeader(connection: Connection, { remote, local }: Downstream): void {
  const line = `PROXY TCP4 ${remote.address} ${local.address} ${remote.port} ${local.port}\r\n`;
  connection.write({ kind: 'bytes', bytes: encode(line) });
}
