import type { ParentReference } from '../api/gateway-api.ts';
import type { ServiceEntry } from '../api/networking.ts';
import { compareText, listConfigs, type ObjectSource } from '../model/config.ts';
import { hostsMatch, isSubsetOf, isWildcard } from '../model/host.ts';
import { meshGateway } from '../model/virtual-services.ts';
import type { ParentListener } from './listeners.ts';
import { gatewayApiGroup, istioNetworkingGroup, referenceKind } from './names.ts';

/** What a route is bound to: the mesh, for the hosts of a Service or ServiceEntry, or a listener of a Gateway. */
export type RouteParent =
  | { mesh: true; gateway: typeof meshGateway; hosts: readonly string[]; port?: number; order: string }
  | { mesh: false; gateway: string; listener: ParentListener; banned: readonly string[]; order: string };

interface BoundRoute {
  kind: string;
  namespace: string;
  spec: { parentRefs?: ParentReference[]; hostnames?: string[] };
}

export class RouteParents {
  readonly #listeners: readonly ParentListener[];
  readonly #services: ReadonlySet<string>;
  readonly #entries: ReadonlyMap<string, readonly string[]>;
  readonly #domain: string;

  constructor(source: ObjectSource, listeners: readonly ParentListener[], domain: string) {
    this.#listeners = listeners;
    this.#domain = domain;
    this.#services = new Set(source.list('Service').map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
    this.#entries = new Map(
      listConfigs<ServiceEntry>(source, 'ServiceEntry').map(({ namespace, name, spec }) => [
        `${namespace}/${name}`,
        spec.hosts,
      ]),
    );
  }

  /** The parents that accept a route, in the order in which istiod names what it makes of them. */
  of(route: BoundRoute): RouteParent[] {
    return (route.spec.parentRefs ?? [])
      .flatMap((reference) => this.#resolve(route, reference))
      .sort((a, b) => compareText(a.gateway, b.gateway) || compareText(a.order, b.order));
  }

  #resolve(route: BoundRoute, reference: ParentReference): RouteParent[] {
    const kind = referenceKind(reference, { group: gatewayApiGroup, kind: 'Gateway' });
    const namespace = reference.namespace ?? route.namespace;
    const key = `${namespace}/${reference.name}`;
    const order = [kind, reference.name, reference.sectionName ?? '', `${reference.port ?? 0}.${namespace}`].join('/');
    const mesh = (hosts: readonly string[]): RouteParent[] => [
      { mesh: true, gateway: meshGateway, hosts, order, ...(reference.port ? { port: reference.port } : {}) },
    ];
    switch (kind) {
      case '/Service':
        return this.#services.has(key) ? mesh([`${reference.name}.${namespace}.svc.${this.#domain}`]) : [];
      case `${istioNetworkingGroup}/ServiceEntry`: {
        const hosts = this.#entries.get(key);
        return hosts ? mesh(hosts) : [];
      }
      case `${gatewayApiGroup}/Gateway`: {
        const listeners = this.#listeners.filter(({ parent }) => parent === key);
        return listeners
          .filter((listener) => accepts(listener, reference, route))
          .map((listener) => ({
            mesh: false,
            gateway: listener.gateway,
            listener,
            banned: hostsOfOthers(listener, listeners),
            order,
          }));
      }
      default:
        return [];
    }
  }
}

function accepts(listener: ParentListener, reference: ParentReference, { kind, namespace, spec }: BoundRoute): boolean {
  if (reference.port && reference.port !== listener.port) return false;
  if (reference.sectionName && reference.sectionName !== listener.section) return false;
  if (!listener.kinds.includes(kind)) return false;
  const hostnames = spec.hostnames?.length ? spec.hostnames : ['*'];
  return hostnames.some((hostname) => {
    return listener.hosts.some((host) => {
      const [owner, name = ''] = host.split('/');
      return (owner === '*' || owner === namespace) && hostsMatch(name, hostname);
    });
  });
}

function hostsOfOthers(own: ParentListener, listeners: readonly ParentListener[]): string[] {
  return listeners
    .filter((each) => each !== own && each.port === own.port && each.protocol === own.protocol)
    .map(({ hostname }) => hostname)
    .filter((hostname) => hostname !== own.hostname);
}

/** Whether a host of a route is this listener's: a request belongs to the listener that names its host best, to no other. */
export function isIsolated(parent: RouteParent, host: string): boolean {
  if (parent.mesh) return true;
  const { hostname } = parent.listener;
  if (hostname && !isWildcard(hostname)) return true;
  if (hostname && !hostsMatch(host, hostname)) return false;
  return !parent.banned.some((other) => hostname.length <= other.length && isSubsetOf(host, other));
}

/** The names of a route's hosts for one listener or for the mesh. */
export function hostsOf(parent: RouteParent, hostnames: readonly string[] | undefined): readonly string[] {
  if (parent.mesh) return parent.hosts;
  return hostnames?.length ? hostnames : ['*'];
}
