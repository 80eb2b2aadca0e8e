import type { Listener, ListenerFilter } from '../xds/types.ts';

/** What the listener filters found out about a connection before its chain is chosen. */
export interface Sniffed {
  transportProtocol: 'tls' | 'raw_buffer';
  serverName: string | undefined;
  applicationProtocols: readonly string[];
}

/** Which inspectors of a listener look at a connection to this port. */
export function inspectors(listener: Listener, port: number): { tls: boolean; http: boolean } {
  const active = (name: string) => {
    const filter = listener.listenerFilters?.find((candidate) => candidate.name === name);
    return filter !== undefined && !disabled(filter, port);
  };
  return {
    tls: active('envoy.filters.listener.tls_inspector'),
    http: active('envoy.filters.listener.http_inspector'),
  };
}

interface MatchPredicate {
  anyMatch?: boolean;
  notMatch?: MatchPredicate;
  orMatch?: { rules: MatchPredicate[] };
  andMatch?: { rules: MatchPredicate[] };
  destinationPortRange?: { start?: number; end?: number };
}

function disabled(filter: ListenerFilter, port: number): boolean {
  return filter.filterDisabled !== undefined && predicate(filter.filterDisabled as MatchPredicate, port);
}

/** envoy.config.listener.v3.ListenerFilterChainMatchPredicate. Ranges are half open. */
function predicate(match: MatchPredicate, port: number): boolean {
  if (match.anyMatch) return true;
  if (match.notMatch) return !predicate(match.notMatch, port);
  if (match.orMatch) return match.orMatch.rules.some((rule) => predicate(rule, port));
  if (match.andMatch) return match.andMatch.rules.every((rule) => predicate(rule, port));
  const range = match.destinationPortRange;
  return range !== undefined && port >= (range.start ?? 0) && port < (range.end ?? 0);
}
