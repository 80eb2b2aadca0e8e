import type { JsonObject } from '../../kernel/json.ts';
import type { GroupVersionResource, KubernetesObject } from '../../kubernetes/objects.ts';
import type { Istioctl } from './command.ts';
import { IstioctlError } from './errors.ts';

export const podResource: GroupVersionResource = { group: '', version: 'v1', resource: 'pods' };

/** Kinds whose selector finds pods, by every name they go by. */
const workloads: [names: string[], resource: GroupVersionResource][] = [
  [
    ['deployment', 'deployments', 'deploy', 'deployment.apps'],
    { group: 'apps', version: 'v1', resource: 'deployments' },
  ],
  [['replicaset', 'replicasets', 'rs'], { group: 'apps', version: 'v1', resource: 'replicasets' }],
  [['statefulset', 'statefulsets', 'sts'], { group: 'apps', version: 'v1', resource: 'statefulsets' }],
  [['daemonset', 'daemonsets', 'ds'], { group: 'apps', version: 'v1', resource: 'daemonsets' }],
  [['service', 'services', 'svc'], { group: '', version: 'v1', resource: 'services' }],
];

/** A pod from `curl-x`, `curl-x.ns`, `pod/curl-x`, `deploy/curl` or `deploy/curl.ns` (upstream handlers.InferPodInfoFromTypedResource). */
export function inferPod(ctl: Istioctl, name: string): { pod: string; namespace: string } {
  const dot = name.lastIndexOf('.');
  const [resource, namespace] = dot < 0 ? [name, ctl.namespace] : [name.slice(0, dot), name.slice(dot + 1)];
  const slash = resource.indexOf('/');
  if (slash < 0) return { pod: resource, namespace };
  const [kind, object] = [resource.slice(0, slash).toLowerCase(), resource.slice(slash + 1)];
  if (['pod', 'pods', 'po'].includes(kind)) {
    if (ctl.api.get(podResource, namespace, object)) return { pod: object, namespace };
    throw missing(`pods "${object}" not found`, namespace);
  }
  const known = workloads.find(([names]) => names.includes(kind));
  if (!known) throw missing(`the server doesn't have a resource type "${kind}"`, namespace);
  const found = ctl.api.get(known[1], namespace, object);
  if (!found) {
    const { resource: plural, group } = known[1];
    throw missing(`${plural}${group ? `.${group}` : ''} "${object}" not found`, namespace);
  }
  const pods = ctl.api
    .list(podResource, selectorOf(found), { namespace })
    .filter((pod) => !pod.metadata.deletionTimestamp);
  const best = [...pods].sort(byLogging)[0];
  if (!best) throw new IstioctlError(`no pods match "${resource}"`);
  return { pod: best.metadata.name, namespace };
}

function missing(problem: string, namespace: string): IstioctlError {
  return new IstioctlError(`failed retrieving: ${problem} in the "${namespace}" namespace`);
}

function selectorOf({ spec, kind }: KubernetesObject): Record<string, string> {
  const selector = ((spec ?? {}) as JsonObject).selector as JsonObject | undefined;
  return ((kind === 'Service' ? selector : selector?.matchLabels) ?? {}) as Record<string, string>;
}

/** Running and ready pods first, as `kubectl logs` chooses. */
function byLogging(a: KubernetesObject, b: KubernetesObject): number {
  const rank = (pod: KubernetesObject) => {
    const status = (pod.status ?? {}) as JsonObject;
    return (status.phase === 'Running' ? 2 : 0) + (isReady(pod) ? 1 : 0);
  };
  return rank(b) - rank(a) || (a.metadata.name < b.metadata.name ? -1 : 1);
}

export function isReady(pod: KubernetesObject): boolean {
  const { conditions, phase } = (pod.status ?? {}) as {
    conditions?: { type: string; status: string }[];
    phase?: string;
  };
  return phase === 'Running' && conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}

/** The pods of istiod that run, of one revision if asked for. */
export function istiodPods(ctl: Istioctl, revision?: string): KubernetesObject[] {
  const labels = { app: 'istiod', ...(revision ? { 'istio.io/rev': revision } : {}) };
  return ctl.api.list(podResource, labels, { namespace: ctl.istioNamespace }).filter(isReady);
}

/** Asks every istiod for a debug page. */
export async function askIstiods(ctl: Istioctl, path: string, revision?: string): Promise<Map<string, string>> {
  const pods = istiodPods(ctl, revision);
  if (pods.length === 0) throw new IstioctlError('unable to find any Istiod instances');
  const answers = new Map<string, string>();
  for (const { metadata } of pods) {
    const target = { namespace: ctl.istioNamespace, pod: metadata.name, container: 'discovery' };
    answers.set(metadata.name, await ctl.api.exec(ctl.process, target, ['pilot-discovery', 'request', 'GET', path]));
  }
  return answers;
}
