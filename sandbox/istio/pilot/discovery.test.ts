import { describe, expect, test } from 'vitest';
import type { Push, XdsStream } from '../../envoy/xds/server.ts';
import { fromBase64 } from '../../kernel/base64.ts';
import { decode } from '../../kernel/streams.ts';
import { fromPem, oids, parseCertificate } from '../../kernel/x509.ts';
import { resources, serviceEntry, testServer } from '../../kubernetes/apiserver/testing.ts';
import type { KubernetesObject } from '../../kubernetes/objects.ts';
import { Istiod } from './discovery.ts';

const { namespaces, pods, serviceaccounts, serviceentries, services } = resources;
const configMaps = { group: '', version: 'v1', resource: 'configmaps' };

function namespace(name: string): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

function workload(name: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: name, 'security.istio.io/tlsMode': 'istio' } },
    spec: { containers: [{ name, image: 'busybox:1', ports: [{ containerPort: 8080 }] }] },
  };
}

function meshConfig(mesh: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'istio', namespace: 'istio-system' },
    data: { mesh },
  };
}

function service(name: string, port: number): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { selector: { app: name }, ports: [{ name: 'http', port }] },
  };
}

/** A cluster with the pods `a` and `b`, and its istiod. */
function mesh() {
  const { server, client, kernel } = testServer();
  client.create(namespaces, namespace('istio-system'));
  const istiod = new Istiod({ kernel, client, release: { version: '1.30.3' }, seed: 7 });
  for (const name of ['a', 'b']) {
    const pod = client.create(pods, workload(name));
    const address = name === 'a' ? '10.244.0.9' : '10.244.0.10';
    client.updateStatus(pods, { ...pod, status: { phase: 'Running', podIP: address, podIPs: [{ ip: address }] } });
  }
  return { server, client, kernel, istiod };
}

type Mesh = ReturnType<typeof mesh>;

function connect(istiod: Istiod, pod: string): { pushes: Push[]; stream: XdsStream } {
  const pushes: Push[] = [];
  const id = `sidecar~10.244.0.9~${pod}.default~default.svc.cluster.local`;
  const stream = istiod.connect({ id, namespace: 'default', pod }, (push) => pushes.push(push));
  return { pushes, stream };
}

/** Lets time pass; the clock ends at `duration` from now. */
function pass({ kernel }: Pick<Mesh, 'kernel'>, duration: number): void {
  const end = kernel.now() + duration;
  while (kernel.step(end));
  kernel.idleUntil(end);
}

const clusterNames = (push: Push | undefined) => push?.configuration.clusters.map(({ name }) => name) ?? [];

describe('pushes', () => {
  test('a proxy gets its configuration when it connects', () => {
    const { istiod } = mesh();
    istiod.setRunning(true);
    const { pushes } = connect(istiod, 'a');
    expect(pushes).toHaveLength(1);
    expect(pushes[0]?.changed).toEqual(['CDS', 'LDS', 'EDS', 'RDS']);
    expect(pushes[0]?.version).toMatch(/^2026-01-31T10:00:00Z\/\d+$/);
    expect(clusterNames(pushes[0])).toContain('BlackHoleCluster');
  });

  test('changes are collected until there is none for 100 ms, for 10 s at most', () => {
    const cluster = mesh();
    const { istiod, client } = cluster;
    istiod.setRunning(true);
    pass(cluster, 1000);
    const { pushes } = connect(istiod, 'a');
    client.create(serviceentries, serviceEntry('first', { hosts: ['first.example'] }));
    pass(cluster, 60);
    client.create(serviceentries, serviceEntry('second', { hosts: ['second.example'] }));
    pass(cluster, 99);
    expect(pushes).toHaveLength(1);
    pass(cluster, 1);
    expect(pushes).toHaveLength(2);
    expect(clusterNames(pushes[1])).toEqual(
      expect.arrayContaining(['outbound|80||first.example', 'outbound|80||second.example']),
    );
    expect(pushes[1]?.changed).toEqual(['CDS', 'LDS', 'RDS']);

    for (let at = 0; at < 10_000; at += 50) {
      client.create(serviceentries, serviceEntry(`busy-${at}`, { hosts: [`busy-${at}.example`] }));
      pass(cluster, 50);
    }
    expect(pushes).toHaveLength(3);
  });

  test('nothing is pushed to a proxy for which nothing differs', () => {
    const cluster = mesh();
    const { istiod, client } = cluster;
    istiod.setRunning(true);
    const { pushes } = connect(istiod, 'a');
    const pod = client.get(pods, 'default', 'b')!;
    client.update(pods, { ...pod, metadata: { ...pod.metadata, annotations: { note: 'x' } } });
    client.create(serviceaccounts, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'x', namespace: 'default' },
    });
    pass(cluster, 1000);
    expect(pushes).toHaveLength(1);
  });

  test('only what a service changes is new, everything else stays the same object', () => {
    const cluster = mesh();
    const { istiod, client } = cluster;
    istiod.setRunning(true);
    const { pushes } = connect(istiod, 'b');
    client.create(services, service('a', 8000));
    pass(cluster, 1000);
    const [before, after] = pushes;
    expect(after?.configuration.listeners.map(({ name }) => name)).toContain('0.0.0.0_8000');
    const named = (push: Push | undefined) =>
      push?.configuration.clusters.find(({ name }) => name === 'BlackHoleCluster');
    expect(named(after)).toBe(named(before));
  });

  test('a change of the mesh config is taken at once, one that cannot be read not at all', () => {
    const cluster = mesh();
    const { istiod, client } = cluster;
    istiod.setRunning(true);
    const { pushes } = connect(istiod, 'a');
    const made = client.create(configMaps, meshConfig('outboundTrafficPolicy: { mode: REGISTRY_ONLY }'));
    pass(cluster, 1000);
    expect(pushes).toHaveLength(2);
    const fallback = (push: Push | undefined) =>
      JSON.stringify(push?.configuration.listeners.find(({ name }) => name === 'virtualOutbound'));
    expect(fallback(pushes[0])).toContain('PassthroughCluster');
    expect(fallback(pushes[1])).not.toContain('PassthroughCluster');
    client.update(configMaps, { ...made, data: { mesh: '{' } });
    pass(cluster, 1000);
    expect(pushes).toHaveLength(2);
  });

  test('an istiod that does not run pushes nothing; when it is back, what was missed', () => {
    const cluster = mesh();
    const { istiod, client } = cluster;
    const { pushes } = connect(istiod, 'a');
    expect(pushes).toHaveLength(0);
    istiod.setRunning(true);
    expect(pushes).toHaveLength(1);
    istiod.setRunning(false);
    client.create(serviceentries, serviceEntry('first'));
    pass(cluster, 20_000);
    expect(pushes).toHaveLength(1);
    istiod.setRunning(true);
    expect(clusterNames(pushes[1])).toContain('outbound|80||example.com');
  });

  test('a proxy whose pod is not known waits for it', () => {
    const cluster = mesh();
    const { istiod, client } = cluster;
    istiod.setRunning(true);
    const { pushes } = connect(istiod, 'c');
    expect(pushes).toHaveLength(0);
    client.create(pods, workload('c'));
    pass(cluster, 1000);
    expect(pushes).toHaveLength(1);
  });
});

describe('what the debug page tells', () => {
  test('which pushes each proxy was sent and has taken', () => {
    const cluster = mesh();
    const { istiod } = cluster;
    istiod.setRunning(true);
    const { pushes, stream } = connect(istiod, 'a');
    const [push] = pushes;
    const status = () => JSON.parse(istiod.debug('/debug/syncz') ?? '');
    expect(status()).toMatchObject([{ proxy: 'a.default', cluster_sent: push?.nonce, istio_version: '1.30.3' }]);
    expect(status()[0].cluster_acked).toBeUndefined();
    stream.acknowledge(push?.nonce ?? '');
    expect(status()[0].cluster_acked).toBe(push?.nonce);
    stream.close();
    expect(status()).toEqual([]);
    expect(istiod.debug('/debug/none')).toBeUndefined();
  });
});

describe('addresses of ServiceEntries', () => {
  const status = ({ client }: Mesh, name: string) =>
    client.get(serviceentries, 'default', name)?.status as
      | { addresses?: { host: string; value: string }[] }
      | undefined;
  const values = (cluster: Mesh, name: string) => status(cluster, name)?.addresses?.map(({ value }) => value);

  test('are given to hosts without any, one after the other', () => {
    const cluster = mesh();
    const { istiod, client } = cluster;
    istiod.setRunning(true);
    client.create(serviceentries, serviceEntry('b', { hosts: ['b.example', '*.example'] }));
    client.create(serviceentries, serviceEntry('a', { hosts: ['a.example', 'c.example'] }));
    client.create(serviceentries, serviceEntry('own', { hosts: ['own.example'], addresses: ['240.240.0.4'] }));
    client.create(serviceentries, serviceEntry('none', { hosts: ['none.example'], resolution: 'NONE' }));
    pass(cluster, 1000);
    expect(status(cluster, 'b')?.addresses).toEqual([
      { host: 'b.example', value: '240.240.0.1' },
      { host: 'b.example', value: '2001:2::1' },
    ]);
    expect(values(cluster, 'a')).toEqual(['240.240.0.2', '2001:2::2', '240.240.0.3', '2001:2::3']);
    expect(values(cluster, 'own')).toBeUndefined();
    expect(values(cluster, 'none')).toBeUndefined();

    client.delete(serviceentries, 'default', 'b');
    client.create(serviceentries, serviceEntry('d', { hosts: ['d.example'] }));
    pass(cluster, 1000);
    expect(values(cluster, 'd')).toEqual(['240.240.0.5', '2001:2::4']);
  });

  test('are taken back where the ServiceEntry gets its own', () => {
    const cluster = mesh();
    const { istiod, client } = cluster;
    istiod.setRunning(true);
    client.create(serviceentries, serviceEntry('a', { hosts: ['a.example'] }));
    pass(cluster, 1000);
    const made = client.get(serviceentries, 'default', 'a')!;
    client.update(serviceentries, { ...made, spec: { ...(made.spec as object), addresses: ['10.0.0.1'] } });
    pass(cluster, 1000);
    expect(values(cluster, 'a')).toEqual([]);
    client.create(serviceentries, serviceEntry('b', { hosts: ['b.example'] }));
    pass(cluster, 1000);
    expect(values(cluster, 'b')).toEqual(['240.240.0.1', '2001:2::1']);
  });
});

describe('certificates', () => {
  const certificate = (stream: XdsStream) =>
    decode(fromBase64(stream.secret('default')?.tlsCertificate?.certificateChain?.inlineBytes ?? '') as Uint8Array);

  test('name the workload, are signed for a day, and follow from the seed', () => {
    const [first, second] = [mesh(), mesh()].map(({ istiod }) => {
      istiod.setRunning(true);
      return { istiod, chain: certificate(connect(istiod, 'a').stream) };
    });
    expect(first?.chain).toBe(second?.chain);
    expect(first?.istiod.rootCertificate()).toBe(second?.istiod.rootCertificate());
    const [leaf, root] = fromPem('CERTIFICATE', first?.chain ?? '').map(parseCertificate);
    const names = leaf?.extensions.find(({ oid }) => oid === oids.subjectAltName);
    expect(decode(names?.value ?? new Uint8Array())).toContain('spiffe://cluster.local/ns/default/sa/default');
    expect(leaf?.issuer).toEqual(root?.subject);
    expect((leaf?.notAfter ?? 0) - (leaf?.notBefore ?? 0)).toBe(24 * 3600_000 + 120_000);
  });

  test('are renewed when half of their time is over', () => {
    const cluster = mesh();
    cluster.istiod.setRunning(true);
    const { stream } = connect(cluster.istiod, 'a');
    const before = certificate(stream);
    pass(cluster, 11 * 3600_000);
    expect(certificate(stream)).toBe(before);
    pass(cluster, 2 * 3600_000);
    expect(certificate(stream)).not.toBe(before);
  });
});

describe('a snapshot', () => {
  /** The same cluster in another process: everything by way of JSON. */
  function restored({ server, kernel, istiod }: Mesh): Mesh {
    const state = JSON.parse(JSON.stringify({ kernel: kernel.save(), api: server.save(), istiod: istiod.save() }));
    const copy = testServer();
    const other = new Istiod({
      kernel: copy.kernel,
      client: copy.client,
      release: { version: '1.30.3' },
      seed: 7,
    });
    copy.kernel.load(state.kernel);
    copy.server.load(state.api);
    other.load(state.istiod);
    copy.kernel.load(state.kernel);
    return { ...copy, istiod: other };
  }

  test('goes on with a push that was waiting, exactly as without it', () => {
    const cluster = mesh();
    const { istiod, client } = cluster;
    istiod.setRunning(true);
    pass(cluster, 1000);
    const original = connect(istiod, 'a');
    client.create(serviceentries, serviceEntry('first'));
    pass(cluster, 50);
    const copy = restored(cluster);
    const again = connect(copy.istiod, 'a');
    expect(again.pushes).toMatchObject([{ version: original.pushes[0]?.version, changed: [] }]);
    expect(again.pushes[0]?.configuration).toEqual(original.pushes[0]?.configuration);
    pass(cluster, 1000);
    pass(copy, 1000);
    expect(again.pushes[1]).toEqual(original.pushes[1]);
    expect(copy.istiod.debug('/debug/syncz')).toBe(istiod.debug('/debug/syncz'));
    expect(copy.istiod.save()).toEqual(istiod.save());
  });

  test('of an istiod that does not run holds what proxies have in common once', () => {
    const cluster = mesh();
    const { istiod, client } = cluster;
    istiod.setRunning(true);
    const [first, second] = ['a', 'b'].map((pod) => connect(istiod, pod));
    istiod.setRunning(false);
    client.create(serviceentries, serviceEntry('first'));
    const state = istiod.save();
    const names = state.resources.map((resource) => (resource as { name?: string }).name);
    expect(names.filter((name) => name === 'virtualOutbound')).toHaveLength(2);
    expect(new Set(state.connections.flatMap(({ configuration }) => configuration?.routes ?? [])).size).toBe(
      second?.pushes[0]?.configuration.routes.length,
    );
    const copy = restored(cluster);
    expect(connect(copy.istiod, 'a').pushes[0]?.configuration).toEqual(first?.pushes[0]?.configuration);
    expect(copy.istiod.save()).toEqual(state);
  });

  test('keeps what a proxy has whose pod is gone', () => {
    const cluster = mesh();
    cluster.istiod.setRunning(true);
    const { pushes } = connect(cluster.istiod, 'a');
    cluster.client.delete(pods, 'default', 'a', { gracePeriodSeconds: 0 });
    pass(cluster, 1000);
    const copy = restored(cluster);
    expect(connect(copy.istiod, 'a').pushes[0]?.configuration).toEqual(pushes[0]?.configuration);
  });

  test('leaves out configurations that follow from the cluster', () => {
    const cluster = mesh();
    cluster.istiod.setRunning(true);
    pass(cluster, 1000);
    const { pushes, stream } = connect(cluster.istiod, 'a');
    const chain = stream.secret('default');
    expect(JSON.stringify(cluster.istiod.save()).length).toBeLessThan(2000);
    const copy = restored(cluster);
    const again = connect(copy.istiod, 'a');
    expect(again.pushes[0]?.configuration).toEqual(pushes[0]?.configuration);
    expect(again.stream.secret('default')).toEqual(chain);
    pass(copy, 20_000);
    expect(again.pushes).toHaveLength(1);
  });
});
