import { chooseFilterChain } from './match/filter-chain.ts';
import { ListenerTable } from './match/listener.ts';
import { inspectors, type Sniffed } from './match/listener-filters.ts';
import { findRoute } from './match/route.ts';
import { VirtualHosts } from './match/virtual-host.ts';
import type { Any, FilterChain, Listener, ProxyConfiguration, RouteConfiguration } from './xds/types.ts';

/** A connection or request as one proxy meets it, in the form of Istio's own traffic simulation. */
export interface Call {
  mode?: 'outbound' | 'inbound' | 'gateway' | '';
  /** Original destination. */
  address?: string;
  port: number;
  protocol?: 'http' | 'http2' | 'tcp';
  tls?: 'plaintext' | 'tls' | 'mtls';
  host?: string;
  path?: string;
  method?: string;
  headers?: Record<string, string | string[]>;
  sni?: string;
  alpn?: string;
  sourceAddress?: string;
}

export interface CallResult {
  listener?: string;
  filterChain?: string;
  /** By RDS only: inline routes have no name of their own there. */
  routeConfig?: string;
  virtualHost?: string;
  route?: string;
  cluster?: string;
  error?:
    | 'no listener matched'
    | 'no filter chains matched'
    | 'no virtual host matched'
    | 'no route matched'
    | 'tls required, sending 301'
    | 'protocol error'
    | 'invalid TLS'
    | 'invalid mTLS';
}

interface FilledCall extends Call {
  tls: 'plaintext' | 'tls' | 'mtls';
  protocol: 'http' | 'http2' | 'tcp';
  host: string;
  address: string;
}

/** What the call meets at its first proxy. `proxyKind` decides how a call without `mode` comes in. */
export function simulateCall(
  configuration: ProxyConfiguration,
  call: Call,
  proxyKind: 'sidecar' | 'router',
): CallResult {
  const filled = fill(call, proxyKind);
  const listener = findListener(new ListenerTable(configuration.listeners), filled);
  if (!listener) return { error: 'no listener matched' };
  const sniffed = sniff(listener, filled);
  const chain = chooseFilterChain(listener, {
    ...sniffed,
    address: filled.address,
    port: filled.port,
    sourceAddress: call.sourceAddress ?? '',
  });
  if (!chain) return { listener: listener.name, error: 'no filter chains matched' };
  const met: CallResult = { listener: listener.name, ...(chain.name && { filterChain: chain.name }) };
  const tlsError = checkTls(chain, filled);
  if (tlsError) return { ...met, error: tlsError };
  const manager = findFilter(chain, 'envoy.filters.network.http_connection_manager');
  if (manager) return throughHttp(configuration, manager, chain, filled, met);
  const tcp = findFilter(chain, 'envoy.filters.network.tcp_proxy') as { cluster?: string } | undefined;
  return tcp?.cluster === undefined ? met : { ...met, cluster: tcp.cluster };
}

function fill(call: Call, proxyKind: 'sidecar' | 'router'): FilledCall {
  const tls = call.tls ?? 'plaintext';
  const protocol = call.protocol ?? 'http';
  const host = call.host ?? header(call, 'host') ?? '';
  const sni = call.sni ?? (tls === 'tls' ? host : undefined);
  const offered = {
    mtls: { http: 'istio-http/1.1', http2: 'istio-h2', tcp: 'istio' },
    tls: { http: 'http/1.1', http2: 'h2', tcp: undefined },
    plaintext: { http: undefined, http2: undefined, tcp: undefined },
  }[tls][protocol];
  const alpn = call.alpn ?? offered;
  return {
    ...call,
    mode: call.mode || (proxyKind === 'router' ? 'gateway' : 'outbound'),
    tls,
    protocol,
    host,
    address: call.address || '1.3.3.7',
    ...(sni && { sni }),
    ...(alpn && { alpn }),
  };
}

function header(call: Call, name: string): string | undefined {
  for (const [key, value] of Object.entries(call.headers ?? {})) {
    if (key.toLowerCase() === name) return Array.isArray(value) ? value.join(',') : value;
  }
  return undefined;
}

function findListener(table: ListenerTable, call: FilledCall): Listener | undefined {
  if (call.mode === 'inbound') return table.get('virtualInbound');
  const exact = table.forDestination(call.address, call.port);
  return call.mode === 'outbound' ? (exact ?? table.get('virtualOutbound')) : exact;
}

function sniff(listener: Listener, call: FilledCall): Sniffed {
  const { tls, http } = inspectors(listener, call.port);
  const encrypted = call.tls !== 'plaintext';
  if (tls && encrypted) {
    return {
      transportProtocol: 'tls',
      serverName: call.sni,
      applicationProtocols: call.alpn ? [call.alpn] : [],
    };
  }
  const detected = http && !encrypted && call.protocol !== 'tcp';
  const applicationProtocols = detected ? [call.protocol === 'http2' ? 'h2c' : 'http/1.1'] : [];
  return { transportProtocol: 'raw_buffer', serverName: undefined, applicationProtocols };
}

function checkTls(chain: FilterChain, call: FilledCall): CallResult['error'] {
  const context = chain.transportSocket?.typedConfig as
    | { requireClientCertificate?: boolean; commonTlsContext?: { tlsCertificateSdsSecretConfigs?: { name: string }[] } }
    | undefined;
  const terminates = chain.transportSocket?.name === 'envoy.transport_sockets.tls';
  if (!terminates) return undefined;
  if (call.tls === 'plaintext') return 'invalid TLS';
  const secrets = context?.commonTlsContext?.tlsCertificateSdsSecretConfigs ?? [];
  const mutual = (context?.requireClientCertificate ?? false) && secrets.some(({ name }) => name === 'default');
  return mutual !== (call.tls === 'mtls') ? 'invalid mTLS' : undefined;
}

function findFilter(chain: FilterChain, name: string): Any | undefined {
  return chain.filters?.find((filter) => filter.name === name)?.typedConfig;
}

function throughHttp(
  configuration: ProxyConfiguration,
  manager: Any,
  chain: FilterChain,
  call: FilledCall,
  met: CallResult,
): CallResult {
  const terminated = chain.transportSocket?.name === 'envoy.transport_sockets.tls';
  if (call.protocol === 'tcp' || (call.tls !== 'plaintext' && !terminated)) return { ...met, error: 'protocol error' };
  const rds = manager.rds as { routeConfigName: string } | undefined;
  const inline = manager.routeConfig as RouteConfiguration | undefined;
  const routes = inline ?? configuration.routes.find(({ name }) => name === rds?.routeConfigName);
  const named: CallResult = { ...met, ...(rds && { routeConfig: rds.routeConfigName }) };
  if (!routes) return { ...named, error: 'no virtual host matched' };
  const host = new VirtualHosts(routes).find(call.host);
  if (!host) return { ...named, error: 'no virtual host matched' };
  named.virtualHost = host.name;
  if (host.requireTls === 'ALL' && call.tls === 'plaintext') return { ...named, error: 'tls required, sending 301' };
  const route = findRoute(host, {
    path: call.path || '/',
    method: call.method ?? 'GET',
    header: (name) => pseudoHeader(call, name),
    dynamicMetadata: {},
    random: () => 0,
  });
  if (!route) return { ...named, error: 'no route matched' };
  if (route.name) named.route = route.name;
  if (route.route?.cluster !== undefined) named.cluster = route.route.cluster;
  return named;
}

function pseudoHeader(call: FilledCall, name: string): string | undefined {
  if (name === ':authority') return call.host;
  if (name === ':path') return call.path || '/';
  if (name === ':method') return call.method ?? 'GET';
  if (name === ':scheme' || name === 'x-forwarded-proto') return call.tls === 'plaintext' ? 'http' : 'https';
  return header(call, name);
}
