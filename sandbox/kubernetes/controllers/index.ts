import type { Kernel } from '../../kernel/kernel.ts';
import type { ApiClient } from '../objects.ts';
import { type ControllerContext, kinds, serves } from './context.ts';
import { DeploymentController } from './deployment.ts';
import { DisruptionController } from './disruption.ts';
import { EndpointSliceMirroringController, EndpointsController } from './endpoints.ts';
import { EndpointSliceController } from './endpointslice.ts';
import { EventRecorder } from './events.ts';
import { GarbageCollector } from './garbage-collector.ts';
import { Kubelet, type KubeletOptions } from './kubelet/kubelet.ts';
import { NamespaceController, NamespaceDefaultsController } from './namespace.ts';
import { ReplicaSetController } from './replicaset.ts';
import { Scheduler } from './scheduler.ts';

export interface ControllersOptions {
  kernel: Kernel;
  /** The API as a user of the cluster sees it: `system:kube-controller-manager`, `system:node:…`. */
  clientFor(user: string): ApiClient;
  kubelet: KubeletOptions;
  /** PEM of the cluster's CA, as every namespace gets it in `kube-root-ca.crt`. */
  rootCertificate(): string;
}

export interface Controllers {
  kubelet: Kubelet;
  /** After a restore: watches kinds that the stored CustomResourceDefinitions brought. */
  resync(): void;
}

/**
 * Starts kube-controller-manager, kube-scheduler and the kubelet of the one node. Only the kubelet has a state of its own
 * (`Stateful`); what controllers have still to do stands in `kernel.timers`, everything else in the store.
 */
export function startControllers(options: ControllersOptions): Controllers {
  const { kernel } = options;
  const contextFor = (user: string): ControllerContext => {
    const client = options.clientFor(user);
    return { kernel, client, events: new EventRecorder(kernel, client) };
  };
  const manager = contextFor('system:kube-controller-manager');
  new NamespaceDefaultsController(manager, options.rootCertificate);
  new NamespaceController(manager);
  const garbageCollector = new GarbageCollector(manager);
  new DeploymentController(manager);
  new ReplicaSetController(manager);
  new EndpointSliceController(manager);
  if (serves(manager.client, kinds.endpoints)) {
    new EndpointsController(manager);
    new EndpointSliceMirroringController(manager);
  }
  if (serves(manager.client, kinds.podDisruptionBudgets)) new DisruptionController(manager);
  new Scheduler(contextFor('system:kube-scheduler'));
  const kubelet = new Kubelet(contextFor(`system:node:${options.kubelet.node}`), options.kubelet);
  return { kubelet, resync: () => garbageCollector.resync() };
}
