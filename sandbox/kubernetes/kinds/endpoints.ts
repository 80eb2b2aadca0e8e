import type { IEndpoints } from 'kubernetes-models/v1/Endpoints';
import { ageColumn, nameColumn, text } from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';

export type Endpoints = IEndpoints & KubernetesObject;

export const endpoints = defineKind<Endpoints>({
  group: '',
  kind: 'Endpoints',
  listKind: 'EndpointsList',
  plural: 'endpoints',
  singular: 'endpoints',
  shortNames: ['ep'],
  namespaced: true,
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.api.core.v1.Endpoints',
      deprecated: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
      columns: [nameColumn, text('Endpoints', formatEndpoints), ageColumn],
    },
  ],
});

const shown = 3;

function formatEndpoints({ subsets }: Endpoints): string {
  if (!subsets || subsets.length === 0) return '<none>';
  const list: string[] = [];
  for (const { ports, addresses } of subsets) {
    if (!ports || ports.length === 0) list.push(...(addresses ?? []).map(({ ip }) => ip));
    for (const port of ports ?? []) list.push(...(addresses ?? []).map(({ ip }) => `${ip}:${port.port}`));
  }
  if (list.length > shown) return `${list.slice(0, shown).join(',')} + ${list.length - shown} more...`;
  return list.join(',');
}
