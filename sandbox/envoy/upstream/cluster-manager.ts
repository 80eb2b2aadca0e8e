import { equalJson, type Stateful } from '../../kernel/json.ts';
import { isAddress } from '../../network/addresses.ts';
import type { SocketAddress } from '../../network/socket.ts';
import type { ProxyContext } from '../context.ts';
import { milliseconds } from '../duration.ts';
import type { Downstream } from '../stream-info.ts';
import type { Cluster as ClusterConfiguration, ClusterLoadAssignment } from '../xds/types.ts';
import { Cluster, type Host, hostsOf } from './cluster.ts';
import { ConnectionPools, type PoolState } from './connection-pools.ts';
import { balance } from './load-balancer.ts';
import { isEjected, type Outcome, type OutlierRecord, recordOutcome } from './outlier.ts';

interface Resolution {
  /** ms since 1970. */
  at: number;
  addresses: string[];
}

export interface ClusterManagerState {
  pools: PoolState;
  /** By cluster and name. */
  resolutions: Record<string, Record<string, Resolution>>;
  outliers: Record<string, Record<string, OutlierRecord>>;
  rounds: Record<string, number>;
}

export interface ChooseInput {
  downstream: Downstream | undefined;
  hash?: number | undefined;
  /** Hosts tried before, to be avoided (previous_hosts), and how often to try. */
  previous?: readonly string[];
  attempts?: number;
}

/** All clusters of a proxy, their hosts and their connections. */
export class ClusterManager implements Stateful<ClusterManagerState> {
  readonly pools: ConnectionPools;
  readonly #context: ProxyContext;
  #clusters = new Map<string, Cluster>();
  #assignments = new Map<string, ClusterLoadAssignment>();
  #hosts = new Map<string, Host[]>();
  #active = new Map<string, number>();
  #resolutions: Record<string, Record<string, Resolution>> = {};
  #outliers: Record<string, Record<string, OutlierRecord>> = {};
  #rounds: Record<string, number> = {};

  constructor(context: ProxyContext) {
    this.#context = context;
    this.pools = new ConnectionPools(context);
  }

  /**
   * Takes a push over. Clusters that changed lose their connections and what was known of their hosts; those that are refused stay
   * as they were, with Envoy's complaint in `rejected`.
   */
  update(clusters: readonly ClusterConfiguration[], drain: boolean): { updated: string[]; rejected: string[] } {
    const updated: string[] = [];
    const rejected: string[] = [];
    const next = new Map<string, Cluster>();
    for (const config of clusters) {
      const present = this.#clusters.get(config.name);
      if (present && (present.config === config || equalJson(present.config, config))) {
        next.set(config.name, present);
        continue;
      }
      try {
        next.set(config.name, new Cluster(config, this.#context));
      } catch (error) {
        rejected.push(`${config.name}: ${(error as Error).message}`);
        if (present) next.set(config.name, present);
        continue;
      }
      updated.push(config.name);
      if (drain) this.#forget(config.name);
    }
    for (const name of this.#clusters.keys()) if (!next.has(name)) this.#forget(name);
    this.#clusters = next;
    this.#hosts.clear();
    return { updated, rejected };
  }

  updateEndpoints(assignments: readonly ClusterLoadAssignment[]): void {
    this.#assignments = new Map(assignments.map((assignment) => [assignment.clusterName, assignment]));
    this.#hosts.clear();
  }

  #forget(name: string): void {
    this.pools.drain(name);
    delete this.#resolutions[name];
    delete this.#outliers[name];
    delete this.#rounds[name];
  }

  get(name: string): Cluster | undefined {
    return this.#clusters.get(name);
  }

  all(): Cluster[] {
    return [...this.#clusters.values()];
  }

  /** All hosts of a cluster with their health, ejected ones marked unhealthy. */
  hosts(cluster: Cluster): Host[] {
    const now = this.#context.kernel.now();
    const records = this.#outliers[cluster.name];
    const hosts = this.#membersOf(cluster, now);
    if (!records) return hosts;
    return hosts.map((host) => (isEjected(records[host.key], now) ? { ...host, healthy: false } : host));
  }

  #membersOf(cluster: Cluster, now: number): Host[] {
    const { config } = cluster;
    const named = config.type === 'STRICT_DNS' || config.type === 'LOGICAL_DNS';
    const refresh = milliseconds(config.dnsRefreshRate) ?? 5000;
    const known = this.#resolutions[cluster.name];
    const stale = named && Object.values(known ?? {}).some((resolution) => now >= resolution.at + refresh);
    const present = this.#hosts.get(cluster.name);
    if (present && !stale) return present;
    const assignment =
      config.type === 'EDS'
        ? this.#assignments.get(config.edsClusterConfig?.serviceName ?? cluster.name)
        : config.loadAssignment;
    const hosts = hostsOf(assignment, (name) => {
      if (isAddress(name) || !named) return [name];
      const addresses = this.#resolve(cluster, name, now, refresh);
      return config.type === 'LOGICAL_DNS' ? addresses.slice(0, 1) : addresses;
    });
    this.#hosts.set(cluster.name, hosts);
    return hosts;
  }

  /** What the last look-up found; a new one is due when the refresh rate has passed. */
  #resolve(cluster: Cluster, name: string, now: number, refresh: number): string[] {
    const known = this.#resolutions[cluster.name] ?? {};
    this.#resolutions[cluster.name] = known;
    const present = known[name];
    if (present && now < present.at + refresh) return present.addresses;
    const found = this.#context.stack.lookup(name);
    const family = cluster.config.dnsLookupFamily as string | undefined;
    const addresses = !found
      ? (present?.addresses ?? []) // the name server does not answer: what was known stays
      : family === 'V6_ONLY'
        ? found.ipv6
        : found.ipv4.length > 0 || family === 'V4_ONLY'
          ? found.ipv4
          : found.ipv6;
    known[name] = { at: now, addresses: [...addresses].sort() };
    return known[name].addresses;
  }

  /** The host for a request or connection; undefined: none is healthy. */
  choose(cluster: Cluster, input: ChooseInput): Host | undefined {
    if (cluster.config.type === 'ORIGINAL_DST') return originalDestination(input.downstream);
    const hosts = this.hosts(cluster);
    const balanceInput = {
      random: this.#context.kernel.random,
      active: (host: Host) => this.#active.get(`${cluster.name} ${host.key}`) ?? 0,
      hash: input.hash,
      nextRound: () => {
        const round = this.#rounds[cluster.name] ?? 0;
        this.#rounds[cluster.name] = round + 1;
        return round;
      },
    };
    let host = balance(cluster, hosts, balanceInput);
    for (let left = input.attempts ?? 0; host && left > 1 && input.previous?.includes(host.key); left--) {
      host = balance(cluster, hosts, balanceInput);
    }
    return host;
  }

  /** Counts a request in; the answer counts it out. */
  begin(cluster: Cluster, host: Host): () => void {
    const keys = [cluster.name, `${cluster.name} ${host.key}`];
    for (const key of keys) this.#active.set(key, (this.#active.get(key) ?? 0) + 1);
    let over = false;
    return () => {
      if (over) return;
      over = true;
      for (const key of keys) {
        const left = (this.#active.get(key) ?? 1) - 1;
        if (left > 0) this.#active.set(key, left);
        else this.#active.delete(key);
      }
    };
  }

  /** Requests under way at a cluster. */
  activeRequests(cluster: Cluster): number {
    return this.#active.get(cluster.name) ?? 0;
  }

  report(cluster: Cluster, host: Host, outcome: Outcome): void {
    if (!cluster.config.outlierDetection) return;
    const records = this.#outliers[cluster.name] ?? {};
    this.#outliers[cluster.name] = records;
    const { kernel } = this.#context;
    recordOutcome(cluster, this.hosts(cluster), host, records, outcome, kernel.now(), kernel.random);
  }

  save(): ClusterManagerState {
    return structuredClone({
      pools: this.pools.save(),
      resolutions: this.#resolutions,
      outliers: this.#outliers,
      rounds: this.#rounds,
    });
  }

  load(state: ClusterManagerState): void {
    const copy = structuredClone(state);
    this.pools.load(copy.pools);
    this.#resolutions = copy.resolutions;
    this.#outliers = copy.outliers;
    this.#rounds = copy.rounds;
    this.#clusters.clear();
    this.#hosts.clear();
    this.#active.clear();
  }
}

function originalDestination(downstream: Downstream | undefined): Host | undefined {
  if (!downstream?.restored) return undefined;
  return hostAt(downstream.local);
}

/** A host that no configuration lists. */
export function hostAt({ address, port }: SocketAddress): Host {
  return {
    address,
    port,
    key: `${address}:${port}`,
    hostname: address,
    weight: 1,
    priority: 0,
    locality: '//',
    localityWeight: 1,
    healthy: true,
    metadata: {},
  };
}
