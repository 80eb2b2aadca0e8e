import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import { duplicate, type FieldError, invalid, notFoundField, notSupported, required } from '../field.ts';
import * as names from '../validation/names.ts';

type Container = NonNullable<IPodSpec['containers']>[number];
type Probe = NonNullable<Container['livenessProbe']>;
type Volume = NonNullable<IPodSpec['volumes']>[number];

/** What a pod's or a template's spec says when it says nothing (pkg/apis/core/v1/defaults.go). */
export function defaultPodSpec(spec: IPodSpec): void {
  spec.restartPolicy ||= 'Always';
  spec.terminationGracePeriodSeconds ??= 30;
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.securityContext ??= {};
  spec.schedulerName ||= 'default-scheduler';
  if (spec.serviceAccountName && !spec.serviceAccount) spec.serviceAccount = spec.serviceAccountName;
  if (spec.serviceAccount && !spec.serviceAccountName) spec.serviceAccountName = spec.serviceAccount;
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])])
    defaultContainer(container, spec);
  for (const container of spec.ephemeralContainers ?? []) defaultContainer(container as Container, spec);
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
}

function defaultContainer(container: Container, spec: IPodSpec): void {
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  container.imagePullPolicy ||= pullPolicy(container.image ?? '');
  container.resources ??= {};
  for (const port of container.ports ?? []) {
    port.protocol ||= 'TCP';
    if (spec.hostNetwork && !port.hostPort) port.hostPort = port.containerPort;
  }
  for (const { valueFrom } of container.env ?? []) if (valueFrom?.fieldRef) valueFrom.fieldRef.apiVersion ||= 'v1';
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
    if (probe) defaultProbe(probe);
  }
  for (const handler of [container.lifecycle?.postStart, container.lifecycle?.preStop]) {
    if (handler?.httpGet) defaultHttpGet(handler.httpGet);
  }
}

/** Always for `latest`, said or unsaid. */
function pullPolicy(image: string): 'Always' | 'IfNotPresent' {
  const name = image.split('/').pop() ?? '';
  if (image.includes('@')) return 'IfNotPresent';
  const tag = name.includes(':') ? name.slice(name.indexOf(':') + 1) : 'latest';
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

function defaultProbe(probe: Probe): void {
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  if (probe.httpGet) defaultHttpGet(probe.httpGet);
  if (probe.grpc) probe.grpc.service ??= '';
}

function defaultHttpGet(get: NonNullable<Probe['httpGet']>): void {
  get.path ||= '/';
  get.scheme ||= 'HTTP';
}

const mode = 0o644;

function defaultVolume(volume: Volume): void {
  if (Object.keys(volume).length === 1) volume.emptyDir = {};
  if (volume.secret) volume.secret.defaultMode ??= mode;
  if (volume.configMap) volume.configMap.defaultMode ??= mode;
  if (volume.hostPath) volume.hostPath.type ??= '' as never;
  if (volume.downwardAPI) {
    volume.downwardAPI.defaultMode ??= mode;
    for (const { fieldRef } of volume.downwardAPI.items ?? []) if (fieldRef) fieldRef.apiVersion ||= 'v1';
  }
  if (volume.projected) {
    volume.projected.defaultMode ??= mode;
    for (const source of volume.projected.sources ?? []) {
      if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= 3600;
      for (const { fieldRef } of source.downwardAPI?.items ?? []) if (fieldRef) fieldRef.apiVersion ||= 'v1';
    }
  }
}

/** Requests that are not said are as high as the limits (pods only). */
export function defaultRequests(spec: IPodSpec): void {
  for (const { resources } of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    for (const [name, limit] of Object.entries(resources?.limits ?? {})) {
      resources!.requests ??= {};
      resources!.requests[name] ??= limit;
    }
  }
}

/** pkg/apis/core/validation.ValidatePodSpec, as far as schema and defaults do not settle it. */
export function validatePodSpec(spec: IPodSpec | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const volumes = new Set<string>();
  for (const [index, { name }] of (spec?.volumes ?? []).entries()) {
    const at = `${field}.volumes[${index}].name`;
    if (!name) continue;
    for (const message of names.dns1123Label(name)) errors.push(invalid(at, name, message));
    if (volumes.has(name)) errors.push(duplicate(at, name));
    volumes.add(name);
  }
  const containers = spec?.containers ?? [];
  if (containers.length === 0) errors.push(required(`${field}.containers`));
  const seen = new Set<string>();
  for (const [list, key] of [
    [containers, 'containers'],
    [spec?.initContainers ?? [], 'initContainers'],
  ] as const) {
    for (const [index, container] of list.entries()) {
      errors.push(...validateContainer(container, `${field}.${key}[${index}]`, volumes));
      if (container.name && seen.has(container.name)) {
        errors.push(duplicate(`${field}.${key}[${index}].name`, container.name));
      }
      seen.add(container.name);
    }
  }
  const grace = spec?.terminationGracePeriodSeconds;
  if (grace !== undefined && grace < 0) {
    errors.push(invalid(`${field}.terminationGracePeriodSeconds`, grace, 'must be greater than or equal to 0'));
  }
  const account = spec?.serviceAccountName;
  if (account) {
    for (const message of names.dns1123Subdomain(account))
      errors.push(invalid(`${field}.serviceAccountName`, account, message));
  }
  return errors;
}

function validateContainer(container: Container, field: string, volumes: Set<string>): FieldError[] {
  const errors: FieldError[] = [];
  if (container.name) {
    for (const message of names.dns1123Label(container.name))
      errors.push(invalid(`${field}.name`, container.name, message));
  }
  if (!container.image) errors.push(required(`${field}.image`));
  else if (container.image.trim() !== container.image) {
    errors.push(invalid(`${field}.image`, container.image, 'must not have leading or trailing whitespace'));
  }
  const portNames = new Set<string>();
  for (const [index, port] of (container.ports ?? []).entries()) {
    const at = `${field}.ports[${index}]`;
    if (port.name) {
      const wrong = names.portName(port.name);
      for (const message of wrong) errors.push(invalid(`${at}.name`, port.name, message));
      if (wrong.length === 0 && portNames.has(port.name)) errors.push(duplicate(`${at}.name`, port.name));
      portNames.add(port.name);
    }
    if (!port.containerPort) errors.push(required(`${at}.containerPort`));
    else {
      for (const message of names.portNumber(port.containerPort)) {
        errors.push(invalid(`${at}.containerPort`, port.containerPort, message));
      }
    }
  }
  for (const [index, variable] of (container.env ?? []).entries()) {
    if (!variable.name) continue;
    for (const message of names.envName(variable.name))
      errors.push(invalid(`${field}.env[${index}].name`, variable.name, message));
    if (variable.value && variable.valueFrom) {
      errors.push(invalid(`${field}.env[${index}].valueFrom`, '', 'may not be specified when `value` is not empty'));
    }
  }
  const mounts = new Set<string>();
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const at = `${field}.volumeMounts[${index}]`;
    if (mount.name && !volumes.has(mount.name)) errors.push(notFoundField(`${at}.name`, mount.name));
    if (mount.mountPath && mounts.has(mount.mountPath)) {
      errors.push(invalid(`${at}.mountPath`, mount.mountPath, 'must be unique'));
    }
    mounts.add(mount.mountPath);
  }
  for (const [name, probe] of Object.entries({
    livenessProbe: container.livenessProbe,
    readinessProbe: container.readinessProbe,
    startupProbe: container.startupProbe,
  })) {
    if (!probe) continue;
    const handlers = [probe.exec, probe.httpGet, probe.tcpSocket, probe.grpc].filter(
      (handler) => handler !== undefined,
    );
    if (handlers.length === 0) errors.push(required(`${field}.${name}`, 'must specify a handler type'));
  }
  return errors;
}

/** Templates of what keeps pods running restart them always. */
export function validateAlwaysRestarts(spec: IPodSpec | undefined, field: string): FieldError[] {
  const policy = spec?.restartPolicy;
  return policy && policy !== 'Always' ? [notSupported(`${field}.restartPolicy`, policy, ['Always'])] : [];
}
