import type { IValidatingAdmissionPolicy } from 'kubernetes-models/admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy';
import { ageColumn, integer, nameColumn, text } from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';

export type ValidatingAdmissionPolicy = IValidatingAdmissionPolicy & KubernetesObject;

export const validatingadmissionpolicy = defineKind<ValidatingAdmissionPolicy>({
  group: 'admissionregistration.k8s.io',
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  singular: 'validatingadmissionpolicy',
  categories: ['api-extensions'],
  namespaced: false,
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy',
      columns: [
        nameColumn,
        integer('Validations', (object) => object.spec?.validations?.length),
        text('ParamKind', (object) =>
          object.spec?.paramKind ? `${object.spec.paramKind.apiVersion}/${object.spec.paramKind.kind}` : '<unset>',
        ),
        ageColumn,
      ],
    },
  ],
  status: true,
  generation: true,
});
