import { type Command, type CompoundCommand, parse, type Redirected, type Word } from 'unbash';
import { FileError } from '../kernel/files.ts';
import { Exit, type Program } from '../kernel/process.ts';
import { decode } from '../kernel/streams.ts';
import { ArithmeticError } from './arithmetic.ts';
import { type Assigned, assign, expandAssignment } from './assign.ts';
import { type Builtin, declares, specialBuiltins } from './builtins/index.ts';
import { ExpansionError, Flow } from './errors.ts';
import { checkFailure, execute } from './execute.ts';
import { settle, type Waiting } from './expand/expander.ts';
import { traced } from './quote.ts';
import { RedirectError, redirect } from './redirect.ts';
import type { Shell } from './shell.ts';
import type { ShellFunction } from './state.ts';
import { VariableError } from './variables.ts';

/** What a command's words became. */
interface Prepared {
  argv: string[];
  /** Assignments given as arguments to declare, export …, by their place in `argv`. */
  assigned: Map<number, Assigned>;
  before: Assigned[];
}

export async function simpleCommand(shell: Shell, node: Command): Promise<number> {
  const close = shell.openedMark();
  try {
    shell.substituted = 0;
    const settled = settle(prepare(shell, node));
    const prepared = settled instanceof Promise ? await settled : settled;
    if (shell.state.options.has('xtrace')) await traceCommand(shell, prepared);
    const run = () => runPrepared(shell, prepared);
    if (node.redirects.length === 0) return await checkFailure(shell, await run());
    const redirected = settle(redirect(shell, node.redirects));
    const { undo } = redirected instanceof Promise ? await redirected : redirected;
    const bare = prepared.argv.join(' ');
    const lasts =
      (bare === 'exec' || bare === 'command exec' || bare === 'builtin exec') && !shell.state.functions.has('exec');
    if (lasts) return await checkFailure(shell, await run());
    try {
      return await checkFailure(shell, await run());
    } finally {
      undo();
    }
  } catch (error) {
    if (error instanceof RedirectError) return await checkFailure(shell, await shell.report(error));
    if (error instanceof Flow || error instanceof Exit || !(error instanceof Error)) throw error;
    if (error instanceof ExpansionError || error.name === 'ArithmeticError' || error instanceof VariableError) {
      throw await fatal(shell, error);
    }
    throw error;
  } finally {
    close();
  }
}

/** A failed expansion ends a script; an interactive shell drops the command line only. */
async function fatal(shell: Shell, error: Error): Promise<Error> {
  const status = await shell.report(error);
  return shell.interactive ? new DroppedLine(status) : new Exit(shell.state.options.has('errexit') ? 1 : status);
}

/** The rest of an interactive command line is dropped. */
export class DroppedLine extends Error {
  override name = 'DroppedLine';
  readonly status: number;
  constructor(status: number) {
    super('dropped');
    this.status = status;
  }
}

function* prepare(shell: Shell, node: Command): Waiting<Prepared> {
  const argv: string[] = [];
  const assigned = new Map<number, Assigned>();
  if (node.name) yield* fieldsOf(shell, node.name, argv);
  const declaring = argv[0] !== undefined && declares.has(argv[0]);
  for (const word of node.args) {
    if (word.type === 'Assignment' && declaring) {
      const value = yield* expandAssignment(shell, word);
      assigned.set(argv.length, value);
      argv.push(word.text);
    } else yield* fieldsOf(shell, word, argv);
  }
  const before: Assigned[] = [];
  const prefixes = node.prefix.filter((one) => one.type === 'Assignment');
  for (const one of prefixes) {
    const value = yield* expandAssignment(shell, one);
    before.push(value);
    if (argv.length > 0) continue;
    // without a command each assignment counts at once: `a=1 b=$a`
    yield* assign(shell, value);
    if (shell.state.options.has('allexport')) shell.state.variables.setAttribute(value.name, 'exported', true);
  }
  return { argv, assigned, before };
}

function* fieldsOf(
  shell: Shell,
  word: Word | Parameters<Shell['expander']['fields']>[0],
  argv: string[],
): Waiting<void> {
  yield* shell.expander.fields(word, argv);
}

async function traceCommand(shell: Shell, prepared: Prepared): Promise<void> {
  for (const { name, index, append, value } of prepared.before) {
    const target = index ? `${name}[${index.text}]` : name;
    const text =
      typeof value === 'string'
        ? value === ''
          ? ''
          : traced(value)
        : `(${value.map((item) => traced(item.value)).join(' ')})`;
    await shell.trace(`${target}${append ? '+=' : '='}${text}`);
  }
  if (prepared.argv.length === 0) return;
  const words = prepared.argv.map((word, index) => {
    const value = prepared.assigned.get(index);
    if (!value || typeof value.value !== 'string') return value ? word : traced(word);
    return traced(`${value.name}${value.append ? '+=' : '='}${value.value}`);
  });
  await shell.trace(words.join(' '));
}

async function runPrepared(shell: Shell, { argv, assigned, before }: Prepared): Promise<number> {
  const [name] = argv;
  if (name === undefined) {
    shell.state.variables.put('PIPESTATUS', { kind: 'indexed', value: [String(shell.substituted)] });
    return shell.substituted;
  }
  const command = shell.state.functions.get(name);
  const builtin = command ? undefined : shell.builtin(name);
  const status =
    command || builtin
      ? await withAssignments(shell, before, builtin !== undefined && specialBuiltins.has(name), () =>
          command
            ? callFunction(shell, name, command, argv.slice(1))
            : callBuiltin(shell, builtin as Builtin, argv, assigned),
        )
      : await runExternal(shell, argv, before);
  shell.state.variables.put('PIPESTATUS', { kind: 'indexed', value: [String(status)] });
  shell.state.lastArgument = argv.at(-1) ?? '';
  return status;
}

/** `X=1 command` for functions and builtins: the variables have their values while it runs. */
async function withAssignments(
  shell: Shell,
  before: Assigned[],
  lasting: boolean,
  body: () => Promise<number>,
): Promise<number> {
  if (before.length === 0) return await body();
  const { variables } = shell.state;
  if (lasting && shell.state.options.has('posix')) {
    for (const one of before) await settle(assign(shell, one));
    return await body();
  }
  variables.pushScope();
  try {
    for (const one of before) {
      const old = variables.get(one.name);
      if (old?.readonly) {
        await shell.error(`${one.name}: readonly variable`);
        continue;
      }
      variables.makeLocal(one.name);
      if (old && one.append) variables.put(one.name, old);
      await settle(assign(shell, one));
      variables.setAttribute(one.name, 'exported', true);
    }
    return await body();
  } finally {
    variables.popScope();
  }
}

export async function callBuiltin(
  shell: Shell,
  builtin: Builtin,
  argv: readonly string[],
  assigned: ReadonlyMap<number, Assigned> = new Map(),
): Promise<number> {
  try {
    return await builtin(shell, argv.slice(1), { name: argv[0] ?? '', assigned });
  } catch (error) {
    if (error instanceof VariableError) {
      await shell.error(error.message);
      return 1;
    }
    if (!(error instanceof ArithmeticError)) throw error;
    const named = new ArithmeticError(`${argv[0]}: ${error.message}`);
    if (argv[0] !== 'let') throw named;
    await shell.error(named.message);
    return 1;
  }
}

const bodies = new WeakMap<ShellFunction, CompoundCommand | Redirected | undefined>();

/** A function's body, parsed when it is first called. */
export function functionBody(own: ShellFunction): CompoundCommand | Redirected | undefined {
  if (bodies.has(own)) return bodies.get(own);
  const node = parse(own.text).commands[0]?.command;
  const body = node?.type === 'Function' && node.body.type !== 'CompoundList' ? node.body : undefined;
  bodies.set(own, body);
  return body;
}

export async function callFunction(shell: Shell, name: string, own: ShellFunction, args: string[]): Promise<number> {
  const body = functionBody(own);
  if (!body) return 0;
  const { state } = shell;
  const maximum = Math.min(shell.limits.depth, Number(state.variables.text('FUNCNEST')) || shell.limits.depth);
  if (shell.depth >= maximum) {
    await shell.error(`${name}: maximum function nesting level exceeded (${maximum})`);
    throw shell.interactive ? new DroppedLine(1) : new Exit(1);
  }
  const { source, position, positionEnd, loops } = shell;
  const positional = state.positional;
  shell.depth++;
  shell.frames.push({ name, file: own.file ?? 'main', callLine: shell.line() });
  shell.source = { text: own.text, line: own.line };
  shell.loops = 0;
  state.positional = args;
  state.variables.pushScope();
  try {
    if (shell.depth % 16 === 0) await Promise.resolve(); // a fresh host stack for deep recursion
    return await execute(shell, body);
  } catch (error) {
    if (error instanceof Flow && error.kind === 'return') return error.count;
    throw error;
  } finally {
    state.variables.popScope();
    state.positional = positional;
    shell.frames.pop();
    shell.depth--;
    Object.assign(shell, { source, position, positionEnd, loops });
  }
}

/** `() { … }`, as bash hands functions on. */
function exportedBody(text: string): string {
  const node = parse(text).commands[0]?.command;
  return node?.type === 'Function' ? `() ${text.slice(node.body.pos, node.body.end)}` : '() { :; }';
}

/** The environment of a child: exported variables and those before the command. */
async function environment(shell: Shell, before: Assigned[]): Promise<Map<string, string>> {
  const exported = shell.state.variables.environment();
  for (const [name, own] of shell.state.functions) {
    if (own.exported) exported.set(`BASH_FUNC_${name}%%`, exportedBody(own.text));
  }
  for (const one of before) {
    if (typeof one.value !== 'string') continue;
    if (shell.state.variables.get(one.name)?.readonly) {
      await shell.error(`${one.name}: readonly variable`);
      continue;
    }
    const old = one.append ? (shell.state.variables.text(one.name) ?? '') : '';
    exported.set(one.name, old + one.value);
  }
  return exported;
}

export async function runExternal(shell: Shell, argv: string[], before: Assigned[]): Promise<number> {
  const path = before.findLast((one) => one.name === 'PATH')?.value;
  const found = findCommand(shell, argv[0] as string, typeof path === 'string' ? path : undefined);
  if ('error' in found) {
    await shell.error(found.error);
    return found.status;
  }
  const env = await environment(shell, before);
  env.set('_', found.path);
  const child = shell.process.spawn(found.program, {
    argv: [...found.argv, ...argv.slice(1)],
    env,
    cwd: shell.state.cwd,
    fds: shell.fds,
  });
  return await shell.wait(child);
}

interface Found {
  program: Program;
  /** argv[0] and what an interpreter line puts before the arguments. */
  argv: string[];
  path: string;
}

/** The program behind a command's name, or bash's words and status for why there is none. */
export function findCommand(shell: Shell, name: string, path?: string): Found | { error: string; status: number } {
  const { machine } = shell.process;
  const search = path ?? shell.state.variables.text('PATH');
  const missing = {
    error: shell.options.dialect === 'ash' ? `${name}: not found` : `${name}: command not found`,
    status: 127,
  };
  if (name.includes('/')) {
    const absolute = shell.path(name);
    const program = machine.findProgram(absolute, undefined);
    return program ? { program, argv: [name], path: absolute } : script(shell, name, absolute);
  }
  if (name === '') return missing;
  const place = findPath(shell, name, search);
  const program = machine.findProgram(name, search);
  if (program) return { program, argv: [name], path: place ?? name };
  if (place === undefined) return missing;
  return script(shell, place, place);
}

/** Where PATH has a program or an executable file of that name. */
export function findPath(shell: Shell, name: string, path = shell.state.variables.text('PATH')): string | undefined {
  const { machine } = shell.process;
  for (const directory of (path ?? '').split(':')) {
    const place = `${directory === '' ? '.' : directory.replace(/\/$/, '')}/${name}`;
    const absolute = shell.path(place);
    if (machine.findProgram(absolute, undefined)) return place;
    if (!machine.files.exists(absolute)) continue;
    const { type, mode } = machine.files.stat(absolute);
    if (type === 'file' && (mode & 0o111) !== 0) return place;
  }
  return undefined;
}

/** A file that is no program: a script with an interpreter line, or for this shell. */
function script(shell: Shell, shown: string, path: string): Found | { error: string; status: number } {
  const { machine } = shell.process;
  try {
    const { type, mode } = machine.files.stat(path);
    if (type === 'directory') return { error: `${shown}: Is a directory`, status: 126 };
    if ((mode & 0o111) === 0) return { error: `${shown}: Permission denied`, status: 126 };
  } catch (error) {
    if (error instanceof FileError)
      return { error: `${shown}: ${error.message}`, status: error.code === 'ENOTDIR' ? 126 : 127 };
    throw error;
  }
  const bytes = machine.files.readFile(path);
  const first = decode(bytes.subarray(0, 256)).split('\n')[0] ?? '';
  const [, given, argument] = /^#!\s*(\S+)(?:\s+(.*?))?\s*$/.exec(first) ?? [];
  if (given === undefined) {
    if (bytes.subarray(0, 80).includes(0)) {
      return { error: `${shown}: cannot execute binary file: Exec format error`, status: 126 };
    }
    return { program: shell.program, argv: ['bash', shown], path };
  }
  const byEnv = given.endsWith('/env') && argument !== undefined;
  const interpreter = byEnv ? (argument.split(/\s+/)[0] as string) : given;
  const program = machine.findProgram(interpreter, shell.state.variables.text('PATH'));
  if (!program && byEnv) return { error: `/usr/bin/env: '${interpreter}': No such file or directory`, status: 127 };
  if (!program) return { error: `${shown}: cannot execute: required file not found`, status: 127 };
  const options = byEnv || argument === undefined ? [] : [argument];
  return { program, argv: [interpreter, ...options, shown], path };
}
