import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sites } from '../../../sandbox/internet/index.ts';
import { describeGolden, readYaml } from '../golden.ts';
import { drawNames, rename, renameDocument, renameSite } from './renaming.ts';
import { startStage } from './stage.ts';
import { type Dispute, type Document, play, withoutDisputes } from './transcript.ts';

const disputes = readYaml<Dispute[]>(import.meta.dirname, 'disputed.yaml');
const hosts = ['edition.cnn.com', 'www.google.com', 'httpbin.org', 'en.wikipedia.org', 'my-company-proxy.com'];

test('whole tokens are renamed, escaped or not', () => {
  const names = new Map([
    ['cnn', 'abc'],
    ['edition.cnn.com', 'x.example'],
  ]);
  expect(
    rename('name: cnn, host: edition.cnn.com, ^edition\\.cnn\\.com|cnn| cnn-gateway my.cnn www.cnn.com', names),
  ).toBe('name: abc, host: x.example, ^x\\.example|abc| cnn-gateway my.abc www.cnn.com');
});

describeGolden('the documents with other names: nothing in the sandbox knows a lesson', (folder) => {
  const runs = [
    'egress-control',
    'egress-gateway',
    'egress-kubernetes-services',
    'http-proxy',
    'mtls-migration',
  ].flatMap((name) => [1, 2, 3, 4, 5].map((seed) => ({ name, seed })));

  test.each(runs)('$name, seed $seed', { timeout: 120_000 }, async ({ name, seed }) => {
    const text = readFileSync(join(folder, 'documents', `${name}.yaml`), 'utf8');
    const names = drawNames(text, hosts, seed);
    const own = disputes.filter((dispute) => dispute.document === name);
    const original = readYaml<Document>(folder, 'documents', `${name}.yaml`);
    const trimmed = { ...original, steps: original.steps.map((step) => withoutDisputes(step, own)) };
    const document = renameDocument(trimmed, names);
    const stage = await startStage({
      profile: document.start.profile,
      seed,
      sites: sites.map((site) => renameSite(site, names)),
    });
    for (const [namespace, labels] of Object.entries(document.start.labels ?? {})) {
      for (const [key, value] of Object.entries(labels))
        await stage.run(`kubectl label ns ${namespace} ${key}=${value}`);
    }
    const failures: string[] = [];
    for (const step of document.steps) {
      if (step.run && ['all', 'istio'].includes(step.variant)) failures.push(...(await play(stage, step)));
    }
    expect(failures).toEqual([]);
  });
});
