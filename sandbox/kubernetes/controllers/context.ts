import type { Kernel } from '../../kernel/kernel.ts';
import type { ApiClient, GroupVersionResource, KubernetesObject } from '../objects.ts';
import type { EventRecorder } from './events.ts';

/** What every controller is given. */
export interface ControllerContext {
  kernel: Kernel;
  client: ApiClient;
  events: EventRecorder;
}

export const kinds = {
  pods: { group: '', version: 'v1', resource: 'pods' },
  services: { group: '', version: 'v1', resource: 'services' },
  endpoints: { group: '', version: 'v1', resource: 'endpoints' },
  nodes: { group: '', version: 'v1', resource: 'nodes' },
  namespaces: { group: '', version: 'v1', resource: 'namespaces' },
  configMaps: { group: '', version: 'v1', resource: 'configmaps' },
  secrets: { group: '', version: 'v1', resource: 'secrets' },
  serviceAccounts: { group: '', version: 'v1', resource: 'serviceaccounts' },
  events: { group: '', version: 'v1', resource: 'events' },
  deployments: { group: 'apps', version: 'v1', resource: 'deployments' },
  replicaSets: { group: 'apps', version: 'v1', resource: 'replicasets' },
  daemonSets: { group: 'apps', version: 'v1', resource: 'daemonsets' },
  endpointSlices: { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' },
  podDisruptionBudgets: { group: 'policy', version: 'v1', resource: 'poddisruptionbudgets' },
  customResourceDefinitions: { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' },
} as const satisfies Record<string, GroupVersionResource>;

/** Is this kind served? Controllers of kinds that are not leave them alone. */
export function serves(client: ApiClient, wanted: GroupVersionResource): boolean {
  return client
    .resources()
    .some(
      ({ group, version, resource }) =>
        group === wanted.group && version === wanted.version && resource === wanted.resource,
    );
}

/** `namespace/name`, as controllers name their work. */
export function keyOf(object: KubernetesObject): string {
  const { namespace, name } = object.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}

export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** The controller that owns an object, if any. */
export function controllerOf(object: KubernetesObject) {
  return object.metadata.ownerReferences?.find((owner) => owner.controller);
}
