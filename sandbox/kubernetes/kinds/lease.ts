import type { ILease } from 'kubernetes-models/coordination.k8s.io/v1/Lease';
import { ageColumn, nameColumn, text } from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';

export type Lease = ILease & KubernetesObject;

export const lease = defineKind<Lease>({
  group: 'coordination.k8s.io',
  kind: 'Lease',
  plural: 'leases',
  singular: 'lease',
  namespaced: true,
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.api.coordination.v1.Lease',
      columns: [nameColumn, text('Holder', (object) => object.spec?.holderIdentity), ageColumn],
    },
  ],
});
