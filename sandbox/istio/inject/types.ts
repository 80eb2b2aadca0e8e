import type { JsonObject } from '../../kernel/json.ts';
import type { ObjectMeta } from '../../kubernetes/objects.ts';

/** A refusal in the injector's words. */
export class InjectionError extends Error {
  override name = 'InjectionError';
}

export interface Container extends JsonObject {
  name: string;
}

/** A pod, or the template of one. */
export interface InjectablePod {
  metadata: ObjectMeta;
  spec: PodSpec;
  [field: string]: unknown;
}

export interface PodSpec extends JsonObject {
  containers: Container[];
}

/** The injector's own configuration: key `config` of ConfigMap istio-sidecar-injector. */
export interface InjectorConfig {
  policy: string;
  defaultTemplates: string[];
  templates: Record<string, string>;
  alwaysInjectSelector: JsonObject[];
  neverInjectSelector: JsonObject[];
  injectedAnnotations: Record<string, string>;
}

/** Everything one injection looks at. */
export interface Injection {
  pod: InjectablePod;
  /** The workload the pod belongs to. */
  workload: { name: string; namespace: string; apiVersion: string; kind: string };
  config: InjectorConfig;
  /** Key `values` of the ConfigMap. */
  values: JsonObject;
  /** Mesh config. */
  mesh: JsonObject;
  revision: string;
  /** Whether the nodes' kubelets run native sidecars (Kubernetes ≥ 1.33). */
  nativeSidecars: boolean;
  /** Environment for the proxy from the webhook's path: `/inject/cluster/c1/net/n1`. */
  proxyEnvironment: Record<string, string>;
}

/** What a template adds to a pod. */
export interface InjectedTemplate {
  metadata: { labels: Record<string, string>; annotations: Record<string, string> };
  spec: {
    securityContext?: JsonObject;
    initContainers?: Container[];
    containers?: Container[];
    volumes: JsonObject[];
    imagePullSecrets?: JsonObject[];
  };
}
