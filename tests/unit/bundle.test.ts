import { expect, test } from 'vitest';
import { bundleSize } from '../bench/bundle.ts';

/** The budget of the worker's code, gzip, without descriptions for `explain` and rarely used tools, which load when needed. */
const budget = 250_000;

test('the code a worker loads first stays within its budget, and bundles without Node', {
  timeout: 60_000,
}, async () => {
  const { initial } = await bundleSize();
  console.log(`worker: ${(initial / 1000).toFixed(1)} kB gzip of ${budget / 1000}`);
  expect(initial).toBeLessThanOrEqual(budget);
});
