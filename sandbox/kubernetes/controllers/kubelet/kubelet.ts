import { equalJson, type Stateful } from '../../../kernel/json.ts';
import type { Kernel } from '../../../kernel/kernel.ts';
import type { ContainerRuntime } from '../../../kernel/runtime.ts';
import { formatSeconds } from '../../../kernel/time.ts';
import { ApiError } from '../../apiserver/errors.ts';
import type { ApiClient, KubernetesObject, ObjectChange } from '../../objects.ts';
import { type ControllerContext, kinds } from '../context.ts';
import type { EventRecorder } from '../events.ts';
import type { Container, Node, Pod } from '../types.ts';
import { AddressPool } from './addresses.ts';
import { sandboxOf } from './container-spec.ts';
import { ContainerWorker } from './containers.ts';
import { type KubeletState, newContainerMemory, type PodMemory } from './memory.ts';
import { nextProbe, probeOf } from './probes.ts';
import { type Due, type KubeletContext, runtimeId } from './shared.ts';
import { podStatus } from './status.ts';
import { Terminator } from './termination.ts';
import { serviceAccountToken } from './tokens.ts';
import { mountProblem, references, type VolumeContext } from './volumes.ts';

const owner = 'kubelet';

export interface KubeletOptions {
  runtime: ContainerRuntime;
  /** Name and address of the node. */
  node: string;
  hostIP: string;
  /** The first three numbers of the node's pod range, such as `10.244.0`. */
  podPrefix: string;
  /** Images that are on the node from the start. */
  images: readonly string[];
}

/**
 * Runs the pods of one node (pkg/kubelet): volumes, sandbox, init containers, sidecars, containers, probes, restarts and the
 * end. Everything it has to remember is data; `kernel.timers` says when a pod is looked at again.
 */
export class Kubelet implements Stateful<KubeletState> {
  readonly #kernel: Kernel;
  readonly #client: ApiClient;
  readonly #events: EventRecorder;
  readonly #options: KubeletOptions;
  readonly #addresses: AddressPool;
  readonly #containers: ContainerWorker;
  readonly #terminator: Terminator;
  #state: KubeletState;

  constructor(context: ControllerContext, options: KubeletOptions) {
    this.#kernel = context.kernel;
    this.#client = context.client;
    this.#events = context.events;
    this.#options = options;
    this.#addresses = new AddressPool(options.podPrefix);
    this.#state = { images: [...options.images], lastAddress: 1, pods: {} };
    const shared: KubeletContext = {
      kernel: this.#kernel,
      client: this.#client,
      runtime: options.runtime,
      node: options.node,
      hostIP: options.hostIP,
      state: () => this.#state,
      record: (...event) => this.#record(...event),
      volumes: (pod, memory) => this.#volumeContext(pod, memory),
    };
    this.#containers = new ContainerWorker(shared);
    this.#terminator = new Terminator(shared);
    this.#kernel.timers.handle(owner, (key) => this.#sync(key.replace(/~idle$/, '')));
    this.#client.onChange(kinds.pods, (change) => this.#podChanged(change));
    this.#client.onChange(kinds.configMaps, ({ object }) => this.#referenceChanged('configMaps', object));
    this.#client.onChange(kinds.secrets, ({ object }) => this.#referenceChanged('secrets', object));
    options.runtime.onChange((id) => this.#containerChanged(id));
  }

  save(): KubeletState {
    return structuredClone(this.#state);
  }

  load(state: KubeletState): void {
    this.#state = structuredClone(state);
  }

  /** The runtime's IDs of a pod's container, newest first: what runs or ran last, and the one before. */
  containerIds(pod: Pod, container: string): string[] {
    const memory = this.#state.pods[pod.metadata.uid ?? '']?.containers[container];
    if (!memory?.id) return [];
    const before = memory.restarts > 0 ? [runtimeId(pod, container, memory.restarts - 1)] : [];
    return [memory.id, ...before];
  }

  /** The uids of pods whose sandboxes exist, for the network's resync after a restore. */
  sandboxes(): { uid: string; ip: string }[] {
    return Object.entries(this.#state.pods)
      .filter(([, { ip, stage }]) => ip !== undefined && stage === 'running')
      .map(([uid, { ip }]) => ({ uid, ip: ip as string }));
  }

  #podChanged({ type, object, old }: ObjectChange): void {
    const pod = object as Pod;
    const before = old as Pod | undefined;
    if (pod.spec.nodeName !== this.#options.node) return;
    const uid = pod.metadata.uid as string;
    const { generation, deletionTimestamp, deletionGracePeriodSeconds: grace } = pod.metadata;
    const memory = this.#state.pods[uid];
    if (!memory) {
      if (type !== 'DELETED') this.#accept(pod);
      return;
    }
    const same =
      type === 'MODIFIED' &&
      before?.metadata.generation === generation &&
      before?.metadata.deletionTimestamp === deletionTimestamp &&
      before?.metadata.deletionGracePeriodSeconds === grace;
    if (!same) this.#look(uid, { at: this.#kernel.now() + 5 });
  }

  #accept(pod: Pod): void {
    const now = this.#kernel.now();
    const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
    this.#state.pods[pod.metadata.uid as string] = {
      namespace: pod.metadata.namespace as string,
      name: pod.metadata.name,
      startTime: formatSeconds(now),
      stage: 'volumes',
      dueAt: now + this.#kernel.random.between(120, 260),
      containers: Object.fromEntries(all.map(({ name }) => [name, newContainerMemory()])),
    };
    this.#look(pod.metadata.uid as string, { at: now + 8 });
  }

  /** Pods that wait for a ConfigMap or Secret try again. */
  #referenceChanged(kind: 'configMaps' | 'secrets', object: KubernetesObject): void {
    const { namespace, name } = object.metadata;
    for (const [uid, memory] of Object.entries(this.#state.pods)) {
      if (memory.namespace !== namespace) continue;
      const waits = Object.values(memory.containers).filter(
        ({ waiting }) => waiting?.reason === 'CreateContainerConfigError',
      );
      if (!memory.mountFailure && waits.length === 0) continue;
      const pod = this.#client.get<Pod>(kinds.pods, namespace, memory.name);
      if (!pod || !references(pod)[kind].has(name)) continue;
      for (const container of waits) container.retryAt = this.#kernel.now() + 1000;
      if (memory.mountFailure) memory.dueAt = this.#kernel.now() + 1000;
      this.#look(uid, { at: this.#kernel.now() + 1000 });
    }
  }

  /** A container ended, or a program in it may answer its probes differently now. */
  #containerChanged(id: string): void {
    const [uid = '', name = ''] = id.split('/');
    const memory = this.#state.pods[uid];
    const container = memory?.containers[name];
    if (!memory || container?.id !== id) return;
    const now = this.#kernel.now();
    const status = this.#options.runtime.status(id);
    if (status?.state === 'running') {
      const pod = this.#client.get<Pod>(kinds.pods, memory.namespace, memory.name);
      const spec =
        pod && [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find((item) => item.name === name);
      if (!spec) return;
      for (const [kind, probe] of Object.entries(container.probes)) {
        const rules = probeOf(spec, kind as 'startup');
        if (rules && probe.nextAt === undefined) probe.nextAt = nextProbe(rules, status.startedAt, now);
        if (probe.nextAt !== undefined) this.#look(uid, { at: probe.nextAt });
      }
    } else this.#look(uid, { at: now + this.#kernel.random.between(5, 40) });
  }

  #look(uid: string, { at, idle = false }: Due): void {
    this.#kernel.timers.set(owner, idle ? `${uid}~idle` : uid, at, { idle });
  }

  #sync(uid: string): void {
    const memory = this.#state.pods[uid];
    if (!memory) return;
    const pod = this.#client.get<Pod>(kinds.pods, memory.namespace, memory.name);
    if (!pod || pod.metadata.uid !== uid) {
      this.#forget(uid, memory);
      return;
    }
    const due: Due[] = [];
    if (pod.metadata.deletionTimestamp) {
      const gone = this.#terminator.advance(pod, memory, due);
      this.#report(pod, memory);
      if (gone) this.#remove(pod);
    } else {
      this.#advance(pod, memory, due);
      this.#report(pod, memory);
    }
    for (const next of due) this.#look(uid, next);
  }

  #advance(pod: Pod, memory: PodMemory, due: Due[]): void {
    const now = this.#kernel.now();
    if (memory.stage === 'volumes') {
      if (memory.dueAt !== undefined && memory.dueAt > now) {
        due.push({ at: memory.dueAt });
        return;
      }
      const problem = mountProblem(this.#volumeContext(pod, memory));
      if (problem) {
        if (memory.mountFailure !== problem) this.#record(pod, 'Warning', 'FailedMount', problem);
        memory.mountFailure = problem;
        delete memory.dueAt;
        return;
      }
      delete memory.mountFailure;
      memory.stage = 'sandbox';
      memory.dueAt = now + this.#kernel.random.between(250, 420);
    }
    if (memory.stage === 'sandbox') {
      if (memory.dueAt !== undefined && memory.dueAt > now) {
        due.push({ at: memory.dueAt });
        return;
      }
      this.#makeSandbox(pod, memory);
      delete memory.dueAt;
    }
    if (memory.stage === 'running') this.#containers.advance(pod, memory, due);
  }

  #makeSandbox(pod: Pod, memory: PodMemory): void {
    if (pod.spec.hostNetwork) memory.ip = this.#options.hostIP;
    else {
      const taken = new Set(Object.values(this.#state.pods).map(({ ip }) => ip ?? ''));
      const next = this.#addresses.next(this.#state.lastAddress, taken);
      if (!next) return;
      this.#state.lastAddress = next.number;
      memory.ip = next.address;
    }
    this.#options.runtime.createSandbox(sandboxOf(pod, memory.ip, this.#options.node));
    memory.stage = 'running';
  }

  #report(pod: Pod, memory: PodMemory): void {
    const { runtime, hostIP } = this.#options;
    const status = podStatus(pod, memory, runtime, hostIP, this.#kernel.now());
    if (equalJson(status, pod.status)) return;
    try {
      this.#client.updateStatus<Pod>(kinds.pods, { ...pod, status });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  /** The pod has ended: its object goes (which brings `#forget`). */
  #remove(pod: Pod): void {
    const { namespace, name, uid } = pod.metadata;
    this.#client.delete(kinds.pods, namespace, name, { gracePeriodSeconds: 0, uid: uid as string });
    const left = this.#client.get(kinds.pods, namespace, name);
    const memory = this.#state.pods[uid as string];
    if (left?.metadata.uid !== uid && memory) this.#forget(uid as string, memory);
  }

  /** The object is gone: whatever still runs is killed, and nothing is remembered. */
  #forget(uid: string, memory: PodMemory): void {
    const { runtime } = this.#options;
    for (const [name, container] of Object.entries(memory.containers)) {
      if (!container.id) continue;
      if (runtime.status(container.id)?.state === 'running') runtime.stop(container.id, 0);
      for (let restart = 0; restart <= container.restarts; restart++) runtime.remove(`${uid}/${name}/${restart}`);
    }
    delete this.#state.pods[uid];
    if (memory.stage === 'running') runtime.removeSandbox(uid);
    this.#kernel.timers.cancel(owner, uid);
    this.#kernel.timers.cancel(owner, `${uid}~idle`);
  }

  #volumeContext(pod: Pod, memory: PodMemory): VolumeContext {
    const { node, hostIP } = this.#options;
    return {
      client: this.#client,
      pod,
      node: this.#client.get<Node>(kinds.nodes, undefined, node),
      podIP: memory.ip ?? '',
      hostIP,
      token: (audience, lifetime) => serviceAccountToken(pod, audience, this.#kernel.now(), lifetime),
    };
  }

  #record(pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string, container?: Container): void {
    const list = pod.spec.initContainers?.some((item) => item === container) ? 'initContainers' : 'containers';
    const fieldPath = container && `spec.${list}{${container.name}}`;
    const { node: host } = this.#options;
    this.#events.record({
      object: pod,
      type,
      reason,
      message,
      component: 'kubelet',
      host,
      ...(fieldPath && { fieldPath }),
    });
  }
}
