import type { Random } from '../../kernel/random.ts';
import type { Cluster, Host } from './cluster.ts';

export interface BalanceInput {
  random: Random;
  /** Requests under way at a host. */
  active: (host: Host) => number;
  /** For ring hash and maglev; undefined: any. */
  hash: number | undefined;
  /** The next number of a cluster's round. */
  nextRound: () => number;
}

/** Percentage by which a priority may be short of healthy hosts before the next takes a share (Envoy's default). */
const overprovisioning = 1.4;

/** One host of a cluster by its policy; undefined: none is healthy. */
export function balance(cluster: Cluster, hosts: readonly Host[], input: BalanceInput): Host | undefined {
  const candidates = pickLocality(cluster, pickPriority(cluster, hosts, input), input);
  if (candidates.length <= 1) return candidates[0];
  switch (cluster.config.lbPolicy ?? 'ROUND_ROBIN') {
    case 'RANDOM':
      return weighted(candidates, input.random);
    case 'RING_HASH':
    case 'MAGLEV':
      return input.hash === undefined ? weighted(candidates, input.random) : byHash(candidates, input.hash);
    case 'LEAST_REQUEST':
      return leastRequest(candidates, input);
    default:
      return roundRobin(candidates, input);
  }
}

/** The healthy hosts of one priority, drawn by how healthy each is; all hosts in panic (source/common/upstream/load_balancer_impl.cc). */
function pickPriority(cluster: Cluster, hosts: readonly Host[], { random }: BalanceInput): Host[] {
  const levels: Host[][] = [];
  for (const host of hosts) {
    const level = levels[host.priority] ?? [];
    level.push(host);
    levels[host.priority] = level;
  }
  const groups = levels.filter((level) => level !== undefined);
  const healthy = groups.map((level) => level.filter((host) => host.healthy));
  const shares = groups.map((level, index) =>
    Math.min(1, (overprovisioning * (healthy[index] as Host[]).length) / level.length),
  );
  const total = shares.reduce((sum, value) => sum + value, 0);
  if (total === 0) return panics(cluster, 0) ? [...hosts] : [];
  const chosen = choosePriority(shares, random);
  const good = healthy[chosen] as Host[];
  const level = groups[chosen] as Host[];
  return total < 1 && panics(cluster, good.length / level.length) ? level : good;
}

function choosePriority(shares: readonly number[], random: Random): number {
  let left = 1;
  const loads = shares.map((value) => {
    const load = Math.min(left, value);
    left -= load;
    return load;
  });
  const first = loads.findIndex((load) => load > 0);
  if ((loads[first] as number) >= 1) return first;
  let point = random.float() * (1 - left);
  for (const [index, load] of loads.entries()) {
    point -= load;
    if (point < 0) return index;
  }
  return first;
}

function panics(cluster: Cluster, healthyShare: number): boolean {
  const common = cluster.config.commonLbConfig as { healthyPanicThreshold?: { value?: number } } | undefined;
  const threshold = common?.healthyPanicThreshold ? (common.healthyPanicThreshold.value ?? 0) : 50;
  return healthyShare * 100 < threshold;
}

function pickLocality(cluster: Cluster, hosts: Host[], { random }: BalanceInput): Host[] {
  const common = cluster.config.commonLbConfig as { localityWeightedLbConfig?: unknown } | undefined;
  if (!common?.localityWeightedLbConfig || hosts.length <= 1) return hosts;
  const groups = new Map<string, Host[]>();
  for (const host of hosts) groups.set(host.locality, [...(groups.get(host.locality) ?? []), host]);
  if (groups.size === 1) return hosts;
  const lists = [...groups.values()];
  const weights = lists.map(([host]) => host?.localityWeight ?? 1);
  return lists[drawIndex(weights, random)] ?? hosts;
}

function drawIndex(weights: readonly number[], random: Random): number {
  let point = random.float() * weights.reduce((sum, weight) => sum + weight, 0);
  return weights.findIndex((weight) => {
    point -= weight;
    return point < 0;
  });
}

function weighted(hosts: readonly Host[], random: Random): Host {
  return (
    hosts[
      drawIndex(
        hosts.map(({ weight }) => weight),
        random,
      )
    ] ?? (hosts[0] as Host)
  );
}

/** Power of two choices where all weigh the same; by weight over load otherwise. */
function leastRequest(hosts: readonly Host[], input: BalanceInput): Host {
  const [first] = hosts as [Host];
  if (hosts.some(({ weight }) => weight !== first.weight)) {
    const loads = hosts.map((host) => host.weight / (input.active(host) + 1));
    return hosts[drawIndex(loads, input.random)] ?? first;
  }
  const one = input.random.pick(hosts);
  const other = input.random.pick(hosts);
  return input.active(other) < input.active(one) ? other : one;
}

function roundRobin(hosts: readonly Host[], input: BalanceInput): Host {
  const turns = hosts.flatMap((host) => Array.from({ length: Math.min(host.weight, 128) }, () => host));
  return turns[input.nextRound() % turns.length] as Host;
}

/** Rendezvous hashing: the same host for the same hash, and few move when hosts come or go. */
function byHash(hosts: readonly Host[], hash: number): Host {
  const score = (host: Host) => hashText(`${host.key}_${hash}`) / host.weight;
  return hosts.reduce((best, host) => (score(host) < score(best) ? host : best));
}

/** FNV-1a, 32 bits. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
