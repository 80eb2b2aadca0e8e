import { fromBase64 } from '../../../kernel/base64.ts';
import { decode } from '../../../kernel/streams.ts';
import type { ApiClient } from '../../objects.ts';
import { kinds } from '../context.ts';
import type { ConfigMap, Container, EnvVar, Node, Pod, Secret, Service } from '../types.ts';
import { podField, resourceField } from './fields.ts';

/** Why a container cannot be made: reason CreateContainerConfigError, with these words. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

export interface EnvironmentSource {
  client: ApiClient;
  pod: Pod;
  node: Node | undefined;
  podIP: string;
  hostIP: string;
}

/** The environment of a container (kubelet_pods.go makeEnvironmentVariables), service variables first. */
export function environmentOf(source: EnvironmentSource, container: Container): Record<string, string> {
  const env: Record<string, string> = {};
  const services = serviceVariables(source);
  for (const from of container.envFrom ?? []) Object.assign(env, importAll(source, from));
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom
      ? resolve(source, container, variable)
      : expand(variable.value ?? '', (name) => env[name] ?? services[name]);
    if (value !== undefined) env[variable.name] = value;
  }
  return { ...services, ...env };
}

/** `$(NAME)` becomes the variable's value, `$$` a dollar; what is unknown stays (third_party/forked/golang/expansion). */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (whole, name?: string) => {
    if (name === undefined) return '$';
    return lookup(name) ?? whole;
  });
}

function importAll(
  { client, pod }: EnvironmentSource,
  from: NonNullable<Container['envFrom']>[number],
): Record<string, string> {
  const { namespace } = pod.metadata;
  const env: Record<string, string> = {};
  const prefix = from.prefix ?? '';
  if (from.configMapRef) {
    const { name, optional } = from.configMapRef;
    const map = client.get<ConfigMap>(kinds.configMaps, namespace, name);
    if (!map && !optional) throw new ConfigError(`configmap "${name}" not found`);
    for (const [key, value] of Object.entries(map?.data ?? {})) env[prefix + key] = value;
  }
  if (from.secretRef) {
    const { name, optional } = from.secretRef;
    const secret = client.get<Secret>(kinds.secrets, namespace, name);
    if (!secret && !optional) throw new ConfigError(`secret "${name}" not found`);
    for (const [key, value] of Object.entries(secret?.data ?? {}))
      env[prefix + key] = decode(fromBase64(value) ?? new Uint8Array());
  }
  return env;
}

function resolve(source: EnvironmentSource, container: Container, { valueFrom = {} }: EnvVar): string | undefined {
  const { client, pod, node } = source;
  const { namespace, name: podName } = pod.metadata;
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  if (fieldRef) {
    const value = podField(fieldRef.fieldPath, pod, source);
    if (value === undefined) throw new ConfigError(`unsupported fieldPath: ${fieldRef.fieldPath}`);
    return value;
  }
  if (resourceFieldRef) return resourceField(resourceFieldRef, pod, container, node);
  if (configMapKeyRef) {
    const { name, key, optional } = configMapKeyRef;
    const map = client.get<ConfigMap>(kinds.configMaps, namespace, name);
    const value = map?.data?.[key];
    if (value !== undefined || optional) return value;
    throw new ConfigError(
      map ? `couldn't find key ${key} in ConfigMap ${namespace}/${name}` : `configmap "${name}" not found`,
    );
  }
  if (secretKeyRef) {
    const { name, key, optional } = secretKeyRef;
    const secret = client.get<Secret>(kinds.secrets, namespace, name);
    const value = secret?.data?.[key];
    if (value !== undefined) return decode(fromBase64(value) ?? new Uint8Array());
    if (optional) return undefined;
    throw new ConfigError(
      secret ? `couldn't find key ${key} in Secret ${namespace}/${name}` : `secret "${name}" not found`,
    );
  }
  throw new ConfigError(`invalid environment variable source of pod ${podName}`);
}

/** Variables that tell of services (pkg/kubelet/envvars): those of the pod's namespace, and the API server's always. */
function serviceVariables({ client, pod }: EnvironmentSource): Record<string, string> {
  const env: Record<string, string> = {};
  const master = client.get<Service>(kinds.services, 'default', 'kubernetes');
  if (master) Object.assign(env, variablesOf(master));
  if (pod.spec.enableServiceLinks === false) return env;
  for (const service of client.list<Service>(kinds.services, pod.metadata.namespace)) {
    if (service.metadata.uid !== master?.metadata.uid) Object.assign(env, variablesOf(service));
  }
  return env;
}

function variablesOf(service: Service): Record<string, string> {
  const { clusterIP, ports = [] } = service.spec;
  const [first] = ports;
  if (!clusterIP || clusterIP === 'None' || !first) return {};
  const upper = (text: string) => text.toUpperCase().replace(/-/g, '_');
  const prefix = upper(service.metadata.name);
  const env: Record<string, string> = {
    [`${prefix}_SERVICE_HOST`]: clusterIP,
    [`${prefix}_SERVICE_PORT`]: String(first.port),
  };
  for (const port of ports) if (port.name) env[`${prefix}_SERVICE_PORT_${upper(port.name)}`] = String(port.port);
  for (const [index, port] of ports.entries()) {
    const protocol = port.protocol ?? 'TCP';
    const url = `${protocol.toLowerCase()}://${clusterIP}:${port.port}`;
    const name = `${prefix}_PORT_${port.port}_${protocol}`;
    if (index === 0) env[`${prefix}_PORT`] = url;
    Object.assign(env, {
      [name]: url,
      [`${name}_PROTO`]: protocol.toLowerCase(),
      [`${name}_PORT`]: String(port.port),
      [`${name}_ADDR`]: clusterIP,
    });
  }
  return env;
}
