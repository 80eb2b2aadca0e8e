import { formatMillis } from '../kernel/time.ts';
import { bootstrap, bootstrapClusters, bootstrapListeners } from './bootstrap.ts';
import type { EnvoyProxy } from './proxy.ts';
import type { RouteConfiguration, Secret } from './xds/types.ts';

const typePrefix = 'type.googleapis.com/envoy';
/** base64 of `[redacted]`, as Envoy hides private keys. */
const redacted = 'W3JlZGFjdGVkXQ==';

function typed(type: string, resource: object): Record<string, unknown> {
  return { '@type': `${typePrefix}.${type}`, ...resource };
}

/** `/config_dump`, envoy.admin.v3.ConfigDump in its own field names. */
export function configDump(proxy: EnvoyProxy, withEndpoints: boolean): { configs: Record<string, unknown>[] } {
  const { configuration, resources, startedAt, options, nodeMetadata } = proxy;
  const started = formatMillis(startedAt);
  const facts = (kind: 'listeners' | 'clusters' | 'routes' | 'endpoints') => {
    const { version, updated } = resources.facts(kind);
    return { versionInfo: version, lastUpdated: formatMillis(updated) };
  };
  const listeners = facts('listeners');
  const clusters = facts('clusters');
  const routes = facts('routes');
  const endpoints = facts('endpoints');
  const route = (config: RouteConfiguration) => typed('config.route.v3.RouteConfiguration', config);
  const configs = [
    typed('admin.v3.BootstrapConfigDump', { bootstrap: bootstrap(options.node, nodeMetadata), lastUpdated: started }),
    typed('admin.v3.ClustersConfigDump', {
      versionInfo: clusters.versionInfo,
      staticClusters: bootstrapClusters().map((cluster) => ({
        cluster: typed('config.cluster.v3.Cluster', cluster),
        lastUpdated: started,
      })),
      dynamicActiveClusters: configuration.clusters.map((cluster) => ({
        ...clusters,
        cluster: typed('config.cluster.v3.Cluster', cluster),
      })),
    }),
    ...(withEndpoints
      ? [
          typed('admin.v3.EndpointsConfigDump', {
            dynamicEndpointConfigs: configuration.endpoints.map((assignment) => ({
              ...endpoints,
              endpointConfig: typed('config.endpoint.v3.ClusterLoadAssignment', assignment),
            })),
          }),
        ]
      : []),
    typed('admin.v3.ListenersConfigDump', {
      versionInfo: listeners.versionInfo,
      staticListeners: bootstrapListeners().map(({ name: _, ...listener }) => ({
        listener: typed('config.listener.v3.Listener', listener),
        lastUpdated: started,
      })),
      dynamicListeners: configuration.listeners.map((listener) => ({
        name: listener.name,
        activeState: { ...listeners, listener: typed('config.listener.v3.Listener', listener) },
      })),
    }),
    typed('admin.v3.RoutesConfigDump', {
      staticRouteConfigs: inlineRoutes(proxy).map((config) => ({
        routeConfig: route(config),
        lastUpdated: listeners.lastUpdated,
      })),
      dynamicRouteConfigs: configuration.routes.map((config) => ({ ...routes, routeConfig: route(config) })),
    }),
    typed('admin.v3.SecretsConfigDump', { dynamicActiveSecrets: secrets(proxy) }),
  ];
  return { configs };
}

/** Route configurations inside listeners. */
function inlineRoutes({ configuration }: EnvoyProxy): RouteConfiguration[] {
  const found: RouteConfiguration[] = [];
  for (const listener of [...bootstrapListeners(), ...configuration.listeners]) {
    for (const chain of [...(listener.filterChains ?? []), listener.defaultFilterChain]) {
      for (const { typedConfig } of chain?.filters ?? []) {
        if (typedConfig?.routeConfig) found.push(typedConfig.routeConfig as RouteConfiguration);
      }
    }
  }
  return found;
}

/** The secrets that the configuration names and istiod has. */
function secrets(proxy: EnvoyProxy): Record<string, unknown>[] {
  const names = new Set<string>();
  collect(proxy.configuration.listeners, names);
  collect(proxy.configuration.clusters, names);
  return [...names].sort().flatMap((name) => {
    const secret = proxy.secret(name);
    if (!secret) return [];
    const { version, updated } = proxy.resources.facts('clusters');
    return [{ name, versionInfo: version, lastUpdated: formatMillis(updated), secret: shown(secret) }];
  });
}

function shown(secret: Secret): Record<string, unknown> {
  const { name, tlsCertificate, validationContext } = secret;
  return typed('extensions.transport_sockets.tls.v3.Secret', {
    name,
    ...(tlsCertificate && { tlsCertificate: { ...tlsCertificate, privateKey: { inlineBytes: redacted } } }),
    ...(validationContext && { validationContext }),
  });
}

function collect(value: unknown, names: Set<string>): void {
  if (Array.isArray(value)) for (const item of value) collect(item, names);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'tlsCertificateSdsSecretConfigs') {
        for (const { name } of inner as { name: string }[]) names.add(name);
      } else if (key === 'validationContextSdsSecretConfig') names.add((inner as { name: string }).name);
      else collect(inner, names);
    }
  }
}
