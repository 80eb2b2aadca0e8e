import { expect, test } from 'vitest';
import { withAliases } from './trust-domains.ts';

const principals = (values: string[], domains: string[]) =>
  withAliases({ from: [{ source: { principals: values } }] }, domains).from?.[0]?.source?.principals;

test('principals of a trust domain are also those of its aliases', () => {
  expect(principals(['old/ns/a/sa/b'], ['new', 'old'])).toEqual(['new/ns/a/sa/b', 'old/ns/a/sa/b']);
  expect(principals(['cluster.local/ns/a/sa/b'], ['new'])).toEqual(['new/ns/a/sa/b']);
  expect(principals(['foreign/ns/a/sa/b', '*/ns/a/sa/b', 'text*', '*'], ['new', 'old'])).toEqual([
    'foreign/ns/a/sa/b',
    '*/ns/a/sa/b',
    'text*',
    '*',
  ]);
  expect(principals(['cluster.local/ns/a/sa/b'], ['cluster.local'])).toEqual(['cluster.local/ns/a/sa/b']);
});

test('conditions on principals and trust domains are treated alike', () => {
  const when = [
    { key: 'source.principal', notValues: ['old/ns/a/sa/b'] },
    { key: 'source.trustDomain', values: ['new'] },
    { key: 'source.namespace', values: ['old'] },
  ];
  expect(withAliases({ when }, ['new', 'old']).when).toEqual([
    { key: 'source.principal', notValues: ['new/ns/a/sa/b', 'old/ns/a/sa/b'] },
    { key: 'source.trustDomain', values: ['new', 'old'] },
    { key: 'source.namespace', values: ['old'] },
  ]);
});
