import { FileError } from '../../kernel/files.ts';
import { openInput, readWhole, text } from '../lib/input.ts';
import { UsageError } from '../lib/options.ts';
import { Failure, type Invocation, tool } from '../lib/tool.ts';
import { formatDate } from '../small/date.ts';

interface Side {
  name: string;
  lines: string[];
  /** The last line had no end. */
  open: boolean;
  modified: number;
}

/** Lines `from`–`to` (from 0, end excluded) of the old and the new side that differ. */
interface Change {
  a: [number, number];
  b: [number, number];
}

/** diff(1): normal and unified (-u, -U), -q, -i, -w, -b, -B ignored lines. */
export const diff = tool(
  {
    usage: '[OPTION]... FILES',
    trouble: 2,
    version: 'diff (GNU diffutils) 3.8',
    short: 'uU:qsiwbBrNa',
    long: {
      unified: 'u',
      brief: 'q',
      'report-identical-files': 's',
      'ignore-case': 'i',
      'ignore-all-space': 'w',
      'ignore-space-change': 'b',
      color: 'color::',
      label: 'label:',
    },
  },
  async (run) => {
    const [left, right, extra] = run.operands;
    if (left === undefined || right === undefined)
      throw new Failure(`missing operand after '${left ?? 'diff'}'\ndiff: Try 'diff --help' for more information.`, 2);
    if (extra !== undefined) throw new UsageError(`extra operand '${extra}'`);
    const sides = [await side(run, left), await side(run, right)];
    const [a, b] = sides;
    if (!a || !b) return 2;
    const changes = compare(a, b, run);
    if (changes.length === 0) {
      if (run.options.has('s')) run.print(`Files ${a.name} and ${b.name} are identical\n`);
      return 0;
    }
    const context = run.options.value('U');
    if (run.options.has('q')) run.print(`Files ${a.name} and ${b.name} differ\n`);
    else if (run.options.has('u') || context !== undefined) unified(run, a, b, changes, Number(context ?? 3));
    else for (const change of changes) normal(run, a, b, change);
    return 1;
  },
);

async function side(run: Invocation, name: string): Promise<Side | undefined> {
  const { process } = run;
  try {
    const content = text(await readWhole(openInput(process, name), process.cancellation));
    const lines = content.split('\n');
    const open = lines.at(-1) !== '';
    if (!open) lines.pop();
    const path = process.resolve(name);
    const regular = name !== '-' && process.machine.files.exists(path);
    const modified = regular ? process.machine.files.stat(path).modified : process.kernel.now();
    return { name, lines, open, modified };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await run.complain(`${name}: ${error.message}`);
    return undefined;
  }
}

function compare(a: Side, b: Side, { options }: Invocation): Change[] {
  const key = (line: string, last: boolean) => {
    let result = options.has('i') ? line.toLowerCase() : line;
    if (options.has('w')) result = result.replace(/\s+/g, '');
    else if (options.has('b')) result = result.replace(/\s+/g, ' ').trimEnd();
    return last ? `${result}\0open` : result;
  };
  const keys = ({ lines, open }: Side) => lines.map((line, at) => key(line, open && at === lines.length - 1));
  return changesBetween(keys(a), keys(b));
}

/** Myers' shortest edit script, put together to runs of changed lines. */
function changesBetween(a: string[], b: string[]): Change[] {
  const trail: Map<number, number>[] = [];
  let furthest = new Map<number, number>([[1, 0]]);
  search: for (let distance = 0; distance <= a.length + b.length; distance++) {
    const next = new Map(furthest);
    trail.push(furthest);
    for (let k = -distance; k <= distance; k += 2) {
      const down = k === -distance || (k !== distance && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1));
      let x = down ? (furthest.get(k + 1) ?? 0) : (furthest.get(k - 1) ?? 0) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      next.set(k, x);
      if (x >= a.length && x - k >= b.length) break search;
    }
    furthest = next;
  }
  return fromTrail(trail, a.length, b.length);
}

function fromTrail(trail: Map<number, number>[], lengthA: number, lengthB: number): Change[] {
  const changes: Change[] = [];
  let [x, y] = [lengthA, lengthB];
  for (let distance = trail.length - 1; distance > 0; distance--) {
    const furthest = trail[distance] as Map<number, number>;
    const k = x - y;
    const down = k === -distance || (k !== distance && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1));
    const before = down ? k + 1 : k - 1;
    const beforeX = furthest.get(before) ?? 0;
    const beforeY = beforeX - before;
    const [a, b]: [number, number][] = down
      ? [
          [beforeX, beforeX],
          [beforeY, beforeY + 1],
        ]
      : ([
          [beforeX, beforeX + 1],
          [beforeY, beforeY],
        ] as [number, number][]);
    const first = changes[0];
    if (first && a && b && a[1] === first.a[0] && b[1] === first.b[0]) {
      first.a[0] = a[0];
      first.b[0] = b[0];
    } else if (a && b) changes.unshift({ a, b });
    [x, y] = [beforeX, beforeY];
  }
  return changes;
}

function shown(run: Invocation, { lines, open }: Side, from: number, to: number, mark: string): void {
  for (let at = from; at < to; at++) {
    run.print(`${mark}${lines[at]}\n${open && at === lines.length - 1 ? '\\ No newline at end of file\n' : ''}`);
  }
}

function normal(run: Invocation, a: Side, b: Side, change: Change): void {
  const place = ([from, to]: [number, number]) =>
    to - from > 1 ? `${from + 1},${to}` : to > from ? `${to}` : `${from}`;
  const [removed, added] = [change.a[1] > change.a[0], change.b[1] > change.b[0]];
  run.print(`${place(change.a)}${removed && added ? 'c' : removed ? 'd' : 'a'}${place(change.b)}\n`);
  shown(run, a, ...change.a, '< ');
  if (removed && added) run.print('---\n');
  shown(run, b, ...change.b, '> ');
}

function unified(run: Invocation, a: Side, b: Side, changes: Change[], context: number): void {
  const labels = run.options.values('label');
  const title = (side: Side, at: number) =>
    labels[at] ?? `${side.name}\t${formatDate('%Y-%m-%d %H:%M:%S.%N %z', side.modified)}`;
  run.print(`--- ${title(a, 0)}\n+++ ${title(b, 1)}\n`);
  const hunks: Change[][] = [];
  for (const change of changes) {
    const last = hunks.at(-1)?.at(-1);
    if (last && change.a[0] - last.a[1] <= 2 * context) hunks.at(-1)?.push(change);
    else hunks.push([change]);
  }
  for (const hunk of hunks) {
    const [first, last] = [hunk[0] as Change, hunk.at(-1) as Change];
    const before = Math.min(context, first.a[0]);
    const after = Math.min(context, a.lines.length - last.a[1]);
    const range = (from: number, to: number) =>
      to - from === 1 ? `${from + 1}` : `${to > from ? from + 1 : from},${to - from}`;
    run.print(
      `@@ -${range(first.a[0] - before, last.a[1] + after)} +${range(first.b[0] - before, last.b[1] + after)} @@\n`,
    );
    let at = first.a[0] - before;
    for (const change of hunk) {
      shown(run, a, at, change.a[0], ' ');
      shown(run, a, ...change.a, '-');
      shown(run, b, ...change.b, '+');
      at = change.a[1];
    }
    shown(run, a, at, last.a[1] + after, ' ');
  }
}
