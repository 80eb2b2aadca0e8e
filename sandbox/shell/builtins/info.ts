import { singleQuote } from '../quote.ts';
import type { Shell } from '../shell.ts';
import { findCommand, findPath } from '../simple.ts';
import { keywords, longDescription } from './flow.ts';
import { type Builtin, invalidOption, options, usages } from './types.ts';

export const type: Builtin = async (shell, args) => {
  const { given, rest, unknown } = options(args, 'afptP');
  if (unknown) return await invalidOption(shell, 'type', unknown);
  let status = 0;
  for (const name of rest) {
    const text = given.has('t')
      ? kindOf(shell, name)
      : pathOnly(shell, name, given)
        ? findPath(shell, name)
        : longDescription(shell, name);
    const path = given.has('p') || given.has('P');
    if (text !== undefined) await shell.write(1, `${text}\n`);
    else if (given.has('p') && kindOf(shell, name) !== undefined) continue;
    else {
      status = 1;
      if (!given.has('t') && !path) await shell.error(`type: ${name}: not found`);
    }
  }
  return status;
};

function pathOnly(shell: Shell, name: string, given: ReadonlyMap<string, string>): boolean {
  return (
    given.has('P') ||
    (given.has('p') && kindOf(shell, name) === 'file') ||
    (given.has('p') && !longDescription(shell, name))
  );
}

function kindOf(shell: Shell, name: string): string | undefined {
  if (shell.state.aliases.has(name)) return 'alias';
  if (keywords.has(name)) return 'keyword';
  if (shell.state.functions.has(name)) return 'function';
  if (shell.builtin(name)) return 'builtin';
  const found = name.includes('/') ? 'program' in findCommand(shell, name) : findPath(shell, name) !== undefined;
  return found ? 'file' : undefined;
}

export const hash: Builtin = async (shell, args) => {
  const { given, rest, unknown } = options(args, 'dlp:rt');
  if (unknown) return await invalidOption(shell, 'hash', unknown);
  if (rest.length === 0 && given.size === 0) {
    await shell.write(1, 'hash: hash table empty\n');
    return 0;
  }
  let status = 0;
  for (const name of given.has('p') ? [] : rest) {
    const path = findPath(shell, name);
    if (path !== undefined) {
      if (given.has('t')) await shell.write(1, `${path}\n`);
    } else if (!shell.builtin(name) && !shell.state.functions.has(name)) {
      await shell.error(`hash: ${name}: not found`);
      status = 1;
    }
  }
  return status;
};

export const alias: Builtin = async (shell, args) => {
  const { aliases } = shell.state;
  const list = args.filter((one) => one !== '-p' && one !== '--');
  const line = (name: string) => `alias ${name}=${singleQuote(aliases.get(name) ?? '')}\n`;
  if (list.length === 0) await shell.write(1, [...aliases.keys()].sort().map(line).join(''));
  let status = 0;
  for (const argument of list) {
    const equals = argument.indexOf('=', 1);
    if (equals > 0) {
      const name = argument.slice(0, equals);
      if (/[\s/$`='"\\|&;()<>]/.test(name)) {
        await shell.error(`alias: \`${name}': invalid alias name`);
        status = 1;
      } else aliases.set(name, argument.slice(equals + 1));
    } else if (aliases.has(argument)) await shell.write(1, line(argument));
    else {
      await shell.error(`alias: ${argument}: not found`);
      status = 1;
    }
  }
  return status;
};

export const unalias: Builtin = async (shell, args) => {
  const { aliases } = shell.state;
  if (args[0] === '-a') {
    aliases.clear();
    return 0;
  }
  let status = 0;
  for (const name of args) {
    if (aliases.delete(name)) continue;
    await shell.error(`unalias: ${name}: not found`);
    status = 1;
  }
  return status;
};

export const umask: Builtin = async (shell, args) => {
  const { given, rest, unknown } = options(args, 'pS');
  if (unknown) return await invalidOption(shell, 'umask', unknown);
  const [mode] = rest;
  if (mode === undefined) {
    const mask = shell.state.umask;
    const classes = ['u', 'g', 'o'].map((letter, index) => {
      const bits = ~(mask >> (6 - 3 * index)) & 7;
      return `${letter}=${bits & 4 ? 'r' : ''}${bits & 2 ? 'w' : ''}${bits & 1 ? 'x' : ''}`;
    });
    const text = given.has('S') ? classes.join(',') : mask.toString(8).padStart(4, '0');
    await shell.write(1, `${given.has('p') ? 'umask ' : ''}${given.has('p') && given.has('S') ? '-S ' : ''}${text}\n`);
    return 0;
  }
  if (/^[0-9]/.test(mode)) {
    if (!/^[0-7]{1,4}$/.test(mode)) {
      await shell.error(`umask: ${mode}: octal number out of range`);
      return 1;
    }
    shell.state.umask = Number.parseInt(mode, 8) & 0o777;
    return 0;
  }
  let allowed = ~shell.state.umask & 0o777;
  for (const clause of mode.split(',')) {
    const [, who = '', operator, letters = ''] = /^([ugoa]*)([-+=])([rwxX]*)$/.exec(clause) ?? [];
    if (operator === undefined) {
      await shell.error(`umask: \`${clause[0] ?? ''}': invalid symbolic mode operator`);
      return 1;
    }
    const bits = (letters.includes('r') ? 4 : 0) | (letters.includes('w') ? 2 : 0) | (/[xX]/.test(letters) ? 1 : 0);
    for (const [index, letter] of ['u', 'g', 'o'].entries()) {
      if (who !== '' && !who.includes(letter) && !who.includes('a')) continue;
      const shift = 6 - 3 * index;
      if (operator === '=') allowed = (allowed & ~(7 << shift)) | (bits << shift);
      else if (operator === '+') allowed |= bits << shift;
      else allowed &= ~(bits << shift);
    }
  }
  shell.state.umask = ~allowed & 0o777;
  return 0;
};

export const times: Builtin = async (shell) => {
  await shell.write(1, '0m0.000s 0m0.000s\n0m0.000s 0m0.000s\n');
  return 0;
};

const limits: [string, string, string][] = [
  ['c', 'core file size              (blocks, -c)', '0'],
  ['d', 'data seg size               (kbytes, -d)', 'unlimited'],
  ['f', 'file size                   (blocks, -f)', 'unlimited'],
  ['n', 'open files                          (-n)', '1024'],
  ['s', 'stack size                  (kbytes, -s)', '8192'],
  ['t', 'cpu time                   (seconds, -t)', 'unlimited'],
  ['u', 'max user processes                  (-u)', '2000'],
  ['v', 'virtual memory              (kbytes, -v)', 'unlimited'],
];

export const ulimit: Builtin = async (shell, args) => {
  const { given, rest, unknown } = options(args, 'SHabcdefiklmnpqrstuvxPRT');
  if (unknown) return await invalidOption(shell, 'ulimit', unknown);
  if (given.has('a')) {
    await shell.write(1, limits.map(([, text, value]) => `${text} ${value}\n`).join(''));
    return 0;
  }
  if (rest.length > 0) {
    if (/^(?:\d+|unlimited|hard|soft)$/.test(rest[0] as string)) return 0;
    await shell.error(`ulimit: ${rest[0]}: invalid number`);
    return 1;
  }
  const letter = [...given.keys()].find((one) => one !== 'S' && one !== 'H') ?? 'f';
  await shell.write(1, `${limits.find(([own]) => own === letter)?.[2] ?? 'unlimited'}\n`);
  return 0;
};

export const history: Builtin = async (shell, args) => {
  const { state } = shell;
  const { given, rest, unknown } = options(args, 'canrwd:ps');
  if (unknown) return await invalidOption(shell, 'history', unknown);
  if (given.has('c')) {
    state.history = [];
    return 0;
  }
  if (given.has('d')) {
    state.history = state.history.filter((_, index) => index !== Number(given.get('d')) - 1);
    return 0;
  }
  if (given.has('s')) {
    state.history.push(rest.join(' '));
    return 0;
  }
  if (given.size > 0) return 0;
  if (rest[0] !== undefined && !/^\d+$/.test(rest[0])) {
    await shell.error(`history: ${rest[0]}: numeric argument required`);
    return 1;
  }
  const from = rest[0] === undefined ? 0 : Math.max(0, state.history.length - Number(rest[0]));
  const lines = state.history.slice(from).map((line, index) => `${String(from + index + 1).padStart(5)}  ${line}\n`);
  await shell.write(1, lines.join(''));
  return 0;
};

export const help: Builtin = async (shell, args) => {
  const names = args.filter((one) => !one.startsWith('-'));
  if (names.length === 0) {
    const list = Object.values(usages).map((usage) => ` ${usage}\n`);
    await shell.write(1, `GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\n${list.join('')}`);
    return 0;
  }
  let status = 0;
  for (const name of names) {
    const text = usages[name];
    if (text !== undefined) await shell.write(1, `${name}: ${text}\n`);
    else {
      await shell.error(
        `help: no help topics match \`${name}'.  Try \`help help' or \`man -k ${name}' or \`info ${name}'.`,
      );
      status = 1;
    }
  }
  return status;
};
