import type { JsonObject } from '../kernel/json.ts';
import type { ApiClient, KubernetesObject } from '../kubernetes/objects.ts';
import { readInjectorConfig, readMeshConfig } from './inject/config.ts';
import { InjectionError } from './inject/types.ts';
import { handleInject, type InjectorState } from './inject/webhook.ts';
import { handleValidate } from './validate/webhook.ts';

const configMaps = { group: '', version: 'v1', resource: 'configmaps' };
const nodes = { group: '', version: 'v1', resource: 'nodes' };

/** One istiod, as its webhooks answer. */
export interface IstiodIdentity {
  /** Namespace of istiod and its ConfigMaps; `istio-system`. */
  namespace?: string;
  /** `default`, or the revision that its ConfigMaps carry in their names. */
  revision?: string;
}

/** Answers an AdmissionReview that the API server sends to `path` of Service istiod. */
export type HandleWebhook = (path: string, review: JsonObject) => JsonObject;

/**
 * The webhooks of one istiod: `/inject…` by the ConfigMaps as they are in the store now, `/validate`. Everything it remembers is
 * derived from the store.
 */
export function istioWebhooks(client: ApiClient, identity: IstiodIdentity = {}): HandleWebhook {
  const namespace = identity.namespace ?? 'istio-system';
  const revision = identity.revision || 'default';
  const suffix = revision === 'default' ? '' : `-${revision}`;
  let parsed: { versions: string; state: Omit<InjectorState, 'nativeSidecars'> } | undefined;
  const state = (): InjectorState => {
    const injector = readMap(client, namespace, `istio-sidecar-injector${suffix}`);
    const mesh = readMap(client, namespace, `istio${suffix}`);
    const versions = `${injector.metadata.resourceVersion}/${mesh.metadata.resourceVersion}`;
    if (parsed?.versions !== versions) {
      const data = (object: KubernetesObject) => (object.data ?? {}) as Record<string, string>;
      parsed = {
        versions,
        state: { ...readInjectorConfig(data(injector)), mesh: readMeshConfig(data(mesh)), revision },
      };
    }
    return { ...parsed.state, nativeSidecars: supportsNativeSidecars(client) };
  };
  return (path, review) => {
    if (path.startsWith('/validate')) return handleValidate(review);
    try {
      return handleInject(path, review, state());
    } catch (error) {
      if (!(error instanceof InjectionError)) throw error;
      const uid = (review.request as JsonObject | undefined)?.uid ?? '';
      const response = { uid, allowed: false, status: { metadata: {}, message: error.message } };
      return { apiVersion: review.apiVersion ?? 'admission.k8s.io/v1', kind: 'AdmissionReview', response };
    }
  };
}

function readMap(client: ApiClient, namespace: string, name: string): KubernetesObject {
  const found = client.get(configMaps, namespace, name);
  if (!found) throw new InjectionError(`configmaps "${name}" not found`);
  return found;
}

/** Kubelets run native sidecars from Kubernetes 1.33 on; every node must be that new. */
export function supportsNativeSidecars(client: ApiClient): boolean {
  return client.list(nodes).every(({ status }) => {
    const version = (status as { nodeInfo?: { kubeletVersion?: string } } | undefined)?.nodeInfo?.kubeletVersion ?? '';
    return Number(/^v1\.(\d+)/.exec(version)?.[1] ?? 0) >= 33;
  });
}
