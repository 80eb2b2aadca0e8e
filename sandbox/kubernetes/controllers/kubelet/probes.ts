import type { Probe } from '../../../kernel/runtime.ts';
import type { Container, ProbeSpec } from '../types.ts';
import type { ContainerMemory, ProbeKind } from './memory.ts';

/** Rules of probe workers (pkg/kubelet/prober/worker.go). */

export function probeOf(container: Container, kind: ProbeKind): ProbeSpec | undefined {
  if (kind === 'startup') return container.startupProbe;
  return kind === 'readiness' ? container.readinessProbe : container.livenessProbe;
}

/** What the runtime is asked, named ports resolved. */
export function runtimeProbe(container: Container, spec: ProbeSpec): Probe {
  const number = (port: number | string) => {
    if (typeof port === 'number') return port;
    return container.ports?.find(({ name }) => name === port)?.containerPort ?? Number(port);
  };
  if (spec.httpGet) return { kind: 'http', port: number(spec.httpGet.port), path: spec.httpGet.path ?? '/' };
  if (spec.tcpSocket) return { kind: 'tcp', port: number(spec.tcpSocket.port) };
  if (spec.grpc) return { kind: 'grpc', port: spec.grpc.port };
  return { kind: 'exec', command: spec.exec?.command ?? [] };
}

export function period(spec: ProbeSpec): number {
  return (spec.periodSeconds ?? 10) * 1000;
}

/** When a probe is due for the first time after its container started. */
export function firstProbe(spec: ProbeSpec, startedAt: number): number {
  return startedAt + Math.max((spec.initialDelaySeconds ?? 0) * 1000, 0);
}

/** The next point of the probe's own rhythm after `now`. */
export function nextProbe(spec: ProbeSpec, startedAt: number, now: number): number {
  const first = firstProbe(spec, startedAt);
  if (now < first) return first;
  return first + (Math.floor((now - first) / period(spec)) + 1) * period(spec);
}

/** The kinds of probe that run now: startup alone until it succeeded, then the two others. */
export function activeProbes(container: Container, memory: ContainerMemory): ProbeKind[] {
  if (container.startupProbe && !memory.started) return ['startup'];
  const kinds: ProbeKind[] = [];
  if (container.readinessProbe) kinds.push('readiness');
  if (container.livenessProbe) kinds.push('liveness');
  return kinds;
}

/**
 * Nothing more will come of a probe unless the runtime says that something changed: it succeeded and its answer follows from
 * state the runtime watches. Commands look at files, which nobody watches.
 */
export function isSettled(spec: ProbeSpec, streak: number): boolean {
  return !spec.exec && streak >= (spec.successThreshold ?? 1);
}
