import type { Cluster, LocalityLbEndpoints } from '../../../envoy/xds/types.ts';
import type { DestinationRule, Subset, TrafficPolicy } from '../api/networking.ts';
import type { Build } from '../build.ts';
import { localityGroups } from '../endpoints/load-assignment.ts';
import { applyLocality, localitySetting } from '../endpoints/locality-weights.ts';
import { aggregatedDiscovery, metadataExchange } from '../filters/constants.ts';
import { type Config, configPath } from '../model/config.ts';
import { protoDuration } from '../model/duration.ts';
import { isHttp2, isSniffed } from '../model/protocol.ts';
import { policyForPort, subsetPolicy } from '../model/traffic-policy.ts';
import type { MutualTlsMode } from '../policies/peer-authentication.ts';
import {
  type Resolution,
  type Service,
  type ServicePort,
  sniSubsetKey,
  subsetKey,
  supportsUnhealthyEndpoints,
} from '../registry/service.ts';
import { endpointsOfPort, serviceAccountsOf } from '../registry/service-index.ts';
import { clientKey } from '../sharing.ts';
import { statName } from '../stat-names.ts';
import { type ClusterSpec, finishCluster, httpOptions } from './cluster-spec.ts';
import { http1Options } from './passthrough.ts';
import {
  applyConnectionPool,
  applyLoadBalancer,
  applyOutlierDetection,
  lbConfig,
  upgradesToHttp2,
} from './traffic-policy.ts';
import { applyProxyProtocol, applyUpstreamTls } from './upstream-tls.ts';

type Rule = Config<DestinationRule>;

/** `sni`: clusters of an AUTO_PASSTHROUGH gateway, which leaves TLS as it is. */
export type ClusterMode = 'default' | 'sni';

/** Clusters of all ports of all services a proxy can see, and of the subsets of their rules. */
export function outboundClusters(build: Build, mode: ClusterMode = 'default'): Cluster[] {
  return build.scope.services.flatMap((service) => {
    if (service.resolution === 'Alias' || (mode === 'sni' && service.meshExternal)) return [];
    const rule = build.destinationRule(service.hostname)?.rule;
    const key = `clusters ${mode} ${clientKey(build, service, rule)}`;
    return build.push.shared.get(service, rule ?? build.push, key, () => serviceClusters(build, service, rule, mode));
  });
}

function serviceClusters(build: Build, service: Service, rule: Rule | undefined, mode: ClusterMode): Cluster[] {
  return service.ports.flatMap((port) => {
    if (port.protocol === 'UDP') return [];
    const maker = new ClusterMaker(build, service, port, rule, mode);
    const main = maker.make();
    if (!main) return [];
    const subsets = (rule?.spec.subsets ?? []).flatMap((subset) => maker.make(subset) ?? []);
    return [main, ...subsets];
  });
}

function discoveryType(build: Build, { resolution, raceFirstTcpConnect }: Service): Cluster['type'] {
  const types: Record<Resolution, Cluster['type']> = {
    ClientSideLB: 'EDS',
    DNSLB: raceFirstTcpConnect ? 'LOGICAL_DNS' : 'STRICT_DNS',
    DNSRoundRobinLB: 'LOGICAL_DNS',
    Passthrough: build.proxy.type === 'router' ? 'EDS' : 'ORIGINAL_DST',
    Alias: 'EDS',
    DynamicDNS: 'EDS',
  };
  return types[resolution];
}

class ClusterMaker {
  readonly #build: Build;
  readonly #service: Service;
  readonly #port: ServicePort;
  readonly #rule: Rule | undefined;
  readonly #mode: ClusterMode;

  constructor(build: Build, service: Service, port: ServicePort, rule: Rule | undefined, mode: ClusterMode) {
    this.#build = build;
    this.#service = service;
    this.#port = port;
    this.#rule = rule;
    this.#mode = mode;
  }

  /** The cluster of the port, or of one subset; undefined for a DNS cluster without endpoints. */
  make(subset?: Subset): Cluster | undefined {
    const service = this.#service;
    const name = (this.#mode === 'sni' ? sniSubsetKey : subsetKey)(
      subset?.name ?? '',
      service.hostname,
      this.#port.port,
    );
    const passthrough = subset?.trafficPolicy?.loadBalancer?.simple === 'PASSTHROUGH';
    const type = passthrough ? 'ORIGINAL_DST' : discoveryType(this.#build, service);
    const endpoints = this.#endpoints(name, type, subset);
    if (endpoints && endpoints.length === 0) return undefined;
    const spec = this.#base(name, type, subset, endpoints);
    const policy = this.#policy(subset);
    this.#applyPolicy(spec, policy, subset);
    const { cluster } = spec;
    if (cluster.type === 'EDS') cluster.edsClusterConfig = { edsConfig: aggregatedDiscovery, serviceName: name };
    cluster.filters = [metadataExchange];
    cluster.metadata = { filterMetadata: { istio: this.#metadata(subset, policy) } };
    return finishCluster(spec, http1Options(this.#build));
  }

  #policy(subset: Subset | undefined): TrafficPolicy | undefined {
    const { trafficPolicy } = this.#rule?.spec ?? {};
    const port = this.#port.port;
    if (!subset) return policyForPort(trafficPolicy, port).policy;
    return subsetPolicy(policyForPort(trafficPolicy, port).policy, subset.trafficPolicy, port);
  }

  /** Endpoints that stand in the cluster itself: DNS names. */
  #endpoints(name: string, type: Cluster['type'], subset: Subset | undefined): LocalityLbEndpoints[] | undefined {
    if (type !== 'STRICT_DNS' && type !== 'LOGICAL_DNS') return undefined;
    const key = { port: this.#port.port, subset: subset?.name ?? '' };
    const groups = localityGroups(this.#build, this.#service, key, this.#rule?.spec, name);
    const policy = this.#policy(subset);
    const { mesh } = this.#build.push;
    const own = policy?.loadBalancer?.localityLbSetting;
    const { setting, forced } = localitySetting(mesh.localityLbSetting, own, this.#service);
    return applyLocality(groups, this.#build.proxy, setting, forced || policy?.outlierDetection !== undefined);
  }

  #base(
    name: string,
    type: Cluster['type'],
    subset: Subset | undefined,
    endpoints: LocalityLbEndpoints[] | undefined,
  ): ClusterSpec {
    const { mesh } = this.#build.push;
    const service = this.#service;
    const port = this.#port;
    const override = service.passthroughTargetPorts?.[port.port];
    const stat = statName(mesh.outboundClusterStatName, service, port.port, subset?.name);
    const cluster: Cluster = {
      name,
      altStatName: `${stat ?? name};`,
      ...(type ? { type } : {}),
      commonLbConfig: {},
      ...(endpoints ? { loadAssignment: { clusterName: name, endpoints }, ...this.#dns() } : {}),
      ...(type === 'ORIGINAL_DST' && override ? { originalDstLbConfig: { upstreamPortOverride: override } } : {}),
    };
    const spec: ClusterSpec = { cluster };
    if (isHttp2(port.protocol)) httpOptions(spec).upstream = 'http2';
    else if (isSniffed(port.protocol) && this.#build.proxy.type === 'sidecar')
      httpOptions(spec).upstream = 'downstream';
    else if (Object.keys(http1Options(this.#build)).length > 0) httpOptions(spec).upstream = 'http1';
    return spec;
  }

  #dns(): Partial<Cluster> {
    return {
      dnsRefreshRate: protoDuration(this.#build.push.mesh.dnsRefreshRate),
      dnsJitter: '0.100s',
      respectDnsTtl: true,
      ...(this.#service.raceFirstTcpConnect ? { dnsLookupFamily: 'ALL' } : { dnsLookupFamily: 'V4_ONLY' }),
      typedDnsResolverConfig: {
        name: 'envoy.network.dns_resolver.cares',
        typedConfig: {
          '@type': 'type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig',
          udpMaxQueries: 100,
        },
      },
    };
  }

  #applyPolicy(spec: ClusterSpec, policy: TrafficPolicy | undefined, subset: Subset | undefined): void {
    const { mesh } = this.#build.push;
    const service = this.#service;
    const { cluster } = spec;
    const pool = policy?.connectionPool ?? {};
    if (upgradesToHttp2(this.#port, mesh, pool)) httpOptions(spec).upstream ??= 'http2';
    applyConnectionPool(spec, mesh, pool, policy?.retryBudget);
    applyOutlierDetection(cluster, service, policy?.outlierDetection);
    if (supportsUnhealthyEndpoints(service))
      cluster.commonLbConfig = { ...lbConfig(cluster), healthyPanicThreshold: {} };
    this.#applyLocality(cluster, policy);
    applyLoadBalancer(cluster, policy?.loadBalancer);
    if (this.#mode === 'default') {
      applyUpstreamTls(spec, policy?.tls, {
        mesh,
        serviceAccounts: serviceAccountsOf(this.#build.push.serviceIndex, service, mesh.trustDomainAliases),
        sni: sniSubsetKey(subset?.name ?? '', service.hostname, this.#port.port),
        meshExternal: service.meshExternal,
        external: service.registry === 'External',
        serverMode: this.#serverMode(subset),
        mayUseSecrets: this.#build.proxy.type === 'router' || this.#rule?.spec.workloadSelector !== undefined,
      });
      if (policy?.proxyProtocol) applyProxyProtocol(spec, policy.proxyProtocol.version);
    }
    if (cluster.type === 'ORIGINAL_DST') cluster.lbPolicy = 'CLUSTER_PROVIDED';
  }

  /** Envoy must weigh localities where a setting speaks of them. */
  #applyLocality(cluster: Cluster, policy: TrafficPolicy | undefined): void {
    const { mesh } = this.#build.push;
    const own = policy?.loadBalancer?.localityLbSetting;
    const { setting, forced } = localitySetting(mesh.localityLbSetting, own, this.#service);
    const failover = forced || cluster.outlierDetection !== undefined;
    if (!setting?.distribute && !(failover && (setting?.failover ?? setting?.failoverPriority))) return;
    cluster.commonLbConfig = { ...lbConfig(cluster), localityWeightedLbConfig: {} };
  }

  /** The mode the servers are taken to be in. Endpoints that connections reach by themselves must all speak it. */
  #serverMode(subset: Subset | undefined): MutualTlsMode | undefined {
    const service = this.#service;
    const { push } = this.#build;
    if (service.meshExternal) return undefined;
    const policy = subset ? subset.trafficPolicy : this.#rule?.spec.trafficPolicy;
    if (service.resolution === 'Passthrough' || policy?.loadBalancer?.simple === 'PASSTHROUGH') {
      const endpoints = endpointsOfPort(push.serviceIndex, service, this.#port.port);
      if (endpoints.length === 0 || endpoints.some(({ tlsMode }) => tlsMode === 'disabled')) return 'DISABLE';
    }
    return push.peerAuthentications.ofNamespace(service.namespace);
  }

  #metadata(subset: Subset | undefined, policy: TrafficPolicy | undefined): Record<string, unknown> {
    const { hostname, name, namespace, meshExternal } = this.#service;
    const originates = policy?.tls?.mode === 'SIMPLE' || policy?.tls?.mode === 'MUTUAL';
    return {
      ...(this.#rule ? { config: configPath(this.#rule) } : {}),
      ...(meshExternal && !subset ? { external: true } : {}),
      services: [{ host: hostname, name, namespace }],
      ...(subset ? { subset: subset.name } : {}),
      ...(this.#rule && originates ? { alpn_override: 'false' } : {}),
    };
  }
}
