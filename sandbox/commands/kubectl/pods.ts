import { parseTime } from '../../kernel/time.ts';
import { KubectlError } from './errors.ts';
import { goQuote } from './flags.ts';
import type { Kubectl } from './kubectl.ts';
import { at, isRecord, type KubeObject, records, text } from './objects.ts';
import { listObjects, select } from './resources.ts';

const defaultContainerAnnotation = 'kubectl.kubernetes.io/default-container';

const containerLists = ['containers', 'initContainers', 'ephemeralContainers'] as const;

/** Names of a pod's containers, with the list each is in. */
export function containersOf(pod: KubeObject): { name: string; list: (typeof containerLists)[number] }[] {
  return containerLists.flatMap((list) =>
    records(at(pod, 'spec', list)).map((container) => ({ name: text(container.name), list })),
  );
}

/** The container a command means when it names none, and what is said about the choice. */
export function defaultContainer(pod: KubeObject): { name: string; note: string } {
  const all = containersOf(pod);
  const noted = pod.metadata.annotations?.[defaultContainerAnnotation];
  if (noted && all.some(({ name }) => name === noted)) return { name: noted, note: '' };
  const first = all.find(({ list }) => list === 'containers');
  if (!first) {
    throw new KubectlError(`pod ${pod.metadata.namespace}/${pod.metadata.name} does not have any containers`);
  }
  if (all.length === 1) return { name: first.name, note: '' };
  const order = ['containers', 'ephemeralContainers', 'initContainers'];
  const suffix = { containers: '', ephemeralContainers: ' (ephem)', initContainers: ' (init)' };
  const names = order.flatMap((wanted) =>
    all.filter(({ list }) => list === wanted).map(({ name, list }) => name + suffix[list]),
  );
  return { name: first.name, note: `Defaulted container ${goQuote(first.name)} out of: ${names.join(', ')}\n` };
}

/** The annotation's container where it is none of the pod's; '' otherwise. */
export function strayDefaultContainer(pod: KubeObject): string {
  const noted = pod.metadata.annotations?.[defaultContainerAnnotation] ?? '';
  return noted !== '' && !containersOf(pod).some(({ name }) => name === noted) ? noted : '';
}

/** Resolves `NAME` or `TYPE/NAME` to objects; a bare name is a pod's. */
export async function objectFor(k: Kubectl, argument: string): Promise<KubeObject> {
  const { infos, errors } = await select(k, {
    args: argument.includes('/') ? [argument] : ['pods', argument],
    stopOnError: true,
  });
  if (errors[0]) throw errors[0];
  return infos[0]?.object as KubeObject;
}

/** The label selector of an object's pods (polymorphichelpers.SelectorsForObject). */
export function podSelector(object: KubeObject, verb: string): string {
  const selector = at(object, 'spec', 'selector');
  const kinds = ['ReplicaSet', 'Deployment', 'StatefulSet', 'DaemonSet', 'Job'];
  if (kinds.includes(object.kind) && isRecord(selector)) return formatSelector(selector);
  if (object.kind === 'Service' || object.kind === 'ReplicationController') {
    if (!isRecord(selector) || Object.keys(selector).length === 0) {
      throw new KubectlError(
        `${verb} ${goType(object)}: invalid service '${object.metadata.name}': Service is defined without a selector`,
      );
    }
    return formatSelector({ matchLabels: selector });
  }
  throw new KubectlError(`${verb} ${goType(object)}: selector for ${goType(object)} not implemented`);
}

/** The Go type of a built-in object: `*v1.Service`. */
export function goType(object: KubeObject): string {
  return `*${object.apiVersion.split('/').at(-1)}.${object.kind}`;
}

/** A LabelSelector as text: `app=curl,tier in (a,b)`, in the order of keys. */
export function formatSelector(selector: Record<string, unknown>): string {
  const labels = isRecord(selector.matchLabels) ? selector.matchLabels : {};
  const parts: [string, string][] = Object.entries(labels).map(([key, value]) => [key, `${key}=${text(value)}`]);
  for (const { key, operator, values } of records(selector.matchExpressions)) {
    const listed = Array.isArray(values) ? values.map(text).sort().join(',') : '';
    const name = text(key);
    if (operator === 'In') parts.push([name, `${name} in (${listed})`]);
    else if (operator === 'NotIn') parts.push([name, `${name} notin (${listed})`]);
    else parts.push([name, operator === 'Exists' ? name : `!${name}`]);
  }
  return parts
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, part]) => part)
    .join(',');
}

/** Pods of an object, the best for exec (`active`) or logs first; waits for one until `timeout` ms are over. */
export async function podsFor(
  k: Kubectl,
  object: KubeObject,
  options: { verb: string; order: 'active' | 'logging'; timeout: number },
): Promise<KubeObject[]> {
  const selector = podSelector(object, options.verb);
  const mapping = k.mapper.resource('pods');
  const end = k.now() + options.timeout;
  for (;;) {
    const { items } = await listObjects(k, mapping, object.metadata.namespace ?? '', { selector });
    if (items.length > 0) {
      const better = options.order === 'active' ? moreActive : betterForLogs;
      return [...items].sort(better);
    }
    if (k.now() >= end) throw new KubectlError('timed out waiting for the condition');
    await k.process.sleep(Math.min(500, end - k.now()));
  }
}

/** podutils.ActivePods, the most active first: scheduled, running, ready, longest ready, fewest restarts, oldest. */
function moreActive(a: KubeObject, b: KubeObject): number {
  const assigned = (pod: KubeObject) => Number(text(at(pod, 'spec', 'nodeName')) !== '');
  const phases = ['Pending', 'Unknown', 'Running'];
  const phase = (pod: KubeObject) => Math.max(0, phases.indexOf(text(at(pod, 'status', 'phase'))));
  return (
    assigned(b) - assigned(a) ||
    phase(b) - phase(a) ||
    Number(isReady(b)) - Number(isReady(a)) ||
    Number(a.metadata.deletionTimestamp !== undefined) - Number(b.metadata.deletionTimestamp !== undefined) ||
    (isReady(a) ? readySince(a) - readySince(b) : 0) ||
    restarts(a) - restarts(b) ||
    created(a) - created(b)
  );
}

/** podutils.ByLogging: scheduled, running, ready, most recently ready, most restarts, newest. */
function betterForLogs(a: KubeObject, b: KubeObject): number {
  const assigned = (pod: KubeObject) => Number(text(at(pod, 'spec', 'nodeName')) !== '');
  const phases = ['Pending', 'Unknown', 'Running'];
  const phase = (pod: KubeObject) => Math.max(0, phases.indexOf(text(at(pod, 'status', 'phase'))));
  return (
    assigned(b) - assigned(a) ||
    phase(b) - phase(a) ||
    Number(isReady(b)) - Number(isReady(a)) ||
    (isReady(a) ? readySince(a) - readySince(b) : 0) ||
    restarts(b) - restarts(a) ||
    created(a) - created(b)
  );
}

function readyCondition(pod: KubeObject): Record<string, unknown> | undefined {
  return records(at(pod, 'status', 'conditions')).find(({ type }) => type === 'Ready');
}

function isReady(pod: KubeObject): boolean {
  return readyCondition(pod)?.status === 'True';
}

function readySince(pod: KubeObject): number {
  return parseTime(text(readyCondition(pod)?.lastTransitionTime)) ?? 0;
}

function restarts(pod: KubeObject): number {
  return Math.max(
    0,
    ...records(at(pod, 'status', 'containerStatuses')).map((status) => Number(status.restartCount ?? 0)),
  );
}

function created(pod: KubeObject): number {
  return parseTime(text(pod.metadata.creationTimestamp)) ?? 0;
}
