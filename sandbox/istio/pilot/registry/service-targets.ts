import { compareText } from '../model/config.ts';
import { selects } from '../model/labels.ts';
import type { MeshProxy } from '../proxy.ts';
import type { PushContext } from '../push-context.ts';
import type { ServiceTarget } from './service.ts';
import { targetPortOf } from './workloads.ts';

/** Service ports a proxy's workload serves: by the Services that select its pod, and by endpoints that have its address. */
export function serviceTargets(push: PushContext, proxy: MeshProxy): ServiceTarget[] {
  const ofPod = targetsBySelector(push, proxy);
  return [
    ...(ofPod.length > 0 ? ofPod : targetsByAddress(push, proxy, 'Kubernetes')),
    ...targetsByAddress(push, proxy, 'External'),
  ];
}

function targetsBySelector(push: PushContext, proxy: MeshProxy): ServiceTarget[] {
  const targets: ServiceTarget[] = [];
  const objects = (push.serviceIndex.kubernetesServices.get(proxy.namespace) ?? []).filter(({ spec }) => {
    return spec.selector && Object.keys(spec.selector).length > 0 && selects(spec.selector, proxy.podLabels);
  });
  for (const object of objects.toSorted((a, b) => compareText(a.metadata.name, b.metadata.name))) {
    const hostname = `${object.metadata.name}.${proxy.namespace}.svc.${push.domain}`;
    const service = push.serviceIndex.byHostname.get(hostname)?.get(proxy.namespace);
    if (!service) continue;
    const seen = new Set<string>();
    for (const spec of object.spec.ports ?? []) {
      const port = service.ports.find(({ name }) => name === (spec.name ?? ''));
      const targetPort = targetPortOf(proxy.pod, spec);
      if (!port || targetPort === undefined) continue;
      const key = `${targetPort} ${port.protocol}`;
      if (seen.has(key)) continue;
      seen.add(key);
      targets.push({ service, port, targetPort });
    }
  }
  return targets;
}

function targetsByAddress(push: PushContext, proxy: MeshProxy, registry: 'Kubernetes' | 'External'): ServiceTarget[] {
  const targets: ServiceTarget[] = [];
  for (const service of push.serviceIndex.services) {
    if (service.registry !== registry || service.namespace !== proxy.namespace) continue;
    for (const endpoint of push.serviceIndex.endpoints.get(`${service.namespace}/${service.hostname}`) ?? []) {
      if (endpoint.address !== proxy.address) continue;
      const port = service.ports.find(({ name }) => name === endpoint.servicePort.name);
      if (port) targets.push({ service, port, targetPort: endpoint.port });
    }
  }
  return targets;
}
