import type { Route, RouteAction, RouteMatch } from '../../../envoy/xds/types.ts';
import type { Destination, HttpMatchRequest, HttpRoute, HttpRouteDestination, Percent } from '../api/networking.ts';
import type { Build } from '../build.ts';
import { escapeRegex } from '../filters/matchers.ts';
import { configMetadata } from '../filters/metadata.ts';
import { protoDuration } from '../model/duration.ts';
import { selects } from '../model/labels.ts';
import { usesGatewaySemantics, type VirtualServiceConfig } from '../model/virtual-services.ts';
import { parseSubsetKey, type Service } from '../registry/service.ts';
import { corsPolicy, directResponse, faultFilter, percentage, redirect } from './actions.ts';
import { hashForDestination, hashPolicy } from './consistent-hash.ts';
import { destinationCluster } from './destination.ts';
import { type HeaderChanges, headerChanges, joinHeaderChanges } from './headers.ts';
import { isCatchAll, routeMatch } from './match.ts';
import { retryPolicy } from './retry.ts';

export interface RouteContext {
  /** Port of the listener, as VirtualServices name it. */
  port: number;
  /** `mesh`, or the gateway as `namespace/name`. */
  gateway: string;
  isTls: boolean;
  lookupService: (host: string) => Service | undefined;
}

/** Envoy's routes of a VirtualService for one port, in its order, up to the first that takes everything. */
export function virtualServiceRoutes(build: Build, config: VirtualServiceConfig, context: RouteContext): Route[] {
  const routes: Route[] = [];
  for (const http of config.spec.http ?? []) {
    if (!http.match?.length) {
      const route = translate(build, config, http, undefined, context);
      if (route) routes.push(route);
      break;
    }
    for (const match of http.match) {
      const route = translate(build, config, http, match, context);
      if (!route) continue;
      routes.push(route);
      if (isCatchAll(route.match)) return routes;
    }
  }
  return routes;
}

function applies(build: Build, match: HttpMatchRequest | undefined, { port, gateway }: RouteContext): boolean {
  if (!match) return true;
  if (match.port && match.port !== port) return false;
  if (match.gateways?.length) return match.gateways.includes(gateway);
  const { proxy } = build;
  return (
    selects(match.sourceLabels, proxy.labels) && (!match.sourceNamespace || match.sourceNamespace === proxy.namespace)
  );
}

function translate(
  build: Build,
  config: VirtualServiceConfig,
  http: HttpRoute,
  match: HttpMatchRequest | undefined,
  context: RouteContext,
): Route | undefined {
  if (!applies(build, match, context)) return undefined;
  const byGatewayApi = usesGatewaySemantics(config);
  const name = match?.name ? `${http.name ?? ''}.${match.name}` : http.name;
  const changes = headerChanges(http.headers);
  const envoyMatch = routeMatch(match, byGatewayApi);
  const base: Route = {
    ...(name ? { name } : {}),
    match: envoyMatch,
    metadata: configMetadata(config),
    ...(match?.statPrefix ? { statPrefix: match.statPrefix } : {}),
  };
  const route: Route = http.redirect
    ? { ...base, ...changes.fields, ...redirect(http.redirect, context, byGatewayApi) }
    : http.directResponse
      ? { ...base, ...changes.fields, directResponse: directResponse(http.directResponse) }
      : { ...base, ...forward(build, http, changes, envoyMatch, context, byGatewayApi) };
  const perFilter = {
    ...(http.fault ? faultFilter(http.fault) : {}),
    ...(http.corsPolicy ? corsPolicy(http.corsPolicy) : {}),
  };
  return {
    ...route,
    decorator: { operation: operation(route, config.name, context.port) },
    ...(Object.keys(perFilter).length > 0 ? { typedPerFilterConfig: perFilter } : {}),
  };
}

/** What traces call a route: its destination, else its VirtualService. */
function operation({ match, route }: Route, name: string, port: number): string {
  const path = match.prefix !== undefined ? `${match.prefix}*` : (match.path ?? match.safeRegex?.regex ?? '/*');
  const target = route?.cluster === undefined ? undefined : parseSubsetKey(route.cluster);
  return target ? `${target.hostname}:${target.port}${path}` : `${name}:${port}${path}`;
}

function forward(
  build: Build,
  http: HttpRoute,
  changes: HeaderChanges,
  match: RouteMatch,
  context: RouteContext,
  byGatewayApi: boolean,
): Partial<Route> {
  const timeout = protoDuration(http.timeout ?? '0s');
  const cluster = (destination: Destination) =>
    destinationCluster(destination, context.lookupService(destination.host), context.port);
  const destinations = http.route ?? [];
  const [only] = destinations;
  const single = destinations.length === 1 && only ? only : undefined;
  const ownChanges = headerChanges(single?.headers);
  const authority = http.rewrite?.authority || changes.authority || ownChanges.authority;
  const weighted = destinations.filter(({ weight }) => weight);
  const hashes = (single ? [single] : weighted).flatMap(({ destination }) => {
    return hashPolicy(hashForDestination(build, destination)) ?? [];
  });
  const hashed = single !== undefined && hashForDestination(build, single.destination) !== undefined;
  const retries = retryPolicy(http.retries ?? build.push.mesh.defaultHttpRetryPolicy, hashed);
  const mirrors = mirrorPolicies(http, cluster);
  const action: RouteAction = {
    ...(single
      ? { cluster: cluster(single.destination) }
      : { weightedClusters: { clusters: weighted.map((each) => weightedCluster(each, cluster)) } }),
    ...(byGatewayApi ? { clusterNotFoundResponseCode: 'INTERNAL_SERVER_ERROR' } : {}),
    timeout,
    ...(retries ? { retryPolicy: retries } : {}),
    maxGrpcTimeout: timeout,
    ...rewrite(http, match, byGatewayApi),
    ...(http.rewrite && build.proxyConfig.proxyHeaders?.xForwardedHost?.enabled ? { appendXForwardedHost: true } : {}),
    ...(authority ? { hostRewriteLiteral: authority } : {}),
    ...(mirrors.length > 0 ? { requestMirrorPolicies: mirrors } : {}),
    ...(hashes.length > 0 ? { hashPolicy: hashes } : {}),
  };
  return { route: action, ...joinHeaderChanges(changes.fields, ownChanges.fields) };
}

function weightedCluster(
  { destination, weight = 0, headers }: HttpRouteDestination,
  cluster: (to: Destination) => string,
) {
  const { fields, authority } = headerChanges(headers);
  return {
    name: cluster(destination),
    weight,
    ...fields,
    ...(authority ? { hostRewriteLiteral: authority } : {}),
  };
}

function rewrite({ rewrite }: HttpRoute, match: RouteMatch, byGatewayApi: boolean): Record<string, unknown> {
  if (!rewrite) return {};
  const { uri, uriRegexRewrite } = rewrite;
  if (uriRegexRewrite) {
    return {
      regexRewrite: { pattern: { regex: uriRegexRewrite.match ?? '' }, substitution: uriRegexRewrite.rewrite ?? '' },
    };
  }
  if (!uri) return {};
  if (byGatewayApi && uri === '/') {
    const prefix = escapeRegex(match.pathSeparatedPrefix ?? '');
    return { regexRewrite: { pattern: { regex: `^${prefix}(/?)(.*)` }, substitution: '/\\2' } };
  }
  return { prefixRewrite: uri };
}

function mirrorPolicies(http: HttpRoute, cluster: (to: Destination) => string): unknown[] {
  const policy = (destination: Destination, fraction: unknown) => ({
    cluster: cluster(destination),
    runtimeFraction: { defaultValue: fraction },
    traceSampled: false,
    disableShadowHostSuffixAppend: true,
  });
  const share = (percent: Percent | undefined, whole: number | undefined) => {
    if (percent) return percent.value ? percentage(percent) : undefined;
    if (whole !== undefined) return whole > 0 ? { numerator: whole } : undefined;
    return { numerator: 100 };
  };
  const policies: unknown[] = [];
  const fraction = share(http.mirrorPercentage, http.mirrorPercent);
  if (http.mirror && fraction) policies.push(policy(http.mirror, fraction));
  for (const { destination, percentage: percent } of http.mirrors ?? []) {
    const own = share(percent, undefined);
    if (destination && own) policies.push(policy(destination, own));
  }
  return policies;
}
