import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { ageColumn, integer, nameColumn } from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';

export type ConfigMap = IConfigMap & KubernetesObject;

export const configmap = defineKind<ConfigMap>({
  group: '',
  kind: 'ConfigMap',
  plural: 'configmaps',
  singular: 'configmap',
  shortNames: ['cm'],
  namespaced: true,
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.api.core.v1.ConfigMap',
      columns: [
        nameColumn,
        integer(
          'Data',
          ({ data, binaryData }) => Object.keys({ ...data }).length + Object.keys({ ...binaryData }).length,
        ),
        ageColumn,
      ],
    },
  ],
});
