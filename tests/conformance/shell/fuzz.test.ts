import { expect, test } from 'vitest';
import { Random } from '../../../sandbox/kernel/random.ts';
import { isComplete, parseScript } from '../../../sandbox/shell/syntax.ts';
import { runOn, testMachine } from '../../../sandbox/shell/testing.ts';
import { findBash, runReal } from './real-bash.ts';
import { scripts } from './scripts.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const pieces = [
  '$',
  '"',
  "'",
  '`',
  '(',
  ')',
  '{',
  '}',
  ';',
  '&',
  '|',
  '<',
  '>',
  '\n',
  '\\',
  '$(',
  '${',
  '((',
  '[[',
  ']]',
];
pieces.push(
  ' ',
  '#',
  '!',
  '*',
  'if ',
  ' then',
  'fi',
  'do ',
  'done',
  'esac',
  '<<E\n',
  '$((',
  '=',
  '[',
  ']',
  '~',
  '@',
  '0',
  '/',
);

/** One to four random edits: a character dropped, doubled or replaced, a piece put in, a stretch cut or copied. */
function mutate(text: string, random: Random): string {
  let result = text;
  for (let edits = random.between(1, 4); edits > 0; edits--) {
    const at = random.int(result.length + 1);
    const to = Math.min(result.length, at + random.between(1, 8));
    switch (random.int(4)) {
      case 0:
        result = result.slice(0, at) + result.slice(at + 1);
        break;
      case 1:
        result = result.slice(0, at) + random.pick(pieces) + result.slice(at);
        break;
      case 2:
        result = result.slice(0, at) + random.pick(pieces) + result.slice(at + 1);
        break;
      default:
        result = random.int(2) ? result.slice(0, at) + result.slice(to) : result.slice(0, to) + result.slice(at);
    }
  }
  return result;
}

test('5,000 mutated command lines end with a status and no exception', async () => {
  const random = new Random(20261121);
  for (let round = 0; round < 5000; round++) {
    const text = mutate(random.pick(scripts), random);
    const outcome = await runOn(testMachine({ seed: round }), ['bash', '-c', text], {
      turn,
      limit: 300,
      stdin: 'a b\nc\n',
    });
    expect(outcome.stderr, text).not.toContain('internal error');
    expect(outcome.status, text).toBeGreaterThanOrEqual(0);
    expect(outcome.status, text).toBeLessThanOrEqual(255);
    expect(typeof isComplete(text)).toBe('boolean');
  }
}, 300_000);

const bash = findBash();

test.skipIf(bash === undefined)(
  'mutated text that bash rejects is rejected',
  () => {
    const random = new Random(7);
    const disagreements: string[] = [];
    const sample = 1000;
    let rejections = 0;
    for (let round = 0; round < sample; round++) {
      const text = mutate(random.pick(scripts), random);
      const real = runReal(bash as string, `exec 2>&1; set -n\n${text}`);
      const rejected = /syntax error|unexpected EOF|unexpected token|unexpected argument|operator expected/.test(
        real.stdout,
      );
      if (rejected) rejections++;
      if (rejected !== (parseScript(text).problem !== undefined))
        disagreements.push(`${rejected ? 'real rejects' : 'we reject'}: ${text}`);
    }
    if (process.env.SHELL_FUZZ_SHOW) console.log(disagreements.join('\n====\n'));
    expect(rejections).toBeGreaterThan(sample / 5);
    expect((sample - disagreements.length) / sample).toBeGreaterThanOrEqual(0.985);
  },
  120_000,
);
