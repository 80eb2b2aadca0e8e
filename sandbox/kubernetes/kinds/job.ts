import type { IJob } from 'kubernetes-models/batch/v1/Job';
import { parseTime } from '../../kernel/time.ts';
import {
  ageColumn,
  containerImages,
  containerNames,
  formatSelector,
  humanDuration,
  nameColumn,
  text,
} from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';
import { defaultPodSpec, validatePodSpec } from './pod-template.ts';

export type Job = IJob & KubernetesObject;

export const job = defineKind<Job>({
  group: 'batch',
  kind: 'Job',
  plural: 'jobs',
  singular: 'job',
  categories: ['all'],
  namespaced: true,
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.api.batch.v1.Job',
      columns: [
        nameColumn,
        text('Status', jobStatus),
        text('Completions', (object) => `${object.status?.succeeded ?? 0}/${object.spec?.completions ?? 1}`),
        text('Duration', duration),
        ageColumn,
        text('Containers', (object) => containerNames(object.spec?.template.spec), true),
        text('Images', (object) => containerImages(object.spec?.template.spec), true),
        text('Selector', (object) => formatSelector(object.spec?.selector), true),
      ],
    },
  ],
  status: true,
  generation: true,
  defaults({ spec }) {
    if (!spec) return;
    if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
    spec.parallelism ??= 1;
    spec.backoffLimit ??= 6;
    spec.completionMode ||= 'NonIndexed';
    spec.suspend ??= false;
    spec.podReplacementPolicy ||= 'TerminatingOrFailed';
    if (spec.template?.spec) defaultPodSpec(spec.template.spec);
  },
  prepareForCreate(object) {
    object.status = {};
  },
  validate: ({ spec }) => validatePodSpec(spec?.template?.spec, 'spec.template.spec'),
});

function jobStatus({ metadata, status }: Job): string {
  const holds = (type: string) => status?.conditions?.some((item) => item.type === type && item.status === 'True');
  if (holds('Complete')) return 'Complete';
  if (holds('Failed')) return 'Failed';
  if (metadata.deletionTimestamp) return 'Terminating';
  return holds('Suspended') ? 'Suspended' : 'Running';
}

function duration({ status }: Job, now: number): string {
  const start = parseTime(status?.startTime ?? '');
  if (start === undefined) return '';
  return humanDuration((parseTime(status?.completionTime ?? '') ?? now) - start);
}
