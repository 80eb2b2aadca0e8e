import type { ICustomResourceDefinition } from 'kubernetes-models/apiextensions.k8s.io/v1/CustomResourceDefinition';
import { formatSeconds } from '../../kernel/time.ts';
import { createdAtColumn, nameColumn } from '../columns.ts';
import { type FieldError, invalid, required } from '../field.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';
import { dns1035Label } from '../validation/names.ts';

export type CustomResourceDefinition = ICustomResourceDefinition & KubernetesObject;

export const customresourcedefinition = defineKind<CustomResourceDefinition>({
  group: 'apiextensions.k8s.io',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  singular: 'customresourcedefinition',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition',
      columns: [nameColumn, createdAtColumn],
    },
  ],
  status: true,
  generation: true,
  defaults({ spec }) {
    const { names } = spec;
    names.singular ||= names.kind.toLowerCase();
    names.listKind ||= `${names.kind}List`;
    spec.conversion ??= { strategy: 'None' };
  },
  validate(object) {
    const { group, names, versions } = object.spec;
    const errors: FieldError[] = [];
    const expected = `${names.plural}.${group}`;
    if (object.metadata.name !== expected) {
      errors.push(invalid('metadata.name', object.metadata.name, 'must be spec.names.plural+"."+spec.group'));
    }
    for (const [field, value] of [
      ['plural', names.plural],
      ['singular', names.singular ?? ''],
      ['kind', names.kind.toLowerCase()],
    ] as const) {
      if (value === '') continue;
      for (const message of dns1035Label(value)) errors.push(invalid(`spec.names.${field}`, value, message));
    }
    if (versions.filter((version) => version.storage).length !== 1) {
      errors.push(invalid('spec.versions', versions, 'must have exactly one version marked as storage version'));
    }
    for (const [index, version] of versions.entries()) {
      for (const message of dns1035Label(version.name))
        errors.push(invalid(`spec.versions[${index}].name`, version.name, message));
      if (!version.schema?.openAPIV3Schema) {
        errors.push(required(`spec.versions[${index}].schema.openAPIV3Schema`, 'schemas are required'));
      }
    }
    return errors;
  },
  /** Names are accepted and the kind established at once: the naming and establishing controllers have no work left. */
  prepareForCreate(object, { kernel }) {
    const { names, versions } = object.spec;
    const lastTransitionTime = formatSeconds(kernel.now());
    object.status = {
      conditions: [
        {
          lastTransitionTime,
          message: 'no conflicts found',
          reason: 'NoConflicts',
          status: 'True',
          type: 'NamesAccepted',
        },
        {
          lastTransitionTime,
          message: 'the initial names have been accepted',
          reason: 'InitialNamesAccepted',
          status: 'True',
          type: 'Established',
        },
      ],
      acceptedNames: structuredClone(names),
      storedVersions: versions.filter((version) => version.storage).map((version) => version.name),
    };
  },
});
