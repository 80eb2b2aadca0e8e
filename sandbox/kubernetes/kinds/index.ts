import type { Kind } from '../kind.ts';
import { apiservice } from './apiservice.ts';
import { clusterrole } from './clusterrole.ts';
import { clusterrolebinding } from './clusterrolebinding.ts';
import { configmap } from './configmap.ts';
import { customresourcedefinition } from './crd.ts';
import { daemonset } from './daemonset.ts';
import { deployment } from './deployment.ts';
import { endpoints } from './endpoints.ts';
import { endpointslice } from './endpointslice.ts';
import { event, eventsEvent } from './event.ts';
import { horizontalpodautoscaler } from './horizontalpodautoscaler.ts';
import { ingressclass } from './ingressclass.ts';
import { job } from './job.ts';
import { lease } from './lease.ts';
import { mutatingwebhookconfiguration } from './mutatingwebhookconfiguration.ts';
import { namespace } from './namespace.ts';
import { networkpolicy } from './networkpolicy.ts';
import { node } from './node.ts';
import { pod } from './pod.ts';
import { poddisruptionbudget } from './poddisruptionbudget.ts';
import { priorityclass } from './priorityclass.ts';
import { replicaset } from './replicaset.ts';
import { role } from './role.ts';
import { rolebinding } from './rolebinding.ts';
import { secret } from './secret.ts';
import { service } from './service.ts';
import { serviceaccount } from './serviceaccount.ts';
import { statefulset } from './statefulset.ts';
import { validatingadmissionpolicy } from './validatingadmissionpolicy.ts';
import { validatingadmissionpolicybinding } from './validatingadmissionpolicybinding.ts';
import { validatingwebhookconfiguration } from './validatingwebhookconfiguration.ts';

/** Every built-in kind that is served, in the order of `kubectl api-resources`. */
export const kinds: readonly Kind[] = [
  configmap,
  endpoints,
  event,
  namespace,
  node,
  pod,
  secret,
  serviceaccount,
  service,
  mutatingwebhookconfiguration,
  validatingadmissionpolicy,
  validatingadmissionpolicybinding,
  validatingwebhookconfiguration,
  customresourcedefinition,
  apiservice,
  daemonset,
  deployment,
  replicaset,
  statefulset,
  horizontalpodautoscaler,
  job,
  lease,
  endpointslice,
  eventsEvent,
  ingressclass,
  networkpolicy,
  poddisruptionbudget,
  clusterrolebinding,
  clusterrole,
  rolebinding,
  role,
  priorityclass,
];
