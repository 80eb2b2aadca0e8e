import type { IPod } from 'kubernetes-models/v1/Pod';
import { equalJson } from '../../kernel/json.ts';
import { ageColumn, nameColumn, text } from '../columns.ts';
import { forbidden } from '../field.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';
import { summarizePod } from './pod-status.ts';
import { defaultPodSpec, defaultRequests, validatePodSpec } from './pod-template.ts';

export type Pod = IPod & KubernetesObject;

export const pod = defineKind<Pod>({
  group: '',
  kind: 'Pod',
  plural: 'pods',
  singular: 'pod',
  shortNames: ['po'],
  categories: ['all'],
  namespaced: true,
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.api.core.v1.Pod',
      columns: [
        nameColumn,
        text('Ready', (object, now) => summarizePod(object, now).ready),
        text('Status', (object, now) => summarizePod(object, now).status),
        text('Restarts', (object, now) => summarizePod(object, now).restarts),
        ageColumn,
        text('IP', (object) => object.status?.podIP || '<none>', true),
        text('Node', (object) => object.spec?.nodeName || '<none>', true),
        text('Nominated Node', (object) => object.status?.nominatedNodeName || '<none>', true),
        text('Readiness Gates', readinessGates, true),
      ],
    },
  ],
  status: true,
  generation: true,
  subresources: [
    { name: 'attach', kind: 'PodAttachOptions', verbs: ['create', 'get'] },
    { name: 'binding', kind: 'Binding', verbs: ['create'] },
    { name: 'ephemeralcontainers', kind: 'Pod', verbs: ['get', 'patch', 'update'] },
    { name: 'eviction', kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] },
    { name: 'exec', kind: 'PodExecOptions', verbs: ['create', 'get'] },
    { name: 'log', kind: 'Pod', verbs: ['get'] },
    { name: 'portforward', kind: 'PodPortForwardOptions', verbs: ['create', 'get'] },
    { name: 'resize', kind: 'Pod', verbs: ['get', 'patch', 'update'] },
  ],
  fields: {
    'spec.nodeName': (object) => object.spec?.nodeName ?? '',
    'spec.restartPolicy': (object) => object.spec?.restartPolicy ?? '',
    'spec.schedulerName': (object) => object.spec?.schedulerName ?? '',
    'spec.serviceAccountName': (object) => object.spec?.serviceAccountName ?? '',
    'spec.hostNetwork': (object) => String(object.spec?.hostNetwork ?? false),
    'status.phase': (object) => object.status?.phase ?? '',
    'status.podIP': (object) => object.status?.podIP ?? '',
    'status.nominatedNodeName': (object) => object.status?.nominatedNodeName ?? '',
  },
  defaults({ spec }) {
    if (!spec) return;
    defaultPodSpec(spec);
    defaultRequests(spec);
    spec.enableServiceLinks ??= true;
  },
  validate: ({ spec }) => validatePodSpec(spec, 'spec'),
  validateUpdate(object, old) {
    const words =
      'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';
    return equalJson(unchangeable(object), unchangeable(old)) ? [] : [forbidden('spec', words)];
  },
  prepareForCreate(object) {
    object.status = { phase: 'Pending', qosClass: qosClass(object) };
  },
  prepareForStatusUpdate(object, old) {
    if (object.status && !object.status.qosClass && old.status?.qosClass) object.status.qosClass = old.status.qosClass;
  },
  gracePeriod(object, asked) {
    if (!object.spec?.nodeName || object.status?.phase === 'Failed' || object.status?.phase === 'Succeeded') return 0;
    const period = asked ?? object.spec.terminationGracePeriodSeconds ?? 30;
    return period < 0 ? 1 : period;
  },
});

/** The part of a pod's spec that stays as it was made. */
function unchangeable({ spec }: Pod): unknown {
  const { activeDeadlineSeconds: _a, tolerations: _t, ephemeralContainers: _e, ...rest } = { ...spec };
  const bare = (containers: NonNullable<Pod['spec']>['containers'] | undefined) =>
    containers?.map(({ image: _i, resources: _r, ...container }) => container);
  return { ...rest, containers: bare(spec?.containers), initContainers: bare(spec?.initContainers) };
}

function readinessGates({ spec, status }: Pod): string {
  const gates = spec?.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  const holds = (type: string) => status?.conditions?.some((item) => item.type === type && item.status === 'True');
  return `${gates.filter((gate) => holds(gate.conditionType)).length}/${gates.length}`;
}

/** How the node treats the pod when memory runs out (pkg/apis/core/v1/helper/qos). */
function qosClass({ spec }: Pod): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  let some = false;
  let all = true;
  for (const { resources } of containers) {
    for (const name of ['cpu', 'memory']) {
      const limit = resources?.limits?.[name];
      const request = resources?.requests?.[name] ?? limit;
      if (limit !== undefined || request !== undefined) some = true;
      if (limit === undefined || String(limit) !== String(request)) all = false;
    }
  }
  if (!some) return 'BestEffort';
  return all ? 'Guaranteed' : 'Burstable';
}
