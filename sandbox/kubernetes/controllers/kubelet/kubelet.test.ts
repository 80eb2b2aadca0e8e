import { expect, test } from 'vitest';
import { kinds } from '../context.ts';
import { type TestCluster, testCluster } from '../testing.ts';
import type { Pod, PodSpec } from '../types.ts';
import { KubeletBackend } from './node-backend.ts';

function create(cluster: TestCluster, spec: PodSpec, name = 'web'): void {
  cluster.apply(kinds.pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: name } },
    spec: { restartPolicy: 'Always', terminationGracePeriodSeconds: 30, ...spec },
  } as Pod);
}

function pod(cluster: TestCluster, name = 'web'): Pod {
  return cluster.client.get<Pod>(kinds.pods, 'default', name) as Pod;
}

const web = { name: 'web', image: 'example.com/web:1' };

test('init containers end, then a sidecar starts, then the others', () => {
  const cluster = testCluster();
  cluster.runtime.exits.set('setup', 0);
  const probe = { httpGet: { port: 15021, path: '/healthz/ready' }, periodSeconds: 1, failureThreshold: 600 };
  cluster.runtime.answers.set('proxy', 'HTTP probe failed with statuscode: 503');
  create(cluster, {
    initContainers: [
      { name: 'setup', image: 'example.com/proxy:1' },
      { name: 'proxy', image: 'example.com/proxy:1', restartPolicy: 'Always', startupProbe: probe },
    ],
    containers: [web],
  });
  cluster.pass(6000);
  expect(cluster.runtime.started.slice(-2).map(({ name }) => name)).toEqual(['setup', 'proxy']);
  expect(pod(cluster).status?.phase).toBe('Pending');
  expect(pod(cluster).status?.conditions?.[1]).toMatchObject({
    type: 'Initialized',
    status: 'False',
    message: 'containers with incomplete status: [proxy]',
  });
  expect(cluster.events('web')).toContain('Unhealthy: Startup probe failed: HTTP probe failed with statuscode: 503');
  cluster.runtime.answers.delete('proxy');
  cluster.pass(6000);
  expect(cluster.runtime.started.at(-1)?.name).toBe('web');
  expect(pod(cluster).status?.phase).toBe('Running');
  expect(pod(cluster).status?.initContainerStatuses?.[1]).toMatchObject({ ready: true, started: true });
  expect(cluster.events('web').filter((event) => !event.startsWith('Unhealthy'))).toEqual([
    'Scheduled: Successfully assigned default/web to meshtab-control-plane',
    'Pulling: Pulling image "example.com/proxy:1"',
    expect.stringMatching(
      /^Pulled: Successfully pulled image "example\.com\/proxy:1" in [\d.]+m?s \([\d.]+m?s including waiting\)\. Image size: 1000 bytes\.$/,
    ),
    'Created: Container created',
    'Started: Container started',
    'Pulled: Container image "example.com/proxy:1" already present on machine and can be accessed by the pod',
    'Created: Container created',
    'Started: Container started',
    'Pulling: Pulling image "example.com/web:1"',
    expect.stringMatching(/^Pulled: Successfully pulled/),
    'Created: Container created',
    'Started: Container started',
  ]);
});

test('an unknown image ends in ErrImagePull and ImagePullBackOff', () => {
  const cluster = testCluster();
  create(cluster, { containers: [{ name: 'web', image: 'example.com/missing:1' }] });
  const seen = new Set<string>();
  for (let step = 0; step < 600; step++) {
    cluster.pass(100);
    seen.add(pod(cluster).status?.containerStatuses?.[0]?.state.waiting?.reason ?? '');
  }
  expect([...seen]).toEqual(['ContainerCreating', 'ErrImagePull', 'ImagePullBackOff']);
  expect(cluster.events('web')).toContain(
    'Failed: Failed to pull image "example.com/missing:1": rpc error: code = NotFound desc = example.com/missing:1: not found',
  );
  expect(cluster.events('web')).toContain('BackOff: Back-off pulling image "example.com/missing:1"');
  // It goes on for ever, but nobody waits for it any more.
  cluster.pass(3_600_000);
  expect(cluster.kernel.awaited).toBe(false);
  expect(cluster.kernel.nextAt()).toBeDefined();
});

test('a container that keeps ending is restarted with growing pauses', () => {
  const cluster = testCluster();
  cluster.runtime.exits.set('web', 1);
  create(cluster, { containers: [web] });
  cluster.pass(60_000);
  const [status] = pod(cluster).status?.containerStatuses ?? [];
  expect(status?.restartCount).toBe(3);
  expect(status?.state.waiting).toEqual({
    reason: 'CrashLoopBackOff',
    message: `back-off 40s restarting failed container=web pod=web_default(${pod(cluster).metadata.uid})`,
  });
  expect(status?.lastState.terminated).toMatchObject({ exitCode: 1, reason: 'Error' });
});

test('a missing ConfigMap keeps a pod in ContainerCreating until it appears', () => {
  const cluster = testCluster();
  create(cluster, {
    containers: [{ ...web, volumeMounts: [{ name: 'settings', mountPath: '/etc/web' }] }],
    volumes: [{ name: 'settings', configMap: { name: 'settings' } }],
  });
  cluster.pass(60_000);
  expect(pod(cluster).status?.containerStatuses?.[0]?.state).toEqual({ waiting: { reason: 'ContainerCreating' } });
  expect(cluster.events('web')).toContain(
    'FailedMount: MountVolume.SetUp failed for volume "settings" : configmap "settings" not found',
  );
  cluster.apply(kinds.configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings', namespace: 'default' },
    data: { 'web.conf': 'listen 80' },
  });
  cluster.pass(10_000);
  expect(pod(cluster).status?.phase).toBe('Running');
  expect(cluster.runtime.started.at(-1)?.files['/etc/web/web.conf']).toBe('listen 80');
});

test('the environment holds services, fields and expanded references', () => {
  const cluster = testCluster();
  create(cluster, {
    containers: [
      {
        ...web,
        args: ['--name=$(POD)', '$$(POD)', '$(NOBODY)'],
        env: [
          { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
          { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1' } } },
        ],
        resources: { limits: { cpu: '1500m' } },
      },
    ],
  });
  cluster.pass(10_000);
  const spec = cluster.runtime.started.at(-1);
  expect(spec?.args).toEqual(['--name=web', '$(POD)', '$(NOBODY)']);
  expect(spec?.env).toMatchObject({
    POD: 'web',
    IP: pod(cluster).status?.podIP,
    CPU: '2',
    KUBERNETES_SERVICE_HOST: '10.96.0.1',
    KUBERNETES_PORT_443_TCP_ADDR: '10.96.0.1',
    HOSTNAME: 'web',
  });
});

test('deletion is graceful, and the address is not used again at once', () => {
  const cluster = testCluster();
  create(cluster, { containers: [web] });
  cluster.pass(10_000);
  const ip = pod(cluster).status?.podIP;
  cluster.client.delete(kinds.pods, 'default', 'web');
  expect(pod(cluster).metadata.deletionGracePeriodSeconds).toBe(30);
  cluster.pass(2000);
  expect(pod(cluster)).toBeUndefined();
  expect(cluster.events('web')).toContain('Killing: Stopping container web');
  create(cluster, { containers: [web] });
  cluster.pass(10_000);
  expect(pod(cluster).status?.podIP).not.toBe(ip);
});

test('a job-like pod ends as Succeeded or Failed', () => {
  const cluster = testCluster();
  cluster.runtime.exits.set('good', 0).set('bad', 3);
  create(cluster, { restartPolicy: 'Never', containers: [{ name: 'good', image: 'example.com/a:1' }] }, 'good');
  create(cluster, { restartPolicy: 'Never', containers: [{ name: 'bad', image: 'example.com/a:1' }] }, 'bad');
  cluster.pass(10_000);
  expect(pod(cluster, 'good').status?.phase).toBe('Succeeded');
  expect(pod(cluster, 'good').status?.containerStatuses?.[0]?.state.terminated?.reason).toBe('Completed');
  expect(pod(cluster, 'bad').status?.phase).toBe('Failed');
});

test('logs of a container that does not run yet are refused in the words of the API server', () => {
  const cluster = testCluster();
  const backend = new KubeletBackend({ ...cluster, kubelet: cluster.controllers.kubelet });
  create(cluster, { containers: [web] });
  cluster.pass(100);
  const query = { namespace: 'default', pod: 'web', follow: false, previous: false, timestamps: false };
  expect(() => backend.logs(query)).toThrow('container "web" in pod "web" is waiting to start: ContainerCreating');
  expect(() => backend.logs({ ...query, container: 'nobody' })).toThrow('container nobody is not valid for pod web');
  expect(() => backend.logs({ ...query, pod: 'nobody' })).toThrow('pods "nobody" not found');
  cluster.pass(10_000);
  expect(backend.logs(query)).toEqual({ text: 'hello\n' });
  expect(() => backend.logs({ ...query, previous: true })).toThrow(
    'previous terminated container "web" in pod "web" not found',
  );
});

test('a pod that no node fits says why', () => {
  const cluster = testCluster();
  create(cluster, { nodeSelector: { disk: 'ssd' }, containers: [web] });
  cluster.pass(1000);
  expect(pod(cluster).status?.phase).toBe('Pending');
  expect(cluster.events('web')).toEqual([
    "FailedScheduling: 0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
  ]);
});

test('a kubelet that is saved and restored goes on as if nothing had been', () => {
  const run = (interrupted: boolean) => {
    const cluster = testCluster();
    create(cluster, { containers: [web] });
    cluster.pass(900);
    if (interrupted) {
      const { kernel, server, controllers } = cluster;
      const saved = JSON.parse(JSON.stringify([kernel.save(), server.save(), controllers.kubelet.save()]));
      cluster.pass(5000);
      server.load(saved[1]);
      controllers.kubelet.load(saved[2]);
      kernel.load(saved[0]);
      expect(JSON.parse(JSON.stringify(kernel.save()))).toEqual(saved[0]);
    }
    cluster.pass(10_000);
    return JSON.stringify([cluster.server.save(), cluster.controllers.kubelet.save()]);
  };
  expect(run(true)).toBe(run(false));
});
