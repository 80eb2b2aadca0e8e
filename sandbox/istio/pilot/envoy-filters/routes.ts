import type { Route, RouteConfiguration, VirtualHost } from '../../../envoy/xds/types.ts';
import type { ApplyTo, PatchContext } from '../api/envoy-filter.ts';
import { parseSubsetKey } from '../registry/service.ts';
import { type EnvoyPatch, type EnvoyPatches, editList } from './patches.ts';
import { mergeMessage } from './values.ts';

/**
 * A route configuration as EnvoyFilters change it (networking/core/envoyfilter/rc_patch.go). `serverPorts`: of a gateway, the
 * ports its Gateways give this configuration.
 */
export function patchRoutes(
  patches: EnvoyPatches,
  context: PatchContext,
  configuration: RouteConfiguration,
  serverPorts: readonly number[] = [],
): RouteConfiguration {
  if (patches.isEmpty) return configuration;
  const of = (applyTo: ApplyTo) =>
    patches.of(applyTo, context).filter((patch) => isMatch(patch, context, configuration.name, serverPorts));
  const merged = of('ROUTE_CONFIGURATION')
    .filter(({ operation }) => operation === 'MERGE')
    .reduce((own, { value }) => mergeMessage(own, value), configuration);
  const hostPatches = of('VIRTUAL_HOST');
  const routePatches = of('HTTP_ROUTE');
  if (merged === configuration && hostPatches.length === 0 && routePatches.length === 0) return configuration;
  return {
    ...merged,
    virtualHosts: [
      ...(merged.virtualHosts ?? []).flatMap((host) => patchVirtualHost(host, hostPatches, routePatches) ?? []),
      ...hostPatches.filter(({ operation }) => operation === 'ADD').map(({ value }) => value as unknown as VirtualHost),
    ],
  };
}

function isMatch(
  { match: { routeConfiguration: wanted } }: EnvoyPatch,
  context: PatchContext,
  name: string,
  serverPorts: readonly number[],
): boolean {
  if (!wanted) return true;
  if (wanted.name && wanted.name !== name) return false;
  if (context !== 'GATEWAY') {
    const port = name.startsWith('inbound') ? parseSubsetKey(name)?.port : Number(name);
    return !wanted.portNumber || wanted.portNumber === port;
  }
  const { port, portName, gateway } = parseGatewayRoutes(name);
  if (wanted.portName && wanted.portName !== portName) return false;
  if (wanted.gateway && wanted.gateway !== gateway) return false;
  return !wanted.portNumber || wanted.portNumber === port || serverPorts.includes(wanted.portNumber);
}

/** `http.8080`, or `https.443.port.gateway.namespace`. */
function parseGatewayRoutes(name: string): { port?: number; portName?: string; gateway?: string } {
  const [scheme, port, portName = '', gateway, namespace, ...rest] = name.split('.');
  if (scheme === 'http') return { port: Number(name.slice('http.'.length)) };
  if (scheme !== 'https' || namespace === undefined || rest.length > 0) return {};
  return { port: Number(port), portName, gateway: `${namespace}/${gateway}` };
}

function isHostMatch(host: VirtualHost, { match }: EnvoyPatch): boolean {
  const { name, domainName } = match.routeConfiguration?.vhost ?? {};
  return (!name || name === host.name) && (!domainName || host.domains.includes(domainName));
}

function patchVirtualHost(
  host: VirtualHost,
  hostPatches: readonly EnvoyPatch[],
  routePatches: readonly EnvoyPatch[],
): VirtualHost | undefined {
  let patched = host;
  for (const patch of hostPatches) {
    if (!isHostMatch(patched, patch)) continue;
    if (patch.operation === 'REMOVE') return undefined;
    if (patch.operation === 'MERGE') patched = mergeMessage(patched, patch.value);
    if (patch.operation === 'REPLACE') patched = patch.value as unknown as VirtualHost;
  }
  const own = routePatches.filter((patch) => isHostMatch(patched, patch));
  if (own.length === 0) return patched;
  const routes = (patched.routes ?? []).flatMap((route) => patchRoute(route, own) ?? []);
  return { ...patched, routes: own.reduce(insertRoute, routes) };
}

function patchRoute(route: Route, patches: readonly EnvoyPatch[]): Route | undefined {
  let patched = route;
  for (const patch of patches) {
    if (!(routeMatch(patch)?.(patched) ?? true)) continue;
    if (patch.operation === 'REMOVE') return undefined;
    if (patch.operation === 'MERGE') patched = mergeMessage(patched, patch.value);
  }
  return patched;
}

function insertRoute(routes: Route[], patch: EnvoyPatch): Route[] {
  const match = routeMatch(patch);
  switch (patch.operation) {
    case 'ADD':
    case 'INSERT_AFTER':
    case 'INSERT_BEFORE':
      return editList(routes, patch, match);
    case 'INSERT_FIRST':
      return match && !routes.some(match) ? routes : editList(routes, patch, match);
    default:
      return routes;
  }
}

function routeMatch({ match }: EnvoyPatch): ((route: Route) => boolean) | undefined {
  const wanted = match.routeConfiguration?.vhost?.route;
  if (!wanted) return undefined;
  return ({ name, route, redirect, directResponse }) => {
    if (wanted.name && wanted.name !== name) return false;
    const action = route ? 'ROUTE' : redirect ? 'REDIRECT' : directResponse ? 'DIRECT_RESPONSE' : undefined;
    return (wanted.action ?? 'ANY') === 'ANY' || action === undefined || wanted.action === action;
  };
}
