import type { IPriorityClass } from 'kubernetes-models/scheduling.k8s.io/v1/PriorityClass';
import { ageColumn, integer, nameColumn, text } from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';

export type PriorityClass = IPriorityClass & KubernetesObject;

export const priorityclass = defineKind<PriorityClass>({
  group: 'scheduling.k8s.io',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  singular: 'priorityclass',
  shortNames: ['pc'],
  namespaced: false,
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.api.scheduling.v1.PriorityClass',
      columns: [
        nameColumn,
        integer('Value', (object) => object.value),
        { name: 'Global-Default', type: 'boolean', value: (object) => object.globalDefault ?? false },
        ageColumn,
        text('PreemptionPolicy', (object) => object.preemptionPolicy),
      ],
    },
  ],
  generation: true,
  defaults(object) {
    object.preemptionPolicy ||= 'PreemptLowerPriority';
  },
});
