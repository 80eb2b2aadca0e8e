import { isReady, isTerminal } from './pods.ts';
import type { EndpointPort, Pod, Service, ServicePort } from './types.ts';

/** What the EndpointSlice and the Endpoints controller ask alike (k8s.io/endpointslice/util). */

/** Number of a service port's target on a pod; undefined where a named port is not there. */
export function targetPort(port: ServicePort, pod: Pod): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target;
  const sidecars = (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  for (const container of [...pod.spec.containers, ...sidecars]) {
    for (const { name, protocol, containerPort } of container.ports ?? []) {
      if (name === target && (protocol ?? 'TCP') === (port.protocol ?? 'TCP')) return containerPort;
    }
  }
  return undefined;
}

/** The ports of a service as a pod serves them. */
export function endpointPorts(service: Service, pod: Pod): EndpointPort[] {
  const ports: EndpointPort[] = [];
  for (const port of service.spec.ports ?? []) {
    const number = targetPort(port, pod);
    if (number === undefined) continue;
    ports.push({
      name: port.name ?? '',
      port: number,
      protocol: port.protocol ?? 'TCP',
      ...(port.appProtocol && { appProtocol: port.appProtocol }),
    });
  }
  return ports;
}

/** Does a pod stand behind services at all? Pods on their way out do, until they are gone. */
export function hasEndpoint(pod: Pod): boolean {
  return !isTerminal(pod) && pod.status?.podIP !== undefined && pod.status.podIP !== '';
}

export function endpointConditions(service: Service, pod: Pod) {
  const serving = isReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = (service.spec.publishNotReadyAddresses ?? false) || (serving && !terminating);
  return { ready, serving, terminating };
}

export function selectedPods(service: Service, pods: readonly Pod[]): Pod[] {
  const selector = Object.entries(service.spec.selector ?? {});
  return pods.filter((pod) => selector.every(([key, value]) => pod.metadata.labels?.[key] === value));
}

/** Hostname of an endpoint in DNS: for pods whose subdomain is the service. */
export function endpointHostname(service: Service, pod: Pod): string | undefined {
  const { hostname, subdomain } = pod.spec;
  return hostname && subdomain === service.metadata.name ? hostname : undefined;
}

/** Services with a selector are the controllers' own; others are filled in by hand. */
export function isManaged(service: Service): boolean {
  return service.spec.type !== 'ExternalName' && Object.keys(service.spec.selector ?? {}).length > 0;
}

export function isHeadless(service: Service): boolean {
  return service.spec.clusterIP === 'None';
}
