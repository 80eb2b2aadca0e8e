import { formatSeconds } from '../../../kernel/time.ts';
import type { Container, Pod } from '../types.ts';
import { containerSpec, sandboxOf } from './container-spec.ts';
import { ConfigError } from './environment.ts';
import { ImagePuller } from './images.ts';
import type { ContainerMemory, PodMemory } from './memory.ts';
import { ProbeRunner } from './probe-runner.ts';
import { type Due, isRunning, type KubeletContext, runtimeId } from './shared.ts';
import { containerDigest } from './tokens.ts';
import { MountError } from './volumes.ts';

const firstBackoff = 10_000;
const longestBackoff = 300_000;
/** A container that ran this long starts over with the back-off. */
const backoffReset = 600_000;

/** Starts, watches and restarts the containers of pods (kuberuntime_manager.go computePodActions and SyncPod). */
export class ContainerWorker {
  readonly #kubelet: KubeletContext;
  readonly #images: ImagePuller;
  readonly #probes: ProbeRunner;

  constructor(kubelet: KubeletContext) {
    this.#kubelet = kubelet;
    this.#images = new ImagePuller(kubelet);
    this.#probes = new ProbeRunner(kubelet);
  }

  /** Moves a pod one step on; adds to `due` when it has to be looked at again. */
  advance(pod: Pod, memory: PodMemory, due: Due[]): void {
    const now = this.#kubelet.kernel.now();
    const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
    for (const container of all) collectExit(this.#kubelet, memory.containers[container.name] as ContainerMemory);
    for (const container of all)
      this.#probes.run(pod, container, memory.containers[container.name] as ContainerMemory, due);
    if (memory.operation && memory.operation.dueAt > now) due.push({ at: memory.operation.dueAt });
    else if (memory.operation) this.#finish(pod, memory, memory.operation, due);
    while (!memory.operation) {
      const next = this.#nextContainer(pod, memory, due);
      if (!next) break;
      this.#begin(pod, memory, next);
    }
    if (memory.operation) due.push({ at: memory.operation.dueAt });
    this.#endSidecars(pod, memory);
  }

  /** The container to start now: init containers and sidecars one after another, then the others. */
  #nextContainer(pod: Pod, memory: PodMemory, due: Due[]): Container | undefined {
    const begun = pod.spec.containers.some(({ name }) => memory.containers[name]?.id !== undefined);
    const over = pod.spec.containers.every((container) => this.#isOver(pod, memory, container));
    for (const container of pod.spec.initContainers ?? []) {
      const state = memory.containers[container.name] as ContainerMemory;
      const sidecar = container.restartPolicy === 'Always';
      if (isRunning(state)) {
        if (sidecar && (state.started || begun)) continue;
        return undefined;
      }
      if (!sidecar && (begun || state.ended?.exitCode === 0)) continue;
      if (sidecar && begun && over) continue;
      if (state.ended && !this.#restarts(pod, container, state.ended.exitCode)) return undefined;
      if (this.#mayStart(pod, container, state, due)) return container;
      if (!sidecar || !begun) return undefined;
    }
    for (const container of pod.spec.containers) {
      const state = memory.containers[container.name] as ContainerMemory;
      if (isRunning(state) || this.#isOver(pod, memory, container)) continue;
      if (this.#mayStart(pod, container, state, due)) return container;
    }
    return undefined;
  }

  #isOver(pod: Pod, memory: PodMemory, container: Container): boolean {
    const { ended } = memory.containers[container.name] as ContainerMemory;
    return ended !== undefined && !this.#restarts(pod, container, ended.exitCode);
  }

  #restarts(pod: Pod, container: Container, exitCode: number): boolean {
    const policy = container.restartPolicy ?? pod.spec.restartPolicy ?? 'Always';
    const init = pod.spec.initContainers?.includes(container) ?? false;
    if (init && policy !== 'Never') return container.restartPolicy === 'Always' || exitCode !== 0;
    return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
  }

  /** False while a back-off lasts; says so in status and events. */
  #mayStart(pod: Pod, container: Container, state: ContainerMemory, due: Due[]): boolean {
    const now = this.#kubelet.kernel.now();
    if (state.retryAt === undefined || state.retryAt <= now) return true;
    const pull = state.waiting?.reason === 'ErrImagePull' || state.waiting?.reason === 'ImagePullBackOff';
    const backoff = (pull ? state.pullBackoff : state.restartBackoff) ?? 0;
    due.push({ at: state.retryAt, idle: backoff > 80_000 || state.waiting?.reason === 'CreateContainerConfigError' });
    if (pull) this.#images.backOff(pod, container, state, due);
    else if (state.ended && state.waiting?.reason !== 'CrashLoopBackOff') {
      const name = `${container.name} in pod ${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;
      const message = `back-off ${goSeconds(backoff / 2)} restarting failed container=${container.name} pod=${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;
      state.waiting = { reason: 'CrashLoopBackOff', message };
      this.#kubelet.record(pod, 'Warning', 'BackOff', `Back-off restarting failed container ${name}`, container);
    }
    return false;
  }

  #begin(pod: Pod, memory: PodMemory, container: Container): void {
    const state = memory.containers[container.name] as ContainerMemory;
    const now = this.#kubelet.kernel.now();
    const pull = this.#images.begin(pod, container, state);
    if (pull === 'refused') return;
    const step = pull === 'present' ? 'create' : 'pull';
    const duration = pull === 'present' ? this.#createTime() : pull.duration;
    memory.operation = { container: container.name, step, startedAt: now, dueAt: now + duration };
  }

  #createTime(): number {
    return this.#kubelet.kernel.random.between(45, 110);
  }

  #finish(pod: Pod, memory: PodMemory, operation: NonNullable<PodMemory['operation']>, due: Due[]): void {
    delete memory.operation;
    const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
    const container = all.find(({ name }) => name === operation.container);
    if (!container) return;
    const state = memory.containers[container.name] as ContainerMemory;
    if (operation.step === 'create') {
      this.#create(pod, memory, container, state, due);
      return;
    }
    const now = this.#kubelet.kernel.now();
    if (!this.#images.finish(pod, container, state, now - operation.startedAt)) return;
    memory.operation = { container: container.name, step: 'create', startedAt: now, dueAt: now + this.#createTime() };
  }

  #create(pod: Pod, memory: PodMemory, container: Container, state: ContainerMemory, due: Due[]): void {
    const { kernel, runtime, record, hostIP, node, client } = this.#kubelet;
    const now = kernel.now();
    const restarts = state.id === undefined ? 0 : state.restarts + 1;
    const id = runtimeId(pod, container.name, restarts);
    const sandbox = sandboxOf(pod, memory.ip ?? '', node);
    let failure: string | undefined;
    try {
      const context = { ...this.#kubelet.volumes(pod, memory), client, pod, podIP: memory.ip ?? '', hostIP };
      failure = runtime.start(containerSpec(id, container, sandbox, context));
    } catch (error) {
      if (!(error instanceof ConfigError || error instanceof MountError)) throw error;
      const repeated = state.waiting?.message === error.message;
      state.waiting = { reason: 'CreateContainerConfigError', message: error.message };
      state.retryAt = now + (repeated ? 12_000 : 11_000);
      record(pod, 'Warning', 'Failed', `Error: ${error.message}`, container);
      return;
    }
    if (state.ended) state.previous = state.ended;
    if (restarts > 1) runtime.remove(runtimeId(pod, container.name, restarts - 2));
    delete state.ended;
    delete state.waiting;
    delete state.retryAt;
    Object.assign(state, { id, restarts, containerID: `containerd://${containerDigest(id)}`, probes: {} });
    state.imageID = runtime.image(container.image)?.id ?? '';
    record(pod, 'Normal', 'Created', 'Container created', container);
    if (failure !== undefined) {
      record(pod, 'Warning', 'Failed', `Error: ${failure}`, container);
      const stamp = formatSeconds(now);
      const containerID = state.containerID as string;
      state.ended = {
        exitCode: 128,
        reason: 'StartError',
        message: failure,
        startedAt: '1970-01-01T00:00:00Z',
        finishedAt: stamp,
        containerID,
      };
      setBackoff(state, now, now);
      return;
    }
    record(pod, 'Normal', 'Started', 'Container started', container);
    state.started = container.startupProbe === undefined;
    state.ready = state.started && container.readinessProbe === undefined;
    // What ran to its end at once is seen in the next round, as the kubelet's relist would.
    due.push({ at: now + 20 });
  }

  /** When all containers have ended for good, the sidecars are stopped, the last one first. */
  #endSidecars(pod: Pod, memory: PodMemory): void {
    if (!pod.spec.containers.every((container) => this.#isOver(pod, memory, container))) return;
    const { runtime } = this.#kubelet;
    const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
    for (const container of sidecars.reverse()) {
      const state = memory.containers[container.name] as ContainerMemory;
      if (!isRunning(state)) continue;
      this.#kubelet.record(pod, 'Normal', 'Killing', `Stopping container ${container.name}`, container);
      runtime.stop(state.id as string, (pod.spec.terminationGracePeriodSeconds ?? 30) * 1000);
      return;
    }
  }
}

/** Notes how a container ended, if it did since the last look. */
export function collectExit({ runtime, kernel }: KubeletContext, state: ContainerMemory): void {
  if (!state.id || state.ended) return;
  const status = runtime.status(state.id);
  if (status?.state !== 'exited') return;
  const { startedAt, finishedAt = kernel.now(), exitCode = 0 } = status;
  state.ended = {
    exitCode,
    reason: exitCode === 0 ? 'Completed' : 'Error',
    startedAt: formatSeconds(startedAt),
    finishedAt: formatSeconds(finishedAt),
    containerID: state.containerID as string,
  };
  // An init container that succeeded counts as ready for good.
  state.ready = exitCode === 0;
  state.started = false;
  state.probes = {};
  setBackoff(state, startedAt, finishedAt);
}

/** The first restart comes at once, the next after 10 s, 20 s, … 5 min. */
function setBackoff(state: ContainerMemory, startedAt: number, finishedAt: number): void {
  if (finishedAt - startedAt >= backoffReset) delete state.restartBackoff;
  if (state.restartBackoff === undefined) {
    state.restartBackoff = firstBackoff;
    return;
  }
  state.retryAt = finishedAt + state.restartBackoff;
  state.restartBackoff = Math.min(longestBackoff, state.restartBackoff * 2);
}

/** Go's time.Duration of whole seconds: `10s`, `1m20s`, `5m0s`. */
export function goSeconds(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
