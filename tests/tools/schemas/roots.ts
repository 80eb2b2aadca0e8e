/** The types whose schemas are kept, as modules of the packages; what they refer to comes along. */
export const builtInRoots = [
  '@kubernetes-models/apimachinery/apis/meta/v1/DeleteOptions',
  'kubernetes-models/v1/ConfigMap',
  'kubernetes-models/v1/Endpoints',
  'kubernetes-models/v1/Event',
  'kubernetes-models/v1/Namespace',
  'kubernetes-models/v1/Node',
  'kubernetes-models/v1/Pod',
  'kubernetes-models/v1/Secret',
  'kubernetes-models/v1/Service',
  'kubernetes-models/v1/ServiceAccount',
  'kubernetes-models/admissionregistration.k8s.io/v1/MutatingWebhookConfiguration',
  'kubernetes-models/admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy',
  'kubernetes-models/admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding',
  'kubernetes-models/admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration',
  'kubernetes-models/apiextensions.k8s.io/v1/CustomResourceDefinition',
  'kubernetes-models/apiregistration.k8s.io/v1/APIService',
  'kubernetes-models/apps/v1/DaemonSet',
  'kubernetes-models/apps/v1/Deployment',
  'kubernetes-models/apps/v1/ReplicaSet',
  'kubernetes-models/apps/v1/StatefulSet',
  'kubernetes-models/autoscaling/v1/Scale',
  'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler',
  'kubernetes-models/batch/v1/Job',
  'kubernetes-models/coordination.k8s.io/v1/Lease',
  'kubernetes-models/discovery.k8s.io/v1/EndpointSlice',
  'kubernetes-models/events.k8s.io/v1/Event',
  'kubernetes-models/networking.k8s.io/v1/IngressClass',
  'kubernetes-models/networking.k8s.io/v1/NetworkPolicy',
  'kubernetes-models/policy/v1/PodDisruptionBudget',
  'kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRole',
  'kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRoleBinding',
  'kubernetes-models/rbac.authorization.k8s.io/v1/Role',
  'kubernetes-models/rbac.authorization.k8s.io/v1/RoleBinding',
  'kubernetes-models/scheduling.k8s.io/v1/PriorityClass',
];

/** Istio's kinds. All versions of a kind have one schema, so one version of each is enough. */
export const istioRoots = [
  '@kubernetes-models/istio/extensions.istio.io/v1alpha1/WasmPlugin',
  '@kubernetes-models/istio/networking.istio.io/v1/DestinationRule',
  '@kubernetes-models/istio/networking.istio.io/v1/Gateway',
  '@kubernetes-models/istio/networking.istio.io/v1/ServiceEntry',
  '@kubernetes-models/istio/networking.istio.io/v1/Sidecar',
  '@kubernetes-models/istio/networking.istio.io/v1/VirtualService',
  '@kubernetes-models/istio/networking.istio.io/v1/WorkloadEntry',
  '@kubernetes-models/istio/networking.istio.io/v1/WorkloadGroup',
  '@kubernetes-models/istio/networking.istio.io/v1alpha3/EnvoyFilter',
  '@kubernetes-models/istio/networking.istio.io/v1beta1/ProxyConfig',
  '@kubernetes-models/istio/security.istio.io/v1/AuthorizationPolicy',
  '@kubernetes-models/istio/security.istio.io/v1/PeerAuthentication',
  '@kubernetes-models/istio/security.istio.io/v1/RequestAuthentication',
  '@kubernetes-models/istio/telemetry.istio.io/v1/Telemetry',
];

const packages: [RegExp, string][] = [
  [/^@kubernetes-models\/apimachinery\/(.+)$/, 'io.k8s.apimachinery.pkg.'],
  [/^kubernetes-models\/apiextensions\.k8s\.io\/(.+)$/, 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.'],
  [/^kubernetes-models\/apiregistration\.k8s\.io\/(.+)$/, 'io.k8s.kube-aggregator.pkg.apis.apiregistration.'],
  [/^kubernetes-models\/(v1\/.+)$/, 'io.k8s.api.core.'],
];

/** The name of a definition as Kubernetes' OpenAPI document has it. */
export function definitionName(module: string): string {
  const istio = /^@kubernetes-models\/istio\/([^/]+)\/[^/]+\/(.+)$/.exec(module);
  if (istio) return `${istio[1]}.${istio[2]}`;
  const gatewayApi = /^@kubernetes-models\/gateway-api\/(.+)$/.exec(module);
  if (gatewayApi) return (gatewayApi[1] as string).replaceAll('/', '.');
  for (const [pattern, prefix] of packages) {
    const match = pattern.exec(module);
    if (match) return prefix + (match[1] as string).replaceAll('/', '.');
  }
  const match = /^kubernetes-models\/([^/]+)\/(.+)$/.exec(module);
  if (!match) throw new Error(`${module}: no module of a known package`);
  const group = (match[1] as string).split('.')[0];
  return `io.k8s.api.${group}.${(match[2] as string).replaceAll('/', '.')}`;
}
