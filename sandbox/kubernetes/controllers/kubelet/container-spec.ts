import type { ContainerSpec, PodSandbox } from '../../../kernel/runtime.ts';
import type { ApiClient } from '../../objects.ts';
import { kinds } from '../context.ts';
import type { Container, Pod, Service } from '../types.ts';
import { type EnvironmentSource, environmentOf, expand } from './environment.ts';
import { mountedFiles, type VolumeContext } from './volumes.ts';

/** A pod's place on the node, as the runtime is told. */
export function sandboxOf(pod: Pod, ip: string, node: string): PodSandbox {
  return {
    uid: pod.metadata.uid as string,
    namespace: pod.metadata.namespace as string,
    name: pod.metadata.name,
    hostname: pod.spec.hostNetwork ? node : (pod.spec.hostname ?? pod.metadata.name).slice(0, 63),
    ip,
    hostNetwork: pod.spec.hostNetwork ?? false,
    labels: pod.metadata.labels ?? {},
    annotations: pod.metadata.annotations ?? {},
    serviceAccount: pod.spec.serviceAccountName ?? 'default',
    node,
  };
}

/** Everything a runtime needs of one container; throws `ConfigError` where a reference leads nowhere. */
export function containerSpec(
  id: string,
  container: Container,
  sandbox: PodSandbox,
  context: EnvironmentSource & VolumeContext,
): ContainerSpec {
  const env = environmentOf(context, container);
  const lookup = (name: string) => env[name];
  const mounts = mountedFiles(context, container);
  const { securityContext = {} } = container;
  const uid = securityContext.runAsUser ?? context.pod.spec.securityContext?.runAsUser;
  return {
    id,
    pod: sandbox,
    name: container.name,
    image: container.image,
    command: (container.command ?? []).map((word) => expand(word, lookup)),
    args: (container.args ?? []).map((word) => expand(word, lookup)),
    env: { ...env, HOSTNAME: sandbox.hostname },
    ...(container.workingDir && { workingDir: container.workingDir }),
    ...(uid !== undefined && { uid }),
    privileged: securityContext.privileged ?? false,
    ...(securityContext.allowPrivilegeEscalation === false && { noNewPrivileges: true }),
    capabilities: securityContext.capabilities?.add ?? [],
    files: { ...nodeFiles(sandbox, context.client), ...mounts.files },
    directories: mounts.directories,
    readOnly: securityContext.readOnlyRootFilesystem ? ['/'] : mounts.readOnly,
  };
}

/** The files the kubelet itself puts into containers (kubelet_pods.go, network/dns). */
function nodeFiles(sandbox: PodSandbox, client: ApiClient): Record<string, string> {
  const dns = client.get<Service>(kinds.services, 'kube-system', 'kube-dns')?.spec.clusterIP ?? '';
  const search = `${sandbox.namespace}.svc.cluster.local svc.cluster.local cluster.local`;
  const fixed = [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::\tip6-localnet',
    'fe00::\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
  ];
  return {
    '/etc/hosts': `${['# Kubernetes-managed hosts file.', ...fixed, `${sandbox.ip}\t${sandbox.hostname}`].join('\n')}\n`,
    '/etc/hostname': `${sandbox.hostname}\n`,
    ...(!sandbox.hostNetwork && {
      '/etc/resolv.conf': `search ${search}\nnameserver ${dns}\noptions ndots:5\n`,
    }),
  };
}
