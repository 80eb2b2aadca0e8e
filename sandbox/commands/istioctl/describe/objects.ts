import type { GroupVersionResource, KubernetesObject } from '../../../kubernetes/objects.ts';
import type { Istioctl } from '../command.ts';
import { IstioctlError } from '../errors.ts';
import { askProxy } from '../proxy-config/commands.ts';
import { type ConfigDump, parseConfigDump } from '../proxy-config/config-dump.ts';

const core = (resource: string): GroupVersionResource => ({ group: '', version: 'v1', resource });
const networking = (resource: string): GroupVersionResource => ({
  group: 'networking.istio.io',
  version: 'v1',
  resource,
});

export const resources = {
  pods: core('pods'),
  services: core('services'),
  configMaps: core('configmaps'),
  destinationRules: networking('destinationrules'),
  virtualServices: networking('virtualservices'),
  gateways: networking('gateways'),
  peerAuthentications: { group: 'security.istio.io', version: 'v1', resource: 'peerauthentications' },
};

/** Labels of each of the pods that a description is about. */
export type PodLabels = readonly Readonly<Record<string, string>>[];

export const separator = `${'-'.repeat(20)}\n`;

/** The name, and the namespace unless it is the one that commands are for. */
export function shortName(ctl: Istioctl, { metadata }: KubernetesObject): string {
  return metadata.namespace === ctl.namespace ? metadata.name : `${metadata.name}.${metadata.namespace ?? ''}`;
}

/** `name` or `name.namespace`. */
export function inferName(ctl: Istioctl, text: string): { name: string; namespace: string } {
  const dot = text.lastIndexOf('.');
  return dot < 0
    ? { name: text, namespace: ctl.namespace }
    : { name: text.slice(0, dot), namespace: text.slice(dot + 1) };
}

/** An object by name; missing, in the API server's words. */
export function mustGet(
  ctl: Istioctl,
  resource: GroupVersionResource,
  { name, namespace }: { name: string; namespace: string },
): KubernetesObject {
  const found = ctl.api.get(resource, namespace, name);
  if (!found) throw new IstioctlError(`${resource.resource} ${JSON.stringify(name)} not found`);
  return found;
}

/** What a pod's proxy was told. `whose`: the words for a failure. */
export async function configDumpOf(ctl: Istioctl, pod: KubernetesObject, whose: string): Promise<ConfigDump> {
  const { name, namespace = '' } = pod.metadata;
  try {
    return parseConfigDump(await askProxy(ctl, `${name}.${namespace}`, 'config_dump'));
  } catch (error) {
    if (!(error instanceof IstioctlError)) throw error;
    throw new IstioctlError(`failed to execute command on ${whose}: ${error.message}`);
  }
}
