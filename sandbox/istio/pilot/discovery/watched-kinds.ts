import { equalJson } from '../../../kernel/json.ts';
import type { ApiClient, GroupVersionResource, KubernetesObject, ObjectChange } from '../../../kubernetes/objects.ts';
import type { ObjectSource, WatchedKind } from '../model/config.ts';

const core = (resource: string): GroupVersionResource => ({ group: '', version: 'v1', resource });
const networking = (resource: string, version = 'v1'): GroupVersionResource => ({
  group: 'networking.istio.io',
  version,
  resource,
});
const security = (resource: string): GroupVersionResource => ({ group: 'security.istio.io', version: 'v1', resource });
const gatewayApi = (resource: string): GroupVersionResource => ({
  group: 'gateway.networking.k8s.io',
  version: 'v1',
  resource,
});

/** Where each kind is served. */
export const watchedResources: Record<WatchedKind, GroupVersionResource> = {
  Namespace: core('namespaces'),
  Node: core('nodes'),
  Pod: core('pods'),
  Service: core('services'),
  EndpointSlice: { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' },
  Secret: core('secrets'),
  ServiceEntry: networking('serviceentries'),
  WorkloadEntry: networking('workloadentries'),
  VirtualService: networking('virtualservices'),
  DestinationRule: networking('destinationrules'),
  Gateway: networking('gateways'),
  Sidecar: networking('sidecars'),
  EnvoyFilter: networking('envoyfilters', 'v1alpha3'),
  PeerAuthentication: security('peerauthentications'),
  RequestAuthentication: security('requestauthentications'),
  AuthorizationPolicy: security('authorizationpolicies'),
  Telemetry: { group: 'telemetry.istio.io', version: 'v1', resource: 'telemetries' },
  GatewayClass: gatewayApi('gatewayclasses'),
  KubernetesGateway: gatewayApi('gateways'),
  HTTPRoute: gatewayApi('httproutes'),
  TLSRoute: gatewayApi('tlsroutes'),
  GRPCRoute: gatewayApi('grpcroutes'),
  ReferenceGrant: { ...gatewayApi('referencegrants'), version: 'v1beta1' },
};

export function apiSource(client: ApiClient): ObjectSource {
  return { list: (kind) => client.list(watchedResources[kind]) };
}

/** What of an object configuration depends on; changes of anything else are none for istiod. */
const relevantParts: Partial<Record<WatchedKind, (object: KubernetesObject) => unknown>> = {
  Namespace: () => undefined,
  Node: () => undefined,
  Pod: ({ spec, status }) => {
    const { nodeName, serviceAccountName } = spec as Record<string, unknown>;
    const {
      podIP,
      phase,
      conditions = [],
    } = (status ?? {}) as {
      podIP?: string;
      phase?: string;
      conditions?: { type: string; status: string }[];
    };
    const ready = conditions.find(({ type }) => type === 'Ready')?.status;
    return { nodeName, serviceAccountName, podIP, ended: phase === 'Succeeded' || phase === 'Failed', ready };
  },
  EndpointSlice: ({ addressType, ports, endpoints }) => ({ addressType, ports, endpoints }),
  Secret: ({ data }) => data,
};

function relevant(kind: WatchedKind, object: KubernetesObject): unknown {
  const { labels, annotations, name, namespace } = object.metadata;
  const parts = relevantParts[kind]?.(object) ?? (kind in relevantParts ? undefined : object.spec);
  return { labels, annotations, name, namespace, parts };
}

/** Whether a change can change any configuration. */
export function isRelevant(kind: WatchedKind, { type, object, old }: ObjectChange): boolean {
  return type !== 'MODIFIED' || !old || !equalJson(relevant(kind, object), relevant(kind, old));
}
