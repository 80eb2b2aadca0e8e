import type { ContainerRuntime } from '../../../kernel/runtime.ts';
import { formatSeconds } from '../../../kernel/time.ts';
import type { Condition, Container, ContainerState, ContainerStatusObject, Pod, PodStatus } from '../types.ts';
import { type ContainerMemory, newContainerMemory, type PodMemory } from './memory.ts';

type Phase = NonNullable<PodStatus['phase']>;

/** A pod's status as the kubelet reports it (kubelet_pods.go generateAPIPodStatus, status/generate.go). */
export function podStatus(
  pod: Pod,
  memory: PodMemory,
  runtime: ContainerRuntime,
  hostIP: string,
  now: number,
): PodStatus {
  const initContainers = pod.spec.initContainers ?? [];
  const waiting = initContainers.length > 0 ? 'PodInitializing' : 'ContainerCreating';
  const status = (container: Container) =>
    containerStatus(container, memory.containers[container.name], runtime, waiting);
  const initStatuses = initContainers.map(status);
  const statuses = pod.spec.containers.map(status);
  const phase = phaseOf(pod, initStatuses, statuses);
  const generation = pod.metadata.generation;
  const podIP = pod.spec.hostNetwork ? hostIP : memory.ip;
  return {
    ...(generation !== undefined && { observedGeneration: generation }),
    phase,
    conditions: conditions(pod, memory, initStatuses, statuses, phase, now),
    hostIP,
    hostIPs: [{ ip: hostIP }],
    ...(podIP && { podIP, podIPs: [{ ip: podIP }] }),
    startTime: memory.startTime,
    ...(initStatuses.length > 0 && { initContainerStatuses: initStatuses }),
    containerStatuses: statuses,
    ...(pod.status?.qosClass && { qosClass: pod.status.qosClass }),
  };
}

function containerStatus(
  container: Container,
  memory: ContainerMemory = newContainerMemory(),
  runtime: ContainerRuntime,
  defaultReason: string,
): ContainerStatusObject {
  const running = memory.id && !memory.ended ? runtime.status(memory.id) : undefined;
  let state: ContainerState;
  let last = memory.previous;
  if (memory.waiting) {
    state = { waiting: memory.waiting };
    last = memory.ended ?? memory.previous;
  } else if (memory.ended) state = { terminated: memory.ended };
  else if (running) state = { running: { startedAt: formatSeconds(running.startedAt) } };
  else state = { waiting: { reason: defaultReason } };
  const facts = runtime.image(container.image);
  const sidecar = container.restartPolicy === 'Always';
  return {
    name: container.name,
    state,
    lastState: last ? { terminated: last } : {},
    ready: state.running
      ? memory.ready
      : state.terminated?.exitCode === 0 && defaultReason === 'PodInitializing' && !sidecar && memory.ready,
    restartCount: memory.restarts,
    image: memory.imageID ? (facts?.reference ?? container.image) : container.image,
    imageID: memory.imageID ?? '',
    ...(memory.containerID && { containerID: memory.containerID }),
    started: state.running ? memory.started : false,
    ...(state.running && { resources: container.resources ?? {} }),
  };
}

/** pkg/kubelet/kubelet_pods.go getPhase. */
function phaseOf(pod: Pod, initStatuses: ContainerStatusObject[], statuses: ContainerStatusObject[]): Phase {
  const specs = pod.spec.initContainers ?? [];
  const policy = pod.spec.restartPolicy ?? 'Always';
  const begun = statuses.some(({ state, lastState }) => state.running || state.terminated || lastState.terminated);
  for (const [index, { state, started }] of initStatuses.entries()) {
    if (specs[index]?.restartPolicy === 'Always') {
      if (!started && !begun) return 'Pending';
    } else if (state.terminated) {
      if (state.terminated.exitCode === 0) continue;
      return policy === 'Never' ? 'Failed' : 'Pending';
    } else return 'Pending';
  }
  const waiting = statuses.filter(({ state, lastState }) => state.waiting && !lastState.terminated);
  if (waiting.length > 0) return 'Pending';
  if (statuses.some(({ state }) => state.running)) return 'Running';
  const sidecarsRun = initStatuses.some(
    ({ state }, index) => specs[index]?.restartPolicy === 'Always' && state.running,
  );
  if (policy === 'Always' || sidecarsRun) return 'Running';
  const codes = statuses.map(({ state, lastState }) => (state.terminated ?? lastState.terminated)?.exitCode);
  if (codes.every((code) => code === 0)) return 'Succeeded';
  return policy === 'Never' ? 'Failed' : 'Running';
}

function conditions(
  pod: Pod,
  memory: PodMemory,
  initStatuses: ContainerStatusObject[],
  statuses: ContainerStatusObject[],
  phase: Phase,
  now: number,
): Condition[] {
  const specs = pod.spec.initContainers ?? [];
  const isSidecar = (index: number) => specs[index]?.restartPolicy === 'Always';
  const begun = statuses.some(({ state, lastState }) => state.running || state.terminated || lastState.terminated);
  const incomplete = initStatuses
    .filter(({ state, started, ready }, index) =>
      isSidecar(index) ? !started && !begun : state.terminated ? state.terminated.exitCode !== 0 : !ready,
    )
    .map(({ name }) => name);
  const unready = [...initStatuses.filter((_, index) => isSidecar(index)), ...statuses]
    .filter(({ ready }) => !ready)
    .map(({ name }) => name);
  const set = (type: string, status: boolean, reason?: string, message?: string): Condition => {
    const old = pod.status?.conditions?.find((condition) => condition.type === type);
    const value = status ? 'True' : 'False';
    return {
      type,
      ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
      status: value,
      lastProbeTime: null,
      lastTransitionTime: old?.status === value ? (old.lastTransitionTime ?? formatSeconds(now)) : formatSeconds(now),
      ...(!status && reason && { reason }),
      ...(status && reason === 'PodCompleted' && { reason }),
      ...(!status && message && { message }),
    };
  };
  const done = phase === 'Succeeded' ? 'PodCompleted' : phase === 'Failed' ? 'PodFailed' : undefined;
  const readyReason = done ?? 'ContainersNotReady';
  const words = done ? undefined : `containers with unready status: [${unready.join(' ')}]`;
  const gates = (pod.spec.readinessGates as { conditionType: string }[] | undefined) ?? [];
  const open = gates.filter(
    ({ conditionType }) =>
      !pod.status?.conditions?.some(({ type, status }) => type === conditionType && status === 'True'),
  );
  const list = [
    set('PodReadyToStartContainers', memory.stage === 'running'),
    set(
      'Initialized',
      incomplete.length === 0,
      done === 'PodCompleted' ? done : 'ContainersNotInitialized',
      `containers with incomplete status: [${incomplete.join(' ')}]`,
    ),
    unready.length === 0 && open.length > 0
      ? set(
          'Ready',
          false,
          'ReadinessGatesNotReady',
          `the status of pod readiness gate "${open[0]?.conditionType}" is not "True", but False`,
        )
      : set('Ready', unready.length === 0 && !done, readyReason, words),
    set('ContainersReady', unready.length === 0 && !done, readyReason, words),
    set('PodScheduled', true),
  ];
  const ours = new Set(list.map(({ type }) => type));
  return [...list, ...(pod.status?.conditions ?? []).filter(({ type }) => !ours.has(type))];
}
