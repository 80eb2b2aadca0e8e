import type { JsonObject } from '../../kernel/json.ts';
import type { KubernetesObject } from '../../kubernetes/objects.ts';
import type { IstioRelease } from '../../releases/types.ts';

/** What a chart renders from: its values, where it goes, and the release. */
export interface ChartContext {
  release: IstioRelease;
  /** Chart defaults, value profile and the user's values, merged. */
  values: JsonObject;
  /** The user's values alone, as the chart got them. */
  original: JsonObject;
  namespace: string;
}

/** Name of the object that owns what an installation made (label install.operator.istio.io/owning-resource). */
export const ownerName = 'installed-state';

/** Labels that every object of a chart carries. */
export function chartLabels(release: IstioRelease, chart: string): Record<string, string> {
  return {
    'app.kubernetes.io/managed-by': 'Helm',
    'app.kubernetes.io/instance': 'istio',
    'app.kubernetes.io/part-of': 'istio',
    'app.kubernetes.io/version': release.version,
    'helm.sh/chart': `${chart}-${release.version}`,
  };
}

/** Labels of objects that belong to one revision of one component. */
export function ownedLabels(revision: string, component: string): Record<string, string> {
  return {
    'istio.io/rev': revision || 'default',
    'install.operator.istio.io/owning-resource': ownerName,
    'operator.istio.io/component': component,
  };
}

/** RBAC rules from lines `groups | resources | verbs`; `""` is the core group. */
export function rules(lines: readonly string[]): JsonObject[] {
  return lines.map((line) => {
    const [apiGroups = [], resources = [], verbs = []] = line
      .split(' | ')
      .map((part) => part.split(' ').map((word) => (word === '""' ? '' : word)));
    return { apiGroups, resources, verbs };
  });
}

/** `kind` and `name` of an RBAC role given to one service account. */
export function binding(options: {
  kind: 'RoleBinding' | 'ClusterRoleBinding';
  name: string;
  namespace?: string;
  labels: Record<string, string>;
  role?: string;
  subject: JsonObject;
}): KubernetesObject {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: options.kind,
    metadata: {
      name: options.name,
      ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
      labels: options.labels,
    },
    roleRef: {
      apiGroup: 'rbac.authorization.k8s.io',
      kind: options.kind.replace('Binding', ''),
      name: options.role ?? options.name,
    },
    subjects: [{ kind: 'ServiceAccount', ...options.subject }],
  };
}

/** An autoscaler of a Deployment by its CPU use. */
export function autoscaler(options: {
  name: string;
  namespace: string;
  labels: Record<string, string>;
  minimum: number;
  maximum: number;
  cpu: number;
}): KubernetesObject {
  const { name, namespace, labels } = options;
  const target = { type: 'Utilization', averageUtilization: options.cpu };
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name, namespace, labels },
    spec: {
      maxReplicas: options.maximum,
      minReplicas: options.minimum,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target } }],
    },
  };
}

/** An environment variable from a field of the pod. */
export function fieldEnv(name: string, fieldPath: string, apiVersion?: string): JsonObject {
  return { name, valueFrom: { fieldRef: apiVersion === undefined ? { fieldPath } : { apiVersion, fieldPath } } };
}

/** An environment variable from a limit of the container. */
export function limitEnv(name: string, resource: string): JsonObject {
  return { name, valueFrom: { resourceFieldRef: { resource, divisor: '1' } } };
}
