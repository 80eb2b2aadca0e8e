import type { ISecret } from 'kubernetes-models/v1/Secret';
import { ageColumn, integer, nameColumn, text } from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';

export type Secret = ISecret & KubernetesObject;

export const secret = defineKind<Secret>({
  group: '',
  kind: 'Secret',
  plural: 'secrets',
  singular: 'secret',
  namespaced: true,
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.api.core.v1.Secret',
      columns: [
        nameColumn,
        text('Type', (object) => object.type),
        integer('Data', (object) => Object.keys({ ...object.data }).length),
        ageColumn,
      ],
    },
  ],
  fields: { type: (object) => object.type ?? '' },
});
