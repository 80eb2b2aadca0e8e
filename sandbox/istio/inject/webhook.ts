import { toBase64 } from '../../kernel/base64.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { encode } from '../../kernel/streams.ts';
import { isObject } from '../install/values-map.ts';
import { injectRequired } from './decide.ts';
import { injectPod } from './inject.ts';
import { createJsonPatch } from './json-patch.ts';
import { type InjectablePod, type Injection, InjectionError } from './types.ts';
import { workloadOfPod } from './workload.ts';

/** What istiod knows when it injects: its ConfigMaps as objects in the store say now. */
export type InjectorState = Pick<Injection, 'config' | 'values' | 'mesh' | 'revision' | 'nativeSidecars'>;

/** Path parameters and the environment variables they become. */
const parameters: Record<string, string> = {
  cluster: 'ISTIO_META_CLUSTER_ID',
  net: 'ISTIO_META_NETWORK',
};

/** Answers an AdmissionReview for `/inject…`: an AdmissionReview with allowed and a JSON patch, or the refusal. */
export function handleInject(path: string, review: JsonObject, state: InjectorState): JsonObject {
  const request = isObject(review.request) ? review.request : {};
  const answer = (response: JsonObject): JsonObject => ({
    apiVersion: review.apiVersion ?? 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: request.uid ?? '', ...response },
  });
  const pod = request.object as unknown as InjectablePod;
  const namespace = String(pod.metadata.namespace || request.namespace || '');
  if (!injectRequired(pod, namespace, state.config)) return answer({ allowed: true });
  try {
    const injected = injectPod({
      ...state,
      pod,
      workload: workloadOfPod(pod, namespace),
      proxyEnvironment: pathEnvironment(path),
    });
    const operations = createJsonPatch(pod as unknown as JsonObject, injected as unknown as JsonObject);
    const patch = toBase64(encode(JSON.stringify(operations)));
    return answer({ allowed: true, patchType: 'JSONPatch', patch });
  } catch (error) {
    if (!(error instanceof InjectionError)) throw error;
    return answer({ allowed: false, status: { metadata: {}, message: error.message } });
  }
}

/** `/inject/cluster/c1/net/n1` sets the proxy's cluster and network. */
function pathEnvironment(path: string): Record<string, string> {
  const parts = path.replace(/\/$/, '').split('/').slice(2);
  const environment: Record<string, string> = {};
  for (let index = 0; index + 1 < parts.length; index += 2) {
    const key = parts[index] as string;
    environment[parameters[key] ?? key.toUpperCase()] = (parts[index + 1] as string).replaceAll('--slash--', '/');
  }
  return environment;
}
