import { fromBase64 } from '../../../kernel/base64.ts';
import { decode } from '../../../kernel/streams.ts';
import type { ApiClient } from '../../objects.ts';
import { kinds } from '../context.ts';
import type { ConfigMap, Container, KeyToPath, Node, Pod, Secret, Volume, VolumeSource } from '../types.ts';
import { podField, resourceField } from './fields.ts';

/** A volume's content: files by relative path. */
export type VolumeFiles = Record<string, string>;

export interface VolumeContext {
  client: ApiClient;
  pod: Pod;
  node: Node | undefined;
  podIP: string;
  hostIP: string;
  /** A token of the pod's service account for an audience. */
  token(audience: string | undefined, expirationSeconds: number): string;
}

/** A volume that cannot be mounted yet, in the kubelet's words. */
export class MountError extends Error {
  override name = 'MountError';
}

/** The first reason why the pod's volumes cannot be mounted, or undefined. */
export function mountProblem(context: VolumeContext): string | undefined {
  const tokenless = { ...context, token: () => '' };
  for (const volume of context.pod.spec.volumes ?? []) {
    try {
      contentOf(tokenless, volume, context.pod.spec.containers[0] as Container);
    } catch (error) {
      if (!(error instanceof MountError)) throw error;
      return `MountVolume.SetUp failed for volume "${volume.name}" : ${error.message}`;
    }
  }
  return undefined;
}

/** What a container sees of its pod's volumes, by absolute path. */
export function mountedFiles(
  context: VolumeContext,
  container: Container,
): { files: Record<string, string>; directories: string[]; readOnly: string[] } {
  const files: Record<string, string> = {};
  const directories: string[] = [];
  const readOnly: string[] = [];
  for (const mount of container.volumeMounts ?? []) {
    const volume = context.pod.spec.volumes?.find(({ name }) => name === mount.name);
    if (!volume) continue;
    const content = contentOf(context, volume, container);
    const path = mount.mountPath.replace(/\/+$/, '') || '/';
    if (mount.subPath && content?.[mount.subPath] !== undefined) {
      files[path] = content[mount.subPath] as string;
      continue;
    }
    directories.push(path);
    const prefix = mount.subPath ? `${mount.subPath}/` : '';
    for (const [name, text] of Object.entries(content ?? {})) {
      if (name.startsWith(prefix)) files[`${path === '/' ? '' : path}/${name.slice(prefix.length)}`] = text;
    }
    if (mount.readOnly || content) readOnly.push(path);
  }
  return { files, directories, readOnly };
}

/** Files of a volume; undefined for empty and writable ones. */
function contentOf(context: VolumeContext, volume: Volume, container: Container): VolumeFiles | undefined {
  if (volume.projected) {
    const files: VolumeFiles = {};
    for (const source of volume.projected.sources ?? []) Object.assign(files, sourceFiles(context, source, container));
    return files;
  }
  return sourceFiles(context, volume, container);
}

function sourceFiles(context: VolumeContext, source: VolumeSource, container: Container): VolumeFiles | undefined {
  const { client, pod } = context;
  const { namespace } = pod.metadata;
  if (source.configMap) {
    const { name = '', items, optional } = source.configMap;
    const map = client.get<ConfigMap>(kinds.configMaps, namespace, name);
    if (!map && !optional) throw new MountError(`configmap "${name}" not found`);
    return chosen(map?.data ?? {}, items, optional);
  }
  if (source.secret) {
    const name = source.secret.secretName ?? source.secret.name ?? '';
    const secret = client.get<Secret>(kinds.secrets, namespace, name);
    if (!secret && !source.secret.optional) throw new MountError(`secret "${name}" not found`);
    const data = Object.fromEntries(
      Object.entries(secret?.data ?? {}).map(([key, value]) => [key, decode(fromBase64(value) ?? new Uint8Array())]),
    );
    return chosen(data, source.secret.items, source.secret.optional);
  }
  if (source.serviceAccountToken) {
    const { path, audience, expirationSeconds = 3600 } = source.serviceAccountToken;
    return { [path]: context.token(audience, expirationSeconds) };
  }
  if (source.downwardAPI) {
    const files: VolumeFiles = {};
    for (const { path, fieldRef, resourceFieldRef } of source.downwardAPI.items ?? []) {
      if (fieldRef) files[path] = podField(fieldRef.fieldPath, pod, context) ?? '';
      else if (resourceFieldRef) files[path] = resourceField(resourceFieldRef, pod, container, context.node);
    }
    return files;
  }
  return undefined;
}

function chosen(data: Record<string, string>, items: KeyToPath[] | undefined, optional = false): VolumeFiles {
  if (!items) return { ...data };
  const files: VolumeFiles = {};
  for (const { key, path } of items) {
    const value = data[key];
    if (value !== undefined) files[path] = value;
    else if (!optional) throw new MountError(`references non-existent config key: ${key}`);
  }
  return files;
}

/** Names of the ConfigMaps and Secrets that a pod's volumes and environments refer to. */
export function references(pod: Pod): { configMaps: Set<string>; secrets: Set<string> } {
  const configMaps = new Set<string>();
  const secrets = new Set<string>();
  for (const volume of pod.spec.volumes ?? []) {
    for (const source of [volume, ...(volume.projected?.sources ?? [])]) {
      if (source.configMap?.name) configMaps.add(source.configMap.name);
      const secret = source.secret?.secretName ?? source.secret?.name;
      if (secret) secrets.add(secret);
    }
  }
  for (const { env = [], envFrom = [] } of [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]) {
    for (const { configMapRef, secretRef } of envFrom) {
      if (configMapRef) configMaps.add(configMapRef.name);
      if (secretRef) secrets.add(secretRef.name);
    }
    for (const { valueFrom } of env) {
      if (valueFrom?.configMapKeyRef) configMaps.add(valueFrom.configMapKeyRef.name);
      if (valueFrom?.secretKeyRef) secrets.add(valueFrom.secretKeyRef.name);
    }
  }
  return { configMaps, secrets };
}
