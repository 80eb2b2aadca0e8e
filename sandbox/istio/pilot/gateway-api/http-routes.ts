import type { BackendReference, RouteRule, RouteSpec } from '../api/gateway-api.ts';
import type { HttpMatchRequest, HttpRetry, HttpRoute, HttpRouteDestination } from '../api/networking.ts';
import { type Config, compareText, groupBy } from '../model/config.ts';
import { parseDuration } from '../model/duration.ts';
import type { VirtualServiceConfig } from '../model/virtual-services.ts';
import { type BackendContext, backendDestination, InvalidRoute, weighted } from './backends.ts';
import { applyFilters, applyHeaderModifier } from './filters.ts';
import { byPrecedence } from './matches.ts';
import { parentsAnnotation, routeAnnotations } from './names.ts';
import { hostsOf, isIsolated, type RouteParents } from './parents.ts';
import type { ReferenceGrants } from './reference-grants.ts';

interface ConversionOptions<Match> {
  domain: string;
  grants: ReferenceGrants;
  /** A rule's matches, each for a route of its own; none: the rule is for everything. */
  matches: (written: readonly Match[]) => HttpMatchRequest[];
}

/** A route for one host at one gateway; those with the same key become one VirtualService. */
interface KeyedRoute {
  key: string;
  config: VirtualServiceConfig;
}

/** VirtualServices of HTTP or gRPC routes. */
export function convertHttpRoutes<Match>(
  routes: readonly Config<RouteSpec<RouteRule<Match>>>[],
  parents: RouteParents,
  options: ConversionOptions<Match>,
): VirtualServiceConfig[] {
  const keyed = routes.flatMap((route) => keyedRoutes(route, parents, options));
  return [...groupBy(keyed, ({ key }) => key)].map(([key, group]) => merge(key, group));
}

function keyedRoutes<Match>(
  route: Config<RouteSpec<RouteRule<Match>>>,
  parents: RouteParents,
  { domain, grants, matches }: ConversionOptions<Match>,
): KeyedRoute[] {
  const { kind, namespace } = route;
  return parents.of(route).flatMap((parent) => {
    const context = { kind, namespace, domain, grants: parent.mesh ? undefined : grants };
    const converted = convertRules(route, context, matches);
    const port = parent.mesh ? parent.port : undefined;
    const http = port === undefined ? converted : converted.map((each) => onPort(each, port));
    if (http.length === 0) return [];
    const owner = parent.mesh ? `${namespace}${port === undefined ? '' : `/${port}`}` : parent.gateway;
    return hostsOf(parent, route.spec.hostnames)
      .filter((host) => isIsolated(parent, host))
      .map((host) => ({
        key: `${owner}/${host}`,
        config: {
          ...route,
          kind: 'VirtualService',
          annotations: routeAnnotations(route),
          spec: { hosts: [host], gateways: [parent.gateway], http },
        },
      }));
  });
}

/** All that is routed for one host at one gateway as one VirtualService, named after both. */
function merge(key: string, group: readonly KeyedRoute[]): VirtualServiceConfig {
  const configs = group.map(({ config }) => config).sort(compareForMerge);
  const [base] = configs as [VirtualServiceConfig];
  const parents = configs.map(({ annotations }) => annotations[parentsAnnotation]).join();
  return {
    ...base,
    name: key.replaceAll('/', '~'),
    annotations: { ...base.annotations, [parentsAnnotation]: parents },
    spec: { ...base.spec, http: configs.flatMap(({ spec }) => spec.http ?? []).sort(byPrecedence) },
  };
}

function compareForMerge(a: VirtualServiceConfig, b: VirtualServiceConfig): number {
  return compareText(a.createdAt, b.createdAt) || compareText(a.namespace, b.namespace) || compareText(a.name, b.name);
}

function onPort(route: HttpRoute, port: number): HttpRoute {
  return { ...route, match: route.match?.length ? route.match.map((match) => ({ ...match, port })) : [{ port }] };
}

/** One route for each match of each rule; none if a rule is refused. */
function convertRules<Match>(
  { namespace, name, spec }: Config<RouteSpec<RouteRule<Match>>>,
  context: BackendContext,
  matches: ConversionOptions<Match>['matches'],
): HttpRoute[] {
  try {
    return (spec.rules ?? []).flatMap((rule, index) => {
      const route = { name: rule.name ?? `${namespace}.${name}.${index}`, ...convertRule(rule, context) };
      const found = matches(rule.matches ?? []);
      return found.length > 0 ? found.map((match) => ({ ...route, match: [match] })) : [route];
    });
  } catch (error) {
    if (error instanceof InvalidRoute) return [];
    throw error;
  }
}

function convertRule(rule: RouteRule<unknown>, context: BackendContext): HttpRoute {
  const route: HttpRoute = {};
  applyFilters(route, rule.filters ?? [], context);
  const { timeouts } = rule;
  if (rule.retry) route.retries = retries(rule.retry);
  if (isPositive(timeouts?.request)) route.timeout = timeouts.request;
  if (isPositive(timeouts?.backendRequest)) {
    if (route.retries) route.retries.perTryTimeout = timeouts.backendRequest;
    else route.timeout = timeouts.backendRequest;
  }
  const backends = rule.backendRefs ?? [];
  const destinations = weighted(backends);
  if (destinations.length === 0 && !route.redirect) {
    route.directResponse = { status: context.kind === 'HTTPRoute' && backends.length === 0 ? 404 : 500 };
  } else if (destinations.length > 0) {
    route.route = destinations.map(({ reference, weight }) => destination(reference, weight, context));
  }
  return route;
}

function destination(reference: BackendReference, weight: number, context: BackendContext): HttpRouteDestination {
  const converted: HttpRouteDestination = { destination: backendDestination(reference, context) };
  if (weight) converted.weight = weight;
  for (const filter of reference.filters ?? []) {
    if (!filter.type.endsWith('HeaderModifier')) throw new InvalidRoute(`unsupported filter type "${filter.type}"`);
    applyHeaderModifier(converted, filter);
  }
  return converted;
}

function retries({ codes = [], attempts = 2, backoff }: NonNullable<RouteRule<unknown>['retry']>): HttpRetry {
  const retryOn = ['connect-failure', 'refused-stream', 'unavailable', 'cancelled', ...codes].join();
  return { attempts, retryOn: attempts === 0 ? '' : retryOn, ...(backoff ? { backoff } : {}) };
}

function isPositive(duration: string | undefined): duration is string {
  return duration !== undefined && (parseDuration(duration) ?? 0) > 0;
}
