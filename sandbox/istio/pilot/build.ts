import type { NamedAny } from '../../envoy/xds/types.ts';
import type { ProxyConfig } from './api/mesh.ts';
import type { EnvoyPatches } from './envoy-filters/patches.ts';
import { AccessLogs } from './filters/access-log.ts';
import { authorizationFilters, customAuthorizationFilters } from './filters/authorization.ts';
import { jwtFilter } from './filters/jwt.ts';
import { metricsFilters } from './filters/metrics.ts';
import { type TracingConfiguration, tracingConfiguration } from './filters/tracing.ts';
import type { ConsolidatedRule } from './model/destination-rules.ts';
import type { MergedGateway } from './model/gateways.ts';
import { mergeGateways } from './model/gateways.ts';
import { proxyConfigAnnotation, proxyConfigWith } from './model/proxy-config.ts';
import { destinationRuleFor, type SidecarScope } from './model/sidecar-scope.ts';
import type { PoliciesByAction } from './policies/authorization-policies.ts';
import type { WorkloadMutualTls } from './policies/peer-authentication.ts';
import type { ListenerClass } from './policies/telemetries.ts';
import type { MeshProxy } from './proxy.ts';
import type { PushContext } from './push-context.ts';
import type { ServiceTarget } from './registry/service.ts';
import { serviceTargets } from './registry/service-targets.ts';

/** Filters of one class of listeners that come from policies and are the same in all of its filter chains. */
export interface PolicyFilters {
  accessLogs: AccessLogs;
  tracing: TracingConfiguration;
  /** `istio.stats`. */
  metrics: readonly NamedAny[];
  /** CUSTOM policies, tokens, then the other policies; none on outbound listeners. */
  http: readonly NamedAny[];
  tcpCustom: readonly NamedAny[];
  tcp: readonly NamedAny[];
}

/** One generation for one proxy: its view of the push context and what several of its resources share. */
export class Build {
  readonly push: PushContext;
  readonly proxy: MeshProxy;
  readonly scope: SidecarScope;
  readonly targets: readonly ServiceTarget[];
  readonly mutualTls: WorkloadMutualTls;
  readonly gateway: MergedGateway | undefined;
  readonly envoyPatches: EnvoyPatches;
  /** Settings of the proxy's own, as its pod writes them: YAML, or ''. */
  readonly proxySettings: string;
  readonly proxyConfig: ProxyConfig;
  readonly #filters = new Map<ListenerClass, PolicyFilters>();
  readonly #authorization: PoliciesByAction;

  constructor(push: PushContext, proxy: MeshProxy) {
    this.push = push;
    this.proxy = proxy;
    this.scope = push.scopeOf(proxy);
    this.targets = serviceTargets(push, proxy);
    this.mutualTls = push.peerAuthentications.ofWorkload(proxy.namespace, proxy.labels);
    this.gateway = proxy.type === 'router' ? mergeGateways(push.gateways, proxy, this.targets) : undefined;
    this.envoyPatches = push.envoyFilters.patchesFor(proxy);
    this.proxySettings = proxy.pod.metadata.annotations?.[proxyConfigAnnotation] ?? '';
    const { defaultConfig } = push.mesh;
    this.proxyConfig = this.proxySettings === '' ? defaultConfig : proxyConfigWith(defaultConfig, this.proxySettings);
    this.#authorization = push.authorizationPolicies.policiesFor(proxy);
  }

  /** The class of listeners through which the proxy sends on what it took. */
  get clientClass(): ListenerClass {
    return this.proxy.type === 'router' ? 'gateway' : 'outbound';
  }

  destinationRule(hostname: string, direction: 'outbound' | 'inbound' = 'outbound'): ConsolidatedRule | undefined {
    return destinationRuleFor(this.scope, hostname, this.proxy.labels, direction);
  }

  filters(listener: ListenerClass): PolicyFilters {
    let known = this.#filters.get(listener);
    if (!known) {
      known = this.#makeFilters(listener);
      this.#filters.set(listener, known);
    }
    return known;
  }

  #makeFilters(listener: ListenerClass): PolicyFilters {
    const { push, proxy } = this;
    const policies = this.#authorization;
    const own = listener !== 'outbound';
    const jwt = own
      ? jwtFilter(push.requestAuthentications.rulesFor(proxy), {
          clearRouteCache: proxy.type !== 'sidecar',
          fetchKeys: push.fetchKeys,
        })
      : undefined;
    return {
      accessLogs: new AccessLogs(push, push.telemetries.accessLogging(proxy, listener)),
      tracing: tracingConfiguration(this, push.telemetries.tracing(proxy, listener)),
      metrics: metricsFilters(push.telemetries.metrics(proxy, listener), listener),
      http: own
        ? [
            ...customAuthorizationFilters(push, policies.CUSTOM, false),
            ...(jwt ? [jwt] : []),
            ...authorizationFilters(policies, false),
          ]
        : [],
      tcpCustom: own ? customAuthorizationFilters(push, policies.CUSTOM, true) : [],
      tcp: own ? authorizationFilters(policies, true) : [],
    };
  }
}
