import type { IClusterRole } from 'kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRole';
import { createdAtColumn, nameColumn } from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';

export type ClusterRole = IClusterRole & KubernetesObject;

export const clusterrole = defineKind<ClusterRole>({
  group: 'rbac.authorization.k8s.io',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  singular: 'clusterrole',
  namespaced: false,
  versions: [{ name: 'v1', schema: 'io.k8s.api.rbac.v1.ClusterRole', columns: [nameColumn, createdAtColumn] }],
  nameRule: 'path',
  defaults(object) {
    object.rules ??= [];
  },
});
