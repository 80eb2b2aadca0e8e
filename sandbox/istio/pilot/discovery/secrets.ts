import type { Secret } from '../../../envoy/xds/types.ts';
import { fromBase64, toBase64 } from '../../../kernel/base64.ts';
import { encode } from '../../../kernel/streams.ts';
import type { ApiClient, KubernetesObject } from '../../../kubernetes/objects.ts';
import type { WorkloadCertificate } from './certificate-authority.ts';
import { watchedResources } from './watched-kinds.ts';

/** The workload's own certificate, as SDS names it. */
export function workloadSecret({ certificateChain, privateKey }: WorkloadCertificate): Secret {
  const inline = (text: string) => ({ inlineBytes: toBase64(encode(text)) });
  return {
    name: 'default',
    tlsCertificate: { certificateChain: inline(certificateChain), privateKey: inline(privateKey) },
  };
}

export function rootSecret(root: string): Secret {
  return { name: 'ROOTCA', validationContext: { trustedCa: { inlineBytes: toBase64(encode(root)) } } };
}

const caSuffix = '-cacert';

/**
 * A Kubernetes Secret of the proxy's namespace for `kubernetes://NAME` (a certificate) or `kubernetes://NAME-cacert` (roots):
 * the roots may stand in a Secret of that name or beside the certificate (credentials/kube/secrets.go). Undefined: there is none.
 */
export function credentialSecret(client: ApiClient, resource: string, namespace: string): Secret | undefined {
  const name = /^kubernetes(?:-gateway)?:\/\/(.*)$/.exec(resource)?.[1];
  if (name === undefined) return undefined;
  const [owner, plain] = name.includes('/') ? (name.split('/') as [string, string]) : [namespace, name];
  const own = client.get(watchedResources.Secret, owner, plain);
  if (!plain.endsWith(caSuffix)) {
    const certificateChain = dataOf(own, ['tls.crt', 'cert']);
    const privateKey = dataOf(own, ['tls.key', 'key']);
    if (certificateChain === undefined || privateKey === undefined) return undefined;
    return {
      name: resource,
      tlsCertificate: { certificateChain: { inlineBytes: certificateChain }, privateKey: { inlineBytes: privateKey } },
    };
  }
  const beside = client.get(watchedResources.Secret, owner, plain.slice(0, -caSuffix.length));
  const roots = dataOf(own, ['ca.crt', 'cacert']) ?? dataOf(beside, ['ca.crt', 'cacert']);
  return roots === undefined ? undefined : { name: resource, validationContext: { trustedCa: { inlineBytes: roots } } };
}

/** The first of some keys of a Secret that holds anything, in base64. */
function dataOf(secret: KubernetesObject | undefined, keys: readonly string[]): string | undefined {
  const data = (secret?.data ?? {}) as Record<string, string>;
  return keys.map((key) => data[key]).find((value) => value !== undefined && fromBase64(value)?.length);
}
