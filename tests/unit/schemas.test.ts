import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { generate } from '../tools/schemas/generate.ts';

const folder = join(import.meta.dirname, '..', '..', 'sandbox', 'kubernetes', 'schemas');
const budget = 45_000;

test('the generated schemas are what `npm run schemas` writes', async () => {
  const files = await generate();
  const present = readdirSync(folder).filter((name) => name.includes('.generated.'));
  expect(present.sort()).toEqual(Object.keys(files).sort());
  for (const [name, content] of Object.entries(files)) {
    expect(readFileSync(join(folder, name), 'utf8') === content, `${name} is stale: npm run schemas`).toBe(true);
  }
});

test('schemas without descriptions stay small', () => {
  const names = readdirSync(folder).filter(
    (name) => name.endsWith('.generated.json') && !name.includes('descriptions'),
  );
  const size = names.reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name))).length, 0);
  expect(size).toBeLessThan(budget);
});
