import type { KindContext } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';
import type { Caller, Part } from './rest.ts';
import type { Served } from './served.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** One write on its way through admission. Objects are in their storage version; `object` is the caller's own. */
export interface Attempt {
  operation: Operation;
  served: Served;
  part: Part;
  object: KubernetesObject;
  old?: KubernetesObject;
  caller: Caller;
  context: KindContext;
}

/** The gate before every write. Refusals are thrown as `ApiError`. */
export interface Admission {
  /** Built-in mutation, then mutating webhooks; the answer is what goes on. */
  mutate(attempt: Attempt): KubernetesObject;
  /** Validating webhooks and policies. */
  validate(attempt: Attempt): void;
  /** NamespaceLifecycle alone, which comes before everything else. */
  checkNamespace(operation: Operation, served: Served, object: KubernetesObject, caller: Caller): void;
}
