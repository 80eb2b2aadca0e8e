import type { IClusterRoleBinding } from 'kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRoleBinding';
import { ageColumn, nameColumn, text } from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';
import { defaultBinding, subjects, validateRoleRef } from './rbac.ts';

export type ClusterRoleBinding = IClusterRoleBinding & KubernetesObject;

export const clusterrolebinding = defineKind<ClusterRoleBinding>({
  group: 'rbac.authorization.k8s.io',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  singular: 'clusterrolebinding',
  namespaced: false,
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.api.rbac.v1.ClusterRoleBinding',
      columns: [
        nameColumn,
        text('Role', (object) => `${object.roleRef.kind}/${object.roleRef.name}`),
        ageColumn,
        text('Users', (object) => subjects(object, 'User'), true),
        text('Groups', (object) => subjects(object, 'Group'), true),
        text('ServiceAccounts', (object) => subjects(object, 'ServiceAccount'), true),
      ],
    },
  ],
  nameRule: 'path',
  defaults: defaultBinding,
  validateUpdate: validateRoleRef,
});
