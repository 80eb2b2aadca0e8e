import type { BackendReference, GatewaySpec, ParentReference, RouteRule, RouteSpec } from '../api/gateway-api.ts';
import { type Config, compareText, listConfigs, type ObjectSource } from '../model/config.ts';
import { hostsMatch } from '../model/host.ts';
import type { PushContext } from '../push-context.ts';
import { serviceKey } from '../registry/service.ts';
import { endpointsOfPort } from '../registry/service-index.ts';
import { backendDestination, InvalidRoute } from './backends.ts';
import { allowedKinds, type ConvertedListener, convertGateways, type ParentListener, servicesOf } from './listeners.ts';
import { gatewayApiGroup, istioNetworkingGroup, referenceKind } from './names.ts';
import { ReferenceGrants } from './reference-grants.ts';

/** A condition as istiod means it; when it became so is the writer's. */
export interface WantedCondition {
  type: string;
  status: 'True' | 'False';
  reason: string;
  message: string;
}

export interface GatewayStatus {
  conditions: WantedCondition[];
  /** Empty: those that are there stay. */
  addresses: { type: 'IPAddress' | 'Hostname'; value: string }[];
  listeners: {
    name: string;
    attachedRoutes: number;
    supportedKinds: { group: string; kind: string }[];
    conditions: WantedCondition[];
  }[];
}

export interface RouteStatus {
  parents: { parentRef: ParentReference; conditions: WantedCondition[] }[];
}

type Route = Config<RouteSpec<RouteRule<unknown>>>;
type Problem = { reason: string; message: string } | undefined;

const yes = (type: string, reason: string, message: string): WantedCondition => ({
  type,
  status: 'True',
  reason,
  message,
});
const judged = (type: string, reason: string, message: string, problem: Problem): WantedCondition =>
  problem ? { type, status: 'False', ...problem } : yes(type, reason, message);

/** What istiod says of Gateways and routes in their status (pilot/pkg/config/kube/gateway, conditions.go and conversion.go). */
export class GatewayStatuses {
  readonly #source: ObjectSource;
  readonly #push: PushContext;
  readonly #grants: ReferenceGrants;
  readonly #listeners: readonly ConvertedListener[];
  readonly #services: ReadonlySet<string>;
  readonly #entries: ReadonlySet<string>;
  readonly #attached = new Map<string, number>();

  constructor(source: ObjectSource, push: PushContext) {
    this.#source = source;
    this.#push = push;
    this.#grants = new ReferenceGrants(source);
    this.#listeners = convertGateways(source, push.domain, this.#grants);
    const keys = (kind: 'Service' | 'ServiceEntry') =>
      new Set(source.list(kind).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
    this.#services = keys('Service');
    this.#entries = keys('ServiceEntry');
  }

  /** Of each route that has a parent of istiod's. Before `gateways`: these count what is attached. */
  routes(kind: 'HTTPRoute' | 'GRPCRoute' | 'TLSRoute'): Map<string, RouteStatus> {
    return new Map(
      listConfigs<RouteSpec<RouteRule<unknown>>>(this.#source, kind).map((route) => [
        `${route.namespace}/${route.name}`,
        this.#route({ ...route, kind }),
      ]),
    );
  }

  /** Of each Gateway that istiod configures. */
  gateways(): Map<string, GatewayStatus> {
    const known = new Set(this.#listeners.map(({ parent }) => parent.parent));
    return new Map(
      listConfigs<GatewaySpec>(this.#source, 'KubernetesGateway')
        .filter(({ namespace, name }) => known.has(`${namespace}/${name}`))
        .map((gateway) => [`${gateway.namespace}/${gateway.name}`, this.#gateway(gateway)]),
    );
  }

  #gateway(gateway: Config<GatewaySpec>): GatewayStatus {
    const key = `${gateway.namespace}/${gateway.name}`;
    const listeners = gateway.spec.listeners ?? [];
    const found = this.#instances(gateway.namespace, servicesOf(gateway, this.#push.domain), [
      ...new Set(listeners.map(({ port }) => port)),
    ]);
    const assigned = readable(found.internal);
    let programmed = yes('Programmed', 'Programmed', 'Resource programmed');
    if (found.internal.length > 0) programmed.message += `, assigned to service(s) ${assigned}`;
    if (found.warnings.length > 0) {
      const warnings = found.warnings.join('; ');
      programmed = {
        type: 'Programmed',
        status: 'False',
        reason: found.usable ? 'AddressNotAssigned' : 'AddressNotUsable',
        message:
          found.internal.length > 0
            ? `Assigned to service(s) ${assigned}, but failed to assign to all requested addresses: ${warnings}`
            : `Failed to assign to any requested addresses: ${warnings}`,
      };
    }
    const hosts = new Set(found.internal.map((each) => each.slice(0, each.lastIndexOf(':'))));
    const addresses =
      found.external.length > 0 ? found.external : [...hosts].filter((host) => !found.pending.has(host));
    return {
      conditions: [yes('Accepted', 'Accepted', 'Resource accepted'), programmed],
      addresses: addresses.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? 'IPAddress' : 'Hostname', value })),
      listeners: listeners.map((listener) => {
        const converted = this.#listeners.find(
          ({ parent }) => parent.parent === key && parent.section === listener.name,
        );
        return {
          name: listener.name,
          attachedRoutes: this.#attached.get(`${key}/${listener.name}`) ?? 0,
          supportedKinds: allowedKinds(listener).map((kind) => ({ group: gatewayApiGroup, kind })),
          conditions: listenerConditions(listener, converted?.config !== undefined),
        };
      }),
    };
  }

  /** Where a Gateway's Services make it reachable (GatewayContext.ResolveGatewayInstances). */
  #instances(namespace: string, services: readonly string[], ports: readonly number[]) {
    const index = this.#push.serviceIndex;
    const internal = new Set<string>();
    const external = new Set<string>();
    const pending = new Set<string>();
    const warnings: string[] = [];
    let usable = true;
    for (const host of services) {
      const byNamespace = index.byHostname.get(host);
      const service = byNamespace?.get(namespace);
      if (!service) {
        const others = [...(byNamespace?.keys() ?? [])].sort(compareText).map((each) => JSON.stringify(each));
        warnings.push(
          others.length > 0
            ? `hostname "${host}" not found in namespace "${namespace}", but it was found in namespace(s) ${others.join(', ')}`
            : `hostname "${host}" not found`,
        );
        usable = false;
        continue;
      }
      const object = index.kubernetesServices.get(namespace)?.find(({ metadata }) => metadata.name === service.name);
      const { type, externalIPs = [] } = (object?.spec ?? {}) as { type?: string; externalIPs?: string[] };
      const status = object?.status as
        | { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } }
        | undefined;
      const outside = [
        ...externalIPs,
        ...(status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => ip ?? hostname ?? []),
      ];
      for (const port of ports) {
        if (endpointsOfPort(index, service, port).length > 0) {
          internal.add(`${host}:${port}`);
          for (const address of outside) external.add(address);
          if (outside.length === 0 && type === 'LoadBalancer' && !pending.has(host)) {
            warnings.push(`address pending for hostname "${host}"`);
            pending.add(host);
          }
        } else if ((index.endpoints.get(serviceKey(service)) ?? []).length === 0) {
          warnings.push(`no instances found for hostname "${host}"`);
        } else if (
          !('gateway.istio.io/managed' in service.labels) ||
          !service.ports.some((each) => each.port === port)
        ) {
          warnings.push(`port ${port} not found for hostname "${host}"`);
          usable = false;
        }
      }
    }
    return {
      internal: [...internal].sort(compareText),
      external: [...external].sort(compareText),
      pending,
      warnings: warnings.sort(compareText),
      usable,
    };
  }

  #route(route: Route): RouteStatus {
    const references = route.spec.parentRefs ?? [];
    const parents = references.flatMap((parentRef) => {
      const outcomes = this.#outcomes(route, parentRef);
      if (outcomes.length === 0) return [];
      const bound = outcomes.filter((problem) => problem === undefined).length;
      const message = bound > 1 ? `Route was valid, bound to ${bound} parents` : 'Route was valid';
      const problem = bound > 0 ? undefined : outcomes[0];
      const enforce = referenceKind(parentRef, { group: gatewayApiGroup, kind: 'Gateway' }).endsWith('/Gateway');
      return [
        {
          parentRef,
          conditions: [
            judged('Accepted', 'Accepted', message, problem),
            judged('ResolvedRefs', 'ResolvedRefs', 'All references resolved', this.#backendProblem(route, enforce)),
          ],
        },
      ];
    });
    return { parents };
  }

  /** One for each listener (or the mesh) that a reference may mean: undefined where the route is bound. */
  #outcomes(route: Route, reference: ParentReference): Problem[] {
    const kind = referenceKind(reference, { group: gatewayApiGroup, kind: 'Gateway' });
    const key = `${reference.namespace ?? route.namespace}/${reference.name}`;
    const missing = (what: string) => [
      { reason: 'NoMatchingParent', message: `parent ${what}: "${reference.name}" not found` },
    ];
    switch (kind) {
      case '/Service':
        return this.#services.has(key) ? [undefined] : missing('service');
      case `${istioNetworkingGroup}/ServiceEntry`:
        return this.#entries.has(key) ? [undefined] : missing('service entry');
      case `${gatewayApiGroup}/Gateway`:
        return this.#listeners
          .filter(({ parent }) => parent.parent === key)
          .map(({ parent }) => {
            const problem = refusal(parent, reference, route);
            if (!problem) {
              const listener = `${key}/${parent.section}`;
              this.#attached.set(listener, (this.#attached.get(listener) ?? 0) + 1);
            }
            return problem;
          });
      default:
        return [];
    }
  }

  /** The first reference to a backend that does not lead anywhere. */
  #backendProblem({ kind, namespace, spec }: Route, enforceGrants: boolean): Problem {
    const { domain } = this.#push;
    for (const reference of (spec.rules ?? []).flatMap(({ backendRefs = [] }) => backendRefs)) {
      const to = referenceKind(reference, { group: '', kind: 'Service' });
      const target = reference.namespace ?? namespace;
      const from = { kind: `${gatewayApiGroup}/${kind}`, namespace };
      if (enforceGrants && !this.#grants.allows(from, { kind: to, namespace: target }, reference.name)) {
        const message = `backendRef ${reference.name}/${target} not accessible to a ${kind} in namespace "${namespace}" (missing a ReferenceGrant?)`;
        return { reason: 'RefNotPermitted', message };
      }
      const problem = this.#unresolved(reference, { kind, namespace, domain, grants: undefined });
      if (problem) return problem;
    }
    return undefined;
  }

  #unresolved(reference: BackendReference, context: Parameters<typeof backendDestination>[1]): Problem {
    try {
      const { host } = backendDestination(reference, context);
      if (host === '') {
        const { group = '', kind = '' } = reference;
        const message = `referencing unsupported backendRef: group "${group}" kind "${kind}"`;
        return { reason: 'InvalidKind', message };
      }
      if (this.#push.serviceIndex.byHostname.has(host)) return undefined;
      return { reason: 'BackendNotFound', message: `backend(${host}) not found` };
    } catch (error) {
      if (error instanceof InvalidRoute) return { reason: 'InvalidDestination', message: error.message };
      throw error;
    }
  }
}

/** Why a listener does not take a route (referenceAllowed). */
function refusal(parent: ParentListener, reference: ParentReference, { kind, namespace, spec }: Route): Problem {
  const { port, sectionName } = reference;
  if (port && port !== parent.port) return { reason: 'NoMatchingParent', message: `port ${port} not found` };
  if (sectionName && sectionName !== parent.section) {
    return { reason: 'NoMatchingParent', message: `sectionName "${sectionName}" not found` };
  }
  const matched = (spec.hostnames?.length ? spec.hostnames : ['*']).flatMap((hostname) =>
    parent.hosts.map((host) => host.split('/')).filter(([, name = '']) => hostsMatch(name, hostname)),
  );
  if (!matched.some(([owner]) => owner === '*' || owner === namespace)) {
    const host = `"${parent.hostname}"`;
    return matched.length > 0
      ? {
          reason: 'NotAllowedByListeners',
          message: `hostnames matched parent hostname ${host}, but namespace "${namespace}" is not allowed by the parent`,
        }
      : { reason: 'NoMatchingListenerHostname', message: `no hostnames matched parent hostname ${host}` };
  }
  if (parent.kinds.includes(kind)) return undefined;
  const message = `kind ${gatewayApiGroup}/v1/${kind} is not allowed`;
  return { reason: 'NotAllowedByListeners', message };
}

function listenerConditions({ protocol }: { protocol: string }, valid: boolean): WantedCondition[] {
  const fine = 'No errors found';
  const known = ['HTTP', 'HTTPS', 'TLS', 'TCP', 'HBONE'].includes(protocol);
  const tls = !valid && ['HTTPS', 'TLS'].includes(protocol);
  return [
    judged('Accepted', 'Accepted', fine, known ? undefined : unsupported(protocol)),
    { type: 'Conflicted', status: 'False', reason: 'NoConflicts', message: fine },
    judged('Programmed', 'Programmed', fine, tls ? { reason: 'Invalid', message: 'Bad TLS configuration' } : undefined),
    judged('ResolvedRefs', 'ResolvedRefs', fine, tls ? badCertificate : undefined),
  ];
}

const badCertificate = { reason: 'InvalidCertificateRef', message: 'invalid certificate reference' };

function unsupported(protocol: string): Problem {
  return { reason: 'UnsupportedProtocol', message: `protocol "${protocol}" is unsupported` };
}

/** `a`, `a and b`, `a, b, and c`. */
function readable(items: readonly string[]): string {
  if (items.length < 3) return items.join(' and ');
  return `${items.slice(0, -1).join(', ')}, and ${items.at(-1)}`;
}
