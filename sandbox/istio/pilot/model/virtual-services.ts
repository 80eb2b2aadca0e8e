import type { Destination, HttpRoute, VirtualService } from '../api/networking.ts';
import type { Config } from './config.ts';
import { resolveGatewayName, resolveShortname } from './host.ts';
import { isHidden, isPublic } from './visibility.ts';

export type VirtualServiceConfig = Config<VirtualService>;

/** Annotation istiod gives VirtualServices it made from Gateway API routes. */
export const routeSemanticsAnnotation = 'internal.istio.io/route-semantics';

export function usesGatewaySemantics(config: VirtualServiceConfig): boolean {
  return config.annotations[routeSemanticsAnnotation] === 'gateway';
}

export const meshGateway = 'mesh';

/** VirtualServices by the gateway they are for (`mesh`: sidecars) and by who may see them. */
export interface VirtualServiceIndex {
  public: Map<string, VirtualServiceConfig[]>;
  /** Of the proxy's own namespace, by `namespace/gateway` with a space between. */
  private: Map<string, VirtualServiceConfig[]>;
  exported: Map<string, VirtualServiceConfig[]>;
}

/** `configs`: with full host names and delegates merged, in order of age. */
export function buildVirtualServiceIndex(
  configs: readonly VirtualServiceConfig[],
  defaultExportTo: readonly string[],
): VirtualServiceIndex {
  const index: VirtualServiceIndex = { public: new Map(), private: new Map(), exported: new Map() };
  for (const config of configs) {
    const { namespace, spec } = config;
    const gateways = spec.gateways?.length ? spec.gateways : [meshGateway];
    const exportTo = spec.exportTo?.length ? spec.exportTo : defaultExportTo;
    if (isPublic(exportTo)) {
      for (const gateway of gateways) push(index.public, gateway, config);
    } else if (!isHidden(exportTo)) {
      for (const to of new Set(exportTo.map((each) => (each === '.' ? namespace : each)))) {
        const target = to === namespace ? index.private : index.exported;
        for (const gateway of gateways) push(target, `${to} ${gateway}`, config);
      }
    }
  }
  return index;
}

function push(map: Map<string, VirtualServiceConfig[]>, key: string, config: VirtualServiceConfig): void {
  const list = map.get(key);
  if (list) list.push(config);
  else map.set(key, [config]);
}

/** VirtualServices bound to a gateway as a proxy of `namespace` sees them, in order of precedence. */
export function virtualServicesForGateway(
  index: VirtualServiceIndex,
  namespace: string,
  gateway: string,
): VirtualServiceConfig[] {
  const everyone = index.public.get(gateway) ?? [];
  const own = (config: VirtualServiceConfig) => usesGatewaySemantics(config) && config.namespace === namespace;
  return [
    ...(index.private.get(`${namespace} ${gateway}`) ?? []),
    ...(index.exported.get(`${namespace} ${gateway}`) ?? []),
    ...everyone.filter(own),
    ...everyone.filter((config) => !own(config)),
  ];
}

/** A copy with full host and gateway names. */
export function resolveNames(config: VirtualServiceConfig, domain: string): VirtualServiceConfig {
  const { namespace, spec } = config;
  const fqdn = (host: string) => resolveShortname(host, namespace, domain);
  const gateway = (name: string) => resolveGatewayName(name, namespace);
  const destination = <D extends { destination?: Destination }>(route: D): D =>
    route.destination
      ? { ...route, destination: { ...route.destination, host: fqdn(route.destination.host ?? '') } }
      : route;
  const match = <M extends { gateways?: string[] }>(each: M): M =>
    each.gateways ? { ...each, gateways: each.gateways.map(gateway) } : each;
  const l4 = <
    R extends { match?: M[]; route?: D[] },
    M extends { gateways?: string[] },
    D extends { destination?: Destination },
  >(
    route: R,
  ): R => ({
    ...route,
    ...(route.match ? { match: route.match.map(match) } : {}),
    ...(route.route ? { route: route.route.map(destination) } : {}),
  });
  const http = (route: HttpRoute): HttpRoute => ({
    ...l4(route),
    ...(route.mirror ? { mirror: { ...route.mirror, host: fqdn(route.mirror.host ?? '') } } : {}),
    ...(route.mirrors ? { mirrors: route.mirrors.map(destination) } : {}),
  });
  return {
    ...config,
    spec: {
      ...spec,
      hosts: (spec.hosts ?? []).map(fqdn),
      ...(spec.gateways ? { gateways: spec.gateways.map(gateway) } : {}),
      ...(spec.http ? { http: spec.http.map(http) } : {}),
      ...(spec.tcp ? { tcp: spec.tcp.map(l4) } : {}),
      ...(spec.tls ? { tls: spec.tls.map(l4) } : {}),
    },
  };
}

/** Hosts a VirtualService sends to, with the ports it names (0: any); routes only other namespaces match are left out. */
export function destinationsOf(spec: VirtualService, clientNamespace: string): Map<string, Set<number>> {
  const found = new Map<string, Set<number>>();
  const add = (destination: Destination | undefined) => {
    if (!destination) return;
    const ports = found.get(destination.host) ?? new Set();
    found.set(destination.host, ports.add(destination.port?.number ?? 0));
  };
  for (const route of spec.http ?? []) {
    const namespaces = (route.match ?? []).map(({ sourceNamespace }) => sourceNamespace).filter(Boolean);
    if (namespaces.length > 0 && !namespaces.includes(clientNamespace)) continue;
    for (const { destination } of route.route ?? []) add(destination);
    add(route.mirror);
    for (const { destination } of route.mirrors ?? []) add(destination);
  }
  for (const { route } of [...(spec.tcp ?? []), ...(spec.tls ?? [])]) {
    for (const { destination } of route ?? []) add(destination);
  }
  return found;
}

/** Whether a route is only for clients with some labels. */
export function selectsClients({ http = [], tls = [], tcp = [] }: VirtualService): boolean {
  return [...http, ...tls, ...tcp].some(({ match = [] }) => match.some(({ sourceLabels }) => sourceLabels));
}
