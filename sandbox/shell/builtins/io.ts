import { concat, decode, encode } from '../../kernel/streams.ts';
import { Fields, splitFields } from '../expand/fields.ts';
import { formatPrintf } from '../printf.ts';
import { decodeEscapes } from '../quote.ts';
import type { Shell } from '../shell.ts';
import { readLine } from './read-line.ts';
import { type Builtin, invalidOption, options, usage } from './types.ts';

export const echo: Builtin = async (shell, args) => {
  let [at, newline, escapes] = [0, true, shell.options.dialect === 'ash' ? false : shell.state.shopts.has('xpg_echo')];
  for (; /^-[neE]+$/.test(args[at] ?? ''); at++) {
    for (const letter of (args[at] as string).slice(1)) {
      if (letter === 'n') newline = false;
      else escapes = letter === 'e';
    }
  }
  const text = args.slice(at).join(' ');
  if (!escapes) {
    await shell.output('echo', newline ? `${text}\n` : text);
    return shell.outputStatus;
  }
  const { bytes, stopped } = decodeEscapes(text, { octal: 'zero' });
  await shell.output('echo', newline && !stopped ? concat([bytes, encode('\n')]) : bytes);
  return shell.outputStatus;
};

export const printf: Builtin = async (shell, args) => {
  let list = args;
  let variable: string | undefined;
  if (list[0] === '-v') {
    variable = list[1];
    list = list.slice(2);
    if (variable === undefined || !/^[A-Za-z_]\w*(\[.*\])?$/s.test(variable)) {
      await shell.error(`printf: \`${variable ?? ''}': not a valid identifier`);
      return 2;
    }
  } else if (/^-[^-]/.test(list[0] ?? '') && list[0] !== '-') {
    return await invalidOption(shell, 'printf', (list[0] as string).slice(0, 2));
  }
  if (list[0] === '--') list = list.slice(1);
  const [format, ...values] = list;
  if (format === undefined) return await usage(shell, 'printf');
  const errors: string[] = [];
  const now = shell.process.kernel.now();
  const bytes = formatPrintf(format, values, {
    now,
    started: shell.state.secondsFrom,
    error: (text) => errors.push(text),
  });
  for (const text of errors) await shell.error(`printf: ${text}`);
  if (variable === undefined) {
    await shell.output('printf', bytes);
    if (shell.outputStatus !== 0) return 1;
  } else {
    const [, name = variable, index] = /^(\w+)\[(.*)\]$/s.exec(variable) ?? [];
    const text = decode(bytes).replace(/\0.*$/s, '');
    if (index === undefined) shell.state.variables.assign(name, text);
    else shell.arithmetic.set(name, index, text);
  }
  return errors.length > 0 ? 1 : 0;
};

export const read: Builtin = async (shell, args) => {
  const { given, rest, unknown, missing } = options(args, 'ersa:d:i:n:N:p:t:u:');
  if (unknown) return await invalidOption(shell, 'read', unknown);
  if (missing) {
    await shell.error(`read: ${missing}: option requires an argument`);
    return await usage(shell, 'read');
  }
  for (const name of rest) {
    if (/^[A-Za-z_]\w*(\[.*\])?$/s.test(name)) continue;
    await shell.error(`read: \`${name}': not a valid identifier`);
    return 1;
  }
  const fd = Number(given.get('u') ?? 0);
  if (!shell.fds.has(fd)) {
    await shell.error(
      `read: ${given.has('u') ? `${fd}: invalid file descriptor` : 'read error: 0'}: Bad file descriptor`,
    );
    return 1;
  }
  const limitText = given.get('N') ?? given.get('n');
  if (limitText !== undefined && !/^\d+$/.test(limitText)) {
    await shell.error(`read: ${limitText}: invalid number`);
    return 1;
  }
  const prompt = given.get('p');
  if (prompt !== undefined && shell.fds.get(fd)?.terminal) await shell.write(2, prompt);
  const delimiter = given.has('d') ? (encode(given.get('d') ?? '')[0] ?? 0) : 10;
  const limit = limitText === undefined ? {} : { limit: Number(limitText), exact: given.has('N') };
  const raw = given.has('r');
  if (limitText === '0') return 0;
  const wait = given.get('t');
  if (wait !== undefined && !/^\d*\.?\d*$/.test(wait)) {
    await shell.error(`read: ${wait}: invalid timeout specification`);
    return 1;
  }
  const reading = readLogical(shell, fd, { delimiter, raw, ...limit });
  const timed = wait === undefined || Number(wait) === 0 ? reading : shell.timed(reading, Number(wait) * 1000);
  const result = await timed;
  if (result === 'late') return 142;
  assignFields(shell, result.text, { raw, names: rest, exact: given.has('N'), array: given.get('a') });
  return result.ended ? 1 : 0;
};

/** A line with continued lines joined (`\` before the newline), other backslashes still in it. */
async function readLogical(
  shell: Shell,
  fd: number,
  options: { delimiter: number; raw: boolean; limit?: number; exact?: boolean },
): Promise<{ text: string; ended: boolean }> {
  let text = '';
  for (;;) {
    const line = await readLine(shell, fd, options);
    text += line.text;
    const continued =
      !options.raw && !line.ended && /(?:^|[^\\])(?:\\\\)*\\$/.test(line.text) && options.limit === undefined;
    if (!continued) return { text: text.replaceAll('\0', ''), ended: line.ended };
    text = text.slice(0, -1);
  }
}

function assignFields(
  shell: Shell,
  line: string,
  options: { raw: boolean; names: string[]; exact: boolean; array: string | undefined },
): void {
  const { variables } = shell.state;
  const plain = (text: string) => (options.raw ? text : text.replace(/\\([\s\S]?)/g, '$1'));
  const { names, array } = options;
  const store = (name: string, text: string) => {
    const [, base, index] = /^(\w+)\[(.*)\]$/s.exec(name) ?? [];
    if (base === undefined) variables.assign(name, text);
    else shell.arithmetic.set(base, index, text);
  };
  if (array === undefined && names.length === 0) {
    store('REPLY', plain(line));
    return;
  }
  if (options.exact && array === undefined) {
    for (const [index, name] of names.entries()) store(name, index === 0 ? plain(line) : '');
    return;
  }
  const ifs = variables.text('IFS') ?? ' \t\n';
  if (array !== undefined) {
    const fields = new Fields();
    for (const [, escaped, text] of line.matchAll(/\\([\s\S])|([^\\]+|\\)/g)) {
      if (escaped === undefined) fields.add(text as string, false, true);
      else fields.add(options.raw ? `\\${escaped}` : escaped, !options.raw, options.raw);
    }
    const items = splitFields(fields, ifs).map((pieces) => pieces.map((piece) => piece.text).join(''));
    variables.put(array, { ...variables.get(array), kind: 'indexed', value: items });
    return;
  }
  let rest = line;
  for (const [index, name] of names.entries()) {
    const [field, after] = nextField(rest, ifs, options.raw, index === names.length - 1);
    store(name, plain(field));
    rest = after;
  }
}

/** The next field and what follows its separator; the last one takes all but separators that end the line. */
function nextField(line: string, ifs: string, raw: boolean, last: boolean): [string, string] {
  const blank = (letter: string | undefined) =>
    letter !== undefined && ifs.includes(letter) && ' \t\n'.includes(letter);
  let start = 0;
  while (blank(line[start])) start++;
  const skip = (from: number) => {
    let end = from;
    while (end < line.length && !ifs.includes(line[end] as string)) end += !raw && line[end] === '\\' ? 2 : 1;
    return Math.min(end, line.length);
  };
  const end = skip(start);
  let next = end;
  while (blank(line[next])) next++;
  if (next < line.length && ifs.includes(line[next] as string)) {
    next++;
    while (blank(line[next])) next++;
  }
  if (!last) return [line.slice(start, end), line.slice(next)];
  if (next >= line.length) return [line.slice(start, end), ''];
  let stop = line.length;
  while (stop > start && blank(line[stop - 1]) && (raw || line[stop - 2] !== '\\')) stop--;
  return [line.slice(start, stop), ''];
}

export const mapfile: Builtin = async (shell, args, { name }) => {
  const { given, rest, unknown } = options(args, 'd:n:O:s:tu:C:c:');
  if (unknown) return await invalidOption(shell, name, unknown);
  const array = rest[0] ?? 'MAPFILE';
  if (!/^[A-Za-z_]\w*$/.test(array)) {
    await shell.error(`${name}: \`${array}': not a valid identifier`);
    return 1;
  }
  const fd = Number(given.get('u') ?? 0);
  const delimiter = given.has('d') ? (encode(given.get('d') ?? '')[0] ?? 0) : 10;
  const [count, skipped, origin] = [
    Number(given.get('n') ?? 0),
    Number(given.get('s') ?? 0),
    Number(given.get('O') ?? 0),
  ];
  const old = shell.variable(array)?.value;
  const items: (string | undefined)[] = given.has('O') && Array.isArray(old) ? old.slice() : [];
  for (let line = 0; count === 0 || line < count + skipped; line++) {
    const { text, ended } = await readLine(shell, fd, { delimiter });
    if (ended && text === '') break;
    const end = ended || given.has('t') ? '' : String.fromCharCode(delimiter);
    if (line >= skipped) items[origin + line - skipped] = text + end;
    if (ended) break;
  }
  shell.state.variables.put(array, { kind: 'indexed', value: items });
  return 0;
};
