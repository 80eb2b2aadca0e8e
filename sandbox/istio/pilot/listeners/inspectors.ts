import type { FilterChain, ListenerFilter } from '../../../envoy/xds/types.ts';
import { httpInspector, originalDestination, tlsInspector } from '../filters/constants.ts';

interface Needs {
  tls: boolean;
  http: boolean;
}

/** Listener filters of an inbound listener: bytes are looked at only on ports where a chain depends on them. */
export function inboundListenerFilters(chains: readonly FilterChain[], bindToPort: boolean): ListenerFilter[] {
  const byPort = new Map<number, Needs>();
  for (const { filterChainMatch: match } of chains) {
    const port = match?.destinationPort ?? 0;
    const needs = byPort.get(port) ?? { tls: false, http: false };
    needs.tls ||= match?.transportProtocol === 'tls';
    needs.http ||= match?.applicationProtocols?.some((alpn) => alpn === 'http/1.1' || alpn === 'h2c') ?? false;
    byPort.set(port, needs);
  }
  const needs = [...byPort.values()];
  return [
    ...(bindToPort ? [] : [originalDestination]),
    ...(needs.some(({ tls }) => tls) ? [tlsInspectorFor(byPort)] : []),
    ...(needs.some(({ http }) => http) ? [httpInspectorFor(byPort)] : []),
  ];
}

function portsWhere(byPort: ReadonlyMap<number, Needs>, test: (needs: Needs) => boolean): number[] {
  return [...byPort]
    .filter(([, needs]) => test(needs))
    .map(([port]) => port)
    .sort((a, b) => a - b);
}

/** Off on ports that need none, or, where most need none, on only for those that do. */
function tlsInspectorFor(byPort: ReadonlyMap<number, Needs>): ListenerFilter {
  const byDefault = byPort.get(0)?.tls ?? false;
  const ports = portsWhere(byPort, ({ tls }) => tls !== byDefault).filter((port) => port !== 0);
  if (ports.length === 0) return tlsInspector;
  return { ...tlsInspector, filterDisabled: byDefault ? anyOf(ports) : { notMatch: anyOf(ports) } };
}

function httpInspectorFor(byPort: ReadonlyMap<number, Needs>): ListenerFilter {
  const ports = portsWhere(byPort, ({ http }) => !http);
  return ports.length === 0 ? httpInspector : { ...httpInspector, filterDisabled: anyOf(ports) };
}

function anyOf(ports: readonly number[]): unknown {
  const rules = ports.map((port) => ({ destinationPortRange: { ...(port ? { start: port } : {}), end: port + 1 } }));
  return rules.length === 1 ? rules[0] : { orMatch: { rules } };
}
