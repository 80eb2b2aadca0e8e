import type { IstioEgressListener, OutboundTrafficPolicy, Sidecar } from '../api/networking.ts';
import type { PushContext } from '../push-context.ts';
import type { Service } from '../registry/service.ts';
import { type Config, compareText } from './config.ts';
import { type ConsolidatedRule, destinationRulesFor } from './destination-rules.ts';
import { hostsMatch, isSubsetOf, isWildcard, mostSpecificMatch, newHostIndex } from './host.ts';
import { equalLabels, selects } from './labels.ts';
import { parseProtocol } from './protocol.ts';
import { destinationsOf, meshGateway, usesGatewaySemantics, type VirtualServiceConfig } from './virtual-services.ts';

/** What one egress listener of a Sidecar (or everything, where there is none) imports. */
export interface EgressListener {
  /** As the Sidecar wrote it; undefined for gateways. */
  listener?: IstioEgressListener;
  services: readonly Service[];
  virtualServices: readonly VirtualServiceConfig[];
  /** For each service the VirtualService whose host fits best, as `namespace/name`. */
  bestVirtualService: ReadonlyMap<string, string>;
}

/** What proxies of a namespace (that a Sidecar selects) can see: shared by all of them. */
export interface SidecarScope {
  name: string;
  namespace: string;
  sidecar?: Sidecar;
  egressListeners: readonly EgressListener[];
  services: readonly Service[];
  byHostname: ReadonlyMap<string, Service>;
  destinationRules: ReadonlyMap<string, readonly ConsolidatedRule[]>;
  outboundTrafficPolicy: OutboundTrafficPolicy;
}

const everything: IstioEgressListener = { hosts: ['*/*'] };

export function sidecarScope(push: PushContext, namespace: string, config: Config<Sidecar> | undefined): SidecarScope {
  const sidecar = config?.spec;
  const egress = sidecar?.egress?.length ? sidecar.egress : [everything];
  const egressListeners = egress.map((listener) => importListener(push, namespace, listener));
  const merged = new MergedServices();
  for (const listener of egressListeners) {
    for (const service of listener.services) merged.add(service);
    for (const virtualService of listener.virtualServices)
      addDestinations(push, namespace, listener, virtualService, merged);
  }
  return {
    name: config?.name ?? 'default-sidecar',
    namespace,
    ...(sidecar ? { sidecar } : {}),
    egressListeners,
    services: merged.services,
    byHostname: merged.byHostname(),
    destinationRules: rulesFor(push, namespace, merged.services),
    outboundTrafficPolicy: sidecar?.outboundTrafficPolicy ?? push.mesh.outboundTrafficPolicy,
  };
}

/** Gateways see all that is exported to their namespace. */
export function gatewayScope(push: PushContext, namespace: string): SidecarScope {
  const merged = new MergedServices();
  for (const service of push.servicesExportedTo(namespace)) merged.add(service);
  return {
    name: 'default-sidecar',
    namespace,
    egressListeners: [
      {
        services: [],
        virtualServices: push.virtualServicesForGateway(namespace, meshGateway),
        bestVirtualService: new Map(),
      },
    ],
    services: merged.services,
    byHostname: merged.byHostname(),
    destinationRules: rulesFor(push, namespace, merged.services),
    outboundTrafficPolicy: push.mesh.outboundTrafficPolicy,
  };
}

function rulesFor(push: PushContext, namespace: string, services: readonly Service[]) {
  const rules = new Map<string, readonly ConsolidatedRule[]>();
  for (const service of services) {
    const found = destinationRulesFor(push.destinationRules, namespace, service);
    if (found.length > 0) rules.set(service.hostname, found);
  }
  return rules;
}

/** The rule a proxy uses for a host: one that selects it (for what it sends out), else the general one. */
export function destinationRuleFor(
  scope: SidecarScope,
  hostname: string,
  labels: Readonly<Record<string, string>>,
  direction: 'outbound' | 'inbound' = 'outbound',
): ConsolidatedRule | undefined {
  let general: ConsolidatedRule | undefined;
  for (const candidate of scope.destinationRules.get(hostname) ?? []) {
    const selector = candidate.rule.spec.workloadSelector;
    if (!selector) general = candidate;
    else if (direction === 'outbound' && candidate.rule.namespace === scope.namespace) {
      if (selects(selector.matchLabels, labels)) return candidate;
    }
  }
  return general;
}

/** Hosts (`namespace/host`) of an egress listener, by namespace. */
class ImportedHosts {
  readonly #byNamespace = new Map<string, string[]>();

  constructor(hosts: readonly string[], own: string) {
    for (const entry of hosts) {
      const [namespace = '', host, ...rest] = entry.split('/');
      if (host === undefined || rest.length > 0) continue;
      const owner = namespace === '.' ? own : namespace;
      this.#byNamespace.set(owner, [...(this.#byNamespace.get(owner) ?? []), host]);
    }
  }

  /** Host lists that may import something of a namespace: its own, then those for all. */
  of(namespace: string): string[][] {
    return [this.#byNamespace.get(namespace), this.#byNamespace.get('*')].filter((hosts) => hosts !== undefined);
  }
}

function covers(imported: readonly string[], host: string): boolean {
  return imported.includes(host) || imported.some((each) => isSubsetOf(host, each));
}

function coversVirtualService(imported: readonly string[], host: string, exact: boolean): boolean {
  if (imported.includes(host)) return true;
  return imported.some((each) => {
    if (!isWildcard(host) && !isWildcard(each)) return false;
    return exact ? isSubsetOf(host, each) : hostsMatch(host, each);
  });
}

function importListener(push: PushContext, namespace: string, listener: IstioEgressListener): EgressListener {
  const imported = new ImportedHosts(listener.hosts ?? [], namespace);
  const virtualServices = push.virtualServicesForGateway(namespace, meshGateway).filter((config) => {
    const exact = usesGatewaySemantics(config);
    return imported.of(config.namespace).some((hosts) => {
      return (config.spec.hosts ?? []).some((host) => coversVirtualService(hosts, host, exact));
    });
  });
  const services = importServices(push, namespace, listener, imported);
  return { listener, services, virtualServices, bestVirtualService: bestVirtualServices(virtualServices, services) };
}

function matchesPort(listener: IstioEgressListener | undefined): boolean {
  return Boolean(listener?.port?.number) && parseProtocol(listener?.port?.protocol) !== 'HTTP_PROXY';
}

/** A service as a listener for one port sees it. */
function narrowToPort(service: Service, listener: IstioEgressListener): Service | undefined {
  const port = service.ports.find((candidate) => candidate.port === listener.port?.number);
  if (!port) return undefined;
  return service.ports.length === 1 ? service : { ...service, ports: [port] };
}

function importServices(
  push: PushContext,
  namespace: string,
  listener: IstioEgressListener,
  imported: ImportedHosts,
): Service[] {
  const found: Service[] = [];
  for (const service of push.servicesExportedTo(namespace)) {
    for (const hosts of imported.of(service.namespace)) {
      if (!covers(hosts, service.hostname)) continue;
      const narrowed = matchesPort(listener) ? narrowToPort(service, listener) : service;
      if (!narrowed) continue;
      const aliases = narrowed.aliases.filter(({ hostname }) => covers(hosts, hostname));
      found.push(aliases.length === narrowed.aliases.length ? narrowed : { ...narrowed, aliases });
      break;
    }
  }
  const owner = chosenNamespaces(found, namespace);
  return found.filter((service) => owner.get(service.hostname)?.namespace === service.namespace);
}

/** Of services with one host name, those of one namespace stay: the client's, else a Kubernetes Service's, else the first. */
function chosenNamespaces(services: readonly Service[], namespace: string): Map<string, Service> {
  const owner = new Map<string, Service>();
  for (const service of services) {
    const present = owner.get(service.hostname);
    const better =
      !present ||
      service.namespace === namespace ||
      (present.registry === 'External' && service.registry === 'Kubernetes' && present.namespace !== namespace);
    if (better) owner.set(service.hostname, service);
  }
  return owner;
}

function bestVirtualServices(configs: readonly VirtualServiceConfig[], services: readonly Service[]) {
  const index = newHostIndex<string>();
  for (const { spec, namespace, name } of configs) {
    for (const host of spec.hosts ?? []) {
      const byHost = isWildcard(host) ? index.wildcard : index.specific;
      if (!byHost.has(host)) byHost.set(host, `${namespace}/${name}`);
    }
  }
  const best = new Map<string, string>();
  for (const { hostname } of services) {
    const found = mostSpecificMatch(hostname, index);
    if (found !== undefined) best.set(hostname, found);
  }
  return best;
}

/** Services a VirtualService sends to are imported with it, even if no host of the listener names them. */
function addDestinations(
  push: PushContext,
  namespace: string,
  { listener }: EgressListener,
  config: VirtualServiceConfig,
  merged: MergedServices,
): void {
  for (const [host, ports] of destinationsOf(config.spec, namespace)) {
    const byNamespace = push.serviceIndex.byHostname.get(host);
    if (!byNamespace) continue;
    const service = byNamespace.get(namespace) ?? bestVisible(push, byNamespace, namespace);
    if (!service) continue;
    const narrowed = listener && matchesPort(listener) ? narrowToPort(service, listener) : withPorts(service, ports);
    if (narrowed) merged.add(narrowed);
  }
}

function bestVisible(
  push: PushContext,
  byNamespace: ReadonlyMap<string, Service>,
  namespace: string,
): Service | undefined {
  const visible = [...byNamespace.values()].filter((service) => push.isServiceVisible(service, namespace));
  const oldest = visible.sort((a, b) => compareText(a.createdAt, b.createdAt) || compareText(a.namespace, b.namespace));
  return oldest.find(({ registry }) => registry === 'Kubernetes') ?? oldest[0];
}

function withPorts(service: Service, ports: ReadonlySet<number>): Service | undefined {
  if (ports.has(0)) return service;
  const found = service.ports.filter(({ port }) => ports.has(port));
  if (found.length === service.ports.length) return service;
  return found.length > 0 ? { ...service, ports: found } : undefined;
}

/** One service a host name: later ones of the same owner add their ports, a Kubernetes Service replaces a ServiceEntry. */
class MergedServices {
  readonly services: Service[] = [];
  readonly #place = new Map<string, number>();

  add(service: Service): void {
    const place = this.#place.get(service.hostname);
    const present = place === undefined ? undefined : this.services[place];
    if (place === undefined || !present) {
      this.#place.set(service.hostname, this.services.push(service) - 1);
    } else if (present.registry !== service.registry) {
      if (service.registry === 'Kubernetes') this.services[place] = service;
    } else if (present !== service && canMerge(present, service)) {
      const known = new Set(present.ports.map(({ port }) => port));
      const added = service.ports.filter(({ port }) => !known.has(port));
      if (added.length > 0) this.services[place] = { ...present, ports: [...present.ports, ...added] };
    }
  }

  byHostname(): Map<string, Service> {
    return new Map(this.services.map((service) => [service.hostname, service]));
  }
}

function canMerge(a: Service, b: Service): boolean {
  return (
    a.namespace === b.namespace &&
    a.resolution === b.resolution &&
    equalLabels(a.labels, b.labels) &&
    equalLabels(a.selector, b.selector) &&
    a.exportTo.length === b.exportTo.length &&
    a.exportTo.every((to) => b.exportTo.includes(to))
  );
}
