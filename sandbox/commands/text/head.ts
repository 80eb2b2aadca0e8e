import { concat } from '../../kernel/streams.ts';
import { openInput } from '../lib/input.ts';
import { parseCount } from '../lib/numbers.ts';
import { type Invocation, tool } from '../lib/tool.ts';

/** How much of a file head or tail shows. */
export interface Amount {
  unit: 'lines' | 'bytes';
  count: number;
  /** head: all but the last ones; tail: from the given one on. */
  inverted: boolean;
}

/** `-n`, `-c` and the old `-5`. `sign`: what inverts the meaning. */
export function amount(run: Invocation, sign: '-' | '+'): Amount {
  const last = run.options.given.findLast(([name]) => ['n', 'c', '#'].includes(name));
  if (!last) return { unit: 'lines', count: 10, inverted: false };
  const unit = last[0] === 'c' ? 'bytes' : 'lines';
  const inverted = last[1].startsWith(sign);
  return { unit, count: parseCount(last[1].replace(/^[-+]/, ''), `number of ${unit}`), inverted };
}

/** Where the `count`th line's end is (the offset behind it), or the length if there are fewer. */
export function lineEnd(bytes: Uint8Array, count: number, separator: number): number {
  let end = 0;
  for (let line = 0; line < count; line++) {
    const next = bytes.indexOf(separator, end);
    if (next < 0) return bytes.length;
    end = next + 1;
  }
  return end;
}

/** Where the last `count` lines begin. */
export function lastLines(bytes: Uint8Array, count: number, separator: number): number {
  if (count === 0) return bytes.length;
  let start = bytes.length - (bytes.at(-1) === separator ? 1 : 0);
  for (let line = 0; line < count; line++) {
    start = start === 0 ? -1 : bytes.lastIndexOf(separator, start - 1);
    if (start < 0) return 0;
  }
  return start + 1;
}

/** head(1). */
export const head = tool(
  {
    usage: '[OPTION]... [FILE]...',
    short: 'n:c:qvz',
    digits: true,
    long: { lines: 'n', bytes: 'c', quiet: 'q', silent: 'q', verbose: 'v', 'zero-terminated': 'z' },
  },
  async (run) => {
    const wanted = amount(run, '-');
    const separator = run.options.has('z') ? 0 : 10;
    const titles = run.options.has('v') || (run.inputs.length > 1 && !run.options.has('q'));
    let first = true;
    for (const name of run.inputs) {
      await run.attempt(`cannot open '${name}' for reading`, async () => {
        const file = openInput(run.process, name);
        if (titles) run.print(`${first ? '' : '\n'}==> ${name === '-' ? 'standard input' : name} <==\n`);
        first = false;
        let left = wanted.count;
        const chunks: Uint8Array[] = [];
        const cancellation = run.process.cancellation;
        while (wanted.inverted || left > 0) {
          const bytes = await file.read(cancellation);
          if (!bytes) break;
          if (wanted.inverted) {
            chunks.push(bytes);
            continue;
          }
          const end = wanted.unit === 'bytes' ? Math.min(left, bytes.length) : lineEnd(bytes, left, separator);
          const shown = bytes.subarray(0, end);
          left -=
            wanted.unit === 'bytes' ? end : shown.reduce((lines, byte) => lines + (byte === separator ? 1 : 0), 0);
          run.print(shown);
          await run.flush();
        }
        if (wanted.inverted) {
          const bytes = concat(chunks);
          const { count } = wanted;
          const end = wanted.unit === 'bytes' ? Math.max(0, bytes.length - count) : lastLines(bytes, count, separator);
          run.print(bytes.subarray(0, end));
        }
        file.close();
      });
    }
    return undefined;
  },
);
