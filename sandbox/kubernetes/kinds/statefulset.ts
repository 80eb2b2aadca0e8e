import type { IStatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { ageColumn, containerImages, containerNames, nameColumn, text } from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';
import { defaultPodSpec } from './pod-template.ts';
import { validateSelectorUnchanged, validateWorkload } from './workload.ts';

export type StatefulSet = IStatefulSet & KubernetesObject;

export const statefulset = defineKind<StatefulSet>({
  group: 'apps',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  singular: 'statefulset',
  shortNames: ['sts'],
  categories: ['all'],
  namespaced: true,
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.api.apps.v1.StatefulSet',
      columns: [
        nameColumn,
        text('Ready', (object) => `${object.status?.readyReplicas ?? 0}/${object.spec?.replicas ?? 0}`),
        ageColumn,
        text('Containers', (object) => containerNames(object.spec?.template.spec), true),
        text('Images', (object) => containerImages(object.spec?.template.spec), true),
      ],
    },
  ],
  status: true,
  generation: true,
  scale: { spec: '.spec.replicas', status: '.status.replicas', selector: '.spec.selector' },
  defaults({ spec }) {
    if (!spec) return;
    spec.replicas ??= 1;
    spec.revisionHistoryLimit ??= 10;
    spec.podManagementPolicy ||= 'OrderedReady';
    spec.updateStrategy ??= { type: 'RollingUpdate' };
    if (spec.updateStrategy.type === 'RollingUpdate') spec.updateStrategy.rollingUpdate ??= { partition: 0 };
    spec.persistentVolumeClaimRetentionPolicy ??= { whenDeleted: 'Retain', whenScaled: 'Retain' };
    if (spec.template?.spec) defaultPodSpec(spec.template.spec);
  },
  prepareForCreate(object) {
    object.status = { replicas: 0 };
  },
  validate: (object) => validateWorkload(object, 'statefulset'),
  validateUpdate: validateSelectorUnchanged,
});
