import type { IEndpointSlice } from 'kubernetes-models/discovery.k8s.io/v1/EndpointSlice';
import { ageColumn, nameColumn, text } from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';

export type EndpointSlice = IEndpointSlice & KubernetesObject;

export const endpointslice = defineKind<EndpointSlice>({
  group: 'discovery.k8s.io',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  singular: 'endpointslice',
  namespaced: true,
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.api.discovery.v1.EndpointSlice',
      columns: [
        nameColumn,
        text('AddressType', (object) => object.addressType),
        text('Ports', ({ ports }) => atMostThree((ports ?? []).map((port) => String(port.port ?? '*'))) || '<unset>'),
        text(
          'Endpoints',
          ({ endpoints }) => atMostThree((endpoints ?? []).flatMap((endpoint) => endpoint.addresses)) || '<unset>',
        ),
        ageColumn,
      ],
    },
  ],
  generation: true,
});

function atMostThree(list: string[]): string {
  return list.length > 3 ? `${list.slice(0, 3).join(',')} + ${list.length - 3} more...` : list.join(',');
}
