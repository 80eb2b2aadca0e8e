import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { kubeInject } from '../../../sandbox/istio/inject/kube-inject.ts';
import { templateNames } from '../../../sandbox/istio/inject/template-names.ts';
import { InjectionError } from '../../../sandbox/istio/inject/types.ts';
import type { JsonObject } from '../../../sandbox/kernel/json.ts';
import { describeGolden, readJson, readYaml } from '../golden.ts';

/** Cases that may differ, with the reason. */
const exceptions: Record<string, string> = {};

const floor = 80;

interface Report {
  [caseAndWay: string]: { error?: string; warnings?: string[] };
}

describeGolden('istioctl kube-inject', (golden) => {
  const folder = join(golden, 'inject');
  const values = readJson<JsonObject>(folder, 'values.json');
  const mesh = readYaml<JsonObject>(folder, 'mesh.yaml');
  const report = readJson<Report>(folder, 'out', 'report.json');
  const config = {
    policy: 'enabled',
    defaultTemplates: ['sidecar'],
    templates: Object.fromEntries(templateNames.map((name) => [name, `{{ template "${name}" . }}`])),
    alwaysInjectSelector: [],
    neverInjectSelector: [],
    injectedAnnotations: {},
  };
  let equal = 0;
  let total = 0;

  for (const file of readdirSync(join(folder, 'in')).sort()) {
    for (const way of ['native', 'classic']) {
      const name = `${file.replace('.yaml', '')}.${way}`;
      test(name, () => {
        total++;
        const input = readFileSync(join(folder, 'in', file), 'utf8');
        const wanted = join(folder, 'out', `${name}.yaml`);
        const options = {
          config,
          values,
          mesh,
          revision: 'default',
          nativeSidecars: way === 'native',
          proxyEnvironment: {},
        };
        let output = '';
        let warnings: string[] = [];
        let error: string | undefined;
        try {
          ({ output, warnings } = kubeInject(input, options));
        } catch (thrown) {
          if (!(thrown instanceof InjectionError)) throw thrown;
          error = thrown.message;
        }
        const expected = report[name] ?? {};
        const theirs = existsSync(wanted) ? readFileSync(wanted, 'utf8') : '';
        const same = error === expected.error && sameTexts(warnings, expected.warnings) && output === theirs;
        if (same) equal++;
        if (exceptions[name]) {
          expect(same).toBe(false);
          return;
        }
        expect(error).toBe(expected.error);
        expect(warnings).toEqual(expected.warnings ?? []);
        expect(objects(output)).toEqual(objects(theirs));
        expect(output).toBe(theirs);
      });
    }
  }

  test('equal cases do not become fewer', () => {
    console.log(`inject: equal ${equal} of ${total}`);
    expect(equal).toBeGreaterThanOrEqual(floor);
  });
});

function objects(text: string): unknown[] {
  return parseAllDocuments(text).map((document) => document.toJS() as unknown);
}

function sameTexts(ours: string[], theirs: string[] = []): boolean {
  return ours.length === theirs.length && ours.every((text, index) => text === theirs[index]);
}
