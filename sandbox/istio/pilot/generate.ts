import type {
  Cluster,
  ClusterLoadAssignment,
  Listener,
  ProxyConfiguration,
  RouteConfiguration,
} from '../../envoy/xds/types.ts';
import { Build } from './build.ts';
import { inboundClusters } from './clusters/inbound.ts';
import { outboundClusters } from './clusters/outbound.ts';
import { blackHoleCluster, inboundPassthroughCluster, passthroughCluster } from './clusters/passthrough.ts';
import { loadAssignment } from './endpoints/load-assignment.ts';
import { patchClusters } from './envoy-filters/clusters.ts';
import { patchListeners } from './envoy-filters/listeners.ts';
import { patchRoutes } from './envoy-filters/routes.ts';
import { gatewayListeners } from './listeners/gateway.ts';
import { inboundListeners } from './listeners/inbound.ts';
import { outboundListeners } from './listeners/outbound.ts';
import { virtualOutbound } from './listeners/virtual-outbound.ts';
import { compareText } from './model/config.ts';
import type { MeshProxy } from './proxy.ts';
import type { PushContext } from './push-context.ts';
import { gatewayRoutes } from './routes/gateway.ts';
import { outboundRoutes } from './routes/outbound.ts';

/** All of a proxy's configuration. Resources may be shared with other proxies': they must not be changed. */
export function generateConfiguration(push: PushContext, proxy: MeshProxy): ProxyConfiguration {
  const build = new Build(push, proxy);
  const listeners = byName(buildListeners(build));
  const clusters = byName(buildClusters(build));
  return { listeners, clusters, routes: buildRoutes(build, listeners), endpoints: buildEndpoints(build, clusters) };
}

function byName<T extends { name: string }>(resources: T[]): T[] {
  return resources.sort((a, b) => compareText(a.name, b.name));
}

function buildListeners(build: Build): Listener[] {
  const { envoyPatches } = build;
  if (build.proxy.type === 'router') return patchListeners(envoyPatches, 'GATEWAY', gatewayListeners(build), true);
  const [virtualInbound, ...bound] = inboundListeners(build);
  return [
    ...patchListeners(envoyPatches, 'SIDECAR_OUTBOUND', outboundListeners(build), true),
    ...patchListeners(envoyPatches, 'SIDECAR_OUTBOUND', [virtualOutbound(build)], false),
    ...patchListeners(envoyPatches, 'SIDECAR_INBOUND', [virtualInbound], false),
    ...patchListeners(envoyPatches, 'SIDECAR_INBOUND', bound, true),
  ];
}

/** Of clusters with one name the first stays. */
function buildClusters(build: Build): Cluster[] {
  const { envoyPatches } = build;
  const own =
    build.proxy.type === 'router'
      ? patchClusters(envoyPatches, 'GATEWAY', [
          ...outboundClusters(build),
          blackHoleCluster(build),
          ...(build.gateway?.autoPassthrough ? outboundClusters(build, 'sni') : []),
        ])
      : [
          ...patchClusters(envoyPatches, 'SIDECAR_OUTBOUND', [
            ...outboundClusters(build),
            blackHoleCluster(build),
            passthroughCluster(build),
          ]),
          ...patchClusters(envoyPatches, 'SIDECAR_INBOUND', [
            ...inboundClusters(build),
            inboundPassthroughCluster(build),
          ]),
        ];
  const seen = new Set<string>();
  return own.filter(({ name }) => !seen.has(name) && seen.add(name));
}

function buildRoutes(build: Build, listeners: readonly Listener[]): RouteConfiguration[] {
  const { envoyPatches, gateway } = build;
  return [...routeNames(listeners)].sort(compareText).map((name) => {
    if (build.proxy.type === 'sidecar') {
      return patchRoutes(envoyPatches, 'SIDECAR_OUTBOUND', sharedOutboundRoutes(build, name));
    }
    const ports = gateway?.serversByRouteName.get(name)?.map(({ server }) => server.port.number);
    return patchRoutes(envoyPatches, 'GATEWAY', gatewayRoutes(build, name), ports);
  });
}

function sharedOutboundRoutes(build: Build, name: string): RouteConfiguration {
  const { push, scope, proxy, proxySettings } = build;
  const key = `routes ${name} ${push.labelsMatter ? JSON.stringify(proxy.labels) : ''} ${proxySettings}`;
  return push.shared.get(scope, push, key, () => outboundRoutes(build, name));
}

/** Names of the route configurations the listeners ask for over RDS. */
function routeNames(listeners: readonly Listener[]): Set<string> {
  const names = new Set<string>();
  for (const { filterChains = [], defaultFilterChain } of listeners) {
    for (const { filters = [] } of defaultFilterChain ? [...filterChains, defaultFilterChain] : filterChains) {
      for (const { typedConfig } of filters) {
        const name = (typedConfig?.rds as { routeConfigName?: string } | undefined)?.routeConfigName;
        if (name !== undefined) names.add(name);
      }
    }
  }
  return names;
}

function buildEndpoints(build: Build, clusters: readonly Cluster[]): ClusterLoadAssignment[] {
  return clusters.filter(({ type }) => type === 'EDS').map(({ name }) => loadAssignment(build, name));
}
