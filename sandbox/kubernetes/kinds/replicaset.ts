import type { IReplicaSet } from 'kubernetes-models/apps/v1/ReplicaSet';
import { ageColumn, containerImages, containerNames, formatSelector, integer, nameColumn, text } from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';
import { defaultPodSpec } from './pod-template.ts';
import { validateSelectorUnchanged, validateWorkload } from './workload.ts';

export type ReplicaSet = IReplicaSet & KubernetesObject;

export const replicaset = defineKind<ReplicaSet>({
  group: 'apps',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  singular: 'replicaset',
  shortNames: ['rs'],
  categories: ['all'],
  namespaced: true,
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.api.apps.v1.ReplicaSet',
      columns: [
        nameColumn,
        integer('Desired', (object) => object.spec?.replicas),
        integer('Current', (object) => object.status?.replicas),
        integer('Ready', (object) => object.status?.readyReplicas),
        ageColumn,
        text('Containers', (object) => containerNames(object.spec?.template?.spec), true),
        text('Images', (object) => containerImages(object.spec?.template?.spec), true),
        text('Selector', (object) => formatSelector(object.spec?.selector), true),
      ],
    },
  ],
  status: true,
  generation: true,
  scale: { spec: '.spec.replicas', status: '.status.replicas', selector: '.spec.selector' },
  fields: { 'status.replicas': (object) => String(object.status?.replicas ?? 0) },
  defaults({ spec }) {
    if (!spec) return;
    spec.replicas ??= 1;
    if (spec.template?.spec) defaultPodSpec(spec.template.spec);
  },
  validate: (object) => validateWorkload(object, 'replicaset'),
  validateUpdate: validateSelectorUnchanged,
  prepareForCreate(object) {
    object.status = { replicas: 0 };
  },
});
