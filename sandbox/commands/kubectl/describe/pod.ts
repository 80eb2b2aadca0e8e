import { age } from '../ages.ts';
import { isNotFound } from '../errors.ts';
import type { Kubectl } from '../kubectl.ts';
import { at, isRecord, type KubeObject, records, text } from '../objects.ts';
import { formatSelector } from '../pods.ts';
import { parseQuantity } from '../quantity.ts';
import { describeContainers, describeResources } from './containers.ts';
import { describeEvents, searchEvents } from './events.ts';
import { describeVolumes } from './volumes.ts';
import { DescribeWriter, longTime } from './writer.ts';

type Data = Record<string, unknown>;

/** The pod of a name; where it is gone but events are left, tells of them. */
export async function describePod(k: Kubectl, namespace: string, name: string): Promise<string> {
  let pod: KubeObject;
  try {
    pod = await k.client.json('GET', `/api/v1/namespaces/${namespace}/pods/${name}`);
  } catch (error) {
    if (!isNotFound(error) || !k.flags.bool('show-events')) throw error;
    const events = await searchEvents(k, { name, namespace, kind: '', uid: '' });
    if (!events || events.length === 0) throw error;
    const w = new DescribeWriter();
    w.write(0, `Pod '${name}': error '${error.message}', but found events.\n`);
    describeEvents(k, w, events);
    return w.finish();
  }
  const mirror = pod.metadata.annotations?.['kubernetes.io/config.mirror'];
  const uid = mirror ?? pod.metadata.uid ?? '';
  const events = k.flags.bool('show-events') ? await searchEvents(k, { name, namespace, kind: '', uid }) : undefined;
  const w = new DescribeWriter();
  writePod(k, w, pod);
  describeEvents(k, w, events);
  return w.finish();
}

function writePod(k: Kubectl, w: DescribeWriter, pod: KubeObject): void {
  const { metadata } = pod;
  const spec = (pod.spec ?? {}) as Data;
  const status = (pod.status ?? {}) as Data;
  w.write(0, `Name:\t${metadata.name}\n`);
  w.write(0, `Namespace:\t${metadata.namespace ?? ''}\n`);
  if (spec.priority !== undefined) w.write(0, `Priority:\t${text(spec.priority)}\n`);
  if (spec.priorityClassName) w.write(0, `Priority Class Name:\t${text(spec.priorityClassName)}\n`);
  if (spec.runtimeClassName) w.write(0, `Runtime Class Name:\t${text(spec.runtimeClassName)}\n`);
  if (spec.serviceAccountName) w.write(0, `Service Account:\t${text(spec.serviceAccountName)}\n`);
  w.write(0, spec.nodeName ? `Node:\t${text(spec.nodeName)}/${text(status.hostIP)}\n` : 'Node:\t<none>\n');
  if (status.startTime) w.write(0, `Start Time:\t${longTime(status.startTime)}\n`);
  w.pairs('Labels', metadata.labels);
  w.annotations('Annotations', metadata.annotations);
  if (metadata.deletionTimestamp && status.phase !== 'Failed' && status.phase !== 'Succeeded') {
    w.write(0, `Status:\tTerminating (lasts ${age(metadata.deletionTimestamp, k.now())})\n`);
    w.write(0, `Termination Grace Period:\t${text(metadata.deletionGracePeriodSeconds ?? 0)}s\n`);
  } else w.write(0, `Status:\t${text(status.phase)}\n`);
  if (status.reason) w.write(0, `Reason:\t${text(status.reason)}\n`);
  if (status.message) w.write(0, `Message:\t${text(status.message)}\n`);
  const seccomp = at(spec, 'securityContext', 'seccompProfile');
  if (isRecord(seccomp)) {
    w.write(0, `SeccompProfile:\t${text(seccomp.type)}\n`);
    if (seccomp.type === 'Localhost') w.write(0, `LocalhostProfile:\t${text(seccomp.localhostProfile)}\n`);
  }
  w.write(0, `IP:\t${text(status.podIP)}\n`);
  const ips = records(status.podIPs);
  w.write(0, ips.length === 0 ? 'IPs:\t<none>\n' : 'IPs:\n');
  for (const { ip } of ips) w.write(1, `IP:\t${text(ip)}\n`);
  const controller = controllerOf(pod);
  if (controller !== '') w.write(0, `Controlled By:\t${controller}\n`);
  if (status.nominatedNodeName) w.write(0, `NominatedNodeName:\t${text(status.nominatedNodeName)}\n`);
  if (isRecord(spec.resources)) {
    w.write(0, 'Resources:\n');
    describeResources(w, spec.resources, 1);
  }
  const options = { pod, space: '' };
  const init = records(spec.initContainers);
  if (init.length > 0) describeContainers(w, 'Init Containers', init, records(status.initContainerStatuses), options);
  describeContainers(w, 'Containers', records(spec.containers), records(status.containerStatuses), options);
  const ephemeral = records(spec.ephemeralContainers);
  if (ephemeral.length > 0) {
    describeContainers(w, 'Ephemeral Containers', ephemeral, records(status.ephemeralContainerStatuses), options);
  }
  describeConditions(w, spec, status);
  describeVolumes(w, records(spec.volumes), '');
  w.write(0, `QoS Class:\t${text(status.qosClass) || qosClass(spec)}\n`);
  w.pairs('Node-Selectors', spec.nodeSelector);
  describeTolerations(w, 'Tolerations', records(spec.tolerations));
  describeSpread(w, records(spec.topologySpreadConstraints), '');
}

function describeConditions(w: DescribeWriter, spec: Data, status: Data): void {
  const conditions = records(status.conditions);
  const gates = records(spec.readinessGates);
  if (gates.length > 0) {
    w.write(0, 'Readiness Gates:\n  Type\tStatus\n');
    for (const gate of gates) {
      const condition = conditions.find(({ type }) => type === gate.conditionType);
      w.write(1, `${text(gate.conditionType)} \t${condition ? text(condition.status) : '<none>'} \n`);
    }
  }
  if (conditions.length > 0) {
    w.write(0, 'Conditions:\n  Type\tStatus\n');
    for (const condition of conditions) w.write(1, `${text(condition.type)} \t${text(condition.status)} \n`);
  }
}

/** `ReplicaSet/curl-abc`: who controls an object, or ''. */
export function controllerOf(object: KubeObject): string {
  const owner = object.metadata.ownerReferences?.find(({ controller }) => controller === true);
  return owner ? `${owner.kind}/${owner.name}` : '';
}

export function describeTolerations(w: DescribeWriter, title: string, tolerations: Data[], indent = ''): void {
  w.write(0, `${indent}${title}:\t`);
  if (tolerations.length === 0) w.write(0, '<none>\n');
  const sorted = [...tolerations].sort((a, b) => (text(a.key) < text(b.key) ? -1 : text(a.key) > text(b.key) ? 1 : 0));
  sorted.forEach((toleration, index) => {
    if (index > 0) w.write(0, `${indent}\t`);
    const { key, value, effect, operator, tolerationSeconds } = toleration;
    let line = text(key);
    if (value) line += `=${text(value)}`;
    if (effect) line += `:${text(effect)}`;
    if (operator === 'Exists' && !value) line += key || effect ? ' op=Exists' : 'op=Exists';
    if (tolerationSeconds !== undefined) line += ` for ${text(tolerationSeconds)}s`;
    w.write(0, `${line}\n`);
  });
}

export function describeSpread(w: DescribeWriter, constraints: Data[], space: string): void {
  if (constraints.length === 0) return;
  w.write(0, `${space}Topology Spread Constraints:\t`);
  const sorted = [...constraints].sort((a, b) => (text(a.topologyKey) < text(b.topologyKey) ? -1 : 1));
  sorted.forEach((constraint, index) => {
    if (index > 0) w.write(0, `${space}\t`);
    const { topologyKey, whenUnsatisfiable, maxSkew, labelSelector } = constraint;
    const selector = isRecord(labelSelector) ? ` for selector ${formatSelector(labelSelector)}` : '';
    w.write(
      0,
      `${text(topologyKey)}:${text(whenUnsatisfiable)} when max skew ${text(maxSkew)} is exceeded${selector}\n`,
    );
  });
}

/** The class that follows from requests and limits. */
function qosClass(spec: Data): string {
  const containers = [...records(spec.containers), ...records(spec.initContainers)];
  let any = false;
  let guaranteed = true;
  for (const { resources } of containers) {
    for (const name of ['cpu', 'memory']) {
      const limit = parseQuantity(text(at(resources, 'limits', name))) ?? 0;
      const request = parseQuantity(text(at(resources, 'requests', name) ?? at(resources, 'limits', name))) ?? 0;
      if (limit > 0 || request > 0) any = true;
      if (limit === 0 || limit !== request) guaranteed = false;
    }
  }
  if (!any) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
