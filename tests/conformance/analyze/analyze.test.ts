import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { analyze } from '../../../sandbox/istio/analyze/analyze.ts';
import { readFileContent } from '../../../sandbox/istio/analyze/file-source.ts';
import { line } from '../../../sandbox/istio/analyze/messages.ts';
import { snapshotOf } from '../../../sandbox/istio/analyze/sources.ts';
import { meshWithDefaults } from '../../../sandbox/istio/pilot/model/mesh-defaults.ts';
import { describeGolden, readJson } from '../golden.ts';

interface Finding {
  code: string;
  level: string;
  object: string;
  text: string;
}

/** Cases that may differ, with the reason. */
const exceptions = readJson<Record<'files' | 'cluster', Record<string, string>>>(
  import.meta.dirname,
  'exceptions.json',
);

/** Cases whose findings are equal. They may only rise. */
const floors = { files: 147, cluster: 148 };

/** What the recorder added to each cluster: an ingress gateway of its own (upstream AddDefaultResources). */
const defaultGateway = `
apiVersion: v1
kind: Pod
metadata: { labels: { istio: ingressgateway }, name: istio-ingressgateway-dummypod, namespace: istio-system }
spec: { containers: [{ name: istio-proxy }] }
---
apiVersion: v1
kind: Service
metadata: { name: istio-ingressgateway, namespace: istio-system }
spec:
  ports:
  - { name: http2, port: 80, protocol: TCP, targetPort: 80 }
  - { name: https, port: 443, protocol: TCP, targetPort: 443 }
  - { name: tcp, port: 31400, protocol: TCP, targetPort: 31400 }
  - { name: tls, port: 15443, protocol: TCP, targetPort: 15443 }
  selector: { istio: ingressgateway }
`;

describeGolden('istioctl analyze', (golden) => {
  const folder = join(golden, 'analyze');
  const cases = readdirSync(folder).sort();
  const inputOf = (name: string) => readFileSync(join(folder, name, 'input.yaml'), 'utf8');
  const options = { mesh: meshWithDefaults({}), now: Date.parse('2026-07-22T00:00:00Z'), namespace: '' };

  test('finds in files what upstream finds, byte by byte', () => {
    const equal: string[] = [];
    const wrong: string[] = [];
    for (const name of cases) {
      const { resources, problems } = readFileContent('input.yaml', inputOf(name), { namespace: '' });
      const { messages } = analyze(snapshotOf(resources, undefined), options);
      const ours = `${messages.map((each) => line(each)).join('\n')}\n`;
      const recorded = readFileSync(join(folder, name, 'stdout.txt'), 'utf8');
      const same = ours === recorded && problems.length === 0;
      if (same) equal.push(name);
      if (same === name in exceptions.files)
        wrong.push(`${name}\n${difference(ours.split('\n'), recorded.split('\n'))}${problems}`);
    }
    console.log(`files byte-equal ${equal.length} of ${cases.length}`);
    expect(wrong.join('\n')).toBe('');
    expect(equal.length).toBeGreaterThanOrEqual(floors.files);
  });

  test('finds in a cluster what upstream finds', () => {
    const recordedCases = cases.filter((name) => existsSync(join(folder, name, 'cluster.json')));
    const equal: string[] = [];
    const wrong: string[] = [];
    for (const name of recordedCases) {
      const { resources } = readFileContent('input.yaml', inputOf(name), { namespace: '', runtime: true });
      const { resources: gateway } = readFileContent('internal-ingress', defaultGateway, {
        namespace: '',
        runtime: true,
      });
      const { messages } = analyze(snapshotOf([], [...resources, ...gateway]), options);
      const ours = messages.map((each) => line(each)).sort();
      const recorded = readJson<Finding[]>(folder, name, 'cluster.json')
        .map(({ text }) => text)
        .sort();
      const same = ours.join('\n') === recorded.join('\n');
      if (same) equal.push(name);
      if (same === name in exceptions.cluster) wrong.push(`${name}\n${difference(ours, recorded)}`);
    }
    console.log(`cluster findings equal ${equal.length} of ${recordedCases.length}`);
    expect(wrong.join('\n')).toBe('');
    expect(equal.length).toBeGreaterThanOrEqual(floors.cluster);
  });
});

/** Lines that only one side has. */
function difference(ours: readonly string[], recorded: readonly string[]): string {
  return [
    ...ours.filter((each) => !recorded.includes(each)).map((each) => `  ours      ${each}`),
    ...recorded.filter((each) => !ours.includes(each)).map((each) => `  recorded  ${each}`),
  ].join('\n');
}
