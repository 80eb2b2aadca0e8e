import { expect, test } from 'vitest';
import { readPath } from './jsonpath.ts';

const object = {
  metadata: { labels: { 'a.b/c': 'x' } },
  spec: { ports: [{ name: 'http' }, { name: 'tls' }] },
  status: {
    conditions: [
      { type: 'Accepted', status: 'True', observedGeneration: 1 },
      { type: 'Programmed', status: 'False', observedGeneration: 2 },
    ],
  },
};

test.each([
  ['.spec.ports[1].name', ['tls']],
  ['.spec.ports[*].name', ['http', 'tls']],
  [".metadata.labels['a.b/c']", ['x']],
  ['.metadata.labels.a\\.b/c', ['x']],
  ['.status.conditions[?(@.type=="Programmed")].status', ['False']],
  [".status.conditions[?(@.type == 'Accepted')].status", ['True']],
  ['.status.conditions[?(@.type!="Accepted")].type', ['Programmed']],
  ['.status.conditions[?(@.observedGeneration==2)].type', ['Programmed']],
  ['.status.conditions[?(@.type=="Ready")].status', []],
  ['.status.none[?(@.type=="Ready")].status', []],
])('finds %s', (path, found) => {
  expect(readPath(object, path)).toEqual(found);
});
