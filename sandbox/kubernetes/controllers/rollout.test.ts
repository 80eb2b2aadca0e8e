import { expect, test } from 'vitest';
import { kinds } from './context.ts';
import { testCluster } from './testing.ts';
import type { Deployment, EndpointSlice, PodSpec, ReplicaSet } from './types.ts';

function deployment(replicas = 1, image = 'docker.io/curlimages/curl:8.16.0', spec: Partial<PodSpec> = {}): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'curl', namespace: 'default' },
    spec: {
      replicas,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      selector: { matchLabels: { app: 'curl' } },
      template: {
        metadata: { labels: { app: 'curl' } },
        spec: { terminationGracePeriodSeconds: 0, ...spec, containers: [{ name: 'curl', image }] },
      },
    },
  };
}

test('a kind cluster comes up', () => {
  const cluster = testCluster();
  const system = cluster.pods('kube-system');
  expect(
    system.map((pod) => [
      pod.metadata.name.replace(/(?<=^coredns)-[a-z0-9]+|-(?!plane)[a-z0-9]{5}$/g, ''),
      pod.status?.phase,
    ]),
  ).toEqual([
    ['coredns', 'Running'],
    ['coredns', 'Running'],
    ['etcd-meshtab-control-plane', 'Running'],
    ['kindnet', 'Running'],
    ['kube-apiserver-meshtab-control-plane', 'Running'],
    ['kube-controller-manager-meshtab-control-plane', 'Running'],
    ['kube-proxy', 'Running'],
    ['kube-scheduler-meshtab-control-plane', 'Running'],
  ]);
  const dns = cluster.client.list<EndpointSlice>(kinds.endpointSlices, 'kube-system');
  expect(dns).toHaveLength(1);
  expect(dns[0]?.endpoints?.map(({ addresses, conditions }) => [addresses[0], conditions?.ready])).toEqual([
    ['10.244.0.2', true],
    ['10.244.0.3', true],
  ]);
  expect(cluster.kernel.nextAt()).toBeUndefined();
});

test('a Deployment brings its pod up, with the events of a real one', () => {
  const cluster = testCluster();
  cluster.apply(kinds.deployments, deployment());
  cluster.pass(20_000);
  const [pod] = cluster.pods();
  const [set] = cluster.client.list<ReplicaSet>(kinds.replicaSets, 'default');
  expect(set?.metadata.name).toMatch(/^curl-[bcdfghjklmnpqrstvwxz2456789]{8,10}$/);
  expect(pod?.metadata.name).toMatch(new RegExp(`^${set?.metadata.name}-[bcdfghjklmnpqrstvwxz2456789]{5}$`));
  expect(pod?.metadata.labels).toEqual({
    app: 'curl',
    'pod-template-hash': set?.metadata.labels?.['pod-template-hash'],
  });
  expect(pod?.status?.phase).toBe('Running');
  expect(pod?.status?.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual([
    'PodReadyToStartContainers=True',
    'Initialized=True',
    'Ready=True',
    'ContainersReady=True',
    'PodScheduled=True',
  ]);
  expect(pod?.status?.containerStatuses?.[0]?.containerID).toMatch(/^containerd:\/\/[0-9a-f]{64}$/);
  const stored = cluster.client.get<Deployment>(kinds.deployments, 'default', 'curl');
  expect(stored?.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('1');
  expect(stored?.status).toMatchObject({
    observedGeneration: 1,
    replicas: 1,
    updatedReplicas: 1,
    readyReplicas: 1,
    availableReplicas: 1,
    conditions: [
      { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' },
      {
        type: 'Progressing',
        status: 'True',
        reason: 'NewReplicaSetAvailable',
        message: `ReplicaSet "${set?.metadata.name}" has successfully progressed.`,
      },
    ],
  });
  expect(cluster.kernel.nextAt()).toBeUndefined();
});

test('a rolling update keeps what must be available and ends with the new template', () => {
  const cluster = testCluster();
  cluster.apply(kinds.deployments, deployment(3));
  cluster.pass(20_000);
  const before = cluster.pods().map((pod) => pod.metadata.name);
  const current = cluster.client.get<Deployment>(kinds.deployments, 'default', 'curl') as Deployment;
  const template = structuredClone(current.spec.template);
  template.metadata = { ...template.metadata, annotations: { 'kubectl.kubernetes.io/restartedAt': 'now' } };
  cluster.client.update(kinds.deployments, { ...current, spec: { ...current.spec, template } });
  let fewest = 3;
  for (let step = 0; step < 400; step++) {
    cluster.pass(50);
    const ready = cluster
      .pods()
      .filter((pod) => pod.status?.conditions?.some((item) => item.type === 'Ready' && item.status === 'True'));
    fewest = Math.min(fewest, ready.filter((pod) => !pod.metadata.deletionTimestamp).length);
  }
  expect(fewest).toBe(3);
  expect(cluster.pods()).toHaveLength(3);
  for (const pod of cluster.pods()) expect(before).not.toContain(pod.metadata.name);
  const sets = cluster.client.list<ReplicaSet>(kinds.replicaSets, 'default');
  expect(
    sets.map((set) => [set.spec.replicas, set.metadata.annotations?.['deployment.kubernetes.io/revision']]).sort(),
  ).toEqual([
    [0, '1'],
    [3, '2'],
  ]);
});

test('scaling down and deleting leave nothing behind', () => {
  const cluster = testCluster();
  cluster.apply(kinds.deployments, deployment(3));
  cluster.pass(20_000);
  const current = cluster.client.get<Deployment>(kinds.deployments, 'default', 'curl') as Deployment;
  cluster.client.update(kinds.deployments, { ...current, spec: { ...current.spec, replicas: 1 } });
  cluster.pass(5000);
  expect(cluster.pods()).toHaveLength(1);
  cluster.client.delete(kinds.deployments, 'default', 'curl', { propagationPolicy: 'Background' });
  cluster.pass(5000);
  expect(cluster.pods()).toHaveLength(0);
  expect(cluster.client.list(kinds.replicaSets, 'default')).toHaveLength(0);
  expect(cluster.runtime.sandboxes.size).toBe(8);
});

test('foreground deletion removes dependents before the owner', () => {
  const cluster = testCluster();
  cluster.apply(kinds.deployments, deployment(2));
  cluster.pass(20_000);
  cluster.client.delete(kinds.deployments, 'default', 'curl', { propagationPolicy: 'Foreground' });
  expect(cluster.client.get(kinds.deployments, 'default', 'curl')?.metadata.finalizers).toEqual(['foregroundDeletion']);
  cluster.pass(5000);
  expect(cluster.client.get(kinds.deployments, 'default', 'curl')).toBeUndefined();
  expect(cluster.pods()).toHaveLength(0);
});

test('a namespace takes its content with it', () => {
  const cluster = testCluster();
  cluster.apply(kinds.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } });
  cluster.pass(1000);
  expect(cluster.client.get(kinds.configMaps, 'other', 'kube-root-ca.crt')).toBeDefined();
  const object = deployment();
  cluster.apply(kinds.deployments, { ...object, metadata: { ...object.metadata, namespace: 'other' } });
  cluster.pass(20_000);
  expect(cluster.pods('other')).toHaveLength(1);
  cluster.client.delete(kinds.namespaces, undefined, 'other');
  expect(cluster.client.get(kinds.namespaces, undefined, 'other')?.status).toMatchObject({ phase: 'Terminating' });
  cluster.pass(20_000);
  expect(cluster.client.get(kinds.namespaces, undefined, 'other')).toBeUndefined();
  expect(cluster.kernel.nextAt()).toBeUndefined();
});

test('two runs with one seed are equal', () => {
  const run = () => {
    const cluster = testCluster({ seed: 7 });
    cluster.apply(kinds.deployments, deployment(2));
    cluster.pass(20_000);
    return JSON.stringify([cluster.server.save(), cluster.kernel.save(), cluster.controllers.kubelet.save()]);
  };
  expect(run()).toBe(run());
});
