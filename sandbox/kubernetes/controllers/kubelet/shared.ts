import type { Kernel } from '../../../kernel/kernel.ts';
import type { ContainerRuntime } from '../../../kernel/runtime.ts';
import type { ApiClient } from '../../objects.ts';
import type { Container, Pod } from '../types.ts';
import type { ContainerMemory, KubeletState, PodMemory } from './memory.ts';
import type { VolumeContext } from './volumes.ts';

/** What the parts of the kubelet share. */
export interface KubeletContext {
  kernel: Kernel;
  client: ApiClient;
  runtime: ContainerRuntime;
  node: string;
  hostIP: string;
  state: () => KubeletState;
  record(pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string, container?: Container): void;
  volumes(pod: Pod, memory: PodMemory): VolumeContext;
}

/** A point of time at which a pod has to be looked at again. */
export interface Due {
  at: number;
  /** Nobody waits for it (Timer.idle). */
  idle?: boolean;
}

/** `<pod uid>/<container>/<restart>`, as ContainerSpec has it. */
export function runtimeId(pod: Pod, container: string, restarts: number): string {
  return `${pod.metadata.uid}/${container}/${restarts}`;
}

/** Runs, as far as the kubelet has noticed: an end is seen when `collectExit` looks. */
export function isRunning(memory: ContainerMemory): boolean {
  return memory.id !== undefined && !memory.ended;
}
