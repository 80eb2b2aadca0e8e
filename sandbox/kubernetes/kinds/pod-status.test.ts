import { expect, test } from 'vitest';
import type { Pod } from './pod.ts';
import { summarizePod } from './pod-status.ts';

const now = 1_000_000;

function summary(status: object, spec: object = {}, metadata: object = {}) {
  const containers = [{ name: 'a' }, { name: 'b' }];
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', ...metadata },
    spec: { containers, ...spec },
    status,
  };
  const { ready, status: words, restarts } = summarizePod(object as unknown as Pod, now);
  return `${ready} ${words} ${restarts}`;
}

const running = (name: string, ready = true) => ({ name, ready, restartCount: 0, state: { running: {} } });
const waiting = (name: string, reason: string) => ({
  name,
  ready: false,
  restartCount: 0,
  state: { waiting: { reason } },
});
const sidecar = { initContainers: [{ name: 'init' }, { name: 'istio-proxy', restartPolicy: 'Always' }] };
const initialized = { conditions: [{ type: 'Initialized', status: 'True' }] };

test('READY, STATUS and RESTARTS along a pod’s life', () => {
  expect(summary({ phase: 'Pending' })).toBe('0/2 Pending 0');
  const pulling = [waiting('a', 'ContainerCreating'), waiting('b', 'ContainerCreating')];
  expect(summary({ phase: 'Pending', containerStatuses: pulling })).toBe('0/2 ContainerCreating 0');
  expect(summary({ phase: 'Running', containerStatuses: [running('a'), running('b', false)] })).toBe('1/2 Running 0');
  const crashed = {
    ...waiting('a', 'CrashLoopBackOff'),
    restartCount: 2,
    lastState: { terminated: { finishedAt: '1970-01-01T00:16:30Z' } },
  };
  expect(summary({ phase: 'Running', containerStatuses: [crashed, running('b')] })).toBe(
    '1/2 CrashLoopBackOff 2 (10s ago)',
  );
  const deleted = { deletionTimestamp: '1970-01-01T00:00:00Z' };
  expect(summary({ phase: 'Running', containerStatuses: [running('a'), running('b')] }, {}, deleted)).toBe(
    '2/2 Terminating 0',
  );
});

test('init containers and native sidecars', () => {
  const start = [waiting('init', 'PodInitializing'), waiting('istio-proxy', 'PodInitializing')];
  expect(summary({ phase: 'Pending', initContainerStatuses: start }, sidecar)).toBe('0/3 Init:0/2 0');
  const done = { name: 'init', restartCount: 0, state: { terminated: { exitCode: 0 } } };
  const second = [done, waiting('istio-proxy', 'PodInitializing')];
  expect(summary({ phase: 'Pending', initContainerStatuses: second }, sidecar)).toBe('0/3 Init:1/2 0');
  const proxy = { ...running('istio-proxy'), started: true };
  const others = [waiting('a', 'PodInitializing'), waiting('b', 'PodInitializing')];
  const third = { phase: 'Pending', initContainerStatuses: [done, proxy], containerStatuses: others, ...initialized };
  expect(summary(third, sidecar)).toBe('1/3 PodInitializing 0');
  const all = {
    phase: 'Running',
    initContainerStatuses: [done, proxy],
    containerStatuses: [running('a'), running('b')],
    ...initialized,
  };
  expect(summary(all, sidecar)).toBe('3/3 Running 0');
});
