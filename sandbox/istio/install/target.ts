import type { GroupVersionResource, KubernetesObject } from '../../kubernetes/objects.ts';

/** The cluster as an installation sees it. Every refusal is thrown, its message in the API server's words. */
export interface InstallTarget {
  /** Whether the API server knows a resource. */
  serves(resource: GroupVersionResource): boolean;
  get(resource: GroupVersionResource, namespace: string | undefined, name: string): KubernetesObject | undefined;
  /** Objects with all these labels, in every namespace; `'*'` stands for any value. */
  list(resource: GroupVersionResource, labels: Record<string, string>): readonly KubernetesObject[];
  create(resource: GroupVersionResource, object: KubernetesObject): void;
  update(resource: GroupVersionResource, object: KubernetesObject): void;
  delete(resource: GroupVersionResource, namespace: string | undefined, name: string): void;
}

interface KnownKind extends GroupVersionResource {
  kind: string;
  namespaced: boolean;
}

const kind = (name: string, group: string, version: string, resource: string, namespaced: boolean): KnownKind => ({
  kind: name,
  group,
  version,
  resource,
  namespaced,
});

const rbac = 'rbac.authorization.k8s.io';
const admission = 'admissionregistration.k8s.io';

/** Kinds that an installation makes or prunes, namespaced ones first, in the order in which they are pruned. */
export const installedKinds: readonly KnownKind[] = [
  kind('Deployment', 'apps', 'v1', 'deployments', true),
  kind('DaemonSet', 'apps', 'v1', 'daemonsets', true),
  kind('Service', '', 'v1', 'services', true),
  kind('ConfigMap', '', 'v1', 'configmaps', true),
  kind('Pod', '', 'v1', 'pods', true),
  kind('Secret', '', 'v1', 'secrets', true),
  kind('ServiceAccount', '', 'v1', 'serviceaccounts', true),
  kind('RoleBinding', rbac, 'v1', 'rolebindings', true),
  kind('Role', rbac, 'v1', 'roles', true),
  kind('PodDisruptionBudget', 'policy', 'v1', 'poddisruptionbudgets', true),
  kind('HorizontalPodAutoscaler', 'autoscaling', 'v2', 'horizontalpodautoscalers', true),
  kind('EnvoyFilter', 'networking.istio.io', 'v1alpha3', 'envoyfilters', true),
  kind('MutatingWebhookConfiguration', admission, 'v1', 'mutatingwebhookconfigurations', false),
  kind('ValidatingWebhookConfiguration', admission, 'v1', 'validatingwebhookconfigurations', false),
  kind('ClusterRole', rbac, 'v1', 'clusterroles', false),
  kind('ClusterRoleBinding', rbac, 'v1', 'clusterrolebindings', false),
  kind('CustomResourceDefinition', 'apiextensions.k8s.io', 'v1', 'customresourcedefinitions', false),
];

export const namespaceResource: GroupVersionResource = { group: '', version: 'v1', resource: 'namespaces' };

export function resourceOf(object: KubernetesObject): KnownKind {
  const found = installedKinds.find((one) => one.kind === object.kind);
  if (!found) throw new Error(`no resource for kind ${object.kind}`);
  return found;
}
