import { expect, it } from 'vitest';
import { TestMachine } from '../lib/test-machine.ts';
import { jq } from './index.ts';

const machine = new TestMachine({ jq });
const run = (stdin: string, ...args: string[]) => machine.run(['jq', ...args], { stdin });

// What jq 1.7 says and exits with, where it differs from older ones or machines disagree.
const failures: [stdin: string, args: string[], status: number, stderr: string][] = [
  ['{"a":1}\n', ['.a.b'], 5, 'jq: error (at <stdin>:1): Cannot index number with "b"\n'],
  ['{"a":1}', ['.a.b'], 5, 'jq: error (at <stdin>:0): Cannot index number with "b"\n'],
  ['null\n', ['.[]'], 5, 'jq: error (at <stdin>:1): Cannot iterate over null\n'],
  ['{a:1}\n', ['.'], 2, 'parse error: Invalid numeric literal at line 1, column 3\n'],
  ['{"a":1', ['.'], 2, 'parse error: Unfinished JSON term at EOF at line 1, column 6\n'],
  ['1\n', ['error({"a":1})'], 5, 'jq: error (at <stdin>:1) (not a string): {"a":1}\n'],
  ['1\n', ['error("x")'], 5, 'jq: error (at <stdin>:1): x\n'],
  [
    '',
    ['-n', '1/0'],
    5,
    'jq: error (at <unknown>): number (1) and number (0) cannot be divided because the divisor is zero\n',
  ],
  ['', ['-n', 'foo'], 3, 'jq: error: foo/0 is not defined at <top-level>, line 1:\nfoo\njq: 1 compile error\n'],
  ['', ['-n', '"a" | halt_error'], 5, 'a'],
  ['', ['-e', '.'], 4, ''],
];

it.each(failures)('%j | jq %j', async (stdin, args, status, stderr) => {
  expect(await run(stdin, ...args)).toMatchObject({ status, stderr });
});

it('goes on with the next input after an error', async () => {
  expect(await run('1\n{"a":2}\n3\n', '-c', '.a')).toMatchObject({ status: 5, stdout: '2\n' });
});

it('tells the cluster’s time', async () => {
  expect((await run('', '-n', 'now | floor | todate')).stdout).toBe('"2026-01-15T09:00:00Z"\n');
});

it('reads names from files and lists the environment', async () => {
  machine.files.writeFile('/home/in.json', new TextEncoder().encode('[1,2]'));
  expect((await run('', '-c', '--slurpfile', 's', 'in.json', '.+$s', 'in.json')).stdout).toBe('[1,2,[1,2]]\n');
  expect((await run('', '-n', 'env.HOME, $ENV.HOME')).stdout).toBe('"/home"\n"/home"\n');
  expect(await run('', '.', 'missing')).toMatchObject({
    status: 2,
    stderr: 'jq: error: Could not open missing: No such file or directory\n',
  });
});
