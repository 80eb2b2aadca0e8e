import { expect, test } from 'vitest';
import { crds } from '../../../sandbox/istio/kinds/index.ts';
import { describeGolden, readObjects } from '../golden.ts';

interface Crd {
  metadata: { name: string };
  spec: { names: { kind: string } };
}

/** Without descriptions, order of `required` and of keys: the generated schemas keep texts apart. */
function comparable(value: unknown, names = false): unknown {
  if (Array.isArray(value)) return value.map((item) => comparable(item));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => names || key !== 'description');
  return Object.fromEntries(
    entries
      .map(([key, part]): [string, unknown] => {
        const list = key === 'required' && Array.isArray(part) && !names;
        return [key, list ? [...part].sort() : comparable(part, key === 'properties' && !names)];
      })
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

describeGolden('CustomResourceDefinitions of Istio', (folder) => {
  const recorded = readObjects<Crd>(folder, 'install', 'crds.yaml');

  test('the same kinds', () => {
    expect(crds.map((crd) => crd.metadata.name).sort()).toEqual(recorded.map((crd) => crd.metadata.name).sort());
  });

  test.each(recorded.map((crd) => [crd.metadata.name, crd] as const))('%s', (name, crd) => {
    const ours = crds.find((candidate) => candidate.metadata.name === name);
    expect(comparable(ours?.spec)).toEqual(comparable(crd.spec));
  });
});
