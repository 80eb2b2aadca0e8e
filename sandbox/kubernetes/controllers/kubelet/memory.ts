import type { ContainerState } from '../types.ts';

/** What the kubelet remembers of its node, as plain data: everything that the store and the runtime do not hold. */
export interface KubeletState {
  /** Images on the node, by the reference the runtime resolved. */
  images: string[];
  /** Last number handed out of the pod range. */
  lastAddress: number;
  /** By pod uid. */
  pods: Record<string, PodMemory>;
}

export interface PodMemory {
  namespace: string;
  name: string;
  startTime: string;
  ip?: string;
  /** When the volumes will be mounted and the sandbox made (ms since 1970); past once they are. */
  stage: 'volumes' | 'sandbox' | 'running' | 'ended';
  dueAt?: number;
  /** What is missing for the volumes; said once. */
  mountFailure?: string;
  /** One container is worked on at a time. */
  operation?: { container: string; step: 'pull' | 'create'; startedAt: number; dueAt: number };
  containers: Record<string, ContainerMemory>;
  /** Deletion is under way. */
  terminating?: { graceEnds: number; stopping: string[]; finishAt?: number };
}

export interface ContainerMemory {
  /** The runtime's ID of the last container, and what Kubernetes calls it (`containerd://…`). */
  id?: string;
  containerID?: string;
  imageID?: string;
  restarts: number;
  /** Why nothing runs. */
  waiting?: { reason: string; message?: string };
  /** How the last container ended; absent while it runs. */
  ended?: NonNullable<ContainerState['terminated']>;
  /** How the one before it ended. */
  previous?: NonNullable<ContainerState['terminated']>;
  /** Back-offs in ms: how long, and until when. */
  restartBackoff?: number;
  pullBackoff?: number;
  retryAt?: number;
  started: boolean;
  ready: boolean;
  /** Probes in a row, positive for successes, negative for failures; and when the next one is due. */
  probes: Partial<Record<ProbeKind, { streak: number; nextAt?: number }>>;
}

export type ProbeKind = 'startup' | 'readiness' | 'liveness';

export function newContainerMemory(): ContainerMemory {
  return { restarts: 0, started: false, ready: false, probes: {} };
}
