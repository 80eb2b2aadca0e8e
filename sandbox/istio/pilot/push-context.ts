import type { Mesh } from './api/mesh.ts';
import type { Gateway, Sidecar, VirtualService } from './api/networking.ts';
import { EnvoyFilters } from './envoy-filters/patches.ts';
import { convertGatewayApi } from './gateway-api/convert.ts';
import { type Config, compareAge, listConfigs, type ObjectSource } from './model/config.ts';
import { mergeVirtualServices } from './model/delegates.ts';
import { buildDestinationRuleIndex, type DestinationRuleIndex } from './model/destination-rules.ts';
import { selects } from './model/labels.ts';
import { gatewayScope, type SidecarScope, sidecarScope } from './model/sidecar-scope.ts';
import {
  buildVirtualServiceIndex,
  selectsClients,
  type VirtualServiceConfig,
  type VirtualServiceIndex,
  virtualServicesForGateway,
} from './model/virtual-services.ts';
import { isHidden, isPublic, isVisible } from './model/visibility.ts';
import { AuthorizationPolicies } from './policies/authorization-policies.ts';
import { PeerAuthentications } from './policies/peer-authentication.ts';
import { RequestAuthentications } from './policies/request-authentication.ts';
import { Telemetries } from './policies/telemetries.ts';
import type { MeshProxy } from './proxy.ts';
import type { Service } from './registry/service.ts';
import { buildServiceIndex, type ServiceIndex } from './registry/service-index.ts';
import { SharedValues } from './sharing.ts';

export interface PushOptions {
  mesh: Mesh;
  /** Default: `Kubernetes`. */
  cluster?: string;
  /** Default: the trust domain. */
  meshId?: string;
  /** Default: `cluster.local`. */
  domain?: string;
  /** Random sampling of traces in percent where the mesh says nothing (PILOT_TRACE_SAMPLING). Default 1. */
  traceSampling?: number;
  /** The key set (JSON) at a `jwksUri`, if it can be fetched. Default: none can. */
  fetchKeys?: (uri: string) => string | undefined;
}

/**
 * All that istiod knows at one moment, indexed for generating any proxy's configuration. Nothing in it changes afterwards;
 * what several proxies share (scopes, and by `memo` whole resources) is made once, on demand.
 */
export class PushContext {
  readonly mesh: Mesh;
  readonly cluster: string;
  readonly meshId: string;
  readonly domain: string;
  readonly traceSampling: number;
  readonly fetchKeys: (uri: string) => string | undefined;
  readonly serviceIndex: ServiceIndex;
  readonly destinationRules: DestinationRuleIndex;
  readonly gateways: readonly Config<Gateway>[];
  readonly peerAuthentications: PeerAuthentications;
  readonly requestAuthentications: RequestAuthentications;
  readonly authorizationPolicies: AuthorizationPolicies;
  readonly telemetries: Telemetries;
  readonly envoyFilters: EnvoyFilters;
  /** Resources that several proxies have in common. */
  readonly shared = new SharedValues();
  /** Whether rules or routes pick clients by their labels, so that proxies of one namespace may see different things. */
  readonly labelsMatter: boolean;
  readonly #virtualServices: VirtualServiceIndex;
  readonly #sidecars: readonly Config<Sidecar>[];
  readonly #publicServices: Service[] = [];
  readonly #privateServices = new Map<string, Service[]>();
  readonly #memo = new Map<string, unknown>();

  constructor(source: ObjectSource, options: PushOptions) {
    const { mesh } = options;
    const { rootNamespace } = mesh;
    this.mesh = mesh;
    this.cluster = options.cluster ?? 'Kubernetes';
    this.domain = options.domain ?? 'cluster.local';
    this.meshId = options.meshId ?? mesh.trustDomain;
    this.traceSampling = options.traceSampling ?? 1;
    this.fetchKeys = options.fetchKeys ?? (() => undefined);
    this.serviceIndex = buildServiceIndex(source, mesh, this.cluster, this.domain);
    this.#indexExports();
    const converted = convertGatewayApi(source, this.domain);
    const written = listConfigs<VirtualService>(source, 'VirtualService');
    const virtualServices = mergeVirtualServices([...written, ...converted.virtualServices].sort(compareAge), {
      domain: this.domain,
      defaultExportTo: mesh.defaultVirtualServiceExportTo,
    });
    this.#virtualServices = buildVirtualServiceIndex(virtualServices, mesh.defaultVirtualServiceExportTo);
    this.destinationRules = buildDestinationRuleIndex(source, {
      rootNamespace,
      domain: this.domain,
      defaultExportTo: mesh.defaultDestinationRuleExportTo,
    });
    this.labelsMatter =
      this.destinationRules.selectsClients || virtualServices.some(({ spec }) => selectsClients(spec));
    this.gateways = [...listConfigs<Gateway>(source, 'Gateway'), ...converted.gateways].sort(compareAge);
    const sidecars = listConfigs<Sidecar>(source, 'Sidecar');
    this.#sidecars = [
      ...sidecars.filter(({ spec }) => spec.workloadSelector),
      ...sidecars.filter(({ spec }) => !spec.workloadSelector),
    ];
    this.peerAuthentications = new PeerAuthentications(source, rootNamespace);
    this.requestAuthentications = new RequestAuthentications(source, rootNamespace);
    this.authorizationPolicies = new AuthorizationPolicies(source, mesh);
    this.telemetries = new Telemetries(source, mesh);
    this.envoyFilters = new EnvoyFilters(source, rootNamespace);
  }

  /** What `make` gives the first time it is asked for `key`. */
  memo<T>(key: string, make: () => T): T {
    if (!this.#memo.has(key)) this.#memo.set(key, make());
    return this.#memo.get(key) as T;
  }

  #indexExports(): void {
    for (const service of this.serviceIndex.services) {
      const exportTo = this.#exportTo(service);
      if (isPublic(exportTo)) this.#publicServices.push(service);
      else if (!isHidden(exportTo)) {
        for (const to of new Set(exportTo.map((each) => (each === '.' ? service.namespace : each)))) {
          this.#privateServices.set(to, [...(this.#privateServices.get(to) ?? []), service]);
        }
      }
    }
  }

  #exportTo(service: Service): readonly string[] {
    return service.exportTo.length > 0 ? service.exportTo : this.mesh.defaultServiceExportTo;
  }

  servicesExportedTo(namespace: string): readonly Service[] {
    return [...(this.#privateServices.get(namespace) ?? []), ...this.#publicServices];
  }

  isServiceVisible(service: Service, namespace: string): boolean {
    return isVisible(this.#exportTo(service), service.namespace, namespace);
  }

  virtualServicesForGateway(namespace: string, gateway: string): readonly VirtualServiceConfig[] {
    const key = `virtual-services ${namespace} ${gateway}`;
    return this.memo(key, () => virtualServicesForGateway(this.#virtualServices, namespace, gateway));
  }

  /** What a proxy can see: by the Sidecar that selects it, or that of its namespace, or that of the root namespace. */
  scopeOf(proxy: MeshProxy): SidecarScope {
    const { namespace } = proxy;
    if (proxy.type === 'router') return this.memo(`gateway-scope ${namespace}`, () => gatewayScope(this, namespace));
    const config =
      this.#sidecars.find(
        (each) => each.namespace === namespace && selects(each.spec.workloadSelector?.labels, proxy.labels),
      ) ?? this.#sidecars.find((each) => each.namespace === this.mesh.rootNamespace && !each.spec.workloadSelector);
    const key = `scope ${namespace} ${config ? `${config.namespace}/${config.name}` : ''}`;
    return this.memo(key, () => sidecarScope(this, namespace, config));
  }

  /** The service of a host as a proxy sees it. */
  serviceFor(proxy: MeshProxy, hostname: string): Service | undefined {
    return this.scopeOf(proxy).byHostname.get(hostname);
  }
}
