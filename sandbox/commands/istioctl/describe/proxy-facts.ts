import type { JsonObject } from '../../../kernel/json.ts';
import type { KubernetesObject } from '../../../kubernetes/objects.ts';
import { type ConfigDump, section } from '../proxy-config/config-dump.ts';
import { objects, text } from '../proxy-config/output.ts';

/** What a configuration dump tells of the objects it was made from (upstream describe.go). */

/** Where an object is. */
export interface ObjectName {
  name: string;
  namespace: string;
}

const child = (value: unknown, ...path: string[]): JsonObject =>
  path.reduce<JsonObject>((at, key) => (at[key] as JsonObject | undefined) ?? {}, (value ?? {}) as JsonObject);

/** The object in a resource's metadata; undefined if there is none of that kind. */
function sourceOf(metadata: unknown, kind: string): ObjectName | undefined {
  const path = text(child(metadata, 'filterMetadata', 'istio').config);
  const pattern = `/apis/networking(?:\\.istio\\.io)?/v1(?:alpha3)?/namespaces/([^/]+)/${kind}/([^/]+)`;
  const [, namespace, name] = new RegExp(pattern).exec(path) ?? [];
  return namespace && name ? { name, namespace } : undefined;
}

/** The DestinationRule of a service's port. */
export function destinationRuleOf(dump: ConfigDump, service: KubernetesObject, port: number): ObjectName | undefined {
  const { name, namespace } = service.metadata;
  const suffix = `|${name}.${namespace}.svc.cluster.local`;
  for (const { cluster } of objects(section(dump, 'ClustersConfigDump').dynamicActiveClusters)) {
    const { name: id, metadata } = child(cluster);
    const isService = text(id).startsWith(`outbound|${port}|`) && text(id).endsWith(suffix);
    if (isService && metadata) return sourceOf(metadata, 'destination-rule');
  }
  return undefined;
}

/** The VirtualService that routes requests for a service's port. */
export function virtualServiceOf(dump: ConfigDump, service: KubernetesObject, port: number): ObjectName | undefined {
  for (const { routeConfig } of objects(section(dump, 'RoutesConfigDump').dynamicRouteConfigs)) {
    const { name, virtualHosts } = child(routeConfig);
    if (name !== String(port) && !/^https?\./.test(text(name))) continue;
    for (const host of objects(virtualHosts)) {
      for (const route of objects(host.routes))
        if (leadsTo(route, host, service, port)) return sourceOf(route.metadata, 'virtual-service');
    }
  }
  return undefined;
}

function leadsTo(route: JsonObject, host: JsonObject, { metadata }: KubernetesObject, port: number): boolean {
  const isService = (found: RegExpExecArray | null) =>
    found !== null && found[1] === metadata.name && found[2] === metadata.namespace;
  const domain = /([^.]+)\.([^.]+)\.svc\.cluster\.local$/;
  const domains = Array.isArray(host.domains) ? host.domains.map(String) : [];
  if (domains.some((each) => isService(domain.exec(each)))) return true;
  const action = child(route.route);
  const weighted = objects(child(action.weightedClusters).clusters)[0]?.name;
  const cluster = text(action.cluster) || text(weighted);
  return (
    cluster.startsWith(`outbound|${port}|`) && isService(/\|([^.|]+)\.([^.|]+)\.svc\.cluster\.local$/.exec(cluster))
  );
}

const managerType = '.HttpConnectionManager';

/** Names of the rules by which a proxy lets requests in. */
export function rbacPolicies(dump: ConfigDump, port: number): string[] {
  const manager = inboundManager(dump, port);
  const rbac = objects(manager?.httpFilters).find(({ name }) => name === 'envoy.filters.http.rbac');
  return Object.keys(child(rbac, 'typedConfig', 'rules', 'policies')).sort();
}

function inboundManager(dump: ConfigDump, port: number): JsonObject | undefined {
  for (const { activeState } of objects(section(dump, 'ListenersConfigDump').dynamicListeners)) {
    const listener = child(activeState, 'listener');
    const address = child(listener, 'address', 'socketAddress');
    const own = address.portValue === port && address.address !== '0.0.0.0';
    if (listener.name !== 'virtualInbound' && !own) continue;
    const filters = objects(listener.filterChains).flatMap((chain) => objects(chain.filters));
    const manager = filters
      .map(({ typedConfig }) => child(typedConfig))
      .find((config) => text(config['@type']).endsWith(managerType));
    if (manager) return manager;
  }
  return undefined;
}
