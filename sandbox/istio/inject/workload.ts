import type { InjectablePod, Injection } from './types.ts';

/**
 * The workload behind a pod that a controller creates, from its owner and its generated name
 * (upstream pkg/kube/util.go, GetDeployMetaFromPod).
 */
export function workloadOfPod(pod: InjectablePod, namespace: string): Injection['workload'] {
  const { metadata } = pod;
  const itself = { name: metadata.name ?? '', namespace, apiVersion: 'v1', kind: 'Pod' };
  const owner = metadata.ownerReferences?.find((reference) => reference.controller);
  if (!metadata.generateName || !owner) return itself;
  const found = { ...itself, name: owner.name, apiVersion: owner.apiVersion, kind: owner.kind };
  const hash = metadata.labels?.['pod-template-hash'];
  if (owner.kind === 'ReplicaSet' && hash && owner.name.endsWith(hash)) {
    return { ...found, kind: 'Deployment', name: owner.name.slice(0, -hash.length - 1) };
  }
  const cronJob = owner.kind === 'Job' ? /^(.+)-\d{8,10}$/.exec(owner.name) : null;
  return cronJob ? { ...found, name: cronJob[1] as string, kind: 'CronJob', apiVersion: 'batch/v1' } : found;
}
