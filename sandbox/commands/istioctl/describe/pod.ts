import { canonicalService } from '../../../istio/pilot/model/labels.ts';
import { isSniffed, servicePortProtocol } from '../../../istio/pilot/model/protocol.ts';
import { numberOf, objectsOf, recordOf, textOf } from '../../../istio/validate/spec.ts';
import type { JsonObject } from '../../../kernel/json.ts';
import type { KubernetesObject } from '../../../kubernetes/objects.ts';
import type { Istioctl } from '../command.ts';
import { shortName } from './objects.ts';

const proxyUser = 1337;
const reserved = 'WARNING: User ID (UID) 1337 is reserved for the sidecar proxy.';
const requirements = 'https://istio.io/v1.30/docs/ops/deployment/requirements/';

/** The revision that injected a pod. */
export function revisionOf({ metadata }: KubernetesObject): string {
  const { annotations = {} } = metadata;
  if (annotations['istio.io/rev'] !== undefined) return annotations['istio.io/rev'];
  try {
    const status: unknown = JSON.parse(annotations['sidecar.istio.io/status'] ?? '');
    return textOf(recordOf(status).revision);
  } catch {
    return '';
  }
}

/** The pod itself: its ports, its state, and what it lacks. */
export function describePod(ctl: Istioctl, pod: KubernetesObject, ignoreUnmeshed: boolean): string {
  const [spec, status] = [recordOf(pod.spec), recordOf(pod.status)];
  const containers = objectsOf(spec.containers);
  const name = shortName(ctl, pod);
  const lines: string[] = [];
  for (const container of containers) {
    const proxy = container.name === 'istio-proxy' || container.name === 'istio-operator';
    if (!proxy && recordOf(container.securityContext).runAsUser === proxyUser) lines.push(reserved);
  }
  const ports = containers.flatMap((container) =>
    objectsOf(container.ports).map(({ containerPort, protocol }) => {
      const other = protocol === 'TCP' ? '' : `/${textOf(protocol)}`;
      return `${numberOf(containerPort)}${other} (${textOf(container.name)})`;
    }),
  );
  lines.push(`Pod: ${name}`, `   Pod Revision: ${revisionOf(pod)}`);
  lines.push(ports.length > 0 ? `   Pod Ports: ${ports.join(', ')}` : '   Pod does not expose ports');
  if (status.phase !== 'Running') lines.push(`   Pod is not Running (${textOf(status.phase)})`);
  else {
    const unready = (list: unknown, what: string) =>
      objectsOf(list)
        .filter(({ ready }) => ready !== true)
        .map((each) => `WARNING: Pod ${name} ${what} ${textOf(each.name)} NOT READY`);
    lines.push(...unready(status.containerStatuses, 'Container'));
    lines.push(...unready(status.initContainerStatuses, 'Init Container'));
    if (!ignoreUnmeshed) lines.push(...meshLines(pod, spec, name));
  }
  return `${lines.join('\n')}\n`;
}

function meshLines({ metadata }: KubernetesObject, spec: JsonObject, name: string): string[] {
  const all = [...objectsOf(spec.containers), ...objectsOf(spec.initContainers)];
  if (!all.some((container) => container.name === 'istio-proxy'))
    return [`WARNING: ${name} is not part of mesh; no Istio sidecar`];
  const suggest = (what: string) =>
    `Suggestion: add required service ${what} label for Istio telemetry. See ${requirements}.`;
  const { labels = {} } = metadata;
  const hasName = canonicalService(labels, '').name !== '';
  const hasRevision = ['service.istio.io/canonical-revision', 'app.kubernetes.io/version', 'version'].some(
    (label) => label in labels,
  );
  return [
    ...(recordOf(spec.securityContext).runAsUser === proxyUser ? [`   ${reserved}`] : []),
    ...(hasName ? [] : [suggest('name')]),
    ...(hasRevision ? [] : [suggest('revision')]),
  ];
}

/** A Service and where its ports lead on the pod. */
export function describeService(ctl: Istioctl, service: KubernetesObject, pod: KubernetesObject): string {
  const ports = objectsOf(recordOf(service.spec).ports).filter(({ protocol }) => protocol === 'TCP');
  const lines = ports.map((port) => {
    const target = targetPort(port, pod);
    if (target === undefined) return `   no suitable port for manifest: ${pod.metadata.uid ?? ''}`;
    const name = textOf(port.name);
    return `   Port: ${name} ${numberOf(port.port)}/${protocolOf(port)} targets pod port ${target}`;
  });
  return `${[`Service: ${shortName(ctl, service)}`, ...lines].join('\n')}\n`;
}

/** The number of a Service's target port, which may be the name of a container's port. */
export function targetPort({ targetPort: target, protocol }: JsonObject, pod: KubernetesObject): number | undefined {
  if (typeof target !== 'string') return numberOf(target);
  const { containers, initContainers } = recordOf(pod.spec);
  const sidecars = objectsOf(initContainers).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const ports = [...objectsOf(containers), ...sidecars].flatMap((container) => objectsOf(container.ports));
  const found = ports.find((port) => port.name === target && port.protocol === protocol);
  return found && numberOf(found.containerPort);
}

export function protocolOf(port: JsonObject): string {
  const { name, appProtocol, protocol } = port;
  if (!name && typeof appProtocol !== 'string' && protocol !== 'UDP') return 'auto-detect';
  const found = servicePortProtocol({
    port: numberOf(port.port),
    name: textOf(name),
    protocol: textOf(protocol),
    ...(typeof appProtocol === 'string' ? { appProtocol } : {}),
  });
  return isSniffed(found) && appProtocol === 'hbone' ? 'HBONE' : found;
}
