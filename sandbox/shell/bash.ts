import { FileError } from '../kernel/files.ts';
import { readPath } from '../kernel/open-path.ts';
import { basename } from '../kernel/paths.ts';
import type { Process, Program } from '../kernel/process.ts';
import { decode } from '../kernel/streams.ts';
import { readLine } from './builtins/read-line.ts';
import { optionNames } from './builtins/variables.ts';
import { initialState } from './initial.ts';
import { interact } from './interactive.ts';
import { Shell } from './shell.ts';
import { isComplete } from './syntax.ts';

/** GNU bash as a program: `bash [-c TEXT | -s | SCRIPT] [ARG…]`, interactive on a terminal. */
export const bash: Program = (process) => run(process, 'bash');

/** The shell of busybox (Alpine's sh): the same language, with ash's words for errors and ash's prompt. */
export const ash: Program = (process) => run(process, 'ash');

/** ms of cluster time that starting bash takes. */
const startTime = 1;

interface CommandLine {
  command?: boolean;
  stdin?: boolean;
  interactive?: boolean;
  login?: boolean;
  options: Map<string, boolean>;
  shopts: Map<string, boolean>;
  rest: string[];
  error?: string;
  version?: boolean;
}

const letters: Record<string, string> = {
  a: 'allexport',
  e: 'errexit',
  f: 'noglob',
  m: 'monitor',
  n: 'noexec',
  u: 'nounset',
  v: 'verbose',
  x: 'xtrace',
  B: 'braceexpand',
  C: 'noclobber',
  E: 'errtrace',
  T: 'functrace',
};

function parseCommandLine(args: readonly string[]): CommandLine {
  const line: CommandLine = { options: new Map(), shopts: new Map(), rest: [] };
  let at = 0;
  for (; at < args.length; at++) {
    const argument = args[at] as string;
    if (argument === '--' || argument === '-') {
      at++;
      break;
    }
    if (!/^[-+]./.test(argument)) break;
    if (argument.startsWith('--')) {
      if (argument === '--version') line.version = true;
      else if (argument === '--login') line.login = true;
      else if (argument === '--posix') line.options.set('posix', true);
      else if (argument === '--rcfile' || argument === '--init-file') at++;
      else if (!['--norc', '--noprofile', '--noediting', '--verbose'].includes(argument)) {
        line.error = `${argument}: invalid option`;
        return line;
      }
      continue;
    }
    const on = argument.startsWith('-');
    for (const letter of argument.slice(1)) {
      if (letter === 'c') line.command = true;
      else if (letter === 's') line.stdin = true;
      else if (letter === 'i') line.interactive = true;
      else if (letter === 'l') line.login = true;
      else if (letter === 'o' || letter === 'O') {
        const name = args[++at] ?? '';
        if (letter === 'o' && !optionNames.includes(name)) {
          line.error = `${name}: invalid option name`;
          return line;
        }
        (letter === 'o' ? line.options : line.shopts).set(name, on);
      } else if (letters[letter]) line.options.set(letters[letter], on);
      else if (!'hkptrDHP'.includes(letter)) {
        line.error = `${argument[0]}${letter}: invalid option`;
        return line;
      }
    }
  }
  line.rest = args.slice(at);
  return line;
}

async function run(process: Process, dialect: 'bash' | 'ash'): Promise<number> {
  const own = process.argv[0] ?? dialect;
  const program = dialect === 'bash' ? bash : ash;
  const line = parseCommandLine(process.argv.slice(1));
  const say = (text: string) => process.write(2, `${own.replace(/^-/, '')}: ${text}\n`);
  if (line.error) {
    await say(line.error);
    return 2;
  }
  if (line.version) {
    await process.write(1, 'GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\n');
    return 0;
  }
  const [first, ...others] = line.rest;
  if (line.command && first === undefined) {
    await say('-c: option requires an argument');
    return 2;
  }
  const scripted = !line.command && !line.stdin && first !== undefined;
  const terminal = process.isTerminal(0) && process.isTerminal(2);
  const interactive = line.interactive === true || (!line.command && !scripted && terminal);
  const name = line.command ? (others[0] ?? own) : scripted ? (first as string) : own;
  const positional = line.command ? others.slice(1) : scripted ? others : line.rest;
  const { machine, env, cwd, uid, pid } = process;
  const initial = { machine, env, cwd, uid, pid, name, positional, interactive, dialect };
  const state = initialState(initial);
  for (const [option, on] of line.options) {
    if (on) state.options.add(option);
    else state.options.delete(option);
  }
  for (const [option, on] of line.shopts) {
    if (on) state.shopts.add(option);
    else state.shopts.delete(option);
  }
  if (!line.command && !scripted && interactive) return await interact(process, state, { dialect, program });
  await process.sleep(startTime); // so that a script that starts itself cannot hold the host for ever
  const shell = new Shell(process, state, {
    dialect,
    program,
    ...(line.command ? { command: true } : {}),
    interactive,
    ...(scripted ? { script: name } : {}),
  });
  if (line.command) return await shell.toEnd(() => shell.runText(first as string));
  if (scripted) return await runFile(shell, first as string, own);
  return await shell.toEnd(() => runInput(shell));
}

/** A script's file; errors of opening it name the shell, as bash's do. */
async function runFile(shell: Shell, path: string, own: string): Promise<number> {
  let text: string;
  try {
    text = decode(await readPath(shell.process, path));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await shell.write(2, `${basename(own)}: ${path}: ${error.message}\n`);
    return error.code === 'ENOENT' ? 127 : 126;
  }
  if (text.slice(0, 80).includes('\0')) {
    await shell.write(2, `${path}: ${path}: cannot execute binary file\n`);
    return 126;
  }
  return await shell.toEnd(() => shell.runText(text));
}

/** Commands from stdin, line by line: what a command reads from stdin is no command any more. */
async function runInput(shell: Shell): Promise<number> {
  let line = 1;
  let status = 0;
  for (;;) {
    let text = '';
    let ended = false;
    do {
      const next = await readLine(shell, 0);
      ended = next.ended;
      text += next.text + (ended ? '' : '\n');
    } while (!ended && !isComplete(text));
    if (text.trim() !== '') {
      status = await shell.runText(text, { line });
      if (shell.syntaxFailed) return 2;
    }
    if (ended) return status;
    line += text.split('\n').length - 1;
  }
}
