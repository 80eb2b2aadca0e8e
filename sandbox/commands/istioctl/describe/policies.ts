import { parse } from 'yaml';
import { selects } from '../../../istio/pilot/model/labels.ts';
import { meshWithDefaults } from '../../../istio/pilot/model/mesh-defaults.ts';
import { PeerAuthentications } from '../../../istio/pilot/policies/peer-authentication.ts';
import { labelsOf, recordOf } from '../../../istio/validate/spec.ts';
import type { KubernetesObject } from '../../../kubernetes/objects.ts';
import type { Istioctl } from '../command.ts';
import { IstioctlError } from '../errors.ts';
import { resources } from './objects.ts';

/** Which PeerAuthentications hold for a pod, and what they come to. */
export function describePeerAuthentication(ctl: Istioctl, pod: KubernetesObject): string {
  const root = rootNamespace(ctl);
  const { namespace = '', labels = {} } = pod.metadata;
  // A pod of the root namespace meets each policy twice, as upstream lists both namespaces.
  const listed = [root, namespace].flatMap((each) =>
    ctl.api.list(resources.peerAuthentications, {}, { namespace: each }),
  );
  const matching = listed.filter(({ spec }) =>
    selects(labelsOf(recordOf(recordOf(spec).selector).matchLabels), labels),
  );
  const unique = namespace === root ? listed.slice(0, listed.length / 2) : listed;
  const source = { list: (kind: string) => (kind === 'PeerAuthentication' ? unique : []) };
  const { mode, ports } = new PeerAuthentications(source, root).ofWorkload(namespace, labels);
  const lines = ['Effective PeerAuthentication:', `   Workload mTLS mode: ${mode}`];
  if (ports.size > 0) lines.push('   Port Level mTLS mode:');
  for (const [port, portMode] of ports) lines.push(`      ${port}: ${portMode}`);
  if (matching.length > 0) {
    const names = matching.map(({ metadata }) => `${metadata.name}.${metadata.namespace ?? ''}`);
    lines.push('Applied PeerAuthentication:', `   ${names.join(', ')}`);
  }
  return `${lines.join('\n')}\n`;
}

function rootNamespace(ctl: Istioctl): string {
  const problem = (what: string) => new IstioctlError(`failed to fetch mesh config: ${what}`);
  const configMap = ctl.api.get(resources.configMaps, ctl.istioNamespace, 'istio');
  if (!configMap) {
    const place = `"istio" from namespace ${JSON.stringify(ctl.istioNamespace)}`;
    throw problem(`could not read configmap ${place}: configmaps "istio" not found`);
  }
  const text = (configMap.data as Record<string, string> | undefined)?.mesh;
  if (text === undefined) throw problem('missing config map key "mesh"');
  try {
    return meshWithDefaults(recordOf(parse(text))).rootNamespace;
  } catch (error) {
    throw problem(`error parsing mesh config: ${error instanceof Error ? error.message.split('\n')[0] : error}`);
  }
}
