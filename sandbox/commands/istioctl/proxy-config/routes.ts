import type { JsonObject } from '../../../kernel/json.ts';
import { TabWriter } from '../../kubectl/tab-writer.ts';
import { IstioctlError } from '../errors.ts';
import { type ConfigDump, section, untyped } from './config-dump.ts';
import { describeManagement } from './names.ts';
import { dump, insertionSort, objects, text } from './output.ts';

export interface RouteFilter {
  name: string;
  verbose: boolean;
}

/** `istioctl proxy-config routes`. */
export function printRoutes(
  config: ConfigDump,
  filter: RouteFilter,
  format: 'short' | 'json' | 'yaml',
  typed = false,
): string {
  const routes = sortedRoutes(config).filter((route) => !filter.name || filter.name === text(route.name));
  if (format !== 'short') return dump(routes, format);
  const table = new TabWriter(0, 5);
  table.line(
    filter.verbose ? ['NAME', 'VHOST NAME', 'DOMAINS', 'MATCH', 'VIRTUAL SERVICE'] : ['NAME', 'VIRTUAL HOSTS'],
  );
  for (const route of routes) {
    const name = `${typed ? 'route/' : ''}${text(route.name)}`;
    const hosts = objects(route.virtualHosts);
    if (filter.verbose) for (const host of hosts) for (const line of hostLines(host)) table.line([name, ...line]);
    else table.line([name, String(hosts.length)]);
  }
  return table.flush();
}

function hostLines(host: JsonObject): string[][] {
  const start = [text(host.name), describeDomains((host.domains as string[] | undefined) ?? [])];
  const routes = objects(host.routes);
  if (routes.length === 0) return [[...start, '/*', '404']];
  return routes
    .filter((route) => (route.route as JsonObject | undefined)?.cluster !== 'PassthroughCluster')
    .map((route) => [
      ...start,
      describeMatch((route.match as JsonObject | undefined) ?? {}),
      describeManagement(route),
    ]);
}

/** The shortest ways to write a virtual host's domains, two at most. */
function describeDomains(domains: readonly string[]): string {
  if (domains.length < 2) return domains[0] ?? '';
  const withoutPort = domains.filter((domain) => {
    const colons = domain.split(':').length - 1;
    return colons === 0 || (colons > 2 && domain.endsWith(']'));
  });
  const known = new Set(withoutPort);
  const short = withoutPort.filter(
    (domain) =>
      !['.svc.cluster.local', '.svc'].some(
        (suffix) => domain.endsWith(suffix) && known.has(domain.slice(0, -suffix.length)),
      ),
  );
  if (short.length <= 2) return short.join(', ');
  return `${short.slice(0, 2).join(', ')} + ${short.length - 2} more...`;
}

/** What of a path a route matches; headers are not said. */
export function describeMatch(match: JsonObject): string {
  const conditions: string[] = [];
  if (match.prefix) conditions.push(`${text(match.prefix)}*`);
  if (match.pathSeparatedPrefix) conditions.push(`PathPrefix:${text(match.pathSeparatedPrefix)}`);
  if (match.path) conditions.push(text(match.path));
  if (match.safeRegex) conditions.push(`regex ${text((match.safeRegex as JsonObject).regex)}`);
  return conditions.join(' ');
}

function sortedRoutes(config: ConfigDump): JsonObject[] {
  const found = section(config, 'RoutesConfigDump');
  const routes = [...objects(found.dynamicRouteConfigs), ...objects(found.staticRouteConfigs)]
    .filter((entry) => entry.routeConfig)
    .map((entry) => untyped(entry.routeConfig));
  if (routes.length === 0) throw new IstioctlError('no routes found');
  const number = (route: JsonObject) => (/^[+-]?\d+$/.test(text(route.name)) ? Number(route.name) : undefined);
  return insertionSort(routes, (a, b) => {
    const [left, right] = [number(a), number(b)];
    return left !== undefined && right !== undefined && left < right;
  });
}
