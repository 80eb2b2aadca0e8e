import type { Kernel } from '../../kernel/kernel.ts';
import type { Pod } from '../kinds/pod.ts';
import type { KubernetesObject } from '../objects.ts';
import type { Admission, Attempt, Operation } from './admission.ts';
import { ApiError, forbidden, notFound } from './errors.ts';
import { admitPriority, admitServiceAccount, admitTolerations } from './pod-admission.ts';
import type { Caller } from './rest.ts';
import { resourceOf } from './rest.ts';
import type { Served } from './served.ts';
import type { Store } from './store.ts';
import type { Webhooks } from './webhooks.ts';

/** The admission plugins that are on, in Kubernetes' order. */
export class AdmissionChain implements Admission {
  readonly #store: Store;
  readonly #kernel: Kernel;
  readonly #webhooks: Webhooks;

  constructor(store: Store, kernel: Kernel, webhooks: Webhooks) {
    this.#store = store;
    this.#kernel = kernel;
    this.#webhooks = webhooks;
  }

  mutate(attempt: Attempt): KubernetesObject {
    const { operation, served, object, caller, context } = attempt;
    this.checkNamespace(operation, served, object, caller);
    const isPod = operation === 'CREATE' && served.table === '/pods';
    if (isPod) this.#admitPod(object as Pod);
    const mutated = this.#webhooks.mutate(attempt);
    if (mutated === object) return object;
    served.kind.defaults?.(mutated, context);
    if (isPod) this.#admitPod(mutated as Pod); // what webhooks added gets the token too
    return mutated;
  }

  validate(attempt: Attempt): void {
    if (attempt.operation === 'DELETE') this.#keepNamespace(attempt);
    this.#webhooks.validate(attempt);
  }

  #admitPod(pod: Pod): void {
    admitServiceAccount(pod, this.#store, this.#kernel.random);
    admitTolerations(pod);
    admitPriority(pod, this.#store);
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
