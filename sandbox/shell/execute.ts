import type {
  AndOr,
  ArithmeticFor,
  Case,
  Command,
  CompoundList,
  For,
  Function as FunctionNode,
  If,
  Pipeline,
  PipelineNode,
  Select,
  Statement,
  While,
} from 'unbash';
import type { OpenFile } from '../kernel/files.ts';
import { nullDevice, openPipe } from '../kernel/open-files.ts';
import { type Child, Exit } from '../kernel/process.ts';
import { ArithmeticError } from './arithmetic.ts';
import { readLine } from './builtins/read-line.ts';
import { Flow } from './errors.ts';
import { settle } from './expand/expander.ts';
import { matches } from './pattern.ts';
import { RedirectError, redirect } from './redirect.ts';
import type { Shell } from './shell.ts';
import { simpleCommand } from './simple.ts';
import { lineAt } from './syntax.ts';
import { evaluateTest, TestError } from './test-expression.ts';

/** Statements one after the other. Answers the status of the last. */
export async function executeList(shell: Shell, statements: readonly Statement[]): Promise<number> {
  let status = 0;
  for (const statement of statements) {
    if (statement.background) status = startBackground(shell, statement);
    else status = await execute(shell, statement.command);
    shell.state.status = status;
    if (shell.pending.length > 0) await shell.runTraps();
  }
  return status;
}

function list(shell: Shell, body: CompoundList): Promise<number> {
  return executeList(shell, body.commands);
}

function startBackground(shell: Shell, statement: Statement): number {
  const fds = new Map(shell.fds);
  const input = shell.options.interactive ? undefined : nullDevice();
  if (input) fds.set(0, input);
  const child = shell.fork((inner) => execute(inner, statement.command), { fds });
  input?.close();
  const text = shell.source.text.slice(statement.command.pos, statement.command.end).trim();
  const job = shell.jobs.add(child, text);
  shell.state.lastBackground = child.pid;
  if (shell.interactive) void shell.write(2, `[${job.id}] ${child.pid}\n`).catch(() => {});
  return 0;
}

/** Runs a command that changes nothing for `set -e`. */
async function quietly<T>(shell: Shell, body: () => Promise<T>): Promise<T> {
  shell.quiet++;
  try {
    return await body();
  } finally {
    shell.quiet--;
  }
}

/** After a failed command: the ERR trap, then the end of the shell where `set -e` says so. */
export async function checkFailure(shell: Shell, status: number): Promise<number> {
  if (status === 0 || shell.quiet > 0) return status;
  const action = shell.state.traps.get('ERR');
  if (action) {
    shell.state.status = status;
    await quietly(shell, () => shell.runText(action));
  }
  if (shell.state.options.has('errexit')) throw new Exit(status);
  return status;
}

export async function execute(shell: Shell, node: PipelineNode | AndOr): Promise<number> {
  const pause = shell.tick();
  if (pause) await pause;
  switch (node.type) {
    case 'Command':
      at(shell, node);
      return await simpleCommand(shell, node);
    case 'AndOr':
      return await andOr(shell, node);
    case 'Pipeline':
      return await pipeline(shell, node);
    case 'Redirected':
      return await redirected(shell, node);
    case 'If':
      return await ifCommand(shell, node);
    case 'While':
      return await whileLoop(shell, node);
    case 'For':
      return await forLoop(shell, node);
    case 'ArithmeticFor':
      return await arithmeticFor(shell, node);
    case 'Select':
      return await select(shell, node);
    case 'Case':
      return await caseCommand(shell, node);
    case 'BraceGroup':
      return await list(shell, node.body);
    case 'Subshell': {
      const status = await shell.wait(shell.fork((inner) => list(inner, node.body)));
      return await checkFailure(shell, status);
    }
    case 'Function':
      return await defineFunction(shell, node);
    case 'ArithmeticCommand':
      at(shell, node);
      return await checkFailure(shell, await arithmeticStatus(shell, node.body));
    case 'TestCommand':
      at(shell, node);
      return await checkFailure(shell, await testStatus(shell, node.expression));
    case 'Coproc':
      await shell.error('coproc: not supported');
      return 1;
  }
}

/** Notes which command runs, for error messages and $LINENO. */
function at(shell: Shell, node: { pos: number; end: number }): void {
  shell.position = node.pos;
  shell.positionEnd = node.end;
}

async function andOr(shell: Shell, node: AndOr): Promise<number> {
  let status = 0;
  const last = node.commands.length - 1;
  for (const [index, command] of node.commands.entries()) {
    const operator = index > 0 ? node.operators[index - 1] : undefined;
    if (operator === '&&' ? status !== 0 : operator === '||' ? status === 0 : false) continue;
    status = index < last ? await quietly(shell, () => execute(shell, command)) : await execute(shell, command);
    shell.state.status = status;
  }
  return status;
}

async function pipeline(shell: Shell, whole: Pipeline): Promise<number> {
  const node = shell.options.dialect === 'ash' ? withTimeAsCommand(whole) : whole;
  const timed = node.prefixes.find((prefix) => prefix.type === 'Time');
  const negations = node.prefixes.filter((prefix) => prefix.type === 'Negation').length;
  const start = shell.process.kernel.now();
  const body = () => stages(shell, node);
  let status = negations > 0 ? await quietly(shell, body) : await body();
  if (negations % 2 === 1) status = status === 0 ? 1 : 0;
  if (timed) await shell.write(2, timeText(shell, shell.process.kernel.now() - start, timed.posix !== undefined));
  return status;
}

/** To ash `time` is no reserved word: it names a program, which runs the first command of the pipeline. */
function withTimeAsCommand(node: Pipeline): Pipeline {
  const [first, ...others] = node.commands;
  const timed = node.prefixes.find((prefix) => prefix.type === 'Time');
  if (!timed || first?.type !== 'Command' || !first.name) return node;
  const { pos, end, prefix, suffix, redirects } = first;
  const name = { type: 'Word', text: 'time', value: 'time', pos: timed.pos, end: timed.end } as const;
  const command: Command = {
    type: 'Command',
    pos,
    end,
    name,
    prefix,
    suffix,
    args: [first.name, ...first.args],
    redirects,
  };
  return { ...node, prefixes: node.prefixes.filter((prefix) => prefix !== timed), commands: [command, ...others] };
}

/** The report of `time`: virtual time; commands are taken to need no processor. */
function timeText(shell: Shell, milliseconds: number, posix: boolean): string {
  const seconds = milliseconds / 1000;
  const long = (value: number, digits = 3) => `${Math.floor(value / 60)}m${(value % 60).toFixed(digits)}s`;
  if (posix) return `real ${seconds.toFixed(2)}\nuser 0.00\nsys 0.00\n`;
  const format = shell.state.variables.text('TIMEFORMAT');
  if (format === undefined) return `\nreal\t${long(seconds)}\nuser\t${long(0)}\nsys\t${long(0)}\n`;
  if (format === '') return '';
  const text = format.replace(/%(?:%|(\d?)(l?)([RUS])|P)/g, (whole, digits: string, isLong: string, what: string) => {
    if (whole === '%%') return '%';
    if (whole === '%P') return '0.00';
    const value = what === 'R' ? seconds : 0;
    const precision = digits === '' ? 3 : Math.min(3, Number(digits));
    return isLong ? long(value, precision) : value.toFixed(precision);
  });
  return `${text}\n`;
}

async function stages(shell: Shell, node: Pipeline): Promise<number> {
  const [only] = node.commands;
  if (!only) return 0;
  if (node.commands.length === 1) return await execute(shell, only);
  const children: Child[] = [];
  let input: OpenFile | undefined;
  for (const [index, command] of node.commands.entries()) {
    const fds = new Map(shell.fds);
    if (input) fds.set(0, input);
    const last = index === node.commands.length - 1;
    if (last && input && !shell.interactive && shell.state.shopts.has('lastpipe')) {
      return await lastStage(shell, command, input, children);
    }
    const pipe = last ? undefined : openPipe();
    if (pipe) fds.set(1, pipe.write);
    if (pipe && node.operators[index] === '|&') fds.set(2, pipe.write);
    children.push(shell.fork((inner) => execute(inner, command), { fds }));
    input?.close();
    pipe?.write.close();
    input = pipe?.read;
  }
  return await pipelineStatus(shell, await Promise.all(children.map((child) => shell.wait(child))));
}

async function pipelineStatus(shell: Shell, statuses: number[]): Promise<number> {
  shell.state.variables.put('PIPESTATUS', { kind: 'indexed', value: statuses.map(String) });
  const failed = shell.state.options.has('pipefail') ? statuses.findLast((status) => status !== 0) : undefined;
  return await checkFailure(shell, failed ?? statuses.at(-1) ?? 0);
}

/** With `lastpipe` the last command runs in the shell itself. */
async function lastStage(shell: Shell, command: PipelineNode, input: OpenFile, children: Child[]): Promise<number> {
  const before = shell.fds;
  shell.fds = new Map(before).set(0, input);
  let status: number;
  try {
    status = await quietly(shell, () => execute(shell, command));
  } finally {
    shell.fds = before;
    input.close();
  }
  const others = await Promise.all(children.map((child) => shell.wait(child)));
  return await pipelineStatus(shell, [...others, status]);
}

async function redirected(shell: Shell, node: PipelineNode & { type: 'Redirected' }): Promise<number> {
  shell.position = node.pos;
  shell.positionEnd = node.pos;
  const close = shell.openedMark();
  try {
    const { undo } = await settle(redirect(shell, node.redirects));
    try {
      return await execute(shell, node.command);
    } finally {
      undo();
    }
  } catch (error) {
    if (!(error instanceof RedirectError)) throw error;
    return await checkFailure(shell, await shell.report(error));
  } finally {
    close();
  }
}

async function ifCommand(shell: Shell, node: If): Promise<number> {
  if ((await quietly(shell, () => list(shell, node.clause))) === 0) return await list(shell, node.then);
  for (const branch of node.elif) {
    if ((await quietly(shell, () => list(shell, branch.clause))) === 0) return await list(shell, branch.then);
  }
  return node.else ? await list(shell, node.else) : 0;
}

/** Runs a loop's body once; `stop` if `break` (or `continue N`) leaves this loop. */
async function once(shell: Shell, body: CompoundList): Promise<{ status: number; stop: boolean }> {
  shell.loops++;
  try {
    return { status: await list(shell, body), stop: false };
  } catch (error) {
    if (!(error instanceof Flow) || error.kind === 'return') throw error;
    if (error.count > 1 && shell.loops > 1) throw new Flow(error.kind, error.count - 1);
    return { status: 0, stop: error.kind === 'break' };
  } finally {
    shell.loops--;
  }
}

/** Runs a loop's condition; `break` in it leaves the loop. */
async function condition(shell: Shell, clause: CompoundList): Promise<boolean | 'stop'> {
  shell.loops++;
  try {
    return (await quietly(shell, () => list(shell, clause))) === 0;
  } catch (error) {
    if (!(error instanceof Flow) || error.kind === 'return') throw error;
    if (error.count > 1 && shell.loops > 1) throw new Flow(error.kind, error.count - 1);
    return error.kind === 'break' ? 'stop' : true;
  } finally {
    shell.loops--;
  }
}

async function whileLoop(shell: Shell, node: While): Promise<number> {
  let status = 0;
  for (;;) {
    const answer = await condition(shell, node.clause);
    if (answer === 'stop' || answer !== (node.kind === 'while')) return status;
    const pause = shell.tick();
    if (pause) await pause;
    const turn = await once(shell, node.body);
    status = turn.status;
    if (turn.stop) return status;
  }
}

async function forLoop(shell: Shell, node: For): Promise<number> {
  shell.position = node.pos;
  shell.positionEnd = node.pos;
  const items = node.wordlist ? await settle(shell.expander.words(node.wordlist)) : [...shell.state.positional];
  const name = node.name.text;
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    await shell.error(`\`${name}': not a valid identifier`);
    return await checkFailure(shell, 1);
  }
  let status = 0;
  for (const item of items) {
    const pause = shell.tick();
    if (pause) await pause;
    if (shell.state.options.has('xtrace')) {
      await shell.trace(`for ${name} in ${node.wordlist ? items.join(' ') : '"$@"'}`);
    }
    try {
      shell.state.variables.assign(name, item);
    } catch (error) {
      return await checkFailure(shell, await shell.report(error));
    }
    const turn = await once(shell, node.body);
    status = turn.status;
    if (turn.stop) break;
  }
  return status;
}

/** An arithmetic command's status: 1 for zero or a wrong expression. */
async function arithmeticStatus(shell: Shell, text: string): Promise<number> {
  if (shell.state.options.has('xtrace')) await shell.trace(`(( ${text} ))`);
  try {
    return (await settle(shell.expander.arithmetic(text))) === 0n ? 1 : 0;
  } catch (error) {
    if (!(error instanceof ArithmeticError)) throw error;
    await shell.error(`((: ${error.message}`);
    return 1;
  }
}

async function arithmeticFor(shell: Shell, node: ArithmeticFor): Promise<number> {
  shell.position = node.pos;
  shell.positionEnd = node.pos;
  const parts = headerParts(shell.source.text, node);
  const evaluatePart = async (text: string): Promise<bigint | undefined> => {
    const pause = shell.tick();
    if (pause) await pause;
    if (text.trim() === '') return 1n;
    try {
      return await settle(shell.expander.arithmetic(text));
    } catch (error) {
      if (!(error instanceof ArithmeticError)) throw error;
      await shell.error(`((: ${error.message}`);
      return undefined;
    }
  };
  let status = 0;
  if ((await evaluatePart(parts[0])) === undefined) return 1;
  for (;;) {
    const test = await evaluatePart(parts[1]);
    if (test === undefined) return 1;
    if (test === 0n) return status;
    const turn = await once(shell, node.body);
    status = turn.status;
    if (turn.stop) return status;
    if ((await evaluatePart(parts[2])) === undefined) return 1;
  }
}

const headers = new WeakMap<ArithmeticFor, [string, string, string]>();

/** The three texts between `((` and `))`. */
function headerParts(text: string, node: ArithmeticFor): [string, string, string] {
  const known = headers.get(node);
  if (known) return known;
  const start = text.indexOf('((', node.pos) + 2;
  const parts = [''];
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const letter = text[at] as string;
    if (letter === '(') depth++;
    if (letter === ')' && depth-- === 0) break;
    if (letter === ';' && depth === 0) parts.push('');
    else parts[parts.length - 1] += letter;
  }
  const [first = '', second = '', third = ''] = parts;
  headers.set(node, [first, second, third]);
  return [first, second, third];
}

async function select(shell: Shell, node: Select): Promise<number> {
  const items = node.wordlist ? await settle(shell.expander.words(node.wordlist)) : [...shell.state.positional];
  if (items.length === 0) return 0;
  const width = String(items.length).length;
  const menu = items.map((item, index) => `${String(index + 1).padStart(width)}) ${item}\n`).join('');
  let shown = false;
  let status = 0;
  for (;;) {
    if (!shown) await shell.write(2, menu);
    shown = true;
    await shell.write(2, shell.state.variables.text('PS3') ?? '#? ');
    const { text, ended } = await readLine(shell, 0);
    if (ended && text === '') {
      await shell.write(1, '\n');
      return 1;
    }
    shell.state.variables.assign('REPLY', text);
    if (text.trim() === '') {
      shown = false;
      continue;
    }
    shell.state.variables.assign(node.name.text, items[Number(text.trim()) - 1] ?? '');
    const turn = await once(shell, node.body);
    status = turn.status;
    if (turn.stop) return status;
  }
}

async function caseCommand(shell: Shell, node: Case): Promise<number> {
  shell.position = node.pos;
  shell.positionEnd = node.pos;
  const text = await settle(shell.expander.text(node.word));
  if (shell.state.options.has('xtrace')) await shell.trace(`case ${text} in`);
  const options = { ignoreCase: shell.state.shopts.has('nocasematch') };
  let status = 0;
  let falls = false;
  for (const item of node.items) {
    let chosen = falls;
    for (const pattern of item.pattern) {
      if (chosen) break;
      chosen = matches(await settle(shell.expander.pattern(pattern)), text, options);
    }
    if (!chosen) continue;
    status = await list(shell, item.body);
    if (item.terminator !== ';&' && item.terminator !== ';;&') return status;
    falls = item.terminator === ';&';
  }
  return status;
}

async function testStatus(shell: Shell, expression: Parameters<typeof evaluateTest>[1]): Promise<number> {
  try {
    return (await settle(evaluateTest(shell, expression))) ? 0 : 1;
  } catch (error) {
    if (error instanceof TestError) {
      await shell.error(error.message);
      return error.status;
    }
    if (!(error instanceof ArithmeticError)) throw error;
    await shell.error(`[[: ${error.message}`);
    return 1;
  }
}

async function defineFunction(shell: Shell, node: FunctionNode): Promise<number> {
  shell.position = node.pos;
  shell.positionEnd = node.pos;
  const text = shell.source.text.slice(node.pos, node.end);
  const line = shell.source.line - 1 + lineAt(shell.source.text, node.pos);
  const file = shell.definingFile();
  shell.state.functions.set(node.name.value, { text, line, ...(file === undefined ? {} : { file }) });
  return 0;
}
