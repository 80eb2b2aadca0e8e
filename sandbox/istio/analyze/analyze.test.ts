import { expect, test } from 'vitest';
import { meshWithDefaults } from '../pilot/model/mesh-defaults.ts';
import { analyze } from './analyze.ts';
import { analyzers } from './analyzers/index.ts';
import { readFileContent } from './file-source.ts';
import { line, messageTypes } from './messages.ts';
import { clusterResources, snapshotOf } from './sources.ts';

const options = { mesh: meshWithDefaults({}), now: 0, namespace: '' };

const rule = (name: string, more = '') => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: ${name}
${more}spec:
  hosts: [a.example.com]
  gateways:
  - ${name}-gateway
  http:
  - route:
    - destination: { host: a.example.com }
`;

function found(text: string, more: Partial<Parameters<typeof analyze>[1]> = {}): string[] {
  const { resources } = readFileContent('f.yaml', text, { namespace: 'default' });
  return analyze(snapshotOf(resources, undefined), { ...options, ...more }).messages.map((each) => line(each));
}

test('a finding stands at the line of its field, in whichever document', () => {
  expect(found(rule('a'))).toEqual([
    'Error [IST0101] (VirtualService default/a f.yaml:8) Referenced gateway not found: "a-gateway"',
    'Warning [IST0132] (VirtualService default/a f.yaml:8) one or more host [a.example.com] defined in VirtualService default/a not found in Gateway default/a-gateway.',
  ]);
  const second = found(`# a comment\n\n${rule('b')}---\n\n${rule('a')}`);
  expect(second[0]).toContain('(VirtualService default/a f.yaml:23)');
  expect(second[1]).toContain('(VirtualService default/b f.yaml:10)');
});

test('annotations, suppressions and the namespace silence findings', () => {
  const silent = '  annotations: { galley.istio.io/analyze-suppress: "IST0132,IST0101" }\n';
  expect(found(rule('a', silent))).toEqual([]);
  const suppress = (resource: string) => ({ suppressions: [{ code: 'IST0101', resource }] });
  expect(found(rule('a'), suppress('VirtualService default/*'))).toHaveLength(1);
  expect(found(rule('a'), suppress('VirtualService other/*'))).toHaveLength(2);
  expect(found(rule('a'), { namespace: 'other' })).toEqual([]);
});

test('files alone leave out the analyzers that need a cluster', () => {
  const { resources } = readFileContent('f.yaml', rule('a'), { namespace: 'default' });
  const { skipped } = analyze(snapshotOf(resources, undefined), options);
  expect(skipped).toContain('virtualservice.DestinationHostAnalyzer');
  expect(analyze(snapshotOf(resources, []), options).skipped).toEqual([]);
});

test('a file stands before an object of the same name in the cluster', () => {
  const { resources } = readFileContent('f.yaml', rule('a'), { namespace: 'default' });
  const stored = { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', spec: { hosts: [] } };
  const cluster = clusterResources(
    ({ resource }) =>
      resource === 'virtualservices' ? [{ ...stored, metadata: { name: 'a', namespace: 'default' } }] : [],
    'istio-system',
    'default',
  );
  const inCluster = analyze(snapshotOf([], cluster), options).messages.map((each) => line(each));
  expect(inCluster[0]).toMatch(/^Error \[IST0106\] \(VirtualService default\/a\) /);
  const both = analyze(snapshotOf(resources, cluster), options).messages;
  expect(both.every(({ resource }) => resource.position?.file === 'f.yaml')).toBe(true);
});

test('only one control plane’s objects are looked at', () => {
  const stored = { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', spec: {} };
  const list = ({ resource }: { resource: string }) =>
    resource === 'virtualservices'
      ? [{ ...stored, metadata: { name: 'a', namespace: 'default', labels: { 'istio.io/rev': 'canary' } } }]
      : [];
  expect(clusterResources(list, 'istio-system', 'default')).toHaveLength(0);
  expect(clusterResources(list, 'istio-system', 'canary')).toHaveLength(1);
});

test('what cannot be read is told, the rest is analyzed', () => {
  const { resources, problems } = readFileContent('f.yaml', `a: b\n---\nkind: [\n---\n${rule('a')}`, { namespace: '' });
  expect(resources).toHaveLength(1);
  expect(problems[0]).toBe('error processing f.yaml[0]: unable to parse resource with no group, version and kind');
  expect(problems[1]).toMatch(/^error processing f\.yaml\[1\]: failed converting YAML to JSON: yaml: /);
});

test('codes and names are given once', () => {
  const codes = Object.values(messageTypes).map(([code]) => code);
  expect(new Set(codes).size).toBe(codes.length);
  expect(new Set(analyzers.map(({ name }) => name)).size).toBe(analyzers.length);
});
