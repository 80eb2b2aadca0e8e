import type { IDaemonSet } from 'kubernetes-models/apps/v1/DaemonSet';
import {
  ageColumn,
  containerImages,
  containerNames,
  formatLabels,
  formatSelector,
  integer,
  nameColumn,
  text,
} from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';
import { defaultPodSpec } from './pod-template.ts';
import { validateSelectorUnchanged, validateWorkload } from './workload.ts';

export type DaemonSet = IDaemonSet & KubernetesObject;

export const daemonset = defineKind<DaemonSet>({
  group: 'apps',
  kind: 'DaemonSet',
  plural: 'daemonsets',
  singular: 'daemonset',
  shortNames: ['ds'],
  categories: ['all'],
  namespaced: true,
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.api.apps.v1.DaemonSet',
      columns: [
        nameColumn,
        integer('Desired', (object) => object.status?.desiredNumberScheduled),
        integer('Current', (object) => object.status?.currentNumberScheduled),
        integer('Ready', (object) => object.status?.numberReady),
        integer('Up-to-date', (object) => object.status?.updatedNumberScheduled),
        integer('Available', (object) => object.status?.numberAvailable),
        text('Node Selector', (object) => formatLabels(object.spec?.template.spec?.nodeSelector)),
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
    spec.revisionHistoryLimit ??= 10;
    spec.updateStrategy ??= { type: 'RollingUpdate' };
    if (spec.updateStrategy.type === 'RollingUpdate')
      spec.updateStrategy.rollingUpdate ??= { maxSurge: 0, maxUnavailable: 1 };
    if (spec.template?.spec) defaultPodSpec(spec.template.spec);
  },
  prepareForCreate(object) {
    object.status = { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 };
  },
  validate: (object) => validateWorkload(object, 'daemonset'),
  validateUpdate: validateSelectorUnchanged,
});
