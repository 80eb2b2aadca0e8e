import type { ISecret } from 'kubernetes-models/v1/Secret';
import { encodeBase64 } from '../base64.ts';
import { ageColumn, integer, nameColumn, text } from '../columns.ts';
import { type FieldError, invalid, required } from '../field.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';
import { validateKeys } from './configmap.ts';

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
  defaults(object) {
    object.type ||= 'Opaque';
    if (object.stringData) {
      object.data = { ...object.data, ...encodeValues(object.stringData) };
      delete object.stringData;
    }
  },
  validate: validateSecret,
  validateUpdate(object, old) {
    return object.type === old.type ? [] : [invalid('type', object.type, 'field is immutable')];
  },
  fields: { type: (object) => object.type ?? '' },
});

function encodeValues(values: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, encodeBase64(value)]));
}

const tlsKeys = ['tls.crt', 'tls.key'];

function validateSecret({ type, data }: Secret): FieldError[] {
  const errors = validateKeys(data, 'data');
  if (type === 'kubernetes.io/tls') {
    for (const key of tlsKeys) if (data?.[key] === undefined) errors.push(required(`data[${key}]`));
  }
  if (type === 'kubernetes.io/dockerconfigjson' && data?.['.dockerconfigjson'] === undefined) {
    errors.push(required('data[.dockerconfigjson]'));
  }
  return errors;
}
