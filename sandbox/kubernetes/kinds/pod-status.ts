import { parseTime } from '../../kernel/time.ts';
import { humanDuration } from '../columns.ts';
import type { Pod } from './pod.ts';

export interface PodSummary {
  ready: string;
  status: string;
  restarts: string;
}

type Spec = NonNullable<Pod['spec']>;
type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

/** READY, STATUS and RESTARTS of `kubectl get pods` (pkg/printers/internalversion printPod). */
export function summarizePod(pod: Pod, now: number): PodSummary {
  const spec: Spec | undefined = pod.spec;
  const { status } = pod;
  const sidecars = new Set((spec?.initContainers ?? []).filter(isSidecar).map((container) => container.name));
  const initStatuses = status?.initContainerStatuses ?? [];
  const total = (spec?.containers ?? []).length + sidecars.size;
  let reason: string = status?.reason || status?.phase || 'Unknown';
  if (
    status?.conditions?.some((condition) => condition.type === 'PodScheduled' && condition.reason === 'SchedulingGated')
  ) {
    reason = 'SchedulingGated';
  }
  let ready = 0;
  let restarts = 0;
  let lastRestart = 0;
  let sidecarRestarts = 0;
  let lastSidecarRestart = 0;
  let initializing = false;
  for (const [index, container] of initStatuses.entries()) {
    restarts += container.restartCount;
    lastRestart = Math.max(lastRestart, finishedAt(container));
    const sidecar = sidecars.has(container.name);
    if (sidecar) {
      sidecarRestarts += container.restartCount;
      lastSidecarRestart = Math.max(lastSidecarRestart, finishedAt(container));
    }
    const { terminated, waiting } = container.state ?? {};
    if (terminated && terminated.exitCode === 0) continue;
    if (sidecar && container.started) {
      if (container.ready) ready++;
      continue;
    }
    reason = `Init:${initReason(terminated, waiting) ?? `${index}/${spec?.initContainers?.length ?? 0}`}`;
    initializing = true;
    break;
  }
  if (!initializing || isInitialized(pod)) {
    restarts = sidecarRestarts;
    lastRestart = lastSidecarRestart;
    let running = false;
    for (const container of [...(status?.containerStatuses ?? [])].reverse()) {
      restarts += container.restartCount;
      lastRestart = Math.max(lastRestart, finishedAt(container));
      const { waiting, terminated } = container.state ?? {};
      if (waiting?.reason) reason = waiting.reason;
      else if (terminated) reason = terminated.reason || endReason(terminated);
      else if (container.ready && container.state?.running) {
        running = true;
        ready++;
      }
    }
    if (reason === 'Completed' && running) reason = hasReadyCondition(pod) ? 'Running' : 'NotReady';
  }
  if (pod.metadata.deletionTimestamp) {
    if (status?.reason === 'NodeLost') reason = 'Unknown';
    else if (status?.phase !== 'Succeeded' && status?.phase !== 'Failed') reason = 'Terminating';
  }
  const since = restarts > 0 && lastRestart > 0 ? ` (${humanDuration(now - lastRestart)} ago)` : '';
  return { ready: `${ready}/${total}`, status: reason, restarts: `${restarts}${since}` };
}

function isSidecar(container: NonNullable<Spec['initContainers']>[number]): boolean {
  return container.restartPolicy === 'Always';
}

function isInitialized(pod: Pod): boolean {
  return (pod.status?.conditions ?? []).some(
    (condition) => condition.type === 'Initialized' && condition.status === 'True',
  );
}

function hasReadyCondition(pod: Pod): boolean {
  return (pod.status?.conditions ?? []).some((condition) => condition.type === 'Ready' && condition.status === 'True');
}

function finishedAt(container: ContainerStatus): number {
  return parseTime(container.lastState?.terminated?.finishedAt ?? '') ?? 0;
}

type State = NonNullable<ContainerStatus['state']>;

function endReason(terminated: NonNullable<State['terminated']>): string {
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`;
}

function initReason(terminated: State['terminated'], waiting: State['waiting']): string | undefined {
  if (terminated) return terminated.reason || endReason(terminated);
  if (waiting?.reason && waiting.reason !== 'PodInitializing') return waiting.reason;
  return undefined;
}
