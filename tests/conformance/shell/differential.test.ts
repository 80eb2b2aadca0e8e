import { describe, expect, test } from 'vitest';
import { runOn, testMachine } from '../../../sandbox/shell/testing.ts';
import { findBash, runReal } from './real-bash.ts';
import { scripts } from './scripts.ts';

const bash = findBash();
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe.skipIf(bash === undefined)("the sandbox's bash does what the machine's bash does", () => {
  test.each(scripts.map((script, index) => [index, script] as const))('%i: %s', async (_, script) => {
    const real = runReal(bash as string, script);
    const ours = await runOn(testMachine(), ['bash', '-c', script], { turn, limit: 60_000, stdin: '' });
    expect(ours).toEqual(real);
  });
});
