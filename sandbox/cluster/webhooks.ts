import type { JsonObject } from '../kernel/json.ts';
import type { WebhookBackend } from '../kubernetes/apiserver/backends.ts';
import type { ApiClient, KubernetesObject } from '../kubernetes/objects.ts';

const services = { group: '', version: 'v1', resource: 'services' };
const slices = { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' };

interface Slice extends KubernetesObject {
  endpoints?: { conditions?: { ready?: boolean } }[];
}

/** Answers an AdmissionReview at a path such as `/inject`. */
type WebhookHandler = (path: string, review: JsonObject) => JsonObject;

/**
 * The API server's way to admission webhooks: through their Service, to whoever is ready behind it. In this cluster that is
 * istiod alone. What goes wrong is said in the words of Go's HTTP client and of the service resolver
 * (k8s.io/kube-aggregator, proxy.ResolveEndpoint).
 */
export function webhookBackend(
  client: ApiClient,
  handlerOf: (service: KubernetesObject) => WebhookHandler | undefined,
): WebhookBackend {
  return {
    call: ({ namespace, service: name, path, port }, review) => {
      const url = `https://${name}.${namespace}.svc:${port}${path}?timeout=10s`;
      const service = client.get(services, namespace, name);
      if (!service) return { error: `Post "${url}": service "${name}" not found` };
      const ready = client
        .list<Slice>(slices, namespace)
        .filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === name)
        .some(({ endpoints = [] }) => endpoints.some(({ conditions }) => conditions?.ready !== false));
      if (!ready) return { error: `Post "${url}": no endpoints available for service "${name}"` };
      const handler = handlerOf(service);
      if (!handler) return { error: `Post "${url}": dial tcp: connect: connection refused` };
      return { response: handler(path, review) };
    },
  };
}
