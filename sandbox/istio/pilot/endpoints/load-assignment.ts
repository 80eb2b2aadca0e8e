import type { ClusterLoadAssignment, LbEndpoint, Metadata } from '../../../envoy/xds/types.ts';
import type { DestinationRule, TrafficPolicy } from '../api/networking.ts';
import type { Build } from '../build.ts';
import { isIpAddress, socketAddress } from '../model/addresses.ts';
import { compareText } from '../model/config.ts';
import { canonicalService, parseLocality } from '../model/labels.ts';
import { subsetPolicy } from '../model/traffic-policy.ts';
import { modeForPort } from '../policies/peer-authentication.ts';
import { type Endpoint, parseSubsetKey, type Service, supportsUnhealthyEndpoints } from '../registry/service.ts';
import { usesDns } from '../registry/service-entry.ts';
import { endpointsOfPort } from '../registry/service-index.ts';
import { clientKey } from '../sharing.ts';
import { applyLocality, type LocalityGroup, localitySetting } from './locality-weights.ts';

/** What EDS serves for a cluster; without endpoints only its name (xds/endpoints/endpoint_builder.go). */
export function loadAssignment(build: Build, clusterName: string): ClusterLoadAssignment {
  const empty = { clusterName };
  const key = parseSubsetKey(clusterName);
  const service = key && build.push.serviceFor(build.proxy, key.hostname);
  if (!key || !service || usesDns(service.resolution)) return empty;
  if (!service.ports.some(({ port }) => port === key.port)) return empty;
  const rule = build.destinationRule(service.hostname)?.rule;
  const owner = `endpoints ${clusterName} ${clientKey(build, service, rule)}`;
  return build.push.shared.get(service, rule ?? build.push, owner, () => {
    return { clusterName, ...endpointsOf(build, service, key, rule?.spec, clusterName) };
  });
}

function endpointsOf(
  build: Build,
  service: Service,
  key: { port: number; subset: string },
  rule: DestinationRule | undefined,
  clusterName: string,
): Pick<ClusterLoadAssignment, 'endpoints'> {
  const groups = localityGroups(build, service, key, rule, clusterName);
  if (groups.length === 0) return {};
  const policy = rule && ruleForSubset(rule, key.subset, key.port);
  const { mesh } = build.push;
  const { setting, forced } = localitySetting(mesh.localityLbSetting, policy?.loadBalancer?.localityLbSetting, service);
  const failover = forced || policy?.outlierDetection !== undefined;
  return { endpoints: applyLocality(groups, build.proxy, setting, failover) };
}

function ruleForSubset(rule: DestinationRule, name: string, port: number): TrafficPolicy | undefined {
  const subset = rule.subsets?.find((each) => each.name === name);
  return subsetPolicy(rule.trafficPolicy, subset?.trafficPolicy, port);
}

/** Endpoints by locality, sorted by it. */
export function localityGroups(
  build: Build,
  service: Service,
  key: { port: number; subset: string },
  rule: DestinationRule | undefined,
  clusterName: string,
): LocalityGroup[] {
  const labels = rule?.subsets?.find(({ name }) => name === key.subset)?.labels;
  const byName = usesDns(service.resolution);
  const found = endpointsOfPort(build.push.serviceIndex, service, key.port, key.subset ? labels : undefined).filter(
    (endpoint) =>
      isUsable(build, service, endpoint) && (byName || endpoint.port === 0 || isIpAddress(endpoint.address)),
  );
  const mtls = mutualTlsTest(build, rule, key);
  const onlyMutualTls = clusterName.startsWith('outbound_.');
  const groups = new Map<string, { endpoints: Endpoint[]; lbEndpoints: LbEndpoint[] }>();
  for (const endpoint of found) {
    const mutual = mtls(endpoint);
    const group = groups.get(endpoint.locality) ?? { endpoints: [], lbEndpoints: [] };
    groups.set(endpoint.locality, group);
    if (onlyMutualTls && !(mutual && endpoint.tlsMode === 'istio')) continue;
    group.endpoints.push(endpoint);
    group.lbEndpoints.push(lbEndpoint(build, endpoint, mutual));
  }
  return [...groups]
    .sort(([a], [b]) => compareText(a, b))
    .map(([locality, { endpoints, lbEndpoints }]) => ({
      endpoints,
      entry: {
        locality: parseLocality(locality),
        ...(lbEndpoints.length > 0
          ? { lbEndpoints, loadBalancingWeight: endpoints.reduce((sum, { weight }) => sum + weight, 0) }
          : {}),
      },
    }));
}

function isUsable(build: Build, service: Service, endpoint: Endpoint): boolean {
  if (service.nodeLocal && endpoint.node !== build.proxy.node) return false;
  if (endpoint.health === 'TERMINATING') return false;
  return endpoint.health !== 'UNHEALTHY' || supportsUnhealthyEndpoints(service);
}

/** Whether the client speaks mutual TLS with an endpoint: as the rule says, else where both sides can. */
function mutualTlsTest(
  build: Build,
  rule: DestinationRule | undefined,
  key: { port: number; subset: string },
): (endpoint: Endpoint) => boolean {
  const policy = key.subset
    ? rule?.subsets?.find(({ name }) => name === key.subset)?.trafficPolicy
    : rule?.trafficPolicy;
  const ofPort = policy?.portLevelSettings?.find(({ port, tls }) => port?.number === key.port && tls)?.tls;
  const tls = ofPort ?? policy?.tls;
  if (tls) return () => tls.mode === 'ISTIO_MUTUAL';
  return ({ tlsMode, namespace, labels, port }) => {
    if (tlsMode !== 'istio') return false;
    return modeForPort(build.push.peerAuthentications.ofWorkload(namespace, labels), port) !== 'DISABLE';
  };
}

function lbEndpoint(build: Build, endpoint: Endpoint, mutualTls: boolean): LbEndpoint {
  const { name, revision } = canonicalService(endpoint.labels, endpoint.workload);
  const shown = revision === 'latest' ? '' : revision;
  const workload = [endpoint.workload, endpoint.namespace, name, shown, build.push.cluster].join(';');
  const tlsMode = mutualTls && endpoint.tlsMode !== 'disabled' ? endpoint.tlsMode : '';
  const metadata: Metadata = {
    filterMetadata: {
      ...(tlsMode ? { 'envoy.transport_socket_match': { tlsMode } } : {}),
      istio: { workload },
    },
  };
  return {
    endpoint: { address: socketAddress(endpoint.address, endpoint.port) },
    ...(endpoint.health ? { healthStatus: endpoint.health } : {}),
    metadata,
    loadBalancingWeight: endpoint.weight,
  };
}
