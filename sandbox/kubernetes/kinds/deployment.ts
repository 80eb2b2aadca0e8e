import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import { ageColumn, containerImages, containerNames, formatSelector, integer, nameColumn, text } from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';
import { defaultPodSpec } from './pod-template.ts';
import { validateSelectorUnchanged, validateWorkload } from './workload.ts';

export type Deployment = IDeployment & KubernetesObject;

export const deployment = defineKind<Deployment>({
  group: 'apps',
  kind: 'Deployment',
  plural: 'deployments',
  singular: 'deployment',
  shortNames: ['deploy'],
  categories: ['all'],
  namespaced: true,
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.api.apps.v1.Deployment',
      columns: [
        nameColumn,
        text('Ready', (object) => `${object.status?.readyReplicas ?? 0}/${object.spec?.replicas ?? 0}`),
        integer('Up-to-date', (object) => object.status?.updatedReplicas),
        integer('Available', (object) => object.status?.availableReplicas),
        ageColumn,
        text('Containers', (object) => containerNames(object.spec?.template.spec), true),
        text('Images', (object) => containerImages(object.spec?.template.spec), true),
        text('Selector', (object) => formatSelector(object.spec?.selector), true),
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
    spec.progressDeadlineSeconds ??= 600;
    spec.strategy ??= {};
    spec.strategy.type ||= 'RollingUpdate';
    if (spec.strategy.type === 'RollingUpdate') {
      spec.strategy.rollingUpdate = { maxSurge: '25%', maxUnavailable: '25%', ...spec.strategy.rollingUpdate };
    }
    if (spec.template?.spec) defaultPodSpec(spec.template.spec);
  },
  validate: (object) => validateWorkload(object, 'deployment'),
  validateUpdate: validateSelectorUnchanged,
  prepareForCreate(object) {
    object.status = {};
  },
});
