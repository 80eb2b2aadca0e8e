import type { ProxyConfiguration } from '../../envoy/xds/types.ts';
import type { KubernetesObject } from '../../kubernetes/objects.ts';
import type { MeshConfig } from './api/mesh.ts';
import { generateConfiguration } from './generate.ts';
import type { ObjectSource, WatchedKind } from './model/config.ts';
import { meshWithDefaults } from './model/mesh-defaults.ts';
import { proxyOfPod } from './proxy.ts';
import { PushContext } from './push-context.ts';

export type { MeshConfig } from './api/mesh.ts';

/** Objects in lists, by kind. Kubernetes's own Gateway is told from Istio's by its group. */
export function objectSource(objects: readonly KubernetesObject[]): ObjectSource {
  const byKind = new Map<string, KubernetesObject[]>();
  for (const object of objects) {
    const kind = watchedKind(object);
    const list = byKind.get(kind);
    if (list) list.push(object);
    else byKind.set(kind, [object]);
  }
  return { list: (kind: WatchedKind) => byKind.get(kind) ?? [] };
}

function watchedKind({ apiVersion, kind }: KubernetesObject): string {
  return kind === 'Gateway' && apiVersion.startsWith('gateway.networking.k8s.io/') ? 'KubernetesGateway' : kind;
}

function identity({ apiVersion, kind, metadata }: KubernetesObject): string {
  const [group] = apiVersion.includes('/') ? apiVersion.split('/') : [''];
  return `${group}/${kind}/${metadata.namespace ?? ''}/${metadata.name}`;
}

/**
 * The configuration of each proxy (`namespace/pod`) of a cluster whose objects are taken exactly as given: no controller runs.
 * An object of `config` replaces that of `cluster` with its kind, namespace and name. Proxies whose pod is not there are left
 * out of the answer.
 */
export function pilotConfigurations(input: {
  cluster: readonly KubernetesObject[];
  config: readonly KubernetesObject[];
  mesh: MeshConfig;
  proxies: readonly string[];
}): Record<string, ProxyConfiguration> {
  const objects = new Map([...input.cluster, ...input.config].map((object) => [identity(object), object]));
  const push = new PushContext(objectSource([...objects.values()]), { mesh: meshWithDefaults(input.mesh) });
  const configurations: Record<string, ProxyConfiguration> = {};
  for (const name of input.proxies) {
    const [namespace = '', pod = ''] = name.split('/');
    const found = push.serviceIndex.workloads.pod(namespace, pod);
    if (found) configurations[name] = generateConfiguration(push, proxyOfPod(push, found));
  }
  return configurations;
}
