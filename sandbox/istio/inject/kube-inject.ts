import { parse } from 'yaml';
import type { JsonObject } from '../../kernel/json.ts';
import { printYaml } from '../../kernel/yaml-print.ts';
import { isObject } from '../install/values-map.ts';
import { injectRequired } from './decide.ts';
import { injectPod } from './inject.ts';
import type { Container, InjectablePod, Injection, PodSpec } from './types.ts';
import { workloadOfPod } from './workload.ts';

/** Where a workload keeps its pod, or undefined if a kind has none. */
const podPaths: Record<string, string[]> = {
  'v1/Pod': [],
  'v1/ReplicationController': ['spec', 'template'],
  'apps/v1/Deployment': ['spec', 'template'],
  'apps/v1/ReplicaSet': ['spec', 'template'],
  'apps/v1/DaemonSet': ['spec', 'template'],
  'apps/v1/StatefulSet': ['spec', 'template'],
  'batch/v1/Job': ['spec', 'template'],
  'batch/v1/CronJob': ['spec', 'jobTemplate'],
};

/** Fields that Kubernetes' types always write. */
const alwaysWritten: Record<string, (object: JsonObject) => void> = {
  Deployment: (object) => fill(object, { strategy: {} }, {}),
  DaemonSet: (object) => fill(object, { updateStrategy: {} }, dameonSetStatus),
  StatefulSet: (object) => fill(object, { updateStrategy: {} }, { availableReplicas: 0, replicas: 0 }),
  ReplicaSet: (object) => fill(object, {}, { replicas: 0 }),
  ReplicationController: (object) => fill(object, {}, { replicas: 0 }),
};

const dameonSetStatus = { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 };

function fill(object: JsonObject, spec: JsonObject, status: JsonObject): void {
  object.spec = { ...spec, ...(isObject(object.spec) ? object.spec : {}) };
  object.status ??= status;
}

/** What `istioctl kube-inject` is told; the pod and its workload come from the documents. */
export type KubeInjectOptions = Omit<Injection, 'pod' | 'workload'>;

/**
 * Injects the workloads of a manifest (upstream pkg/kube/inject, IntoResourceFile). Documents of other kinds stay as they are
 * written. `warnings` are whole lines for stderr.
 */
export function kubeInject(manifest: string, options: KubeInjectOptions): { output: string; warnings: string[] } {
  const warnings: string[] = [];
  let output = '';
  for (const document of manifest.split(/^---[^\S\n]*\n/m)) {
    if (document.trim() === '') continue;
    const object: unknown = parse(document);
    const workload = isObject(object) ? object : undefined;
    const injected = workload && injectObject(workload, options, warnings);
    output += `${injected ? printYaml(injected) : endLine(document)}---\n`;
  }
  return { output, warnings };
}

function endLine(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}

function injectObject(object: JsonObject, options: KubeInjectOptions, warnings: string[]): JsonObject | undefined {
  const kind = String(object.kind);
  const path = podPaths[`${String(object.apiVersion)}/${kind}`];
  if (!path) return undefined;
  const result = structuredClone(object);
  let holder: JsonObject = result;
  for (const key of path) holder = (holder[key] ?? {}) as JsonObject;
  // A CronJob's own labels and annotations are those of its jobs; the pod's specification lies deeper.
  const specHolder = kind === 'CronJob' ? nested(holder, 'spec', 'template') : holder;
  holder.metadata ??= {};
  const pod: InjectablePod = {
    metadata: holder.metadata as unknown as InjectablePod['metadata'],
    spec: writtenSpec(specHolder.spec as PodSpec),
  };
  const metadata = (object.metadata ?? {}) as JsonObject;
  const namespace = String(metadata.namespace ?? '');
  const podNamespace = String(pod.metadata.namespace ?? namespace);
  const workload =
    kind === 'Pod'
      ? workloadOfPod(pod, namespace)
      : { name: String(metadata.name ?? ''), namespace, apiVersion: String(object.apiVersion), kind };
  const name = pod.metadata.name || workload.name;
  const full = JSON.stringify(namespace ? `${namespace}/${name}` : name);
  const skipped = (reason: string) => warnings.push(`===> Skipping injection because ${kind} ${full} has ${reason}\n`);
  specHolder.spec = pod.spec;
  if (pod.spec.hostNetwork === true) skipped('host networking enabled');
  else if (!injectRequired(pod, podNamespace, options.config)) skipped('sidecar injection disabled');
  else {
    const injected = injectPod({ ...options, pod, workload });
    holder.metadata = injected.metadata as unknown as JsonObject;
    specHolder.spec = injected.spec;
  }
  alwaysWritten[kind]?.(result);
  if (!alwaysWritten[kind]) result.status ??= {};
  return result;
}

function nested(object: JsonObject, ...keys: string[]): JsonObject {
  return keys.reduce((inner, key) => (inner[key] ?? {}) as JsonObject, object);
}

/** A container always has `resources`. */
function writtenSpec(spec: PodSpec): PodSpec {
  const all = (list: Container[]) => list.map((container) => ({ ...container, resources: container.resources ?? {} }));
  return {
    ...spec,
    containers: all(spec.containers ?? []),
    ...(Array.isArray(spec.initContainers) ? { initContainers: all(spec.initContainers as Container[]) } : {}),
  };
}
