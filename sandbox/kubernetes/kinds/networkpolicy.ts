import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { ageColumn, formatSelector, nameColumn, text } from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';

export type NetworkPolicy = INetworkPolicy & KubernetesObject;

export const networkpolicy = defineKind<NetworkPolicy>({
  group: 'networking.k8s.io',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  singular: 'networkpolicy',
  shortNames: ['netpol'],
  namespaced: true,
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.api.networking.v1.NetworkPolicy',
      columns: [nameColumn, text('Pod-Selector', (object) => formatSelector(object.spec?.podSelector)), ageColumn],
    },
  ],
  generation: true,
  defaults({ spec }) {
    if (!spec) return;
    spec.podSelector ??= {};
    spec.policyTypes ??= spec.egress ? ['Ingress', 'Egress'] : ['Ingress'];
    for (const { ports } of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
      for (const port of ports ?? []) port.protocol ||= 'TCP';
    }
  },
});
