import { describe, expect, test } from 'vitest';
import { definition } from '../../schemas/index.ts';
import { testServer } from '../testing.ts';
import { applyJsonPatch } from './json-patch.ts';
import { applyMergePatch } from './merge.ts';
import { applyStrategicPatch } from './strategic.ts';

const deployment = definition('io.k8s.api.apps.v1.Deployment');
const withContainers = (...containers: unknown[]) => ({ spec: { template: { spec: { containers } } } });

test('a merge patch merges objects, replaces lists, removes with null', () => {
  expect(applyMergePatch({ a: { b: 1, c: 2 }, d: [1] }, { a: { b: null }, d: [2] })).toEqual({ a: { c: 2 }, d: [2] });
});

test('a JSON patch adds, removes, moves and tests', () => {
  const patch = [
    { op: 'test', path: '/a', value: 1 },
    { op: 'add', path: '/list/-', value: 3 },
    { op: 'remove', path: '/list/0' },
    { op: 'move', from: '/a', path: '/b~1c' },
  ];
  expect(applyJsonPatch({ a: 1, list: [1, 2] }, patch)).toEqual({ 'b/c': 1, list: [2, 3] });
  expect(() => applyJsonPatch({ a: 1 }, [{ op: 'remove', path: '/x' }])).toThrow('the server rejected our request');
});

describe('a strategic merge patch', () => {
  test('merges containers by name and deletes by directive', () => {
    const before = withContainers({ name: 'a', image: 'x' }, { name: 'b', image: 'y' });
    const patch = withContainers({ name: 'a', image: 'z' }, { name: 'b', $patch: 'delete' });
    expect(applyStrategicPatch(deployment, before, patch)).toEqual(withContainers({ name: 'a', image: 'z' }));
  });

  test('puts items in the order asked for', () => {
    const before = withContainers({ name: 'a' }, { name: 'b' });
    const patch = {
      spec: {
        template: {
          spec: {
            '$setElementOrder/containers': [{ name: 'c' }, { name: 'a' }, { name: 'b' }],
            containers: [{ name: 'c' }],
          },
        },
      },
    };
    expect(applyStrategicPatch(deployment, before, patch)).toEqual(
      withContainers({ name: 'c' }, { name: 'a' }, { name: 'b' }),
    );
  });

  test('replaces lists that have no key', () => {
    const before = withContainers({ name: 'a', command: ['x', 'y'] });
    const patch = withContainers({ name: 'a', command: ['z'] });
    expect(applyStrategicPatch(deployment, before, patch)).toEqual(withContainers({ name: 'a', command: ['z'] }));
  });
});

describe('server-side apply', () => {
  const path = '/apis/apps/v1/namespaces/default/deployments/a';
  const applied = (replicas: number | undefined, labels: Record<string, string> = {}) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'a', labels },
    spec: {
      ...(replicas !== undefined && { replicas }),
      selector: { matchLabels: { app: 'a' } },
      template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'x:1' }] } },
    },
  });
  const type = { 'content-type': 'application/apply-patch+yaml' };

  test('creates, then changes what it owns and takes back what it no longer says', () => {
    const { send } = testServer();
    expect(send('PATCH', `${path}?fieldManager=one`, applied(2, { x: 'y' }), type).status).toBe(201);
    const { status, body } = send('PATCH', `${path}?fieldManager=one`, applied(3), type);
    expect(status).toBe(200);
    expect(body.metadata.labels).toBeUndefined();
    expect((body.spec as { replicas: number }).replicas).toBe(3);
  });

  test('refuses what another manager owns, unless forced', () => {
    const { send } = testServer();
    send('PATCH', `${path}?fieldManager=one`, applied(2), type);
    const refused = send('PATCH', `${path}?fieldManager=two`, applied(3), type);
    expect(refused.status).toBe(409);
    expect(refused.body.message).toBe(
      'Apply failed with 1 conflict: conflict with "one" using apps/v1: .spec.replicas',
    );
    const forced = send('PATCH', `${path}?fieldManager=two&force=true`, applied(3), type);
    expect((forced.body.spec as { replicas: number }).replicas).toBe(3);
    expect(send('PATCH', `${path}?fieldManager=one`, applied(undefined), type).status).toBe(200);
    expect((send('GET', path).body.spec as { replicas: number }).replicas).toBe(3);
  });
});
