/**
 * How lists of built-in kinds merge: facts of Kubernetes' API (`x-kubernetes-patch-merge-key`, `-list-map-keys`) that the
 * packages of types lack. `definition.field` → the key of a strategic merge patch, then the keys of server-side apply where
 * they differ. Lists that are not named here are replaced as a whole.
 */
const core = 'io.k8s.api.core.v1';
const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const admission = 'io.k8s.api.admissionregistration.v1';

export const mergedLists: Record<string, string[]> = {
  [`${core}.PodSpec.containers`]: ['name'],
  [`${core}.PodSpec.initContainers`]: ['name'],
  [`${core}.PodSpec.ephemeralContainers`]: ['name'],
  [`${core}.PodSpec.volumes`]: ['name'],
  [`${core}.PodSpec.imagePullSecrets`]: ['name'],
  [`${core}.PodSpec.hostAliases`]: ['ip'],
  [`${core}.PodSpec.resourceClaims`]: ['name'],
  [`${core}.PodSpec.schedulingGates`]: ['name'],
  [`${core}.PodSpec.topologySpreadConstraints`]: ['topologyKey', 'topologyKey', 'whenUnsatisfiable'],
  [`${core}.Container.env`]: ['name'],
  [`${core}.Container.ports`]: ['containerPort', 'containerPort', 'protocol'],
  [`${core}.Container.volumeMounts`]: ['mountPath'],
  [`${core}.Container.volumeDevices`]: ['devicePath'],
  [`${core}.EphemeralContainer.env`]: ['name'],
  [`${core}.EphemeralContainer.ports`]: ['containerPort', 'containerPort', 'protocol'],
  [`${core}.EphemeralContainer.volumeMounts`]: ['mountPath'],
  [`${core}.EphemeralContainer.volumeDevices`]: ['devicePath'],
  [`${core}.PodStatus.conditions`]: ['type'],
  [`${core}.PodStatus.podIPs`]: ['ip'],
  [`${core}.PodStatus.hostIPs`]: ['ip'],
  [`${core}.ServiceSpec.ports`]: ['port', 'port', 'protocol'],
  [`${core}.ServiceStatus.conditions`]: ['type'],
  [`${core}.ServiceAccount.secrets`]: ['name'],
  [`${core}.NamespaceStatus.conditions`]: ['type'],
  [`${core}.NodeStatus.addresses`]: ['type'],
  [`${core}.NodeStatus.conditions`]: ['type'],
  [`${meta}.ObjectMeta.ownerReferences`]: ['uid'],
  [`${admission}.MutatingWebhookConfiguration.webhooks`]: ['name'],
  [`${admission}.MutatingWebhook.matchConditions`]: ['name'],
  [`${admission}.ValidatingWebhookConfiguration.webhooks`]: ['name'],
  [`${admission}.ValidatingWebhook.matchConditions`]: ['name'],
  'io.k8s.api.apps.v1.DaemonSetStatus.conditions': ['type'],
  'io.k8s.api.apps.v1.DeploymentStatus.conditions': ['type'],
  'io.k8s.api.apps.v1.ReplicaSetStatus.conditions': ['type'],
  'io.k8s.api.apps.v1.StatefulSetStatus.conditions': ['type'],
  'io.k8s.api.batch.v1.JobStatus.conditions': ['type'],
  'io.k8s.api.policy.v1.PodDisruptionBudgetStatus.conditions': ['type'],
};

/** Lists of texts that merge as sets. */
export const mergedSets: readonly string[] = [`${meta}.ObjectMeta.finalizers`, `${core}.NodeSpec.podCIDRs`];

/**
 * Objects that server-side apply replaces as a whole. Kubernetes looks into a CRD's schema too; here that would only make
 * notes of ownership larger than the schemas themselves.
 */
export const atomicMaps: readonly string[] = [
  `${meta}.LabelSelector`,
  `${core}.LocalObjectReference`,
  `${core}.ObjectReference`,
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps',
];
