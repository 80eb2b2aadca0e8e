import type { IServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { ageColumn, nameColumn } from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';

export type ServiceAccount = IServiceAccount & KubernetesObject;

export const serviceaccount = defineKind<ServiceAccount>({
  group: '',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  singular: 'serviceaccount',
  shortNames: ['sa'],
  namespaced: true,
  versions: [{ name: 'v1', schema: 'io.k8s.api.core.v1.ServiceAccount', columns: [nameColumn, ageColumn] }],
  subresources: [
    { name: 'token', kind: 'TokenRequest', group: 'authentication.k8s.io', version: 'v1', verbs: ['create'] },
  ],
});
