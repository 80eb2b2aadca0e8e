/**
 * The README's test command. `npm test` runs everything; `npm test -- NAME…` only the suites or paths named
 * (types, lint, unit, conformance, documents, or any path below sandbox/ or tests/).
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { installTools } from './tools/debian.ts';

const root = join(import.meta.dirname, '..');
const bin = (name: string) => join(root, 'node_modules', '.bin', name);

/** Where each suite's test files lie; what is not named here is taken as a path. */
const suites: Record<string, string[]> = {
  unit: ['sandbox/', 'tests/unit/'],
  conformance: ['tests/conformance/'],
  documents: ['tests/conformance/documents/'],
};

interface Outcome {
  name: string;
  passed: number;
  failed: number;
  skipped: number;
}

function check(name: string, command: string, args: string[]): Outcome {
  console.log(`\n── ${name}`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  return { name, passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 };
}

function vitest(paths: string[]): Outcome {
  console.log(`\n── tests ${paths.join(' ')}`);
  const report = join(root, '.cache', 'vitest.json');
  mkdirSync(join(root, '.cache'), { recursive: true });
  rmSync(report, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { status } = spawnSync(bin('vitest'), ['run', ...reporters, ...paths], { cwd: root, stdio: 'inherit' });
  let counts = { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0 };
  try {
    counts = JSON.parse(readFileSync(report, 'utf8')) as typeof counts;
  } catch {
    console.error('the test runner left no report');
  }
  const failed = status === 0 ? counts.numFailedTests : Math.max(1, counts.numFailedTests);
  return { name: 'tests', passed: counts.numPassedTests, failed, skipped: counts.numPendingTests };
}

const wanted = process.argv.slice(2);
const all = wanted.length === 0;
const outcomes: Outcome[] = [];
if (all || wanted.includes('types')) {
  outcomes.push(check('types (sandbox)', bin('tsc'), ['-p', 'sandbox']));
  outcomes.push(check('types', bin('tsc'), ['-p', '.']));
}
if (all || wanted.includes('lint')) outcomes.push(check('lint', bin('biome'), ['check', '.']));
const paths = wanted.filter((name) => name !== 'types' && name !== 'lint').flatMap((name) => suites[name] ?? [name]);
if (all || paths.length > 0) {
  installTools();
  outcomes.push(vitest(paths));
}

const sum = (count: 'passed' | 'failed' | 'skipped') => outcomes.reduce((total, outcome) => total + outcome[count], 0);
const failures = outcomes.filter((outcome) => outcome.failed > 0);
if (failures.length > 0) console.log(`\nfailed: ${failures.map((outcome) => outcome.name).join(', ')}`);
if (!process.env.MESHTAB_GOLDEN)
  console.log('\nSKIPPED: MESHTAB_GOLDEN is not set, so nothing was compared with the recorded answers');
console.log(`\n${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
process.exit(failures.length > 0 ? 1 : 0);
