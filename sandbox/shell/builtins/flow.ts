import { FileError } from '../../kernel/files.ts';
import { readPath } from '../../kernel/open-path.ts';
import { Exit, signals } from '../../kernel/process.ts';
import { decode } from '../../kernel/streams.ts';
import { Flow } from '../errors.ts';
import { singleQuote } from '../quote.ts';
import type { Shell } from '../shell.ts';
import { callBuiltin, findCommand, findPath } from '../simple.ts';
import { type Builtin, invalidOption, options, usage } from './types.ts';

/** The number given to exit or return; undefined (and an error) where it is none. */
async function statusArgument(shell: Shell, name: string, args: string[]): Promise<number | undefined> {
  const list = args[0] === '--' ? args.slice(1) : args;
  const [text] = list;
  if (text === undefined) return shell.state.status;
  if (!/^\s*[+-]?\d+\s*$/.test(text)) {
    await shell.error(`${name}: ${text}: numeric argument required`);
    return 2;
  }
  if (list.length > 1) {
    await shell.error(`${name}: too many arguments`);
    return undefined;
  }
  return Number(BigInt.asUintN(8, BigInt(text.trim())));
}

export const exit: Builtin = async (shell, args) => {
  const status = await statusArgument(shell, 'exit', args);
  if (status === undefined && shell.interactive) return 1;
  if (status === undefined) throw new Exit(1);
  throw new Exit(status);
};

export const returnBuiltin: Builtin = async (shell, args) => {
  const status = await statusArgument(shell, 'return', args);
  if (status === undefined) return 1;
  if (shell.frames.length === 0) {
    await shell.error("return: can only `return' from a function or sourced script");
    return 2;
  }
  throw new Flow('return', status);
};

async function leave(shell: Shell, kind: 'break' | 'continue', args: string[]): Promise<number> {
  if (shell.loops === 0) {
    await shell.error(`${kind}: only meaningful in a \`for', \`while', or \`until' loop`);
    return 0;
  }
  const text = args[0] ?? '1';
  if (!/^\s*[+-]?\d+\s*$/.test(text)) {
    await shell.error(`${kind}: ${text}: numeric argument required`);
    throw new Exit(128);
  }
  if (args.length > 1) {
    await shell.error(`${kind}: too many arguments`);
    throw new Flow('break', 1000);
  }
  if (Number(text) < 1) {
    await shell.error(`${kind}: ${text}: loop count out of range`);
    throw new Flow('break', 1000);
  }
  throw new Flow(kind, Number(text));
}

export const breakBuiltin: Builtin = (shell, args) => leave(shell, 'break', args);
export const continueBuiltin: Builtin = (shell, args) => leave(shell, 'continue', args);

export const evalBuiltin: Builtin = async (shell, args) => {
  const list = args[0] === '--' ? args.slice(1) : args;
  const text = list.join(' ');
  if (text.trim() === '') return 0;
  if (shell.depth >= shell.limits.depth) {
    await shell.error(`eval: maximum eval nesting level exceeded (${shell.limits.depth})`);
    throw new Exit(1);
  }
  shell.depth++;
  try {
    await Promise.resolve();
    return await shell.runText(text, { line: shell.line(), label: 'eval: ' });
  } finally {
    shell.depth--;
  }
};

export const source: Builtin = async (shell, args, { name }) => {
  const list = args[0] === '--' ? args.slice(1) : args;
  const [file, ...rest] = list;
  if (file === undefined) {
    await shell.error(`${name}: filename argument required`);
    return await usage(shell, name);
  }
  const { process, state } = shell;
  const inPath = file.includes('/') || !state.shopts.has('sourcepath') ? undefined : inSearchPath(shell, file);
  let text: string;
  try {
    const opener = { machine: process.machine, cwd: state.cwd, fds: shell.fds, cancellation: shell.cancellation };
    text = decode(await readPath(opener, inPath ?? file));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const directory = error.code === 'EISDIR' ? `${name}: ${file}: is a directory` : `${file}: ${error.message}`;
    await shell.error(directory);
    return 1;
  }
  if (shell.depth >= 200) {
    await shell.error(`${name}: maximum source nesting level exceeded (200)`);
    return 1;
  }
  const { positional, name: own } = state;
  const [outerName, callLine] = [state.name, shell.line()];
  if (rest.length > 0) state.positional = rest;
  state.name = own;
  shell.depth++;
  shell.frames.push({ name: 'source', file, callLine });
  try {
    return await shell.runText(text);
  } catch (error) {
    if (error instanceof Flow && error.kind === 'return') return error.count;
    throw error;
  } finally {
    shell.frames.pop();
    shell.depth--;
    state.name = outerName;
    if (rest.length > 0) state.positional = positional;
  }
};

function inSearchPath(shell: Shell, file: string): string | undefined {
  const { files } = shell.process.machine;
  for (const directory of (shell.state.variables.text('PATH') ?? '').split(':')) {
    const path = shell.path(`${directory || '.'}/${file}`);
    if (files.exists(path) && files.stat(path).type === 'file') return path;
  }
  return undefined;
}

export const exec: Builtin = async (shell, args) => {
  const { given, rest, unknown } = options(args, 'cla:');
  if (unknown) return await invalidOption(shell, 'exec', unknown);
  const [name] = rest;
  if (name === undefined) return 0;
  const found = findCommand(shell, name);
  if ('error' in found) {
    const { status } = found;
    await shell.error(`exec: ${found.error.replace(/: command not found$/, ': not found')}`);
    if (shell.interactive) return status;
    throw new Exit(status);
  }
  const env = given.has('c') ? new Map<string, string>() : shell.state.variables.environment();
  const argv = [...found.argv, ...rest.slice(1)];
  const as = given.get('a');
  if (as !== undefined) argv[0] = as;
  if (given.has('l')) argv[0] = `-${argv[0]}`;
  shell.state.traps.delete('EXIT');
  const child = shell.process.spawn(found.program, { argv, env, cwd: shell.state.cwd, fds: shell.fds });
  throw new Exit(await shell.wait(child));
};

export const command: Builtin = async (shell, args, call) => {
  const { given, rest, unknown } = options(args, 'pVv');
  if (unknown) return await invalidOption(shell, 'command', unknown);
  const [name] = rest;
  if (name === undefined) return 0;
  if (given.has('v') || given.has('V')) {
    let status = 1;
    for (const one of rest) {
      const text = given.has('v') ? shortDescription(shell, one) : longDescription(shell, one);
      if (text !== undefined) {
        await shell.write(1, `${text}\n`);
        status = 0;
      } else if (given.has('V')) await shell.error(`command: ${one}: not found`);
    }
    return status;
  }
  const builtin = shell.builtin(name);
  if (builtin) {
    const shift = args.length - rest.length + 1;
    const assigned = new Map([...call.assigned].map(([at, value]) => [at - shift, value]));
    return await callBuiltin(shell, builtin, rest, assigned);
  }
  return await shell.runExternal(rest);
};

function shortDescription(shell: Shell, name: string): string | undefined {
  const alias = shell.state.aliases.get(name);
  if (alias !== undefined) return `alias ${name}=${singleQuote(alias)}`;
  if (keywords.has(name) || shell.state.functions.has(name) || shell.builtin(name)) return name;
  if (!name.includes('/')) return findPath(shell, name);
  return 'program' in findCommand(shell, name) ? name : undefined;
}

export const keywords = new Set(
  'if then else elif fi case esac for select while until do done in function time { } ! [[ ]] coproc'.split(' '),
);

/** What `type NAME` says; undefined if there is nothing of that name. */
export function longDescription(shell: Shell, name: string): string | undefined {
  const alias = shell.state.aliases.get(name);
  if (alias !== undefined) return `${name} is aliased to \`${alias}'`;
  if (keywords.has(name)) return `${name} is a shell keyword`;
  if (shell.state.functions.has(name)) return `${name} is a function\n${shell.functionText(name)}`;
  if (shell.builtin(name)) return `${name} is a shell builtin`;
  const path = name.includes('/') ? ('program' in findCommand(shell, name) ? name : undefined) : findPath(shell, name);
  return path === undefined ? undefined : `${name} is ${path}`;
}

export const builtinBuiltin: Builtin = async (shell, args, call) => {
  const [name] = args;
  if (name === undefined) return 0;
  const found = shell.builtin(name);
  if (!found) {
    await shell.error(`builtin: ${name}: not a shell builtin`);
    return 1;
  }
  const assigned = new Map([...call.assigned].map(([at, value]) => [at - 1, value]));
  return await callBuiltin(shell, found, args, assigned);
};

/** A signal's or pseudo signal's name as traps are kept: EXIT, ERR, DEBUG, RETURN, SIGINT … */
function signalName(text: string): string | undefined {
  const upper = text.toUpperCase();
  if (upper === '0' || upper === 'EXIT') return 'EXIT';
  if (['ERR', 'DEBUG', 'RETURN'].includes(upper)) return upper;
  const name = upper.startsWith('SIG') ? upper : `SIG${upper}`;
  if (name in signals || otherSignals.includes(name)) return name;
  return Object.entries(signals).find(([, number]) => String(number) === text)?.[0];
}

const otherSignals = ['SIGALRM', 'SIGCHLD', 'SIGCONT', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGWINCH'];

export const trap: Builtin = async (shell, args) => {
  const { given, rest, unknown } = options(args, 'lp');
  if (unknown) return await invalidOption(shell, 'trap', unknown);
  const { traps } = shell.state;
  const show = async (name: string) => {
    const action = traps.get(name);
    if (action !== undefined) await shell.write(1, `trap -- ${singleQuote(action)} ${name}\n`);
  };
  if (given.has('l')) {
    const list = Object.entries(signals).map(([name, number]) => `${String(number).padStart(2)}) ${name}`);
    await shell.write(1, `${list.join('\t')}\n`);
    return 0;
  }
  if (rest.length === 0 || given.has('p')) {
    const order = (name: string) => (name === 'EXIT' ? 0 : ((signals as Record<string, number>)[name] ?? 100));
    const names = rest.length > 0 ? rest.map((name) => signalName(name) ?? name) : [...traps.keys()];
    for (const name of names.sort((a, b) => order(a) - order(b))) await show(name);
    return 0;
  }
  const resets = rest.length === 1 || /^\d+$/.test(rest[0] as string);
  const action = resets ? '-' : (rest[0] as string);
  let status = 0;
  for (const given of resets ? rest : rest.slice(1)) {
    const name = signalName(given);
    if (name === undefined) {
      await shell.error(`trap: ${given}: invalid signal specification`);
      status = 1;
      continue;
    }
    if (action === '-') traps.delete(name);
    else traps.set(name, action);
    shell.watchSignal(name);
  }
  return status;
};
