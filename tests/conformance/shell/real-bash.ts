import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Outcome } from '../../../sandbox/shell/testing.ts';

/** The machine's own bash, the oracle; undefined where there is none. With CI set, none is a failure. */
export function findBash(): string | undefined {
  const found = ['/bin/bash', '/usr/bin/bash'].find((path) => existsSync(path));
  if (!found && process.env.CI) throw new Error('no bash on this machine: nothing to compare with');
  if (!found) console.warn('SKIPPED: no bash on this machine: the differential tests of the shell did not run');
  return found;
}

/** Runs a script in an empty directory that stands for /work. */
export function runReal(bash: string, script: string, stdin = ''): Outcome {
  const directory = mkdtempSync(join(tmpdir(), 'shell-'));
  try {
    const result = spawnSync(bash, ['--norc', '-c', script], {
      argv0: 'bash',
      cwd: directory,
      env: { PATH: '/usr/bin:/bin', HOME: '/root', LC_ALL: 'C.UTF-8' },
      input: stdin,
      timeout: 10_000,
      encoding: 'utf8',
    });
    const tidy = (text: string) => text.replaceAll(directory, '/work').replace(/^bash: /gm, 'bash: ');
    const status = result.status ?? 137;
    return { stdout: tidy(result.stdout), stderr: tidy(result.stderr), status };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
