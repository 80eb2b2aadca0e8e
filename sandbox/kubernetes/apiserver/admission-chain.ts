import type { KubernetesObject } from '../objects.ts';
import type { Admission, Attempt, Operation } from './admission.ts';
import { ApiError, forbidden, notFound } from './errors.ts';
import type { Caller } from './rest.ts';
import { resourceOf } from './rest.ts';
import type { Served } from './served.ts';
import type { Store } from './store.ts';

/** The admission plugins that are on, in Kubernetes' order. */
export class AdmissionChain implements Admission {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  mutate(attempt: Attempt): KubernetesObject {
    this.checkNamespace(attempt.operation, attempt.served, attempt.object, attempt.caller);
    return attempt.object;
  }

  validate(attempt: Attempt): void {
    if (attempt.operation === 'DELETE') this.#keepNamespace(attempt);
  }

  /** NamespaceLifecycle: nothing is made in a namespace that is not there or on its way out. */
  checkNamespace(operation: Operation, served: Served, object: KubernetesObject, _caller: Caller): void {
    const { namespace } = object.metadata;
    if (operation !== 'CREATE' || !served.kind.namespaced || !namespace) return;
    const found = this.#store.get('/namespaces', undefined, namespace);
    if (!found) throw notFound({ group: '', name: 'namespaces' }, namespace);
    if (!found.metadata.deletionTimestamp) return;
    const words = `unable to create new content in namespace ${namespace} because it is being terminated`;
    const refusal = forbidden(resourceOf(served), object.metadata.name ?? '', words);
    const causes = [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ];
    throw new ApiError(refusal.code, refusal.reason, refusal.message, { ...refusal.details, causes });
  }

  #keepNamespace({ served, object }: Attempt): void {
    const kept = ['default', 'kube-system', 'kube-public'];
    if (served.table !== '/namespaces' || !kept.includes(object.metadata.name)) return;
    throw forbidden(resourceOf(served), object.metadata.name, 'this namespace may not be deleted');
  }
}
