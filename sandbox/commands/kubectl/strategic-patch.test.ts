import { describe, expect, it } from 'vitest';
import { createMergePatch, threeWayMergePatch } from './merge-patch.ts';
import { patchSchema } from './patch-schema.ts';
import { threeWayStrategicPatch } from './strategic-patch.ts';

const schema = patchSchema('apps', 'Deployment') ?? {};
const template = (containers: unknown[], more = {}) => ({ spec: { template: { spec: { containers, ...more } } } });

describe('threeWayStrategicPatch', () => {
  it('is empty where nothing is to do, whatever the server added', () => {
    const applied = template([{ name: 'a', image: 'x' }]);
    const current = template([{ name: 'a', image: 'x', imagePullPolicy: 'Always' }], { dnsPolicy: 'ClusterFirst' });
    expect(threeWayStrategicPatch(applied, applied, current, schema)).toEqual({});
  });

  it('changes one container by its name and keeps their order', () => {
    const before = template([
      { name: 'a', image: 'x' },
      { name: 'b', image: 'y' },
    ]);
    const after = template([
      { name: 'a', image: 'z' },
      { name: 'b', image: 'y' },
    ]);
    expect(threeWayStrategicPatch(before, after, before, schema)).toEqual(
      template([{ name: 'a', image: 'z' }], { '$setElementOrder/containers': [{ name: 'a' }, { name: 'b' }] }),
    );
  });

  it('deletes what was applied before and is gone, not what others added', () => {
    const original = template([{ name: 'a', env: [{ name: 'X', value: '1' }] }, { name: 'b' }]);
    const modified = template([{ name: 'a' }]);
    const current = template([{ name: 'a', env: [{ name: 'X', value: '1' }] }, { name: 'b' }, { name: 'injected' }]);
    expect(threeWayStrategicPatch(original, modified, current, schema)).toEqual(
      template(
        [
          { name: 'a', env: null },
          { $patch: 'delete', name: 'b' },
        ],
        {
          '$setElementOrder/containers': [{ name: 'a' }],
        },
      ),
    );
  });

  it('clears the other members of a volume whose kind changes', () => {
    const before = template([{ name: 'a' }], { volumes: [{ name: 'v', emptyDir: {} }] });
    const after = template([{ name: 'a' }], { volumes: [{ name: 'v', secret: { secretName: 's' } }] });
    const patch = threeWayStrategicPatch(before, after, before, schema);
    expect(patch).toEqual({
      spec: {
        template: {
          spec: {
            '$setElementOrder/volumes': [{ name: 'v' }],
            volumes: [{ name: 'v', $retainKeys: ['name', 'secret'], secret: { secretName: 's' }, emptyDir: null }],
          },
        },
      },
    });
  });

  it('merges finalizers as a set', () => {
    const before = { metadata: { finalizers: ['a', 'b'] } };
    const after = { metadata: { finalizers: ['b', 'c'] } };
    expect(threeWayStrategicPatch(before, after, before, schema)).toEqual({
      metadata: {
        finalizers: ['c'],
        '$deleteFromPrimitiveList/finalizers': ['a'],
        '$setElementOrder/finalizers': ['b', 'c'],
      },
    });
  });
});

describe('merge patches of custom resources', () => {
  it('replaces lists whole and removes by null', () => {
    expect(createMergePatch({ a: [1], b: { c: 1, d: 2 } }, { a: [1, 2], b: { c: 1 } })).toEqual({
      a: [1, 2],
      b: { d: null },
    });
  });
  it('keeps what others set', () => {
    const applied = { spec: { hosts: ['a'], gone: 1 } };
    const current = { spec: { hosts: ['a'], gone: 1, theirs: 2 }, status: {} };
    expect(threeWayMergePatch(applied, { spec: { hosts: ['b'] } }, current)).toEqual({
      spec: { hosts: ['b'], gone: null },
    });
  });
});
