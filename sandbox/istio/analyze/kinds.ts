/** A kind that analyzers look at. */
export interface Kind {
  /** What a message calls it; both kinds of Gateway are `Gateway`. */
  kind: string;
  group: string;
  /** The version asked for in a cluster. */
  version: string;
  /** Versions a file may have; all of the group if empty. */
  aliases: readonly string[];
  resource: string;
  clusterScoped?: boolean;
  /** Ignored in files: it exists in a cluster only (upstream kuberesource.DefaultExcludedSchemas). */
  runtime?: boolean;
  /** Istio's own kind: it is validated. */
  istio?: boolean;
}

const istio = (group: string, version: string, resource: string, kind: string, ...aliases: string[]): Kind => ({
  kind,
  group: `${group}.istio.io`,
  version,
  aliases: [version, ...aliases],
  resource,
  istio: true,
});
const networking = (resource: string, kind: string, ...aliases: string[]) =>
  istio('networking', 'v1', resource, kind, 'v1alpha3', 'v1beta1', ...aliases);
const security = (resource: string, kind: string) => istio('security', 'v1', resource, kind, 'v1beta1');
const kubernetes = (
  group: string,
  version: string,
  resource: string,
  kind: string,
  more: Partial<Kind> = {},
): Kind => ({
  kind,
  group,
  version,
  aliases: [version],
  resource,
  ...more,
});
const gatewayApi = (resource: string, kind: string) =>
  kubernetes('gateway.networking.k8s.io', 'v1', resource, kind, { aliases: ['v1', 'v1beta1', 'v1alpha2'] });
const admission = (resource: string, kind: string) =>
  kubernetes('admissionregistration.k8s.io', 'v1', resource, kind, { clusterScoped: true });

/** The kinds by the name that analyzers give them. */
export const kinds = {
  AuthorizationPolicy: security('authorizationpolicies', 'AuthorizationPolicy'),
  DestinationRule: networking('destinationrules', 'DestinationRule'),
  EnvoyFilter: istio('networking', 'v1alpha3', 'envoyfilters', 'EnvoyFilter'),
  Gateway: networking('gateways', 'Gateway'),
  PeerAuthentication: security('peerauthentications', 'PeerAuthentication'),
  ProxyConfig: istio('networking', 'v1beta1', 'proxyconfigs', 'ProxyConfig'),
  RequestAuthentication: security('requestauthentications', 'RequestAuthentication'),
  ServiceEntry: networking('serviceentries', 'ServiceEntry'),
  Sidecar: networking('sidecars', 'Sidecar'),
  Telemetry: istio('telemetry', 'v1', 'telemetries', 'Telemetry', 'v1alpha1'),
  TrafficExtension: istio('extensions', 'v1alpha1', 'trafficextensions', 'TrafficExtension'),
  VirtualService: networking('virtualservices', 'VirtualService'),
  WasmPlugin: istio('extensions', 'v1alpha1', 'wasmplugins', 'WasmPlugin'),
  WorkloadEntry: networking('workloadentries', 'WorkloadEntry'),
  WorkloadGroup: networking('workloadgroups', 'WorkloadGroup'),
  KubernetesGateway: gatewayApi('gateways', 'Gateway'),
  HTTPRoute: gatewayApi('httproutes', 'HTTPRoute'),
  GRPCRoute: gatewayApi('grpcroutes', 'GRPCRoute'),
  ConfigMap: kubernetes('', 'v1', 'configmaps', 'ConfigMap'),
  CustomResourceDefinition: kubernetes(
    'apiextensions.k8s.io',
    'v1',
    'customresourcedefinitions',
    'CustomResourceDefinition',
    { clusterScoped: true },
  ),
  Deployment: kubernetes('apps', 'v1', 'deployments', 'Deployment'),
  MutatingWebhookConfiguration: admission('mutatingwebhookconfigurations', 'MutatingWebhookConfiguration'),
  ValidatingWebhookConfiguration: admission('validatingwebhookconfigurations', 'ValidatingWebhookConfiguration'),
  Namespace: kubernetes('', 'v1', 'namespaces', 'Namespace', { clusterScoped: true, runtime: true }),
  Node: kubernetes('', 'v1', 'nodes', 'Node', { clusterScoped: true, runtime: true }),
  Pod: kubernetes('', 'v1', 'pods', 'Pod', { runtime: true }),
  Secret: kubernetes('', 'v1', 'secrets', 'Secret', { runtime: true }),
  Service: kubernetes('', 'v1', 'services', 'Service', { runtime: true }),
} as const satisfies Record<string, Kind>;

export type KindName = keyof typeof kinds;

export const kindNames = Object.keys(kinds) as KindName[];

/** The kind of an object in a file, or undefined if no analyzer knows it. */
export function kindNameOf(apiVersion: string, kind: string): KindName | undefined {
  const slash = apiVersion.indexOf('/');
  const [group, version] = slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
  return kindNames.find((name) => {
    const known: Kind = kinds[name];
    return known.kind === kind && known.group === group && known.aliases.includes(version);
  });
}

/** Namespaces of the system that are never analyzed (upstream pkg/kube/inject, IgnoredNamespaces). */
export const ignoredNamespaces: readonly string[] = [
  'kube-system',
  'kube-public',
  'kube-node-lease',
  'local-path-storage',
];
