import type { Kind } from '../kind.ts';
import { configmap } from './configmap.ts';
import { customresourcedefinition } from './crd.ts';
import { deployment } from './deployment.ts';
import { endpoints } from './endpoints.ts';
import { endpointslice } from './endpointslice.ts';
import { namespace } from './namespace.ts';
import { node } from './node.ts';
import { pod } from './pod.ts';
import { replicaset } from './replicaset.ts';
import { secret } from './secret.ts';
import { service } from './service.ts';
import { serviceaccount } from './serviceaccount.ts';

/** Every built-in kind that is served, in the order of `kubectl api-resources`. */
export const kinds: readonly Kind[] = [
  configmap,
  endpoints,
  namespace,
  node,
  pod,
  secret,
  serviceaccount,
  service,
  customresourcedefinition,
  deployment,
  replicaset,
  endpointslice,
];
