import type { KubernetesObject } from '../../../kubernetes/objects.ts';
import { augmentLabels } from '../model/labels.ts';
import type { Endpoint, Health } from './service.ts';
import type { Workloads } from './workloads.ts';

export interface EndpointSliceObject extends KubernetesObject {
  addressType?: string;
  ports?: { name?: string; port?: number; protocol?: string }[];
  endpoints?: {
    addresses: string[];
    conditions?: { ready?: boolean | null; serving?: boolean | null; terminating?: boolean | null };
    targetRef?: { kind?: string; name?: string; namespace?: string };
    nodeName?: string;
  }[];
}

export function serviceNameOf(slice: EndpointSliceObject): string {
  return slice.metadata.labels?.['kubernetes.io/service-name'] ?? '';
}

/** Endpoints of one slice. One that points at a pod istiod does not know is left out until the pod is there. */
export function convertSlice(slice: EndpointSliceObject, workloads: Workloads, cluster: string): Endpoint[] {
  if (slice.addressType === 'FQDN') return [];
  const namespace = slice.metadata.namespace ?? '';
  const endpoints: Endpoint[] = [];
  for (const { addresses, conditions, targetRef } of slice.endpoints ?? []) {
    for (const address of addresses) {
      const ofPod = targetRef?.kind === 'Pod';
      const pod = ofPod
        ? workloads.pod(targetRef.namespace ?? namespace, targetRef.name ?? '')
        : workloads.podByAddress(address, namespace);
      if (!pod && ofPod) continue;
      const workload = pod && workloads.workload(pod);
      for (const port of slice.ports ?? []) {
        endpoints.push({
          address,
          port: port.port ?? 0,
          servicePort: { name: port.name ?? '' },
          labels: workload?.labels ?? augmentLabels(undefined, { cluster, locality: '' }),
          serviceAccount: workload?.serviceAccount ?? '',
          tlsMode: workload?.tlsMode ?? 'disabled',
          locality: workload?.locality ?? '',
          namespace: workload?.namespace ?? '',
          workload: workload?.workload ?? '',
          node: workload?.node ?? '',
          health: health(conditions),
          weight: 1,
        });
      }
    }
  }
  return endpoints;
}

function health(conditions: { ready?: boolean | null; terminating?: boolean | null } | undefined): Health {
  if (conditions?.ready ?? true) return 'HEALTHY';
  return (conditions?.terminating ?? true) ? 'TERMINATING' : 'UNHEALTHY';
}
