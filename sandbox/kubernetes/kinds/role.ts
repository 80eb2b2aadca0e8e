import type { IRole } from 'kubernetes-models/rbac.authorization.k8s.io/v1/Role';
import { createdAtColumn, nameColumn } from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';

export type Role = IRole & KubernetesObject;

export const role = defineKind<Role>({
  group: 'rbac.authorization.k8s.io',
  kind: 'Role',
  plural: 'roles',
  singular: 'role',
  namespaced: true,
  versions: [{ name: 'v1', schema: 'io.k8s.api.rbac.v1.Role', columns: [nameColumn, createdAtColumn] }],
  nameRule: 'path',
  defaults(object) {
    object.rules ??= [];
  },
});
