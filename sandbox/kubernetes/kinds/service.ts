import type { IService } from 'kubernetes-models/v1/Service';
import { ageColumn, formatLabels, nameColumn, text } from '../columns.ts';
import { duplicate, type FieldError, forbidden, invalid, required } from '../field.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';
import { validateLabels } from '../validation/metadata.ts';
import * as names from '../validation/names.ts';
import { allocate, validateAllocation } from './service-addresses.ts';

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
  defaults({ spec }) {
    if (!spec) return;
    spec.type ||= 'ClusterIP';
    spec.sessionAffinity ||= 'None';
    if (spec.sessionAffinity === 'ClientIP') spec.sessionAffinityConfig ??= { clientIP: { timeoutSeconds: 10800 } };
    if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ||= 'Cluster';
    if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') spec.externalTrafficPolicy ||= 'Cluster';
    if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
    for (const port of spec.ports ?? []) {
      port.protocol ||= 'TCP';
      if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') port.targetPort = port.port;
    }
  },
  prepareForCreate(object, context) {
    object.status = { loadBalancer: {} };
    allocate(object, context);
  },
  prepareForUpdate(object, old, context) {
    const { spec } = object;
    if (!spec || !old.spec) return;
    if (spec.type !== 'ExternalName') spec.clusterIP ||= old.spec.clusterIP ?? '';
    for (const port of spec.ports ?? []) {
      const before = old.spec.ports?.find((other) => other.port === port.port && other.protocol === port.protocol);
      if (spec.type !== 'ClusterIP' && !port.nodePort && before?.nodePort) port.nodePort = before.nodePort;
    }
    allocate(object, context);
  },
  validate: (object, context) => [...validateService(object), ...validateAllocation(object, context)],
  validateUpdate(object, old) {
    const before = old.spec?.clusterIP;
    const after = object.spec?.clusterIP;
    if (!before || before === after || object.spec?.type === 'ExternalName' || old.spec?.type === 'ExternalName')
      return [];
    return [invalid('spec.clusterIPs[0]', [after], 'may not change once set')];
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

/** pkg/apis/core/validation.ValidateService, as far as schema and defaults do not settle it. */
function validateService({ spec }: Service): FieldError[] {
  const errors: FieldError[] = [];
  if (!spec) return [required('spec.ports')];
  const ports = spec.ports ?? [];
  if (ports.length === 0 && spec.clusterIP !== 'None' && spec.type !== 'ExternalName')
    errors.push(required('spec.ports'));
  if (spec.type === 'ExternalName') {
    if (!spec.externalName) errors.push(required('spec.externalName'));
    else {
      for (const message of names.dns1123Subdomain(spec.externalName.replace(/\.$/, ''))) {
        errors.push(invalid('spec.externalName', spec.externalName, message));
      }
    }
  }
  const seenNames = new Set<string>();
  const seenPorts = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const at = `spec.ports[${index}]`;
    if (!port.name) {
      if (ports.length > 1) errors.push(required(`${at}.name`));
    } else {
      for (const message of names.dns1123Label(port.name)) errors.push(invalid(`${at}.name`, port.name, message));
      if (seenNames.has(port.name)) errors.push(duplicate(`${at}.name`, port.name));
      seenNames.add(port.name);
    }
    for (const message of names.portNumber(port.port ?? 0)) errors.push(invalid(`${at}.port`, port.port ?? 0, message));
    const { targetPort } = port;
    if (typeof targetPort === 'number') {
      for (const message of names.portNumber(targetPort)) errors.push(invalid(`${at}.targetPort`, targetPort, message));
    } else if (targetPort !== undefined) {
      for (const message of names.portName(targetPort)) errors.push(invalid(`${at}.targetPort`, targetPort, message));
    }
    if (port.nodePort && spec.type === 'ClusterIP') {
      errors.push(forbidden(`${at}.nodePort`, "may not be used when `type` is 'ClusterIP'"));
    }
    const key = `${port.protocol}/${port.port}`;
    if (seenPorts.has(key)) errors.push(duplicate(at, { protocol: port.protocol, port: port.port }));
    seenPorts.add(key);
  }
  errors.push(...validateLabels(spec.selector, 'spec.selector'));
  return errors;
}
