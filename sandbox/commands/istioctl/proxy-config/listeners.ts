import type { JsonObject } from '../../../kernel/json.ts';
import { TabWriter } from '../../kubectl/tab-writer.ts';
import { IstioctlError } from '../errors.ts';
import { type ConfigDump, section, untyped } from './config-dump.ts';
import { dump, insertionSort, objects, text } from './output.ts';
import { describeMatch } from './routes.ts';

export interface ListenerFilter {
  address: string;
  port: number;
  type: string;
  verbose: boolean;
}

const httpFilter = 'envoy.filters.network.http_connection_manager';
const tcpFilter = 'envoy.filters.network.tcp_proxy';

/** `istioctl proxy-config listeners`. */
export function printListeners(
  config: ConfigDump,
  filter: ListenerFilter,
  format: 'short' | 'json' | 'yaml',
  typed = false,
): string {
  const listeners = allListeners(config).filter((listener) => passes(listener, filter));
  if (format !== 'short') return dump(listeners, format);
  const table = new TabWriter(0, 1);
  const header = ['ADDRESSES', 'PORT', ...(filter.verbose ? ['MATCH', 'DESTINATION'] : ['TYPE'])];
  table.line(typed ? ['NAME', ...header] : header);
  for (const listener of insertionSort(listeners, less)) {
    const start = [addresses(listener).join(','), String(portOf(listener))];
    if (typed) start.unshift(`listener/${text(listener.name)}`);
    if (!filter.verbose) table.line([...start, typeOf(listener)]);
    else for (const line of matchLines(listener)) table.line([...start, ...line]);
  }
  return table.flush();
}

function allListeners(config: ConfigDump): JsonObject[] {
  const found = section(config, 'ListenersConfigDump');
  const dynamic = objects(found.dynamicListeners).map(
    (entry) => (entry.activeState as JsonObject | undefined)?.listener,
  );
  const listeners = [...dynamic, ...objects(found.staticListeners).map((entry) => entry.listener)]
    .filter((listener) => listener !== undefined)
    .map(untyped);
  if (listeners.length === 0) throw new IstioctlError('no listeners found');
  return listeners;
}

function passes(listener: JsonObject, filter: ListenerFilter): boolean {
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
  return (
    (!filter.address || addresses(listener).some((address) => same(address, filter.address))) &&
    (!filter.port || portOf(listener) === filter.port) &&
    (!filter.type || same(typeOf(listener), filter.type))
  );
}

function less(a: JsonObject, b: JsonObject): boolean {
  if (portOf(a) !== portOf(b)) return portOf(a) < portOf(b);
  const [left = '', right = ''] = [addresses(a)[0], addresses(b)[0]];
  return left === right ? typeOf(a) < typeOf(b) : left < right;
}

function addressOf(address: unknown): string {
  const { socketAddress, pipe } = (address ?? {}) as { socketAddress?: JsonObject; pipe?: JsonObject };
  return text(socketAddress?.address) || text(pipe?.path);
}

function addresses(listener: JsonObject): string[] {
  return [
    addressOf(listener.address),
    ...objects(listener.additionalAddresses).map((entry) => addressOf(entry.address)),
  ];
}

function portOf(listener: JsonObject): number {
  const address = listener.address as { socketAddress?: { portValue?: number } } | undefined;
  return address?.socketAddress?.portValue ?? 0;
}

function chainsOf(listener: JsonObject): JsonObject[] {
  const last = listener.defaultFilterChain as JsonObject | undefined;
  return [...objects(listener.filterChains), ...(last ? [last] : [])];
}

const blackHole = (filter: JsonObject) => JSON.stringify(filter.typedConfig ?? '').includes('BlackHoleCluster');

/** HTTP, TCP, HTTP+TCP or UNKNOWN, by the filters of all chains. */
function typeOf(listener: JsonObject): string {
  const filters = chainsOf(listener).flatMap((chain) => objects(chain.filters));
  const http = filters.some(({ name }) => name === httpFilter);
  const tcp = filters.some((filter) => filter.name === tcpFilter && !blackHole(filter));
  if (http) return tcp ? 'HTTP+TCP' : 'HTTP';
  return tcp ? 'TCP' : 'UNKNOWN';
}

function matchLines(listener: JsonObject): [match: string, destination: string][] {
  const lines = chainsOf(listener).map((chain): [string, string] => [
    describeChain((chain.filterChainMatch as JsonObject | undefined) ?? {}),
    describeFilters(objects(chain.filters)),
  ]);
  return insertionSort(lines, (a, b) => a[1] > b[1]);
}

const protocolNames: [name: string, protocols: string][] = [
  ['App: HTTP TLS', 'http/1.0,http/1.1,h2c,istio-http/1.0,istio-http/1.1,istio-h2'],
  ['App: Istio HTTP Plain', 'istio,istio-http/1.0,istio-http/1.1,istio-h2'],
  ['App: TCP TLS', 'istio-peer-exchange,istio'],
  ['App: HTTP', 'http/1.0,http/1.1,h2c'],
];

function describeChain(match: JsonObject): string {
  const parts: string[] = [];
  const list = (value: unknown) => (Array.isArray(value) ? (value as string[]).join(',') : '');
  if (list(match.serverNames)) parts.push(`SNI: ${list(match.serverNames)}`);
  if (match.transportProtocol) parts.push(`Trans: ${text(match.transportProtocol)}`);
  const protocols = list(match.applicationProtocols);
  if (protocols) parts.push(protocolNames.find(([, known]) => known === protocols)?.[0] ?? `App: ${protocols}`);
  const port = match.destinationPort === undefined ? '' : `:${String(match.destinationPort)}`;
  const ranges = objects(match.prefixRanges).map(
    (range) => `${text(range.addressPrefix)}/${String(range.prefixLen ?? 0)}`,
  );
  if (ranges.length > 0) parts.push(`Addr: ${ranges.join(',')}${port}`);
  else if (port) parts.push(`Addr: *${port}`);
  return parts.join('; ') || 'ALL';
}

const clusterText = (cluster: string) => (cluster.includes('Cluster') ? cluster : `Cluster: ${cluster}`);

function describeFilters(filters: JsonObject[]): string {
  for (const filter of filters) {
    const config = (filter.typedConfig ?? {}) as JsonObject;
    if (filter.name === httpFilter) {
      if (config.routeConfig) return describeRouteConfig(config.routeConfig as JsonObject);
      const name = text((config.rds as JsonObject | undefined)?.routeConfigName);
      return name ? `Route: ${name}` : 'HTTP';
    }
    if (filter.name === tcpFilter && !blackHole(filter)) return clusterText(text(config.cluster));
  }
  return 'Non-HTTP/Non-TCP';
}

function describeRouteConfig(config: JsonObject): string {
  const hosts = objects(config.virtualHosts);
  const cluster = matchAllCluster(hosts);
  if (cluster) return clusterText(cluster);
  const described = hosts.map((host) => {
    const domains = (host.domains as string[] | undefined) ?? [];
    const routes = objects(host.routes).map((route) => describeMatch((route.match as JsonObject | undefined) ?? {}));
    const all = domains.length === 1 && domains[0] === '*';
    return all || domains.length === 0 ? routes.join(', ') : `${domains.join('/')} ${routes.join(', ')}`;
  });
  return `Inline Route: ${described.join('; ')}`;
}

/** The one cluster of a route configuration that sends everything there. */
function matchAllCluster(hosts: JsonObject[]): string {
  const [host] = hosts;
  const domains = host?.domains as string[] | undefined;
  const routes = objects(host?.routes);
  const [route] = routes;
  if (hosts.length !== 1 || domains?.length !== 1 || domains[0] !== '*' || routes.length !== 1) return '';
  if ((route?.match as JsonObject | undefined)?.prefix !== '/') return '';
  return text((route?.route as JsonObject | undefined)?.cluster);
}
