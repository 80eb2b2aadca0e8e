import { type FieldError, invalid } from '../field.ts';
import type { KindContext } from '../kind.ts';
import type { Service } from './service.ts';

const services = { group: '', version: 'v1', resource: 'services' };
/** 10.96.0.0/12, kubeadm's range; its first 256 addresses are left for services that name theirs. */
const first = (10 << 24) + (96 << 16);
const size = 2 ** 20;
const reserved = 256;
const nodePorts = { from: 30000, to: 32767 };

function format(offset: number): string {
  const address = first + offset;
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

/** Gives a service its address and node ports, once; what it has it keeps. Addresses come from the cluster's own chance. */
export function allocate(service: Service, context: KindContext): void {
  const { spec } = service;
  if (!spec) return;
  if (spec.type === 'ExternalName') {
    for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const) delete spec[field];
    return;
  }
  const others = otherServices(service, context);
  if (!spec.clusterIP) {
    const used = new Set(others.map((other) => other.spec?.clusterIP));
    do spec.clusterIP = format(context.kernel.random.between(reserved + 1, size - 2));
    while (used.has(spec.clusterIP));
  }
  spec.clusterIPs = [spec.clusterIP];
  spec.ipFamilies ??= ['IPv4'];
  spec.ipFamilyPolicy ||= 'SingleStack';
  const wantsNodePorts =
    spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);
  const taken = new Set(others.flatMap((other) => (other.spec?.ports ?? []).map((port) => port.nodePort)));
  for (const port of spec.ports ?? []) if (port.nodePort) taken.add(port.nodePort);
  for (const port of spec.ports ?? []) {
    if (!wantsNodePorts || port.nodePort) continue;
    do port.nodePort = context.kernel.random.between(nodePorts.from, nodePorts.to);
    while (taken.has(port.nodePort));
    taken.add(port.nodePort);
  }
}

function otherServices(service: Service, context: KindContext): Service[] {
  const { namespace, name } = service.metadata;
  const all = context.list(services) as readonly Service[];
  return all.filter((other) => other.metadata.namespace !== namespace || other.metadata.name !== name);
}

/** Addresses and ports that others have already. */
export function validateAllocation(service: Service, context: KindContext): FieldError[] {
  const errors: FieldError[] = [];
  const { spec } = service;
  const others = otherServices(service, context);
  const address = spec?.clusterIP;
  if (address && address !== 'None' && others.some((other) => other.spec?.clusterIP === address)) {
    const words = `failed to allocate IP ${address}: provided IP is already allocated`;
    errors.push(invalid('spec.clusterIPs', [address], words));
  }
  for (const [index, { nodePort }] of (spec?.ports ?? []).entries()) {
    if (!nodePort) continue;
    const field = `spec.ports[${index}].nodePort`;
    if (nodePort < nodePorts.from || nodePort > nodePorts.to) {
      const range = `${nodePorts.from}-${nodePorts.to}`;
      errors.push(
        invalid(field, nodePort, `provided port is not in the valid range. The range of valid ports is ${range}`),
      );
    } else if (others.some((other) => (other.spec?.ports ?? []).some((port) => port.nodePort === nodePort))) {
      errors.push(invalid(field, nodePort, 'provided port is already allocated'));
    }
  }
  return errors;
}
