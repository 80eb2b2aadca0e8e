import type { FilterChain, FilterChainMatch, Metadata, NamedAny } from '../../../envoy/xds/types.ts';
import { tlsSocket } from '../filters/constants.ts';
import { cidrRange, networkBits, unspecifiedAddress } from '../model/addresses.ts';

/** A filter chain before it is known which listener it becomes a part of. */
export interface ChainSpec {
  sniHosts?: readonly string[];
  destinationCidrs?: readonly string[];
  applicationProtocols?: readonly string[];
  transportProtocol?: 'raw_buffer' | 'tls';
  metadata?: Metadata;
  /** DownstreamTlsContext. */
  tls?: Record<string, unknown> & { commonTlsContext: { alpnProtocols?: readonly string[] } };
  filters: readonly NamedAny[];
}

export function matchesAll(chain: ChainSpec): boolean {
  return (
    (!chain.sniHosts?.length || chain.sniHosts.includes('*')) &&
    !chain.applicationProtocols?.length &&
    !chain.transportProtocol &&
    !chain.destinationCidrs?.length
  );
}

/** Whether the listener must look at the TLS hello for this chain. */
export function needsTlsInspector({ sniHosts, tls }: ChainSpec): boolean {
  return Boolean(sniHosts?.length) || Boolean(tls?.commonTlsContext.alpnProtocols?.length);
}

export function chainMatch(chain: ChainSpec): FilterChainMatch | undefined {
  if (matchesAll(chain)) return undefined;
  const { sniHosts = [], destinationCidrs = [], applicationProtocols = [], transportProtocol } = chain;
  const ranges = [...destinationCidrs].sort().flatMap((text) => {
    const range = cidrRange(text);
    return range && range.addressPrefix !== unspecifiedAddress ? [range] : [];
  });
  const named = sniHosts.length > 0 && !sniHosts.includes('*');
  return {
    ...(ranges.length > 0 ? { prefixRanges: ranges } : {}),
    ...(named ? { serverNames: [...sniHosts].sort() } : {}),
    ...(transportProtocol ? { transportProtocol } : {}),
    ...(applicationProtocols.length > 0 ? { applicationProtocols: [...applicationProtocols] } : {}),
  };
}

export function buildChain(chain: ChainSpec): FilterChain {
  const filterChainMatch = chainMatch(chain);
  return {
    ...(filterChainMatch ? { filterChainMatch } : {}),
    filters: [...chain.filters],
    ...(chain.metadata ? { metadata: chain.metadata } : {}),
    ...(chain.tls ? { transportSocket: tlsSocket('Downstream', chain.tls) } : {}),
    transportSocketConnectTimeout: '15s',
  };
}

/** Whether two chains of one listener would match the same connections. */
export function chainsConflict(a: ChainSpec, b: ChainSpec): boolean {
  const sni = ({ sniHosts = [] }: ChainSpec) => sniHosts.filter((host) => host !== '*');
  const cidrs = ({ destinationCidrs = [] }: ChainSpec) =>
    destinationCidrs.flatMap((text) => {
      const range = cidrRange(text);
      return range && range.addressPrefix !== unspecifiedAddress ? [networkBits(range)] : [];
    });
  return (
    a.transportProtocol === b.transportProtocol &&
    (a.applicationProtocols ?? []).join() === (b.applicationProtocols ?? []).join() &&
    sameSet(sni(a), sni(b)) &&
    sameSet(cidrs(a), cidrs(b))
  );
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.every((item) => b.includes(item)) && b.every((item) => a.includes(item));
}
