import type { INode } from 'kubernetes-models/v1/Node';
import { ageColumn, nameColumn, text } from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';

export type Node = INode & KubernetesObject;

export const node = defineKind<Node>({
  group: '',
  kind: 'Node',
  plural: 'nodes',
  singular: 'node',
  shortNames: ['no'],
  namespaced: false,
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.api.core.v1.Node',
      columns: [
        nameColumn,
        text('Status', readiness),
        text('Roles', roles),
        ageColumn,
        text('Version', (object) => object.status?.nodeInfo?.kubeletVersion),
        text('Internal-IP', (object) => address(object, 'InternalIP'), true),
        text('External-IP', (object) => address(object, 'ExternalIP'), true),
        text('OS-Image', (object) => object.status?.nodeInfo?.osImage || '<unknown>', true),
        text('Kernel-Version', (object) => object.status?.nodeInfo?.kernelVersion || '<unknown>', true),
        text('Container-Runtime', (object) => object.status?.nodeInfo?.containerRuntimeVersion || '<unknown>', true),
      ],
    },
  ],
  status: true,
  fields: { 'spec.unschedulable': (object) => String(object.spec?.unschedulable ?? false) },
});

function readiness({ spec, status }: Node): string {
  const ready = status?.conditions?.find((condition) => condition.type === 'Ready');
  const words = [ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown'];
  if (spec?.unschedulable) words.push('SchedulingDisabled');
  return words.join(',');
}

function roles({ metadata }: Node): string {
  const prefix = 'node-role.kubernetes.io/';
  const found = new Set<string>();
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    if (key.startsWith(prefix)) found.add(key.slice(prefix.length));
    else if (key === 'kubernetes.io/role' && value !== '') found.add(value);
  }
  found.delete('');
  return [...found].sort().join(',') || '<none>';
}

function address({ status }: Node, type: string): string {
  return status?.addresses?.find((item) => item.type === type)?.address ?? '<none>';
}
