import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { programs } from '../../../sandbox/commands/index.ts';
import { TestMachine } from '../../../sandbox/commands/lib/test-machine.ts';
import { turn } from '../../../sandbox/node/host.ts';
import { files, rows } from './gnu-rows.ts';

/** The machine's own tools are the oracle, where they are GNU's (or jq, or mawk). */
function versionOf(name: string): string {
  const { stdout, stderr } = spawnSync(name, name === 'awk' ? ['-W', 'version'] : ['--version'], { encoding: 'utf8' });
  return `${stdout ?? ''}${stderr ?? ''}`.split('\n')[0] ?? '';
}

function comparable(name: string): boolean {
  const pattern = { jq: /^jq-1\.[678]/, awk: /^(mawk|GNU Awk)/ }[name] ?? /GNU/;
  return pattern.test(versionOf(name));
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tools-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
});
afterAll(() => rmSync(folder, { recursive: true }));

for (const [name, commands] of Object.entries(rows)) {
  const there = comparable(name);
  if (!there && process.env.CI) throw new Error(`${name}: the real one must be here in CI`);
  const suite = there ? describe : describe.skip;
  suite(there ? name : `${name} (SKIPPED: no real ${name} on this machine)`, () => {
    test.each(commands.map((row) => [[name, ...row.args].map((word) => JSON.stringify(word)).join(' '), row] as const))(
      '%s',
      async (_, row) => {
        const real = spawnSync(name, row.args, {
          cwd: folder,
          input: row.stdin ?? '',
          env: { PATH: process.env.PATH ?? '', LC_ALL: 'C.UTF-8', TZ: 'UTC' },
        });
        const machine = new TestMachine(programs, { turn });
        for (const [file, content] of Object.entries(files)) {
          machine.files.writeFile(`/home/${file}`, new TextEncoder().encode(content));
        }
        const ours = await machine.run([name, ...row.args], { stdin: row.stdin ?? '' });
        const plain = (text: string) => text.replace(/[‘’]/g, "'");
        const expected = {
          status: real.status,
          stdout: real.stdout.toString('utf8'),
          stderr: plain(real.stderr.toString('utf8')),
        };
        const actual = { status: ours.status, stdout: ours.stdout, stderr: plain(ours.stderr) };
        if (row.errors === 'any') {
          expected.stderr = expected.stderr === '' ? '' : 'some';
          actual.stderr = actual.stderr === '' ? '' : 'some';
        }
        expect(actual).toEqual(expected);
      },
    );
  });
}

test('there are enough rows', () => {
  expect(Object.values(rows).flat().length).toBeGreaterThanOrEqual(250);
});
