import type { IService } from 'kubernetes-models/v1/Service';
import { ageColumn, formatLabels, nameColumn, text } from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';

export type Service = IService & KubernetesObject;

export const service = defineKind<Service>({
  group: '',
  kind: 'Service',
  plural: 'services',
  singular: 'service',
  shortNames: ['svc'],
  categories: ['all'],
  namespaced: true,
  nameRule: 'label1035',
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.api.core.v1.Service',
      columns: [
        nameColumn,
        text('Type', (object) => object.spec?.type),
        text('Cluster-IP', (object) => object.spec?.clusterIP || '<none>'),
        text('External-IP', externalAddress),
        text('Port(s)', (object) => formatPorts(object)),
        ageColumn,
        text('Selector', (object) => formatLabels(object.spec?.selector), true),
      ],
    },
  ],
  status: true,
  fields: {
    'spec.clusterIP': (object) => object.spec?.clusterIP ?? '',
    'spec.type': (object) => object.spec?.type ?? '',
  },
  prepareForCreate(object) {
    object.status = { loadBalancer: {} };
  },
});

function externalAddress({ spec, status }: Service): string {
  const external = (spec?.externalIPs ?? []).join(',');
  const ingress = (status?.loadBalancer?.ingress ?? []).map((item) => item.ip || item.hostname || '');
  switch (spec?.type) {
    case 'LoadBalancer': {
      const addresses = [...new Set(ingress)].sort().join(',');
      return [addresses, external].filter((part) => part !== '').join(',') || '<pending>';
    }
    case 'ExternalName':
      return spec.externalName || '<none>';
    default:
      return external || '<none>';
  }
}

function formatPorts({ spec }: Service): string {
  const ports = (spec?.ports ?? []).map((port) => {
    const node = port.nodePort ? `:${port.nodePort}` : '';
    return `${port.port}${node}/${port.protocol ?? 'TCP'}`;
  });
  return ports.length === 0 ? '<none>' : ports.join(',');
}
