import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { equalJson } from '../../kernel/json.ts';
import { ageColumn, integer, nameColumn } from '../columns.ts';
import { type FieldError, forbidden, invalid } from '../field.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';
import { configKey } from '../validation/names.ts';

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
  validate: ({ data, binaryData }) => [...validateKeys(data, 'data'), ...validateKeys(binaryData, 'binaryData')],
  validateUpdate(object, old) {
    if (!old.immutable) return [];
    const words = 'field is immutable when `immutable` is set';
    return (['immutable', 'data', 'binaryData'] as const)
      .filter((field) => !equalJson(object[field], old[field]))
      .map((field) => forbidden(field, words));
  },
});

export function validateKeys(data: Record<string, unknown> | undefined, field: string): FieldError[] {
  return Object.keys(data ?? {}).flatMap((key) =>
    configKey(key).map((message) => invalid(`${field}[${key}]`, key, message)),
  );
}
