import type { Container, Pod } from '../types.ts';
import type { ContainerMemory, ProbeKind } from './memory.ts';
import { activeProbes, firstProbe, isSettled, nextProbe, probeOf, runtimeProbe } from './probes.ts';
import { type Due, isRunning, type KubeletContext } from './shared.ts';

/** So long after its start a container that is not ready is waited for. */
const patience = 120_000;
const titles: Record<ProbeKind, string> = { startup: 'Startup', readiness: 'Readiness', liveness: 'Liveness' };

/** Acts out probes at the times at which the kubelet would, as long as their answers may still change. */
export class ProbeRunner {
  readonly #kubelet: KubeletContext;

  constructor(kubelet: KubeletContext) {
    this.#kubelet = kubelet;
  }

  run(pod: Pod, container: Container, state: ContainerMemory, due: Due[]): void {
    const { runtime, kernel } = this.#kubelet;
    if (!isRunning(state)) return;
    const now = kernel.now();
    const startedAt = runtime.status(state.id as string)?.startedAt ?? now;
    for (const kind of activeProbes(container, state)) this.#runOne(pod, container, state, kind, startedAt);
    // A startup probe that just succeeded lets the others begin.
    for (const kind of activeProbes(container, state)) {
      const spec = probeOf(container, kind);
      if (!spec) continue;
      state.probes[kind] ??= { streak: 0, nextAt: Math.max(now, firstProbe(spec, startedAt)) };
      const { nextAt } = state.probes[kind];
      if (nextAt === now) this.#runOne(pod, container, state, kind, startedAt);
      const after = state.probes[kind]?.nextAt;
      if (after === undefined) continue;
      const settled = spec.exec !== undefined && state.probes[kind].streak > 0 && kind !== 'startup' && state.ready;
      due.push({ at: after, idle: settled || now - startedAt > patience });
    }
  }

  #runOne(pod: Pod, container: Container, state: ContainerMemory, kind: ProbeKind, startedAt: number): void {
    const { runtime, kernel, record } = this.#kubelet;
    const spec = probeOf(container, kind);
    if (!spec) return;
    const now = kernel.now();
    state.probes[kind] ??= { streak: 0, nextAt: Math.max(now, firstProbe(spec, startedAt)) };
    const probe = state.probes[kind];
    if (probe.nextAt === undefined || probe.nextAt > now) return;
    const { success, output } = runtime.probe(state.id as string, runtimeProbe(container, spec));
    probe.streak = success ? Math.max(probe.streak, 0) + 1 : Math.min(probe.streak, 0) - 1;
    if (!success) record(pod, 'Warning', 'Unhealthy', `${titles[kind]} probe failed: ${output}`, container);
    const good = probe.streak >= (spec.successThreshold ?? 1);
    const bad = -probe.streak >= (spec.failureThreshold ?? 3);
    if (isSettled(spec, probe.streak)) delete probe.nextAt;
    else probe.nextAt = nextProbe(spec, startedAt, now);
    if (kind === 'readiness') {
      if (good) state.ready = true;
      else if (bad) state.ready = false;
    } else if (bad) this.#kill(pod, container, state, kind);
    else if (kind === 'startup' && good) {
      state.started = true;
      state.ready = container.readinessProbe === undefined;
      delete probe.nextAt;
    }
  }

  #kill(pod: Pod, container: Container, state: ContainerMemory, kind: ProbeKind): void {
    const message = `Container ${container.name} failed ${kind} probe, will be restarted`;
    this.#kubelet.record(pod, 'Normal', 'Killing', message, container);
    state.probes = {};
    this.#kubelet.runtime.stop(state.id as string, (pod.spec.terminationGracePeriodSeconds ?? 30) * 1000);
  }
}
