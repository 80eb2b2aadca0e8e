import { nullDevice } from '../../../kernel/open-files.ts';
import { parseTime } from '../../../kernel/time.ts';
import type { Container, Pod } from '../types.ts';
import { collectExit } from './containers.ts';
import type { ContainerMemory, PodMemory } from './memory.ts';
import { type Due, isRunning, type KubeletContext } from './shared.ts';

/** Ends pods (kuberuntime_container.go killContainersWithSyncResult): containers first, then sidecars from the last one on. */
export class Terminator {
  readonly #kubelet: KubeletContext;

  constructor(kubelet: KubeletContext) {
    this.#kubelet = kubelet;
  }

  /** Moves the end of a pod one step on; true when nothing of it is left. */
  advance(pod: Pod, memory: PodMemory, due: Due[]): boolean {
    const { kernel } = this.#kubelet;
    const now = kernel.now();
    const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
    const stateOf = ({ name }: Container) => memory.containers[name] as ContainerMemory;
    delete memory.operation;
    for (const container of all) collectExit(this.#kubelet, stateOf(container));
    const running = all.filter((container) => isRunning(stateOf(container)));
    const ends = parseTime(pod.metadata.deletionTimestamp ?? '') ?? now;
    memory.terminating ??= this.#begin(pod, running, stateOf, Math.max(ends, now));
    const { terminating } = memory;
    if (running.length === 0) {
      terminating.finishAt ??= now + kernel.random.between(600, 1200);
      if (terminating.finishAt > now) due.push({ at: terminating.finishAt });
      return terminating.finishAt <= now;
    }
    if (ends < terminating.graceEnds) {
      // Somebody lost patience and deleted again with a shorter period.
      terminating.graceEnds = Math.max(ends, now);
      terminating.stopping = [];
    }
    for (const { container, at } of this.#turn(pod, running, now)) {
      if (terminating.stopping.includes(container.name)) continue;
      if (at > now) {
        due.push({ at });
        continue;
      }
      terminating.stopping.push(container.name);
      this.#kubelet.runtime.stop(stateOf(container).id as string, Math.max(0, terminating.graceEnds - now));
    }
    // A main process may have ended at once.
    if (running.some((container) => !isRunning(stateOf(container)))) due.push({ at: now + 5 });
    return false;
  }

  #begin(
    pod: Pod,
    running: Container[],
    stateOf: (container: Container) => ContainerMemory,
    graceEnds: number,
  ): NonNullable<PodMemory['terminating']> {
    const { record, runtime } = this.#kubelet;
    for (const container of running) {
      record(pod, 'Normal', 'Killing', `Stopping container ${container.name}`, container);
      const command = container.lifecycle?.preStop?.exec?.command;
      if (command) {
        const streams = { stdout: nullDevice(), stderr: nullDevice(), tty: false };
        runtime.exec(stateOf(container).id as string, command, streams);
      }
    }
    return { graceEnds, stopping: [] };
  }

  /** Who is stopped when: containers after their preStop sleep, a sidecar when only sidecars before it are left. */
  #turn(pod: Pod, running: Container[], now: number): { container: Container; at: number }[] {
    const regular = running.filter((container) => pod.spec.containers.includes(container));
    const last = running.at(-1);
    const turn =
      regular.length > 0 ? regular : (pod.spec.initContainers ?? []).filter((item) => running.includes(item)).slice(-1);
    if (turn.length === 0 && last) turn.push(last);
    const asked = parseTime(pod.metadata.deletionTimestamp ?? '') ?? now;
    const since = asked - (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000;
    return turn.map((container) => {
      const seconds = container.lifecycle?.preStop?.sleep?.seconds;
      return { container, at: seconds === undefined ? now : Math.min(since + seconds * 1000, asked) };
    });
  }
}
