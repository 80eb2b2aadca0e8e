import { expect, test } from 'vitest';
import { describeGolden, readYaml } from '../golden.ts';
import { type SimulatedCall, simulatedCalls } from './simulation.ts';

interface ExceptionsFile {
  /** Calls that are equal: they may only become more. */
  floor: number;
  /** `calls`: a whole name, `*` for any text. */
  exceptions: { id: string; calls: string; reason: string }[];
}

describeGolden("upstream's simulated calls", (golden) => {
  test('meet what they meet upstream, apart from the listed exceptions', () => {
    const { floor, exceptions } = readYaml<ExceptionsFile>(import.meta.dirname, 'simulation-exceptions.yaml');
    const calls = [...simulatedCalls(golden)];
    const different = calls.filter((call) => !isEqual(call));
    console.log(`simulation: calls equal ${calls.length - different.length} of ${calls.length}`);
    const covers = (pattern: string, { name }: SimulatedCall) =>
      new RegExp(`^${pattern.split('*').map(RegExp.escape).join('.*')}$`).test(name);
    const unlisted = different.filter((call) => !exceptions.some((each) => covers(each.calls, call)));
    expect(unlisted.map(({ name, expected, actual }) => ({ name, expected, actual }))).toEqual([]);
    const stale = exceptions.filter((each) => !different.some((call) => covers(each.calls, call)));
    expect(stale.map(({ id }) => `stale exception ${id}`)).toEqual([]);
    expect(calls.length - different.length).toBeGreaterThanOrEqual(floor);
  });
});

function isEqual({ expected, actual }: SimulatedCall): boolean {
  const met: Record<string, unknown> = { ...actual };
  return Object.keys({ ...expected, ...met }).every((field) => expected[field] === met[field]);
}
