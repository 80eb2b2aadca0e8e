import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { findRelease, releaseFiles } from '../../../sandbox/releases/index.ts';
import { describeGolden, readObjects } from '../golden.ts';

describeGolden('samples of the release', (golden) => {
  const files = releaseFiles(findRelease());
  const paths = readdirSync(join(golden, 'samples'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.yaml'))
    .sort();

  test.each(paths)('%s holds the same objects', (path) => {
    const ours = parseAllDocuments(files[`samples/${path}`] ?? '').map((document) => document.toJS() as unknown);
    expect(ours).toEqual(readObjects(golden, 'samples', path));
  });

  test('there is no other sample', () => {
    const ours = Object.keys(files).filter((path) => path.startsWith('samples/'));
    // Not of Istio's release: it stands for the Gateway API's own standard-install.yaml.
    const gatewayApi = 'samples/gateway-api/install.yaml';
    expect(ours.sort()).toEqual([...paths.map((path) => `samples/${path}`), gatewayApi].sort());
  });
});
