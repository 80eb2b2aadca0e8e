import { formatSeconds } from '../../kernel/time.ts';
import { withCondition } from './conditions.ts';
import { type ControllerContext, keyOf, kinds, splitKey } from './context.ts';
import { Controller } from './controller.ts';
import { fulfils } from './labels.ts';
import { isTerminal } from './pods.ts';
import { quantity } from './quantity.ts';
import type { Node, Pod, Taint, Toleration } from './types.ts';

const component = 'default-scheduler';

/** Gives pods a node (pkg/scheduler): filters by taints, node selector, affinity and requests; the first that fits. */
export class Scheduler extends Controller {
  constructor(context: ControllerContext) {
    super(context, component, 3);
    this.client.onChange(kinds.pods, ({ type, object, old }) => {
      if (type === 'DELETED') this.#retryPending();
      else if (isPending(object as Pod) && (!old || specChanged(object as Pod, old as Pod)))
        this.enqueue(keyOf(object));
    });
    this.client.onChange(kinds.nodes, () => this.#retryPending());
  }

  #retryPending(): void {
    for (const pod of this.client.list<Pod>(kinds.pods)) if (isPending(pod)) this.enqueue(keyOf(pod), 100);
  }

  protected reconcile(key: string): void {
    const { namespace, name } = splitKey(key);
    const pod = this.client.get<Pod>(kinds.pods, namespace, name);
    if (!pod || !isPending(pod)) return;
    const nodes = this.client.list<Node>(kinds.nodes);
    const reasons = new Map<string, number>();
    let hopeless = 0;
    for (const node of nodes) {
      const failure = this.#misfit(pod, node);
      if (!failure) {
        this.#assign(pod, node);
        return;
      }
      for (const reason of failure.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      if (failure.unresolvable) hopeless++;
    }
    this.#fail(pod, failureMessage(nodes.length, reasons, hopeless));
  }

  #misfit(pod: Pod, node: Node): { reasons: string[]; unresolvable: boolean } | undefined {
    if (node.spec?.unschedulable && !tolerates(pod.spec.tolerations, unschedulable)) {
      return { reasons: ['node(s) were unschedulable'], unresolvable: true };
    }
    const taints = (node.spec?.taints ?? []).filter(({ effect }) => effect !== 'PreferNoSchedule');
    if (taints.some((taint) => !tolerates(pod.spec.tolerations, taint))) {
      return { reasons: ['node(s) had untolerated taint(s)'], unresolvable: true };
    }
    if (!matchesNode(pod, node)) {
      return { reasons: ["node(s) didn't match Pod's node affinity/selector"], unresolvable: true };
    }
    const short = this.#shortages(pod, node);
    return short.length > 0
      ? {
          reasons: short.map((name) => (name === 'pods' ? 'Too many pods' : `Insufficient ${name}`)),
          unresolvable: false,
        }
      : undefined;
  }

  #shortages(pod: Pod, node: Node): string[] {
    const allocatable = node.status?.allocatable ?? {};
    const wanted = podRequests(pod);
    const others = this.client
      .list<Pod>(kinds.pods)
      .filter((other) => other.spec.nodeName === node.metadata.name && !isTerminal(other))
      .map(podRequests);
    const short = Object.keys(wanted).filter((name) => {
      const used = others.reduce((sum, requests) => sum + (requests[name] ?? 0), 0);
      return used + (wanted[name] ?? 0) > quantity(allocatable[name]);
    });
    if (others.length + 1 > quantity(allocatable.pods)) short.push('pods');
    return short.sort();
  }

  #assign(pod: Pod, node: Node): void {
    const { namespace, name } = pod.metadata;
    this.client.bind(namespace as string, name, node.metadata.name);
    this.events.record({
      object: pod,
      type: 'Normal',
      reason: 'Scheduled',
      message: `Successfully assigned ${namespace}/${name} to ${node.metadata.name}`,
      component,
    });
  }

  #fail(pod: Pod, message: string): void {
    const condition = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
    if (condition?.message === message) return;
    const now = formatSeconds(this.kernel.now());
    const next = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message } as const;
    const conditions = withCondition(pod.status?.conditions, next, now);
    this.client.updateStatus<Pod>(kinds.pods, { ...pod, status: { ...pod.status, phase: 'Pending', conditions } });
    this.events.record({ object: pod, type: 'Warning', reason: 'FailedScheduling', message, component });
  }
}

const unschedulable: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

function isPending(pod: Pod): boolean {
  const { schedulerName } = pod.spec;
  const ours = schedulerName === undefined || schedulerName === component;
  return !pod.spec.nodeName && !pod.metadata.deletionTimestamp && !isTerminal(pod) && ours;
}

function specChanged(pod: Pod, old: Pod): boolean {
  return pod.metadata.generation !== old.metadata.generation || pod.metadata.labels !== old.metadata.labels;
}

export function tolerates(tolerations: Toleration[] | undefined, taint: Taint): boolean {
  return (tolerations ?? []).some(({ key, operator = 'Equal', value = '', effect }) => {
    if (effect && effect !== taint.effect) return false;
    if (key && key !== taint.key) return false;
    return operator === 'Exists' || value === (taint.value ?? '');
  });
}

function matchesNode(pod: Pod, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  for (const [key, value] of Object.entries(pod.spec.nodeSelector ?? {})) if (labels[key] !== value) return false;
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (!required) return true;
  const fields = { 'metadata.name': node.metadata.name };
  return required.nodeSelectorTerms.some(
    ({ matchExpressions = [], matchFields = [] }) =>
      matchExpressions.length + matchFields.length > 0 &&
      matchExpressions.every((expression) => fulfils(expression, labels)) &&
      matchFields.every((expression) => fulfils(expression, fields)),
  );
}

/** What a pod asks for by resource: the sum of its containers, or its greediest init container (PodRequests). */
export function podRequests(pod: Pod): Record<string, number> {
  const sum: Record<string, number> = {};
  const add = (to: Record<string, number>, requests: Record<string, string> = {}) => {
    for (const [name, amount] of Object.entries(requests)) to[name] = (to[name] ?? 0) + quantity(amount);
  };
  for (const container of pod.spec.containers) add(sum, container.resources?.requests);
  const sidecars: Record<string, number> = {};
  const peaks: Record<string, number> = {};
  for (const container of pod.spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      add(sum, container.resources?.requests);
      add(sidecars, container.resources?.requests);
      continue;
    }
    const peak = { ...sidecars };
    add(peak, container.resources?.requests);
    for (const [name, amount] of Object.entries(peak)) peaks[name] = Math.max(peaks[name] ?? 0, amount);
  }
  for (const [name, amount] of Object.entries(peaks)) sum[name] = Math.max(sum[name] ?? 0, amount);
  return sum;
}

/** The scheduler's sentence (framework.FitError), with what preemption says after it. */
function failureMessage(nodes: number, reasons: Map<string, number>, hopeless: number): string {
  if (nodes === 0) return 'no nodes available to schedule pods';
  const list = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort();
  const victims: string[] = [];
  if (nodes - hopeless > 0) victims.push(`${nodes - hopeless} No preemption victims found for incoming pod`);
  if (hopeless > 0) victims.push(`${hopeless} Preemption is not helpful for scheduling`);
  return (
    `0/${nodes} nodes are available: ${list.join(', ')}. no new claims to deallocate, ` +
    `preemption: 0/${nodes} nodes are available: ${victims.join(', ')}.`
  );
}
