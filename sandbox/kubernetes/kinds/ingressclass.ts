import type { IIngressClass } from 'kubernetes-models/networking.k8s.io/v1/IngressClass';
import { ageColumn, nameColumn, text } from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';

export type IngressClass = IIngressClass & KubernetesObject;

export const ingressclass = defineKind<IngressClass>({
  group: 'networking.k8s.io',
  kind: 'IngressClass',
  plural: 'ingressclasses',
  singular: 'ingressclass',
  namespaced: false,
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.api.networking.v1.IngressClass',
      columns: [
        nameColumn,
        text('Controller', (object) => object.spec?.controller),
        text('Parameters', parameters),
        ageColumn,
      ],
    },
  ],
  generation: true,
});

function parameters({ spec }: IngressClass): string {
  const { apiGroup, kind, name } = spec?.parameters ?? {};
  if (!kind) return '<none>';
  return apiGroup ? `${kind}.${apiGroup}/${name}` : `${kind}/${name}`;
}
