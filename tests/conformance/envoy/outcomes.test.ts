import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeGolden, readJson } from '../golden.ts';
import { scenarios } from './configurations.ts';
import {
  type Case,
  circumstancesOf,
  commandOf,
  curlArguments,
  maskBody,
  maskHeader,
  maskLine,
  type OutcomeFile,
} from './outcomes.ts';
import exceptions from './outcomes-exceptions.json' with { type: 'json' };
import { type Circumstances, World } from './world.ts';

/** Cases that were equal when this was last raised. */
const floor = 545;
/** How many other seeds may try to bring a recorded outcome about. */
const draws = 12;

describeGolden('what a real Envoy did', (golden) => {
  it('comes out here too', async () => {
    let [equal, total] = [0, 0];
    const differences: Record<string, string> = {};
    const known = scenarios(golden);
    const only = process.env.ONLY;
    for (const file of readdirSync(join(golden, 'outcomes')).sort()) {
      const name = file.replace(/\.json$/, '');
      if (!file.endsWith('.json') || name === 'zone' || (only && !new RegExp(only).test(name))) continue;
      const recorded = readJson<OutcomeFile>(golden, 'outcomes', file);
      const { scenario, cases } = recorded;
      if (!known.includes(scenario)) continue;
      let world: World | undefined;
      let circumstances: Circumstances = {};
      let before = '';
      for (const entry of cases) {
        const argv = curlArguments(commandOf(entry));
        if (!argv) continue;
        const wanted = circumstancesOf(recorded, entry);
        const fresh = entry.name.startsWith('call:') && !before.startsWith('call:');
        before = entry.name;
        if (!world || fresh || JSON.stringify(wanted) !== JSON.stringify(circumstances))
          world = new World(golden, scenario, wanted);
        circumstances = wanted;
        total++;
        let differing = await compare(world, entry, argv).catch((error: unknown) => String(error));
        // Weights, faults and load balancing draw lots: what was recorded must be possible.
        for (let seed = 1; differing !== '' && seed <= draws; seed++) {
          const again = new World(golden, scenario, wanted, seed);
          if ((await compare(again, entry, argv).catch(String)) === '') differing = '';
        }
        if (differing === '') equal++;
        else differences[`${name}: ${entry.from}: ${entry.name}: ${entry.command}`] = differing;
      }
    }
    console.log(`outcomes: equal ${equal} of ${total}`);
    if (process.env.REPORT)
      console.log(
        Object.entries(differences)
          .map(([key, value]) => `## ${key}\n${value}`)
          .join('\n'),
      );
    if (only) return;
    const unlisted = Object.keys(differences).filter((key) => !(key in exceptions));
    expect(unlisted).toEqual([]);
    expect(Object.keys(exceptions).filter((key) => !(key in differences))).toEqual([]);
    expect(equal).toBeGreaterThanOrEqual(floor);
  });
});

/** Every field of a case that came out differently, one a line; empty: equal. */
async function compare(world: World, entry: Case, argv: string[]): Promise<string> {
  world.takeLogs();
  const shown = entry.httpCode === undefined || argv.some((word) => word === '-w' || word === '-I' || word === '-o');
  const extra = shown ? [] : ['-sS', '--cacert', '/home/ca.pem', '-D', '/home/headers', '-w', '\\n%{http_code}'];
  const { status, stdout, stderr } = await world.curl(entry.from, [...argv.slice(0, 1), ...extra, ...argv.slice(1)]);
  const differences: string[] = [];
  const check = (what: string, got: string, expected: string) => {
    if (got !== expected) differences.push(`${what}:\n  got      ${got}\n  expected ${expected}`);
  };
  check('exit code', `${status}`, `${entry.exitCode}`);
  if (status !== entry.exitCode) differences.push(stderr);
  if (!shown) {
    const end = stdout.lastIndexOf('\n');
    check('status', String(Number(stdout.slice(end + 1))), String(entry.httpCode ?? 0));
    const body = stdout.slice(0, end);
    const size = /^\((\d+) bytes from the upstream/.exec(entry.body ?? '')?.[1];
    if (size !== undefined) check('body size', String(body.length), size);
    else if (entry.body !== undefined) check('body', maskBody(body), maskBody(entry.body));
    const headers = world.headers(entry.from).map(maskHeader);
    if (entry.headers)
      check('headers', headers.join('\n           '), entry.headers.map(maskHeader).join('\n           '));
  }
  if (shown && entry.stdout !== undefined) check('output', maskBody(stdout), maskBody(entry.stdout));
  const lines = (logs: { proxy: string; line: string }[]) =>
    logs
      .map(({ proxy, line }) => `${proxy} ${maskLine(line)}`)
      .sort()
      .join('\n           ');
  check('logs', lines(world.takeLogs()), lines(entry.logs));
  return differences.join('\n');
}
