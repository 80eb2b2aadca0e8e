import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { Random } from '../../../sandbox/kernel/random.ts';
import { startStage } from '../documents/stage.ts';
import { moves, perform } from './script.ts';

const folder = mkdtempSync(join(tmpdir(), 'snapshot-'));
afterAll(() => rmSync(folder, { recursive: true }));
const run = promisify(execFile);

async function replay(file: string, seed: number, from: number, to: number): Promise<string[]> {
  const script = join(import.meta.dirname, 'replay.ts');
  const { stdout } = await run(process.execPath, [script, file, String(seed), String(from), String(to)], {
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, NODE_COMPILE_CACHE: join(import.meta.dirname, '../../../.cache/compile') },
  });
  return JSON.parse(stdout) as string[];
}

test('two runs with one seed are the same to the byte', { timeout: 120_000 }, async () => {
  const [first, second] = [await startStage({ profile: 'demo' }), await startStage({ profile: 'demo' })];
  const one = await perform(first.session, moves(1).slice(0, 60), 0);
  expect(await perform(second.session, moves(1).slice(0, 60), 0)).toEqual(one);
});

test('saved at 100 random points and restored in a fresh process, the rest is the same', {
  timeout: 600_000,
}, async () => {
  const seed = 2;
  const list = moves(seed);
  const random = new Random(3);
  const points = random.shuffle(list.map((_, index) => index)).slice(0, 100);
  const { session } = await startStage({ profile: 'demo' });
  const file = (point: number) => join(folder, `${point}.json`);
  const whole = await perform(session, list, 0, (move) => {
    if (points.includes(move)) writeFileSync(file(move), JSON.stringify(session.save()));
  });
  const queue = [...points];
  const worker = async () => {
    for (let point = queue.pop(); point !== undefined; point = queue.pop()) {
      // The whole rest for every tenth point; for the others as much as what was pending can touch.
      const end = points.indexOf(point) % 10 === 0 ? list.length : Math.min(list.length, point + 21);
      const rest = await replay(file(point), seed, point + 1, end);
      for (const [index, text] of rest.entries()) {
        if (text !== whole[point + 1 + index])
          expect(text, `restored after move ${point}`).toBe(whole[point + 1 + index]);
      }
      expect(rest.length).toBe(end - point - 1);
    }
  };
  await Promise.all([worker(), worker()]);
});
