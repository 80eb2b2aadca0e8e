import { describe, expect, test } from 'vitest';
import { decode } from '../../kernel/streams.ts';
import type { KubernetesObject, ObjectChange } from '../objects.ts';
import { pod, resources, serviceEntry, testServer } from './testing.ts';

const { namespaces, pods, serviceentries, services } = resources;
const podsPath = '/api/v1/namespaces/default/pods';
const entriesPath = '/apis/networking.istio.io/v1/namespaces/default/serviceentries';
const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };

describe('objects', () => {
  test('get an identity, and come back by name', () => {
    const { client } = testServer();
    const object = pod('');
    object.metadata.generateName = 'curl-';
    const made = client.create(pods, object);
    expect(made.metadata.name).toMatch(/^curl-[a-z0-9]{5}$/);
    expect(made.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(made.metadata.creationTimestamp).toBe('2026-01-31T10:00:00Z');
    expect(client.get(pods, 'default', made.metadata.name)).toBe(made);
  });

  test('a second one of the same name, and one in no namespace, are refused', () => {
    const { client } = testServer();
    client.create(pods, pod('a'));
    expect(() => client.create(pods, pod('a'))).toThrow('pods "a" already exists');
    const lost = pod('b');
    lost.metadata.namespace = 'nowhere';
    expect(() => client.create(pods, lost)).toThrow('namespaces "nowhere" not found');
  });

  test('a stale resourceVersion is a conflict, no change is no new version', () => {
    const { client } = testServer();
    const first = client.create(serviceentries, serviceEntry('a'));
    expect(client.update(serviceentries, first)).toBe(first);
    const second = client.update(serviceentries, { ...first, spec: { ...(first.spec as object), resolution: 'NONE' } });
    expect(second.metadata.generation).toBe(2);
    const labelled = { ...second, metadata: { ...second.metadata, labels: { a: 'b' } } };
    expect(client.update(serviceentries, labelled).metadata.generation).toBe(2);
    expect(() =>
      client.update(serviceentries, { ...first, spec: serviceEntry('a', { hosts: ['b.com'] }).spec }),
    ).toThrow(
      'Operation cannot be fulfilled on serviceentries.networking.istio.io "a": the object has been modified; please apply your changes to the latest version and try again',
    );
  });

  test('a pod on a node goes after its grace period, one without at once', () => {
    const { client } = testServer();
    client.create(pods, pod('a'));
    client.bind('default', 'a', 'node');
    client.delete(pods, 'default', 'a');
    const leaving = client.get(pods, 'default', 'a')!;
    expect(leaving.metadata.deletionTimestamp).toBe('2026-01-31T10:00:30Z');
    client.delete(pods, 'default', 'a', { gracePeriodSeconds: 0 });
    expect(client.get(pods, 'default', 'a')).toBeUndefined();
    client.create(pods, pod('b'));
    client.delete(pods, 'default', 'b');
    expect(client.get(pods, 'default', 'b')).toBeUndefined();
  });

  test('a namespace stays until its finalizer is gone, and takes nothing new meanwhile', () => {
    const { client } = testServer();
    client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'test' } });
    client.delete(namespaces, undefined, 'test');
    const left = client.get(namespaces, undefined, 'test')!;
    expect(left.status).toEqual({ phase: 'Terminating' });
    const late = pod('a');
    late.metadata.namespace = 'test';
    expect(() => client.create(pods, late)).toThrow(
      'pods "a" is forbidden: unable to create new content in namespace test because it is being terminated',
    );
    client.updateFinalizers(namespaces, { ...left, spec: { finalizers: [] } });
    expect(client.get(namespaces, undefined, 'test')).toBeUndefined();
  });

  test('listeners hear of changes in order, even of those they cause', () => {
    const { client } = testServer();
    const heard: string[] = [];
    const note = ({ type, object }: ObjectChange) => heard.push(`${type} ${object.metadata.name}`);
    client.onChange(pods, ({ type, object }) => {
      if (type === 'ADDED' && object.metadata.name === 'a') client.create(pods, pod('b'));
    });
    client.onChange(pods, note);
    client.create(pods, pod('a'));
    expect(heard).toEqual(['ADDED a', 'ADDED b']);
  });

  test('a saved state in a fresh server is the same, custom kinds included', () => {
    const { client, server } = testServer();
    client.create(serviceentries, serviceEntry('a'));
    const other = testServer();
    other.server.load(structuredClone(server.save()));
    expect(other.server.save()).toEqual(server.save());
    expect(other.client.list(serviceentries)).toEqual(client.list(serviceentries));
  });
});

describe('services', () => {
  const service = (name: string, spec: Record<string, unknown>): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { ports: [{ port: 80 }], ...spec },
  });

  test('get one address each, from the dynamic part of 10.96.0.0/12, and keep it', () => {
    const { client } = testServer();
    const made = Array.from({ length: 50 }, (_, index) => client.create(services, service(`s${index}`, {})));
    const addresses = made.map((object) => (object.spec as { clusterIP: string }).clusterIP);
    expect(new Set(addresses).size).toBe(50);
    for (const address of addresses) {
      const [a, b = 0, c = 0] = address.split('.').map(Number);
      expect(a === 10 && b >= 96 && b < 112 && (b > 96 || c >= 1)).toBe(true);
    }
    const changed = client.update(services, {
      ...(made[0] as KubernetesObject),
      spec: service('s0', { ports: [{ port: 81 }] }).spec,
    });
    expect((changed.spec as { clusterIP: string }).clusterIP).toBe(addresses[0]);
    expect(() => client.create(services, service('x', { clusterIP: addresses[1] }))).toThrow(
      'provided IP is already allocated',
    );
  });

  test('node ports are within their range', () => {
    const { client } = testServer();
    const { spec } = client.create(services, service('a', { type: 'LoadBalancer' }));
    const [port] = (spec as { ports: { nodePort: number }[] }).ports;
    expect(port?.nodePort).toBeGreaterThanOrEqual(30000);
    expect(port?.nodePort).toBeLessThanOrEqual(32767);
  });
});

describe('HTTP', () => {
  test('selectors choose', () => {
    const { client, send } = testServer();
    for (const [name, app] of [
      ['a', 'x'],
      ['b', 'y'],
      ['c', undefined],
    ] as const) {
      const object = pod(name);
      if (app) object.metadata.labels = { app };
      client.create(pods, object);
    }
    const names = (query: string) =>
      (send('GET', `${podsPath}?${query}`).body.items as KubernetesObject[])
        .map(({ metadata }) => metadata.name)
        .join('');
    expect(names('labelSelector=app%3Dx')).toBe('a');
    expect(names('labelSelector=app!%3Dx')).toBe('bc');
    expect(names('labelSelector=app+in+(x,y)')).toBe('ab');
    expect(names('labelSelector=!app')).toBe('c');
    expect(names('labelSelector=app+notin+(x),app')).toBe('b');
    expect(names('fieldSelector=metadata.name%3Db')).toBe('b');
    expect(names('fieldSelector=status.phase!%3DRunning')).toBe('abc');
    expect(send('GET', `${podsPath}?fieldSelector=foo%3Db`).body.message).toBe('field label not supported: foo');
  });

  test('a list comes in pages', () => {
    const { client, send } = testServer();
    for (const name of ['a', 'b', 'c']) client.create(pods, pod(name));
    const first = send('GET', `${podsPath}?limit=2`).body;
    expect((first.items as unknown[]).length).toBe(2);
    const token = (first.metadata as { continue?: string }).continue as string;
    const second = send('GET', `${podsPath}?limit=2&continue=${encodeURIComponent(token)}`).body;
    expect((second.items as KubernetesObject[]).map(({ metadata }) => metadata.name)).toEqual(['c']);
  });

  test('a table has the printer columns of the kind', () => {
    const { client, send, kernel } = testServer();
    client.create(serviceentries, serviceEntry('a'));
    kernel.idleUntil(kernel.now() + 200_000);
    const { body } = send('GET', entriesPath, undefined, table);
    const columns = (body.columnDefinitions as { name: string }[]).map(({ name }) => name);
    expect(columns).toEqual(['Name', 'Hosts', 'Location', 'Resolution', 'Age']);
    expect((body.rows as { cells: unknown[] }[])[0]?.cells).toEqual(['a', '["example.com"]', null, 'DNS', '3m20s']);
  });

  test('a watch tells what is there, what comes, and what leaves its selector', async () => {
    const { client, server } = testServer();
    const object = pod('a');
    object.metadata.labels = { app: 'x' };
    const made = client.create(pods, object);
    const { stream } = server.handle({ method: 'GET', url: `${podsPath}?watch=1&labelSelector=app%3Dx`, headers: {} });
    client.update(pods, { ...made, metadata: { ...made.metadata, labels: { app: 'y' } } });
    client.create(pods, pod('b'));
    const lines = decode((await stream!.read())!)
      .trim()
      .split('\n');
    const events = lines.map((line) => JSON.parse(line) as { type: string; object: KubernetesObject });
    expect(events.map(({ type, object: { metadata } }) => `${type} ${metadata.name}`)).toEqual([
      'ADDED a',
      'DELETED a',
    ]);
    stream!.cancel();
  });

  test('a watch goes on from a resourceVersion, unless something went since', () => {
    const { client, server, send } = testServer();
    client.create(pods, pod('a'));
    const { resourceVersion } = send('GET', podsPath).body.metadata as { resourceVersion: string };
    client.create(pods, pod('b'));
    const url = `${podsPath}?watch=1&resourceVersion=${resourceVersion}`;
    expect(server.handle({ method: 'GET', url, headers: {} }).status).toBe(200);
    client.delete(pods, 'default', 'b');
    expect(send('GET', url).status).toBe(410);
  });

  test('unknown fields are refused, warned of or dropped', () => {
    const { send } = testServer();
    const object = serviceEntry('a', { foo: 1 });
    expect(send('POST', `${entriesPath}?fieldValidation=Strict`, object).body.message).toBe(
      'ServiceEntry in version "v1" cannot be handled as a ServiceEntry: strict decoding error: unknown field "spec.foo"',
    );
    const warned = send('POST', `${entriesPath}?fieldValidation=Warn`, object);
    expect(warned.headers.warning).toBe('299 - "unknown field \\"spec.foo\\""');
    expect(warned.body.spec).not.toHaveProperty('foo');
  });

  test('values of a wrong type are refused in the words of Go', () => {
    const { send } = testServer();
    const answer = send('POST', podsPath, pod('a', { containers: [{ name: 'c', env: [{ name: 'A', value: 1 }] }] }));
    expect(answer.body.message).toBe(
      'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string',
    );
    expect(answer.status).toBe(400);
  });

  test('what a workload lacks is told in Kubernetes’ order', () => {
    const { send } = testServer();
    const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'x' }] } };
    const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' }, spec: { template } };
    expect(send('POST', '/apis/apps/v1/namespaces/default/deployments', object).body.message).toBe(
      'Deployment.apps "a" is invalid: [spec.selector: Required value, spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`]',
    );
  });

  test('a kind goes with its definition, and its objects too', () => {
    const { client, send } = testServer();
    client.create(serviceentries, serviceEntry('a'));
    const name = 'serviceentries.networking.istio.io';
    send('DELETE', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`);
    expect(send('GET', entriesPath).status).toBe(404);
    expect(JSON.stringify(send('GET', '/apis/networking.istio.io/v1').body)).not.toContain('serviceentries');
  });

  test('a dry run changes nothing', () => {
    const { client, send } = testServer();
    expect(send('POST', `${podsPath}?dryRun=All`, pod('a')).status).toBe(201);
    expect(client.get(pods, 'default', 'a')).toBeUndefined();
  });
});
