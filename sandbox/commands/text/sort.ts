import { encode } from '../../kernel/streams.ts';
import { lineBatches, openInput, openOutput } from '../lib/input.ts';
import { Failure, type Invocation, tool } from '../lib/tool.ts';

interface Key {
  /** 1-based field and character; `end` 0 characters: to the end of the field. */
  field: number;
  offset: number;
  endField: number | undefined;
  endOffset: number;
  flags: string;
}

const ordering = 'bdfghiMnRrV';

/** sort(1) in the order of the C locale. */
export const sort = tool(
  {
    usage: '[OPTION]... [FILE]...',
    trouble: 2,
    short: 'bdfghiMnRrVcCk:mo:st:uz',
    long: {
      'ignore-leading-blanks': 'b',
      'dictionary-order': 'd',
      'ignore-case': 'f',
      'general-numeric-sort': 'g',
      'human-numeric-sort': 'h',
      'month-sort': 'M',
      'numeric-sort': 'n',
      'random-sort': 'R',
      reverse: 'r',
      'version-sort': 'V',
      check: 'c',
      key: 'k',
      merge: 'm',
      output: 'o',
      stable: 's',
      'field-separator': 't',
      unique: 'u',
      'zero-terminated': 'z',
    },
  },
  async (run) => {
    const { options } = run;
    const separator = options.has('z') ? '\0' : '\n';
    const global = options.given
      .map(([name]) => name)
      .filter((name) => ordering.includes(name))
      .join('');
    const keys = options.values('k').map((text) => parseKey(text, global));
    const compare = comparison(keys, global, fieldSeparator(options.value('t')), run);
    const lines: string[] = [];
    for (const name of run.inputs) {
      const file = await run.attempt(name || "''", () => openInput(run.process, name), 'cannot read: ');
      if (!file) return 2;
      const input = lineBatches(file, run.process.cancellation, separator);
      for await (const batch of input) for (const line of batch.lines) lines.push(line);
    }
    if (options.has('c', 'C')) return check(run, lines, compare);
    const unique = options.has('u');
    const last = (a: string, b: string) =>
      options.has('s') || unique ? 0 : options.has('r') ? byteOrder(b, a) : byteOrder(a, b);
    lines.sort((a, b) => compare(a, b) || last(a, b));
    const kept = unique ? lines.filter((line, at) => at === 0 || compare(lines[at - 1] as string, line) !== 0) : lines;
    const text = kept.map((line) => line + separator).join('');
    const output = options.value('o');
    if (output === undefined) run.print(text);
    else {
      const file = await run.attempt(output, () => openOutput(run.process, output), 'open failed: ');
      await file?.write(encode(text));
      file?.close();
    }
    return undefined;
  },
);

function fieldSeparator(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (text === '') throw new Failure('empty tab', 2);
  if (text === '\\0') return '\0';
  if ([...text].length > 1) throw new Failure(`multi-character tab '${text}'`, 2);
  return text;
}

function parseKey(text: string, global: string): Key {
  const match = /^(\d+)(?:\.(\d+))?([a-zA-Z]*)(?:,(\d+)(?:\.(\d+))?([a-zA-Z]*))?$/.exec(text);
  if (!match) {
    if (/^\d/.test(text)) throw new Failure(`stray character in field spec: invalid field specification '${text}'`, 2);
    throw new Failure(`invalid number at field start: invalid count at start of '${text}'`, 2);
  }
  const [, field, offset, flags = '', endField, endOffset, endFlags = ''] = match;
  if (Number(field) === 0) throw new Failure(`field number is zero: invalid field specification '${text}'`, 2);
  if (offset !== undefined && Number(offset) === 0) {
    throw new Failure(`character offset is zero: invalid field specification '${text}'`, 2);
  }
  const own = flags + endFlags;
  return {
    field: Number(field),
    offset: Number(offset ?? 1),
    endField: endField === undefined ? undefined : Number(endField),
    endOffset: Number(endOffset ?? 0),
    flags: own === '' ? global : own,
  };
}

function keyText(line: string, key: Key, separator: string | undefined): string {
  const starts = fieldStarts(line, separator);
  const begin = (field: number) => starts[field - 1] ?? line.length;
  const end = (field: number) => {
    const next = starts[field];
    return next === undefined ? line.length : separator === undefined ? next : next - 1;
  };
  const skipBlanks = (from: number) => {
    let at = from;
    while (key.flags.includes('b') && (line[at] === ' ' || line[at] === '\t')) at++;
    return at;
  };
  const from = skipBlanks(begin(key.field)) + key.offset - 1;
  if (key.endField === undefined) return line.slice(from);
  const stop = key.endOffset === 0 ? end(key.endField) : skipBlanks(begin(key.endField)) + key.endOffset;
  return line.slice(from, Math.max(from, stop));
}

/** Without a separator a field begins with the blanks before it. */
function fieldStarts(line: string, separator: string | undefined): number[] {
  const starts = [0];
  if (separator !== undefined) {
    for (let at = line.indexOf(separator); at >= 0; at = line.indexOf(separator, at + 1)) starts.push(at + 1);
  } else {
    for (const match of line.matchAll(/(?<=[^ \t])[ \t]/g)) starts.push(match.index);
  }
  return starts;
}

type Compare = (a: string, b: string) => number;

function comparison(keys: Key[], global: string, separator: string | undefined, run: Invocation): Compare {
  if (keys.length === 0) return byFlags(global, run);
  const parts = keys.map((key) => ({ key, compare: byFlags(key.flags, run) }));
  return (a, b) => {
    for (const { key, compare } of parts) {
      const order = compare(keyText(a, key, separator), keyText(b, key, separator));
      if (order !== 0) return order;
    }
    return 0;
  };
}

function byFlags(flags: string, run: Invocation): Compare {
  const order = plainOrder(flags, run);
  return flags.includes('r') ? (a, b) => order(b, a) : order;
}

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

function plainOrder(flags: string, run: Invocation): Compare {
  if (flags.includes('n')) return (a, b) => leadingNumber(a) - leadingNumber(b);
  if (flags.includes('g')) return (a, b) => generalNumber(a) - generalNumber(b);
  if (flags.includes('h')) return (a, b) => humanRank(a) - humanRank(b) || leadingNumber(a) - leadingNumber(b);
  if (flags.includes('M')) {
    const month = (text: string) => months.indexOf(text.trimStart().slice(0, 3).toUpperCase());
    return (a, b) => month(a) - month(b);
  }
  if (flags.includes('V')) return versionOrder;
  if (flags.includes('R')) {
    const ranks = new Map<string, number>();
    const rank = (text: string) => {
      const known = ranks.get(text) ?? run.process.kernel.random.uint32();
      ranks.set(text, known);
      return known;
    };
    return (a, b) => rank(a) - rank(b);
  }
  const reshape = (text: string) => {
    let shaped = flags.includes('b') ? text.replace(/^[ \t]+/, '') : text;
    if (flags.includes('d')) shaped = shaped.replace(/[^A-Za-z0-9 \t]/g, '');
    if (flags.includes('i')) shaped = shaped.replace(/[^ -~]/g, '');
    return flags.includes('f') ? shaped.toUpperCase() : shaped;
  };
  if (!/[bdif]/.test(flags)) return byteOrder;
  return (a, b) => byteOrder(reshape(a), reshape(b));
}

/** Order of UTF-8 bytes, which is that of code points. */
function byteOrder(a: string, b: string): number {
  if (a === b) return 0;
  const high = /[\ud800-\udfff]/;
  if (!high.test(a) && !high.test(b)) return a < b ? -1 : 1;
  const [left, right] = [[...a], [...b]];
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const difference = (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function leadingNumber(text: string): number {
  return Number(/^[ \t]*(-?\d*\.?\d*)/.exec(text)?.[1] || 0) || 0;
}

function generalNumber(text: string): number {
  const match = /^\s*[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?)/i.exec(text);
  return match ? Number(match[0]) : -Number.MAX_VALUE;
}

function humanRank(text: string): number {
  const match = /^[ \t]*(-?)\d*\.?\d*([KkMGTPEZY]?)/.exec(text);
  const rank = match?.[2] ? 'kMGTPEZY'.indexOf(match[2] === 'K' ? 'k' : match[2]) + 1 : 0;
  return (leadingNumber(text) === 0 ? 0 : rank) * (match?.[1] ? -1 : 1);
}

/** gnulib's filevercmp, without its rule for file suffixes: digits by value, the rest by character, `~` first. */
function versionOrder(a: string, b: string): number {
  const parts = (text: string) => text.match(/\d+|\D+/g) ?? [];
  const rank = (symbol: string) =>
    symbol === '~'
      ? -1
      : symbol === ''
        ? 0
        : /[A-Za-z]/.test(symbol)
          ? symbol.charCodeAt(0)
          : symbol.charCodeAt(0) + 256;
  const [left, right] = [parts(a), parts(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const [x = '', y = ''] = [left[at], right[at]];
    if (/^\d/.test(x) && /^\d/.test(y)) {
      if (Number(x) !== Number(y)) return Number(x) - Number(y);
      continue;
    }
    for (let symbol = 0; symbol < Math.max(x.length, y.length); symbol++) {
      const difference = rank(digitless(x[symbol])) - rank(digitless(y[symbol]));
      if (difference !== 0) return difference;
    }
  }
  return 0;
}

function digitless(symbol: string | undefined): string {
  return symbol === undefined || /\d/.test(symbol) ? '' : symbol;
}

async function check(run: Invocation, lines: string[], compare: Compare): Promise<number> {
  const unique = run.options.has('u');
  for (let at = 1; at < lines.length; at++) {
    const order = compare(lines[at - 1] as string, lines[at] as string);
    if (order < 0 || (order === 0 && !unique)) continue;
    if (run.options.has('c')) await run.complain(`${run.inputs[0]}:${at + 1}: disorder: ${lines[at]}`);
    return 1;
  }
  return 0;
}
