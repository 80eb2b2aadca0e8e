import { goQuote } from '../flags.ts';
import { goValue } from '../jsonpath/evaluate.ts';
import { at, isRecord, type KubeObject, records, text } from '../objects.ts';
import { parseQuantity } from '../quantity.ts';
import { type DescribeWriter, longTime, orNone } from './writer.ts';

type Data = Record<string, unknown>;

/** The containers of a pod or a template; `pod` resolves fields of environment variables. */
export function describeContainers(
  w: DescribeWriter,
  label: string,
  containers: Data[],
  statuses: Data[],
  options: { pod?: KubeObject; space: string },
): void {
  const { space } = options;
  w.write(0, `${space}${label}:${containers.length === 0 ? ' <none>' : ''}\n`);
  for (const container of containers) {
    const status = statuses.find(({ name }) => name === container.name);
    w.write(1, `${space === '' ? '' : ' '}${text(container.name)}:\n`);
    if (status) w.write(2, `Container ID:\t${text(status.containerID)}\n`);
    w.write(2, `Image:\t${text(container.image)}\n`);
    if (status) w.write(2, `Image ID:\t${text(status.imageID)}\n`);
    describePorts(w, records(container.ports));
    const seccomp = at(container, 'securityContext', 'seccompProfile');
    if (isRecord(seccomp)) {
      w.write(2, `SeccompProfile:\t${text(seccomp.type)}\n`);
      if (seccomp.type === 'Localhost') w.write(3, `LocalhostProfile:\t${text(seccomp.localhostProfile)}\n`);
    }
    describeWords(w, 'Command', container.command);
    describeWords(w, 'Args', container.args);
    if (status) describeState(w, status);
    describeResources(w, container.resources, 2);
    for (const [title, field] of [
      ['Liveness', 'livenessProbe'],
      ['Readiness', 'readinessProbe'],
      ['Startup', 'startupProbe'],
    ] as const) {
      const probe = container[field];
      if (isRecord(probe)) w.write(2, `${title}:\t${describeProbe(probe)}\n`);
    }
    describeEnvironment(w, container, options.pod);
    describeMounts(w, container);
  }
}

function describePorts(w: DescribeWriter, ports: Data[]): void {
  const list = (field: string) =>
    ports
      .map((port) => `${text(port[field] ?? 0)}/${text(port.protocol)}${port.name ? ` (${text(port.name)})` : ''}`)
      .join(', ');
  for (const [title, field] of [
    ['Port', 'containerPort'],
    ['Host Port', 'hostPort'],
  ] as const) {
    const shown = list(field);
    w.write(2, shown.includes(',') ? `${title}s:\t${shown}\n` : `${title}:\t${orNone(shown)}\n`);
  }
}

function describeWords(w: DescribeWriter, title: string, words: unknown): void {
  if (!Array.isArray(words) || words.length === 0) return;
  w.write(2, `${title}:\n`);
  for (const word of words) for (const line of text(word).split('\n')) w.write(3, `${line}\n`);
}

function describeState(w: DescribeWriter, status: Data): void {
  describeStatus(w, 'State', status.state);
  if (isRecord(at(status, 'lastState', 'terminated'))) describeStatus(w, 'Last State', status.lastState);
  w.write(2, `Ready:\t${status.ready === true ? 'True' : 'False'}\n`);
  w.write(2, `Restart Count:\t${text(status.restartCount ?? 0)}\n`);
}

function describeStatus(w: DescribeWriter, title: string, state: unknown): void {
  const { running, waiting, terminated } = isRecord(state) ? state : {};
  if (isRecord(running)) {
    w.write(2, `${title}:\tRunning\n`);
    w.write(3, `Started:\t${longTime(running.startedAt)}\n`);
  } else if (isRecord(terminated)) {
    w.write(2, `${title}:\tTerminated\n`);
    if (terminated.reason) w.write(3, `Reason:\t${text(terminated.reason)}\n`);
    if (terminated.message) w.write(3, `Message:\t${text(terminated.message)}\n`);
    w.write(3, `Exit Code:\t${text(terminated.exitCode ?? 0)}\n`);
    if (Number(terminated.signal ?? 0) > 0) w.write(3, `Signal:\t${text(terminated.signal)}\n`);
    w.write(3, `Started:\t${longTime(terminated.startedAt)}\n`);
    w.write(3, `Finished:\t${longTime(terminated.finishedAt)}\n`);
  } else {
    w.write(2, `${title}:\tWaiting\n`);
    if (isRecord(waiting) && waiting.reason) w.write(3, `Reason:\t${text(waiting.reason)}\n`);
  }
}

export function describeResources(w: DescribeWriter, resources: unknown, level: number): void {
  for (const [title, field] of [
    ['Limits', 'limits'],
    ['Requests', 'requests'],
  ] as const) {
    const list = at(resources, field);
    if (!isRecord(list) || Object.keys(list).length === 0) continue;
    w.write(level, `${title}:\n`);
    for (const name of Object.keys(list).sort()) w.write(level + 1, `${name}:\t${text(list[name])}\n`);
  }
}

function describeProbe(probe: Data): string {
  const attributes = `delay=${text(probe.initialDelaySeconds ?? 0)}s timeout=${text(probe.timeoutSeconds ?? 0)}s period=${text(probe.periodSeconds ?? 0)}s #success=${text(probe.successThreshold ?? 0)} #failure=${text(probe.failureThreshold ?? 0)}`;
  const { exec, httpGet, tcpSocket, grpc } = probe;
  if (isRecord(exec)) return `exec ${goValue(exec.command ?? [])} ${attributes}`;
  if (isRecord(httpGet)) {
    const path = text(httpGet.path);
    const url = `${text(httpGet.scheme).toLowerCase()}://${text(httpGet.host)}:${text(httpGet.port)}`;
    return `http-get ${url}${path !== '' && !path.startsWith('/') ? '/' : ''}${path} ${attributes}`;
  }
  if (isRecord(tcpSocket)) return `tcp-socket ${text(tcpSocket.host)}:${text(tcpSocket.port)} ${attributes}`;
  if (isRecord(grpc)) return `grpc <pod>:${text(grpc.port)} ${text(grpc.service)} ${attributes}`;
  return `unknown ${attributes}`;
}

function describeEnvironment(w: DescribeWriter, container: Data, pod: KubeObject | undefined): void {
  const sources = records(container.envFrom);
  if (sources.length > 0) {
    w.write(2, 'Environment Variables from:\n');
    for (const source of sources) {
      const [kind, reference] = isRecord(source.configMapRef)
        ? ['ConfigMap', source.configMapRef]
        : ['Secret', isRecord(source.secretRef) ? source.secretRef : {}];
      const prefix = source.prefix ? ` with prefix '${text(source.prefix)}'` : '';
      w.write(3, `${text(reference.name)}\t${kind}${prefix}\tOptional: ${reference.optional === true}\n`);
    }
  }
  const variables = records(container.env);
  w.write(2, `Environment:${variables.length === 0 ? '\t<none>' : ''}\n`);
  for (const variable of variables) describeVariable(w, variable, container, pod);
}

function describeVariable(w: DescribeWriter, variable: Data, container: Data, pod: KubeObject | undefined): void {
  const name = text(variable.name);
  const from = variable.valueFrom;
  if (!isRecord(from)) {
    for (const [index, line] of text(variable.value).split('\n').entries()) {
      w.write(3, index === 0 ? `${name}:\t${line}\n` : `\t${line}\n`);
    }
    return;
  }
  const { fieldRef, resourceFieldRef, secretKeyRef, configMapKeyRef } = from;
  if (isRecord(fieldRef)) {
    const path = text(fieldRef.fieldPath);
    w.write(3, `${name}:\t${pod ? fieldOf(pod, path) : ''} (${text(fieldRef.apiVersion)}:${path})\n`);
  } else if (isRecord(resourceFieldRef)) {
    const resource = text(resourceFieldRef.resource);
    const value = resourceValue(container, resource, text(resourceFieldRef.divisor));
    const limit = resource === 'limits.cpu' || resource === 'limits.memory';
    w.write(3, `${name}:\t${value === '0' && limit ? 'node allocatable' : value} (${resource})\n`);
  } else if (isRecord(secretKeyRef)) {
    const { key, name: secret, optional } = secretKeyRef;
    w.write(
      3,
      `${name}:\t<set to the key '${text(key)}' in secret '${text(secret)}'>\tOptional: ${optional === true}\n`,
    );
  } else if (isRecord(configMapKeyRef)) {
    const { key, name: map, optional } = configMapKeyRef;
    w.write(
      3,
      `${name}:\t<set to the key '${text(key)}' of config map '${text(map)}'>\tOptional: ${optional === true}\n`,
    );
  }
}

/** fieldpath.ExtractFieldPathAsString for what kubectl knows: metadata and a few of spec and status. */
function fieldOf(pod: KubeObject, path: string): string {
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (subscript) return pod.metadata[subscript[1] as 'labels' | 'annotations']?.[subscript[2] as string] ?? '';
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name;
    case 'metadata.namespace':
      return pod.metadata.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata.uid ?? '';
    case 'metadata.labels':
    case 'metadata.annotations': {
      const map = pod.metadata[path.slice(9) as 'labels' | 'annotations'] ?? {};
      return Object.keys(map)
        .sort()
        .map((key) => `${key}=${goQuote(map[key] as string)}`)
        .join('\n');
    }
    default:
      // spec.* and status.* are known to the API server only.
      return '';
  }
}

function resourceValue(container: Data, resource: string, divisor: string): string {
  const [list = '', ...name] = resource.split('.');
  const quantity = text(at(container, 'resources', list, name.join('.')));
  const value = quantityValue(quantity, resource);
  const by = divisor === '' || divisor === '0' ? 1 : quantityValue(divisor, resource);
  return String(Math.ceil(value / by));
}

function quantityValue(quantity: string, resource: string): number {
  const value = parse(quantity);
  return resource.endsWith('cpu') ? value : Math.ceil(value);
}

const parse = (quantity: string): number => parseQuantity(quantity) ?? 0;

function describeMounts(w: DescribeWriter, container: Data): void {
  const mounts = records(container.volumeMounts);
  const none = mounts.length === 0 ? '\t<none>' : '';
  w.write(2, `Mounts:${none}\n`);
  const byPath = (field: string) => (a: Data, b: Data) => (text(a[field]) < text(b[field]) ? -1 : 1);
  for (const mount of [...mounts].sort(byPath('mountPath'))) {
    const flags = [mount.readOnly === true ? 'ro' : 'rw'];
    if (mount.subPath) flags.push(`path=${goQuote(text(mount.subPath))}`);
    w.write(3, `${text(mount.mountPath)} from ${text(mount.name)} (${flags.join(',')})\n`);
  }
  const devices = records(container.volumeDevices);
  if (devices.length === 0) return;
  w.write(2, `Devices:${none}\n`);
  for (const device of [...devices].sort(byPath('devicePath'))) {
    w.write(3, `${text(device.devicePath)} from ${text(device.name)}\n`);
  }
}
