/** How the lists and maps of a kind are merged: facts of the `patchStrategy` and `patchMergeKey` of Kubernetes' types. */
export interface PatchSchema {
  [field: string]: {
    /** The list is merged by this member of its items. */
    key?: string;
    /** A list of plain values that is merged. */
    set?: boolean;
    /** Members that are not named are cleared. */
    retainKeys?: boolean;
    /** The map is replaced as a whole. */
    replace?: boolean;
    fields?: PatchSchema;
  };
}

const container: PatchSchema = {
  ports: { key: 'containerPort' },
  env: { key: 'name' },
  volumeMounts: { key: 'mountPath' },
  volumeDevices: { key: 'devicePath' },
};

const podSpec: PatchSchema = {
  containers: { key: 'name', fields: container },
  initContainers: { key: 'name', fields: container },
  ephemeralContainers: { key: 'name', fields: container },
  volumes: { key: 'name', retainKeys: true },
  imagePullSecrets: { key: 'name' },
  hostAliases: { key: 'ip' },
  topologySpreadConstraints: { key: 'topologyKey' },
  schedulingGates: { key: 'name' },
  resourceClaims: { key: 'name', retainKeys: true },
};

const metadata: PatchSchema[string] = {
  fields: { ownerReferences: { key: 'uid' }, finalizers: { set: true } },
};

const conditions: PatchSchema[string] = { fields: { conditions: { key: 'type' } } };
const template: PatchSchema[string] = { fields: { metadata, spec: { fields: podSpec } } };
const workload: PatchSchema = {
  metadata,
  spec: { fields: { template, strategy: { retainKeys: true } } },
  status: conditions,
};

const kinds: Record<string, PatchSchema> = {
  Pod: {
    metadata,
    spec: { fields: podSpec },
    status: { fields: { conditions: { key: 'type' }, podIPs: { key: 'ip' }, hostIPs: { key: 'ip' } } },
  },
  Deployment: workload,
  ReplicaSet: workload,
  DaemonSet: { metadata, spec: { fields: { template } }, status: conditions },
  StatefulSet: { metadata, spec: { fields: { template } }, status: conditions },
  ReplicationController: workload,
  Job: workload,
  CronJob: {
    metadata,
    spec: { fields: { jobTemplate: { fields: { metadata, spec: { fields: { template } } } } } },
  },
  Service: { metadata, spec: { fields: { ports: { key: 'port' } } }, status: conditions },
  ServiceAccount: { metadata, secrets: { key: 'name' } },
  Node: {
    metadata,
    spec: { fields: { podCIDRs: { set: true } } },
    status: { fields: { conditions: { key: 'type' }, addresses: { key: 'type' } } },
  },
  Namespace: { metadata, status: conditions },
  MutatingWebhookConfiguration: {
    metadata,
    webhooks: { key: 'name', fields: { matchConditions: { key: 'name' } } },
  },
  ValidatingWebhookConfiguration: {
    metadata,
    webhooks: { key: 'name', fields: { matchConditions: { key: 'name' } } },
  },
  PodDisruptionBudget: { metadata, spec: { fields: { selector: { replace: true } } }, status: conditions },
};

const builtInGroups = new Set([
  '',
  'apps',
  'autoscaling',
  'batch',
  'policy',
  ...[
    'admissionregistration',
    'apiextensions',
    'apiregistration',
    'authentication',
    'authorization',
    'certificates',
    'coordination',
    'discovery',
    'events',
    'flowcontrol.apiserver',
    'networking',
    'node',
    'rbac.authorization',
    'resource',
    'scheduling',
    'storage',
  ].map((name) => `${name}.k8s.io`),
]);

/** The schema of a built-in kind; undefined for kinds that only take JSON merge patches (custom resources). */
export function patchSchema(group: string, kind: string): PatchSchema | undefined {
  if (!builtInGroups.has(group)) return undefined;
  return kinds[kind] ?? { metadata };
}
