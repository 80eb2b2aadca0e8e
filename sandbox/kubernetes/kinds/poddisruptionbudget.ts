import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ageColumn, integer, nameColumn, text } from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';

export type PodDisruptionBudget = IPodDisruptionBudget & KubernetesObject;

export const poddisruptionbudget = defineKind<PodDisruptionBudget>({
  group: 'policy',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  singular: 'poddisruptionbudget',
  shortNames: ['pdb'],
  namespaced: true,
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.api.policy.v1.PodDisruptionBudget',
      columns: [
        nameColumn,
        text('Min Available', (object) => String(object.spec?.minAvailable ?? 'N/A')),
        text('Max Unavailable', (object) => String(object.spec?.maxUnavailable ?? 'N/A')),
        integer('Allowed Disruptions', (object) => object.status?.disruptionsAllowed),
        ageColumn,
      ],
    },
  ],
  status: true,
  generation: true,
  prepareForCreate(object) {
    object.status = { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 };
  },
});
