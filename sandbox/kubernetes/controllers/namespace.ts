import { equalJson } from '../../kernel/json.ts';
import { formatSeconds, parseTime } from '../../kernel/time.ts';
import { ApiError } from '../apiserver/errors.ts';
import type { KubernetesObject } from '../objects.ts';
import { withCondition } from './conditions.ts';
import { type ControllerContext, kinds } from './context.ts';
import { Controller } from './controller.ts';
import type { Condition, ConfigMap, Namespace } from './types.ts';

/** How often a namespace that is going away is looked at, ms. */
const interval = 5000;
/** After this long nobody waits for it: something holds a finalizer. */
const patience = 120_000;

/** Empties namespaces whose deletion was asked for, then lets them go (pkg/controller/namespace/deletion). */
export class NamespaceController extends Controller {
  constructor(context: ControllerContext) {
    super(context, 'namespace-controller', 10);
    this.client.onChange(kinds.namespaces, ({ type, object }) => {
      if (type !== 'DELETED' && object.metadata.deletionTimestamp) this.enqueue(object.metadata.name);
    });
    this.client.onChange(kinds.pods, ({ type, object }) => {
      const name = object.metadata.namespace ?? '';
      const namespace = type === 'DELETED' ? this.client.get(kinds.namespaces, undefined, name) : undefined;
      if (namespace?.metadata.deletionTimestamp) this.enqueue(name);
    });
  }

  protected reconcile(name: string): void {
    const namespace = this.client.get<Namespace>(kinds.namespaces, undefined, name);
    if (!namespace?.metadata.deletionTimestamp) return;
    const left = this.#deleteContent(name);
    const current = this.client.get<Namespace>(kinds.namespaces, undefined, name);
    if (!current) return;
    const status = { ...current.status, conditions: this.#conditions(current, left) };
    const written = equalJson(status, current.status)
      ? current
      : this.client.updateStatus<Namespace>(kinds.namespaces, { ...current, status });
    if (left.length === 0) {
      this.client.updateFinalizers<Namespace>(kinds.namespaces, { ...written, spec: { finalizers: [] } });
      return;
    }
    const since = parseTime(namespace.metadata.deletionTimestamp) ?? this.kernel.now();
    this.enqueue(name, interval, { idle: this.kernel.now() - since > patience });
  }

  /** Asks for the deletion of everything in the namespace; answers what is still there. */
  #deleteContent(name: string): { resource: string; object: KubernetesObject }[] {
    const left: { resource: string; object: KubernetesObject }[] = [];
    const seen = new Set<string>();
    for (const kind of this.client.resources()) {
      const id = `${kind.group}/${kind.resource}`;
      if (seen.has(id)) continue;
      seen.add(id);
      for (const object of [...this.client.list(kind, name)]) {
        if (object.metadata.namespace !== name) continue;
        if (!object.metadata.deletionTimestamp) {
          try {
            this.client.delete(kind, name, object.metadata.name, { propagationPolicy: 'Background' });
          } catch (error) {
            if (!(error instanceof ApiError)) throw error;
          }
        }
        const still = this.client.get(kind, name, object.metadata.name);
        const suffix = kind.group === '' ? '' : `.${kind.group}`;
        if (still) left.push({ resource: `${kind.resource}${suffix}`, object: still });
      }
    }
    return left;
  }

  #conditions(namespace: Namespace, left: { resource: string; object: KubernetesObject }[]): Condition[] {
    const now = formatSeconds(this.kernel.now());
    let conditions = namespace.status?.conditions;
    const counts = new Map<string, number>();
    const finalizers = new Map<string, number>();
    for (const { resource, object } of left) {
      counts.set(resource, (counts.get(resource) ?? 0) + 1);
      for (const finalizer of object.metadata.finalizers ?? []) {
        finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
      }
    }
    const set = (type: string, bad: string | undefined, reason: string, good: { reason: string; message: string }) => {
      const next = bad
        ? { type, status: 'True' as const, reason, message: bad }
        : { type, status: 'False' as const, ...good };
      conditions = withCondition(conditions, next, now);
    };
    set('NamespaceDeletionDiscoveryFailure', undefined, '', {
      reason: 'ResourcesDiscovered',
      message: 'All resources successfully discovered',
    });
    set('NamespaceDeletionGroupVersionParsingFailure', undefined, '', {
      reason: 'ParsedGroupVersions',
      message: 'All legacy kube types successfully parsed',
    });
    set('NamespaceDeletionContentFailure', undefined, '', {
      reason: 'ContentDeleted',
      message: 'All content successfully deleted, may be waiting on finalization',
    });
    const list = [...counts].sort().map(([resource, count]) => `${resource} has ${count} resource instances`);
    set(
      'NamespaceContentRemaining',
      list.length > 0 ? `Some resources are remaining: ${list.join(', ')}` : undefined,
      'SomeResourcesRemain',
      {
        reason: 'ContentRemoved',
        message: 'All content successfully removed',
      },
    );
    const held = [...finalizers].sort().map(([finalizer, count]) => `${finalizer} in ${count} resource instances`);
    const remaining =
      held.length > 0 ? `Some content in the namespace has finalizers remaining: ${held.join(', ')}` : undefined;
    set('NamespaceFinalizersRemaining', remaining, 'SomeFinalizersRemain', {
      reason: 'ContentHasNoFinalizers',
      message: 'All content-preserving finalizers finished',
    });
    return conditions ?? [];
  }
}

const rootConfigMap = 'kube-root-ca.crt';

/** Gives each namespace its `default` service account and the cluster's root certificate. */
export class NamespaceDefaultsController extends Controller {
  readonly #rootCertificate: () => string;

  /** `rootCertificate`: PEM of the cluster's CA. */
  constructor(context: ControllerContext, rootCertificate: () => string) {
    super(context, 'serviceaccount-controller', 12);
    this.#rootCertificate = rootCertificate;
    this.client.onChange(kinds.namespaces, ({ type, object }) => {
      if (type === 'ADDED') this.enqueue(object.metadata.name);
    });
    const restore = ({ type, object }: { type: string; object: KubernetesObject }) => {
      const { name, namespace } = object.metadata;
      if (type !== 'ADDED' && (name === 'default' || name === rootConfigMap)) this.enqueue(namespace ?? '');
    };
    this.client.onChange(kinds.serviceAccounts, restore);
    this.client.onChange(kinds.configMaps, restore);
  }

  protected reconcile(namespace: string): void {
    const object = this.client.get(kinds.namespaces, undefined, namespace);
    if (!object || object.metadata.deletionTimestamp) return;
    this.provide(namespace);
  }

  /** Makes what is missing at once. */
  provide(namespace: string): void {
    if (!this.client.get(kinds.serviceAccounts, namespace, 'default')) {
      this.client.create(kinds.serviceAccounts, {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'default', namespace },
      });
    }
    const data = { 'ca.crt': this.#rootCertificate() };
    const present = this.client.get<ConfigMap>(kinds.configMaps, namespace, rootConfigMap);
    if (present) {
      if (!equalJson(present.data, data)) this.client.update<ConfigMap>(kinds.configMaps, { ...present, data });
      return;
    }
    const description =
      'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';
    this.client.create<ConfigMap>(kinds.configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: rootConfigMap, namespace, annotations: { 'kubernetes.io/description': description } },
      data,
    });
  }
}
