import type { IValidatingAdmissionPolicyBinding } from 'kubernetes-models/admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding';
import { ageColumn, nameColumn, text } from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';

export type ValidatingAdmissionPolicyBinding = IValidatingAdmissionPolicyBinding & KubernetesObject;

export const validatingadmissionpolicybinding = defineKind<ValidatingAdmissionPolicyBinding>({
  group: 'admissionregistration.k8s.io',
  kind: 'ValidatingAdmissionPolicyBinding',
  plural: 'validatingadmissionpolicybindings',
  singular: 'validatingadmissionpolicybinding',
  categories: ['api-extensions'],
  namespaced: false,
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding',
      columns: [
        nameColumn,
        text('PolicyName', (object) => object.spec?.policyName),
        text('ParamRef', (object) => object.spec?.paramRef?.name ?? '<unset>'),
        ageColumn,
      ],
    },
  ],
  generation: true,
});
