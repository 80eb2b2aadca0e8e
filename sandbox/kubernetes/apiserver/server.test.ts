import { expect, test } from 'vitest';
import { Kernel } from '../../kernel/kernel.ts';
import { parseTime } from '../../kernel/time.ts';
import type { KubernetesObject } from '../objects.ts';
import { ApiServer } from './server.ts';

function newServer() {
  const kernel = new Kernel({ epoch: parseTime('2026-01-31T10:00:00Z')!, seed: 1 });
  const server = new ApiServer({ kernel, version: 'v1.35.2', freeze: true });
  const client = server.client('test');
  client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } });
  client.create(serviceaccounts, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'default' },
  });
  return { server, client };
}

const namespaces = { group: '', version: 'v1', resource: 'namespaces' };
const serviceaccounts = { group: '', version: 'v1', resource: 'serviceaccounts' };
const pods = { group: '', version: 'v1', resource: 'pods' };

test('an object gets its identity, and comes back by name', () => {
  const { client } = newServer();
  const made = client.create<KubernetesObject>(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'curl-', name: '', namespace: 'default' },
    spec: { containers: [{ name: 'curl', image: 'curlimages/curl' }] },
  });
  expect(made.metadata.name).toMatch(/^curl-[a-z0-9]{5}$/);
  expect(made.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
  expect(made.metadata.creationTimestamp).toBe('2026-01-31T10:00:00Z');
  expect(client.get(pods, 'default', made.metadata.name)).toBe(made);
});

test('a second object of the same name is refused', () => {
  const { client } = newServer();
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } };
  expect(() => client.create(namespaces, object)).toThrow('namespaces "default" already exists');
});

test('a namespace stays until its finalizer is gone', () => {
  const { client } = newServer();
  client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'test' } });
  client.delete(namespaces, undefined, 'test');
  const left = client.get(namespaces, undefined, 'test')!;
  expect(left.status).toEqual({ phase: 'Terminating' });
  client.updateFinalizers(namespaces, { ...left, spec: { finalizers: [] } });
  expect(client.get(namespaces, undefined, 'test')).toBeUndefined();
});
