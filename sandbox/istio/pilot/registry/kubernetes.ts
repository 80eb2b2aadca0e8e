import type { KubernetesObject } from '../../../kubernetes/objects.ts';
import { unspecifiedAddress } from '../model/addresses.ts';
import { servicePortProtocol } from '../model/protocol.ts';
import type { Service, TrafficDistribution } from './service.ts';
import { spiffeId } from './service.ts';

export interface KubernetesPort {
  name?: string;
  port: number;
  protocol?: string;
  appProtocol?: string;
  targetPort?: number | string;
}

export interface KubernetesServiceObject extends KubernetesObject {
  spec: {
    type?: string;
    clusterIP?: string;
    clusterIPs?: string[];
    externalName?: string;
    internalTrafficPolicy?: string;
    trafficDistribution?: string;
    selector?: Record<string, string> | null;
    ports?: KubernetesPort[];
  };
}

/** A Service as istiod sees it (serviceregistry/kube/conversion.go). */
export function convertService(
  object: KubernetesServiceObject,
  options: { domain: string; trustDomain: string; namespaceAnnotations: Readonly<Record<string, string>> },
): Service {
  const { metadata, spec } = object;
  const namespace = metadata.namespace ?? '';
  const annotations = metadata.annotations ?? {};
  const externalName = spec.type === 'ExternalName' && spec.externalName ? spec.externalName : undefined;
  const headless = spec.clusterIP === 'None';
  const addresses = headless || !spec.clusterIP ? [unspecifiedAddress] : [spec.clusterIP];
  return {
    hostname: `${metadata.name}.${namespace}.svc.${options.domain}`,
    name: metadata.name,
    objectName: metadata.name,
    namespace,
    createdAt: metadata.creationTimestamp ?? '',
    registry: 'Kubernetes',
    resolution: headless ? 'Passthrough' : externalName !== undefined ? 'Alias' : 'ClientSideLB',
    meshExternal: externalName !== undefined,
    addresses,
    ports: (spec.ports ?? []).map((port) => ({
      name: port.name ?? '',
      port: port.port,
      protocol: servicePortProtocol(port),
    })),
    labels: metadata.labels ?? {},
    ...(spec.selector && Object.keys(spec.selector).length > 0 ? { selector: spec.selector } : {}),
    exportTo: splitList(annotations['networking.istio.io/exportTo']),
    serviceAccounts: [
      ...splitList(annotations['alpha.istio.io/canonical-serviceaccounts']),
      ...splitList(annotations['alpha.istio.io/kubernetes-serviceaccounts']).map((account) =>
        spiffeId(options.trustDomain, namespace, account),
      ),
    ],
    aliases: [],
    ...(externalName !== undefined ? { externalName } : {}),
    nodeLocal: spec.internalTrafficPolicy === 'Local',
    trafficDistribution: trafficDistribution(spec.trafficDistribution, annotations, options.namespaceAnnotations),
    raceFirstTcpConnect: false,
  };
}

/** The field of the Service, else the annotation of the object, else that of its namespace. */
export function trafficDistribution(
  field: string | undefined,
  annotations: Readonly<Record<string, string>>,
  namespaceAnnotations: Readonly<Record<string, string>>,
): TrafficDistribution {
  const annotation = 'networking.istio.io/traffic-distribution';
  const value = (field || annotations[annotation] || namespaceAnnotations[annotation] || '').toLowerCase();
  if (value === 'prefersamezone' || value === 'preferclose') return 'PreferSameZone';
  return value === 'prefersamenode' ? 'PreferSameNode' : 'Any';
}

function splitList(text: string | undefined): string[] {
  return text ? text.split(',').map((item) => item.trim()) : [];
}
