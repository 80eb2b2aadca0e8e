import { cidrContains, isIPv6 } from '../../network/addresses.ts';
import type { CidrRange, FilterChain, FilterChainMatch, Listener } from '../xds/types.ts';
import type { Sniffed } from './listener-filters.ts';

/** A connection as filter chains are matched on. */
export interface ChainInput extends Sniffed {
  /** The original destination. */
  address: string;
  port: number;
  sourceAddress: string;
}

type Rank = (match: FilterChainMatch, input: ChainInput) => number | undefined;

/**
 * The chain for a connection (source/common/listener_manager/filter_chain_manager_impl.cc): criterion by criterion only the chains
 * that fit best stay; a chain that does not name a criterion fits worse than any that does. Undefined: not even a default chain.
 */
export function chooseFilterChain(listener: Listener, input: ChainInput): FilterChain | undefined {
  let chains = listener.filterChains ?? [];
  for (const rank of criteria) chains = sieve(chains, input, rank);
  return chains[0] ?? listener.defaultFilterChain;
}

/** Rank 0: the chain leaves the criterion open; more: fits, the better the higher; undefined: names something else. */
const criteria: readonly Rank[] = [
  (match, input) => (match.destinationPort === undefined ? 0 : match.destinationPort === input.port ? 1 : undefined),
  (match, input) => longest(match.prefixRanges, input.address),
  (match, input) => serverNameRank(match.serverNames, input.serverName),
  (match, input) => {
    if (match.transportProtocol === undefined) return 0;
    return match.transportProtocol === input.transportProtocol ? 1 : undefined;
  },
  (match, input) => {
    const wanted = match.applicationProtocols;
    if (!wanted || wanted.length === 0) return 0;
    return input.applicationProtocols.some((protocol) => wanted.includes(protocol)) ? 1 : undefined;
  },
  (match, input) => longest(match.directSourcePrefixRanges, input.sourceAddress),
  (match, input) => longest(match.sourcePrefixRanges, input.sourceAddress),
];

function sieve(chains: readonly FilterChain[], input: ChainInput, rank: Rank): FilterChain[] {
  let best = -1;
  let kept: FilterChain[] = [];
  for (const chain of chains) {
    const value = rank(chain.filterChainMatch ?? {}, input);
    if (value === undefined || value < best) continue;
    if (value > best) kept = [];
    best = value;
    kept.push(chain);
  }
  return kept;
}

function longest(ranges: readonly CidrRange[] | undefined, address: string): number | undefined {
  if (!ranges || ranges.length === 0) return 0;
  let best: number | undefined;
  for (const { addressPrefix, prefixLen = 0 } of ranges) {
    if (!cidrContains({ address: addressPrefix, length: prefixLen }, address)) continue;
    const score = prefixLen + 1 + (isIPv6(address) ? 1 : 0);
    if (best === undefined || score > best) best = score;
  }
  return best;
}

function serverNameRank(names: readonly string[] | undefined, serverName: string | undefined): number | undefined {
  if (!names || names.length === 0) return 0;
  if (serverName === undefined) return undefined;
  const wanted = serverName.toLowerCase();
  let best: number | undefined;
  for (const name of names) {
    let score: number | undefined;
    if (name === wanted) score = 10_000;
    else if (name === '*') score = 1;
    else if (name.startsWith('*.') && wanted.endsWith(name.slice(1))) score = name.length + 1;
    if (score !== undefined && (best === undefined || score > best)) best = score;
  }
  return best;
}
