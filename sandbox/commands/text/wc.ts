import { readWhole, text } from '../lib/input.ts';
import { tool } from '../lib/tool.ts';

const columns = ['l', 'w', 'm', 'c', 'L'] as const;

/** wc(1): columns as wide as the greatest possible count, 7 where a pipe is counted among others. */
export const wc = tool(
  {
    usage: '[OPTION]... [FILE]...',
    short: 'clmLw',
    long: { bytes: 'c', chars: 'm', lines: 'l', 'max-line-length': 'L', words: 'w' },
  },
  async (run) => {
    const wanted = columns.filter((column) => run.options.has(column));
    const shown = wanted.length > 0 ? wanted : (['l', 'w', 'c'] as const);
    const rows: { counts: Record<string, number>; name: string }[] = [];
    const { files } = run.process.machine;
    let width = 1;
    for (const name of run.inputs) {
      const path = run.process.resolve(name);
      const regular = name !== '-' && files.exists(path) && files.stat(path).type === 'file';
      if (!regular && (shown.length > 1 || run.inputs.length > 1)) width = 7;
    }
    for (const name of run.inputs) {
      const file = await run.open(name);
      if (!file) {
        const path = run.process.resolve(name);
        if (files.exists(path)) rows.push({ counts: count(new Uint8Array()), name });
        continue;
      }
      rows.push({ counts: count(await readWhole(file, run.process.cancellation)), name });
    }
    const total: Record<string, number> = {};
    for (const column of columns) {
      const values = rows.map((row) => row.counts[column] ?? 0);
      total[column] = column === 'L' ? Math.max(0, ...values) : values.reduce((sum, value) => sum + value, 0);
    }
    if (shown.length > 1 || run.inputs.length > 1) width = Math.max(width, `${total.c ?? 0}`.length);
    else width = 1;
    if (run.inputs.length > 1) rows.push({ counts: total, name: 'total' });
    for (const { counts, name } of rows) {
      const numbers = shown.map((column) => String(counts[column]).padStart(width)).join(' ');
      run.print(`${numbers}${run.operands.length > 0 ? ` ${name}` : ''}\n`);
    }
    return undefined;
  },
);

function count(bytes: Uint8Array): Record<(typeof columns)[number], number> {
  const content = text(bytes);
  let lines = 0;
  for (const byte of bytes) if (byte === 10) lines++;
  const longest = Math.max(0, ...content.split('\n').map((line) => [...line].length));
  return { l: lines, w: content.match(/\S+/g)?.length ?? 0, m: [...content].length, c: bytes.length, L: longest };
}
