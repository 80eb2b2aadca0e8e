import type { ICustomResourceDefinition } from 'kubernetes-models/apiextensions.k8s.io/v1/CustomResourceDefinition';
import { formatSeconds } from '../../kernel/time.ts';
import { createdAtColumn, nameColumn } from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';

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
