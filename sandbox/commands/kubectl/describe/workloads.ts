import { equalJson } from '../../../kernel/json.ts';
import type { Kubectl } from '../kubectl.ts';
import { at, isRecord, type KubeObject, records, text } from '../objects.ts';
import { formatSelector } from '../pods.ts';
import { describeContainers } from './containers.ts';
import { describeEvents, eventsOf } from './events.ts';
import { controllerOf, describeSpread, describeTolerations } from './pod.ts';
import { describeVolumes } from './volumes.ts';
import { DescribeWriter, longTime, orNone } from './writer.ts';

type Data = Record<string, unknown>;

export async function describeDeployment(k: Kubectl, object: KubeObject): Promise<string> {
  const spec = (object.spec ?? {}) as Data;
  const status = (object.status ?? {}) as Data;
  const events = await eventsOf(k, object);
  const { newest, old } = await replicaSetsOf(k, object);
  const w = new DescribeWriter();
  w.write(0, `Name:\t${object.metadata.name}\n`);
  w.write(0, `Namespace:\t${object.metadata.namespace ?? ''}\n`);
  w.write(0, `CreationTimestamp:\t${longTime(object.metadata.creationTimestamp)}\n`);
  w.pairs('Labels', object.metadata.labels);
  w.annotations('Annotations', object.metadata.annotations);
  w.write(0, `Selector:\t${selectorOf(spec)}\n`);
  const count = (field: string) => text(status[field] ?? 0);
  w.write(
    0,
    `Replicas:\t${text(spec.replicas ?? 1)} desired | ${count('updatedReplicas')} updated | ${count('replicas')} total | ${count('availableReplicas')} available | ${count('unavailableReplicas')} unavailable\n`,
  );
  w.write(0, `StrategyType:\t${text(at(spec, 'strategy', 'type'))}\n`);
  w.write(0, `MinReadySeconds:\t${text(spec.minReadySeconds ?? 0)}\n`);
  const rolling = at(spec, 'strategy', 'rollingUpdate');
  if (isRecord(rolling)) {
    w.write(
      0,
      `RollingUpdateStrategy:\t${text(rolling.maxUnavailable ?? '<nil>')} max unavailable, ${text(rolling.maxSurge ?? '<nil>')} max surge\n`,
    );
  }
  describeTemplate(w, spec.template);
  describeConditions(w, status);
  if (old.length > 0 || newest) {
    w.write(0, `OldReplicaSets:\t${replicaSetNames(old)}\n`);
    w.write(0, `NewReplicaSet:\t${replicaSetNames(newest ? [newest] : [])}\n`);
  }
  describeEvents(k, w, events);
  return w.finish();
}

export async function describeReplicaSet(k: Kubectl, object: KubeObject): Promise<string> {
  const spec = (object.spec ?? {}) as Data;
  const status = (object.status ?? {}) as Data;
  const pods = await podCounts(k, object, selectorOf(spec));
  const events = await eventsOf(k, object);
  const w = new DescribeWriter();
  w.write(0, `Name:\t${object.metadata.name}\n`);
  w.write(0, `Namespace:\t${object.metadata.namespace ?? ''}\n`);
  w.write(0, `Selector:\t${orNone(selectorOf(spec))}\n`);
  w.pairs('Labels', object.metadata.labels);
  w.annotations('Annotations', object.metadata.annotations);
  const controller = controllerOf(object);
  if (controller !== '') w.write(0, `Controlled By:\t${controller}\n`);
  w.write(0, `Replicas:\t${text(status.replicas ?? 0)} current / ${text(spec.replicas ?? 1)} desired\n`);
  w.write(0, `Pods Status:\t${pods}\n`);
  describeTemplate(w, spec.template);
  describeConditions(w, status);
  describeEvents(k, w, events);
  return w.finish();
}

export async function describeDaemonSet(k: Kubectl, object: KubeObject): Promise<string> {
  const spec = (object.spec ?? {}) as Data;
  const status = (object.status ?? {}) as Data;
  const pods = await podCounts(k, object, selectorOf(spec));
  const events = await eventsOf(k, object);
  const w = new DescribeWriter();
  w.write(0, `Name:\t${object.metadata.name}\n`);
  w.write(0, `Namespace:\t${object.metadata.namespace ?? ''}\n`);
  w.write(0, `Selector:\t${selectorOf(spec)}\n`);
  w.pairs('Node-Selector', at(spec, 'template', 'spec', 'nodeSelector'));
  w.pairs('Labels', object.metadata.labels);
  w.annotations('Annotations', object.metadata.annotations);
  const count = (field: string) => text(status[field] ?? 0);
  w.write(0, `Desired Number of Nodes Scheduled: ${count('desiredNumberScheduled')}\n`);
  w.write(0, `Current Number of Nodes Scheduled: ${count('currentNumberScheduled')}\n`);
  w.write(0, `Number of Nodes Scheduled with Up-to-date Pods: ${count('updatedNumberScheduled')}\n`);
  w.write(0, `Number of Nodes Scheduled with Available Pods: ${count('numberAvailable')}\n`);
  w.write(0, `Number of Nodes Misscheduled: ${count('numberMisscheduled')}\n`);
  w.write(0, `Pods Status:\t${pods}\n`);
  describeTemplate(w, spec.template);
  describeEvents(k, w, events);
  return w.finish();
}

function selectorOf(spec: Data): string {
  return isRecord(spec.selector) ? formatSelector(spec.selector) : '';
}

function describeConditions(w: DescribeWriter, status: Data): void {
  const conditions = records(status.conditions);
  if (conditions.length === 0) return;
  w.write(0, 'Conditions:\n  Type\tStatus\tReason\n');
  w.write(1, '----\t------\t------\n');
  for (const { type, status: state, reason } of conditions)
    w.write(1, `${text(type)} \t${text(state)}\t${text(reason)}\n`);
}

export function describeTemplate(w: DescribeWriter, template: unknown): void {
  w.write(0, 'Pod Template:\n');
  const spec = (at(template, 'spec') ?? {}) as Data;
  w.pairs('  Labels', at(template, 'metadata', 'labels'));
  const annotations = at(template, 'metadata', 'annotations');
  if (isRecord(annotations) && Object.keys(annotations).length > 0) w.annotations('  Annotations', annotations);
  if (spec.serviceAccountName) w.write(1, `Service Account:\t${text(spec.serviceAccountName)}\n`);
  const init = records(spec.initContainers);
  if (init.length > 0) describeContainers(w, 'Init Containers', init, [], { space: '  ' });
  describeContainers(w, 'Containers', records(spec.containers), [], { space: '  ' });
  describeVolumes(w, records(spec.volumes), '  ');
  describeSpread(w, records(spec.topologySpreadConstraints), '  ');
  if (spec.priorityClassName) w.write(1, `Priority Class Name:\t${text(spec.priorityClassName)}\n`);
  w.pairs('  Node-Selectors', spec.nodeSelector);
  describeTolerations(w, '  Tolerations', records(spec.tolerations));
}

async function podCounts(k: Kubectl, object: KubeObject, labelSelector: string): Promise<string> {
  const path = `/api/v1/namespaces/${object.metadata.namespace}/pods`;
  const list = await k.client.json<Data>('GET', path, { query: { labelSelector, limit: '500' } });
  const counts = { Running: 0, Pending: 0, Succeeded: 0, Failed: 0 };
  for (const pod of records(list.items) as unknown as KubeObject[]) {
    const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true);
    if (owner?.uid !== object.metadata.uid) continue;
    const phase = text(at(pod, 'status', 'phase'));
    if (Object.hasOwn(counts, phase)) counts[phase as keyof typeof counts]++;
  }
  const { Running, Pending, Succeeded, Failed } = counts;
  return `${Running} Running / ${Pending} Waiting / ${Succeeded} Succeeded / ${Failed} Failed`;
}

/** A deployment's replica sets: the one of its template, and the others. */
export async function replicaSetsOf(
  k: Kubectl,
  deployment: KubeObject,
): Promise<{ newest: KubeObject | undefined; old: KubeObject[] }> {
  const labelSelector = selectorOf((deployment.spec ?? {}) as Data);
  const path = `/apis/apps/v1/namespaces/${deployment.metadata.namespace}/replicasets`;
  const list = await k.client.json<Data>('GET', path, { query: { labelSelector, limit: '500' } });
  const owned = (records(list.items) as unknown as KubeObject[]).filter(
    ({ metadata }) =>
      metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid === deployment.metadata.uid,
  );
  const template = at(deployment, 'spec', 'template');
  const newest = [...owned]
    .sort((a, b) => (text(a.metadata.creationTimestamp) < text(b.metadata.creationTimestamp) ? -1 : 1))
    .find((set) => equalJson(withoutHash(at(set, 'spec', 'template')), withoutHash(template)));
  return { newest, old: owned.filter((set) => set !== newest) };
}

export function withoutHash(template: unknown): unknown {
  const metadata = at(template, 'metadata');
  const labels = at(metadata, 'labels');
  if (!isRecord(template) || !isRecord(metadata) || !isRecord(labels)) return template;
  const { 'pod-template-hash': _, ...rest } = labels;
  return { ...template, metadata: { ...metadata, creationTimestamp: undefined, labels: rest } };
}

function replicaSetNames(sets: KubeObject[]): string {
  return orNone(
    sets
      .map(
        (set) =>
          `${set.metadata.name} (${text(at(set, 'status', 'replicas') ?? 0)}/${text(at(set, 'spec', 'replicas') ?? 1)} replicas created)`,
      )
      .join(', '),
  );
}
