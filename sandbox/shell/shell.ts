import { Cancellation } from '../kernel/cancellation.ts';
import { FileError, type OpenFile } from '../kernel/files.ts';
import { posixResolve } from '../kernel/paths.ts';
import { type Child, Exit, Killed, type Process, type Program, type Signal, signals } from '../kernel/process.ts';
import { BrokenPipe, encode } from '../kernel/streams.ts';
import { expandAliases } from './alias.ts';
import { ArithmeticError, type ArithmeticScope } from './arithmetic.ts';
import { arithmeticScope } from './arithmetic-scope.ts';
import { type Builtin, findBuiltin } from './builtins/index.ts';
import { dynamicNames, dynamicVariables } from './dynamic.ts';
import { ExpansionError, Flow } from './errors.ts';
import { executeList } from './execute.ts';
import { Expander, settle } from './expand/expander.ts';
import { Jobs } from './jobs.ts';
import { printFunction } from './print.ts';
import { expandPrompt } from './prompt.ts';
import { RedirectError } from './redirect.ts';
import { runExternal } from './simple.ts';
import type { ShellState } from './state.ts';
import { lineAt, parseScript, type SyntaxProblem } from './syntax.ts';
import { type Variable, VariableError } from './variables.ts';

/** A text being run: positions in its tree count in `text`, whose first line is line `line` of what the user wrote. */
export interface Source {
  text: string;
  line: number;
}

/** A function call or a sourced file in progress. */
export interface Frame {
  name: string;
  file: string;
  callLine: number;
}

export interface ShellOptions {
  /** A person sits at it: errors name no line, a failed expansion does not end it, jobs are told. */
  interactive?: boolean;
  /** `bash -c`: errors of syntax say so. */
  command?: boolean;
  /** Words of errors: bash's, or those of busybox's ash. */
  dialect?: 'bash' | 'ash';
  jobs?: Jobs;
  level?: number;
  frames?: Frame[];
  source?: Source;
  /** The script's path. */
  script?: string;
  /** Shared with the shell that this is a subshell of. */
  load?: Load;
  /** What runs scripts: bash itself. */
  program?: Program;
  /** Functions' nesting so far. */
  depth?: number;
}

/** Commands between two yields to the kernel, and how long (ms of cluster time) they are taken to last. */
const [commandsPerSlice, sliceTime] = [256, 5];

/**
 * What a shell and its subshells use together: subshells alive, and commands since they last let others run. It begins
 * anew with each command line, so that a restored session yields at the same commands.
 */
export interface Load {
  subshells: number;
  commands: number;
}

/** A running shell: one process, its state, and what evaluates commands on it. */
export class Shell {
  readonly process: Process;
  readonly state: ShellState;
  readonly expander: Expander;
  readonly arithmetic: ArithmeticScope;
  readonly options: ShellOptions;
  /** Bounds that keep one runaway script from taking the host down. */
  readonly limits = { text: 32 << 20, depth: 4000, processes: 1000 };
  readonly jobs: Jobs;
  readonly level: number;
  readonly frames: Frame[];
  fds: Map<number, OpenFile>;
  source: Source;
  /** Position in `source` of the command that runs. */
  position = 0;
  positionEnd = 0;
  depth: number;
  /** Above 0 where a failure does not count for `set -e`: conditions, `!`, parts of `&&` and `||`. */
  quiet = 0;
  /** Loops around the current command within the function. */
  loops = 0;
  /** Cancelled with `Killed` when this shell shall end; replaced while its EXIT trap runs. */
  cancellation: Cancellation;
  /** Status of the last command substitution of the current command. */
  substituted = 0;
  /** Signals that came and whose traps have not run yet. */
  readonly pending: Signal[] = [];
  /** Told when a trapped signal came (`wait` returns then). */
  onPending: (() => void) | undefined;
  readonly #foreground = new Set<Child>();
  #interrupted = false;
  /** Ends of what `>(…)` started: the shell waits for them before it ends. */
  readonly outputs: Promise<number>[] = [];
  readonly #trapped = new Map<string, () => void>();
  /** A syntax error was met: a shell that reads commands from stdin ends. */
  syntaxFailed = false;
  /** Status of the last `output`. */
  outputStatus = 0;
  /** What process substitutions opened. */
  opened: OpenFile[] = [];
  readonly #load: Load;

  constructor(process: Process, state: ShellState, options: ShellOptions = {}) {
    this.process = process;
    this.#load = options.load ?? { subshells: 0, commands: 0 };
    this.state = state;
    this.options = options;
    this.jobs = options.jobs ?? new Jobs();
    this.level = options.level ?? 0;
    this.frames = options.frames ?? [];
    this.depth = options.depth ?? 0;
    this.source = options.source ?? { text: '', line: 1 };
    this.fds = new Map(process.fds);
    this.expander = new Expander(this);
    this.arithmetic = arithmeticScope(this);
    this.cancellation = this.#linked();
    state.variables.dynamic = dynamicVariables(this);
    for (const name of state.traps.keys()) this.watchSignal(name);
  }

  get interactive(): boolean {
    return this.options.interactive === true;
  }

  /** The line (from 1) of the command that runs. */
  line(): number {
    return this.source.line - 1 + lineAt(this.source.text, this.positionEnd);
  }

  /** A builtin by name. */
  builtin(name: string): Builtin | undefined {
    return findBuiltin(name);
  }

  /** The program that runs scripts without an interpreter line. */
  get program(): Program {
    return this.options.program ?? (() => Promise.resolve(126));
  }

  /** What BASH_SOURCE says of functions defined here: a script's path, a sourced file; `environment` for `bash -c`. */
  definingFile(): string | undefined {
    const file = this.frames.at(-1)?.file;
    if (file !== undefined || this.interactive) return file;
    return this.options.command ? 'environment' : this.options.script;
  }

  commandText(): string {
    return this.source.text.slice(this.position, this.positionEnd).trim();
  }

  /** Writes to a descriptor; a closed one takes nothing. */
  async write(fd: number, data: string | Uint8Array): Promise<void> {
    await this.#writes(fd, data);
  }

  /** False where the descriptor is not open for writing. */
  async #writes(fd: number, data: string | Uint8Array): Promise<boolean> {
    const file = this.fds.get(fd);
    try {
      if (file) await this.cancellation.guard(file.write(typeof data === 'string' ? encode(data) : data));
      return true;
    } catch (error) {
      if (error instanceof FileError) return false;
      throw error;
    }
  }

  /** `bash: line 3: `, as errors begin. */
  prefix(): string {
    const name = this.state.name.replace(/^-/, '');
    if (this.options.dialect === 'ash' || this.interactive) return `${name}: `;
    return `${this.frames.at(-1)?.file ?? name}: line ${this.line()}: `;
  }

  /** What a builtin prints: fails like write(2) where stdout is closed. */
  async output(builtin: string, data: string | Uint8Array): Promise<void> {
    this.outputStatus = this.fds.has(1) && (await this.#writes(1, data)) ? 0 : 1;
    if (this.outputStatus !== 0) await this.error(`${builtin}: write error: Bad file descriptor`);
  }

  /** An error on stderr with the shell's prefix. */
  async error(message: string): Promise<void> {
    await this.write(2, `${this.prefix()}${message}\n`);
  }

  /** An error where nothing can wait. */
  complain(message: string): void {
    void this.error(message).catch(() => {}); // stderr is gone: nobody can be told
  }

  path(path: string): string {
    return posixResolve(this.state.cwd, path);
  }

  /** A variable, name references followed. */
  variable(name: string): Variable | undefined {
    return this.state.variables.get(this.state.variables.resolve(name));
  }

  variableNames(): string[] {
    const { variables } = this.state;
    return variables.names().filter((name) => variables.get(name)?.value !== undefined || dynamicNames.has(name));
  }

  /** The value of a variable or special parameter; undefined if unset. */
  parameter(name: string): string | undefined {
    const { state } = this;
    if (/^[A-Za-z_]/.test(name) && name !== '_') {
      const target = state.variables.resolve(name);
      const element = target.includes('[') ? /^(\w+)\[(.*)\]$/s.exec(target) : null;
      if (element) return this.arithmetic.get(element[1] as string, element[2]);
      return state.variables.text(name);
    }
    if (/^\d+$/.test(name)) return name === '0' ? state.name : state.positional[Number(name) - 1];
    switch (name) {
      case '?':
        return String(state.status);
      case '#':
        return String(state.positional.length);
      case '$':
        return String(state.pid);
      case '!':
        return state.lastBackground === undefined ? undefined : String(state.lastBackground);
      case '-':
        return this.flags();
      case '_':
        return state.lastArgument;
      default:
        return undefined;
    }
  }

  /** $-. */
  flags(): string {
    const letters: Record<string, string> = { hashall: 'h', braceexpand: 'B', errexit: 'e', nounset: 'u', xtrace: 'x' };
    Object.assign(letters, { noglob: 'f', allexport: 'a', noclobber: 'C', verbose: 'v', noexec: 'n', monitor: 'm' });
    const on = [...this.state.options].map((option) => letters[option] ?? '').sort();
    const lower = on.filter((letter) => letter >= 'a').join('');
    const upper = on.filter((letter) => letter !== '' && letter < 'a').join('');
    return `${lower}${this.interactive ? 'i' : ''}${upper}${this.options.command ? 'c' : ''}`;
  }

  /** Counts a command; lets the rest of the cluster move from time to time, so that no loop holds the host for ever. */
  tick(): Promise<void> | undefined {
    const { reason } = this.cancellation;
    if (reason) throw reason;
    if (++this.#load.commands < commandsPerSlice) return undefined;
    this.#load.commands = 0;
    return this.process.kernel.sleep(sliceTime, this.cancellation);
  }

  /** Waits for a child; signals that end this shell end it too. */
  async wait(child: Child): Promise<number> {
    this.#foreground.add(child);
    try {
      const status = await this.cancellation.guard(child.exited);
      if (this.#interrupted && status === 128 + signals.SIGINT) this.process.cancellation.cancel(new Killed('SIGINT'));
      return status;
    } finally {
      this.#foreground.delete(child);
      if (this.#foreground.size === 0) this.#interrupted = false;
    }
  }

  /**
   * Ctrl-C at a command line: what runs in the foreground gets it, and the line ends only where that died of it (bash's
   * wait_sigint_handler). A second one ends the line in any case, so that nothing can hold it for ever.
   */
  interrupt(): void {
    const { traps } = this.state;
    if (traps.has('SIGINT') || traps.has('EXIT')) return; // watched by `watchSignal`
    if (this.#foreground.size === 0 || this.#interrupted) {
      this.process.cancellation.cancel(new Killed('SIGINT'));
      return;
    }
    this.#interrupted = true;
    for (const child of [...this.#foreground]) child.kill('SIGINT');
  }

  /** A cancellation that fires with the process', and takes the children in the foreground along. */
  #linked(): Cancellation {
    const own = new Cancellation();
    own.onCancel((reason) => {
      if (!(reason instanceof Killed) || this.#foreground.size === 0) return;
      const children = [...this.#foreground];
      // a turn later: a long chain of shells would overflow the host's stack
      void Promise.resolve().then(() => {
        for (const child of children) child.kill(reason.signal);
      });
    });
    this.process.cancellation.onCancel((reason) => own.cancel(reason));
    return own;
  }

  /** Runs a command as `command` does: no functions. */
  runExternal(argv: string[]): Promise<number> {
    return runExternal(this, argv, []);
  }

  /** The promise's answer, or 'late' after `milliseconds` of cluster time. */
  async timed<T>(promise: Promise<T>, milliseconds: number): Promise<T | 'late'> {
    let off = () => {};
    const limit = new Promise<'late'>((resolve) => {
      off = this.process.kernel.wakeAt(this.process.kernel.now() + milliseconds, () => resolve('late'));
    });
    try {
      return await Promise.race([promise, limit]);
    } finally {
      off();
    }
  }

  /** `kill` of the shell itself. */
  signalSelf(signal: Signal): void {
    const action = this.state.traps.get(signal);
    if (action === '') return;
    if (action !== undefined && signal !== 'SIGKILL') this.pending.push(signal);
    else if (!this.interactive || signal === 'SIGKILL' || signal === 'SIGHUP')
      this.cancellation.cancel(new Killed(signal));
  }

  /** A function as `declare -f` writes it. */
  functionText(name: string): string {
    const own = this.state.functions.get(name);
    return own ? printFunction(name, own.text) : '';
  }

  /** Starts a subshell: a process with a copy of the state. */
  fork(body: (shell: Shell) => Promise<number>, options: { fds?: Map<number, OpenFile>; job?: boolean } = {}): Child {
    if (this.#load.subshells >= this.limits.processes) {
      this.complain('fork: retry: Resource temporarily unavailable');
      this.complain('fork: Resource temporarily unavailable');
      throw new Exit(254);
    }
    this.#load.subshells++;
    const state = this.state.copy();
    const { source, position, positionEnd, depth } = this;
    const child = this.process.spawn(
      async (process) => {
        const { command: _, ...rest } = this.options;
        const level = this.level + 1;
        const frames = [...this.frames];
        const load = this.#load;
        const shell = new Shell(process, state, { ...rest, interactive: false, jobs: new Jobs(), level, frames, load });
        Object.assign(shell, { source, position, positionEnd, depth, quiet: this.quiet, loops: this.loops });
        if (level % 8 === 0) await Promise.resolve(); // a fresh host stack for deep recursion
        return await shell.toEnd(() => body(shell));
      },
      { argv: this.process.argv, cwd: state.cwd, fds: options.fds ?? this.fds, env: this.process.env },
    );
    void child.exited.then(() => this.#load.subshells--);
    return child;
  }

  /** Runs to the shell's end: `exit`, traps and failed expansions included. Answers the exit status. */
  async toEnd(body: () => Promise<number>): Promise<number> {
    let status: number;
    let killed: Error | undefined;
    try {
      status = await body();
    } catch (error) {
      if (error instanceof Exit) status = error.code;
      else if (error instanceof Flow) status = this.state.status;
      else if (error instanceof Killed) {
        status = 128 + signals[error.signal];
        killed = error;
      } else if (error instanceof BrokenPipe) throw error;
      else status = await this.report(error);
    }
    this.state.status = status;
    if (this.state.traps.get('EXIT')) status = await this.exitTrap(status);
    else if (killed) throw killed;
    await Promise.all(this.outputs);
    return status;
  }

  /** Runs the EXIT trap; its own `exit` counts. */
  async exitTrap(status: number): Promise<number> {
    const action = this.state.traps.get('EXIT') ?? '';
    this.state.traps.delete('EXIT');
    this.cancellation = this.process.cancellation.cancelled ? new Cancellation() : this.#linked();
    try {
      await this.runText(action);
      return status;
    } catch (error) {
      if (error instanceof Exit) return error.code;
      if (error instanceof Flow) return status;
      return await this.report(error);
    }
  }

  /** Says what went wrong and answers the status it gives. Rethrows what is no error of the script. */
  async report(error: unknown): Promise<number> {
    if (error instanceof ExpansionError) {
      await this.error(error.message);
      return error.status;
    }
    if (error instanceof ArithmeticError || error instanceof VariableError || error instanceof RedirectError) {
      await this.error(error.message);
      return 1;
    }
    throw error;
  }

  /** Runs a text in this shell, command by command as bash reads it. `eval`, `source`, traps, scripts, `-c`. */
  async runText(text: string, options: { line?: number; label?: string } = {}): Promise<number> {
    const { line = 1, label = '' } = options;
    const { aliases, shopts } = this.state;
    const expands = shopts.has('expand_aliases') || text.includes('expand_aliases');
    if (expands && (aliases.size > 0 || /\balias\b/.test(text))) {
      return await this.#runWithAliases(text, line, label);
    }
    return await this.#runPlain(text, line, label);
  }

  /** Reads unit by unit, each with the aliases that the ones before have left. */
  async #runWithAliases(text: string, line: number, label: string): Promise<number> {
    let status = 0;
    let from = 0;
    while (from < text.length) {
      const rest = text.slice(from);
      const { units } = parseScript(rest);
      const end = units.length > 1 && units[1] ? units[1].pos : rest.length;
      const source = rest.slice(0, end);
      const unit = this.state.shopts.has('expand_aliases') ? expandAliases(source, this.state.aliases) : source;
      status = await this.#runPlain(unit, line - 1 + lineAt(text, from), label);
      if (this.syntaxFailed && !this.interactive) return status;
      from += end;
    }
    return status;
  }

  async #runPlain(text: string, line: number, label: string): Promise<number> {
    const outer = this.source;
    const [position, end] = [this.position, this.positionEnd];
    const parsed = parseScript(text);
    this.source = { text, line };
    let status = 0;
    try {
      for (const unit of parsed.units) {
        for (const heredoc of parsed.openHeredocs) {
          if (heredoc.pos >= unit.pos && heredoc.pos < unit.end) await this.#warnHeredoc(text, heredoc);
        }
        status = await executeList(this, unit.statements);
      }
      if (parsed.problem) status = await this.syntaxError(parsed.problem, label);
      return status;
    } finally {
      this.source = outer;
      this.position = position;
      this.positionEnd = end;
    }
  }

  async #warnHeredoc(text: string, heredoc: { pos: number; delimiter: string }): Promise<void> {
    const at = lineAt(text, heredoc.pos);
    this.positionEnd = text.length;
    const wanted = `here-document at line ${at} delimited by end-of-file (wanted \`${heredoc.delimiter}')`;
    await this.error(`warning: ${wanted}`);
  }

  async syntaxError(problem: SyntaxProblem, label = ''): Promise<number> {
    const name = this.frames.at(-1)?.file ?? this.state.name.replace(/^-/, '');
    const where = this.interactive ? '' : `line ${this.source.line - 1 + problem.line}: `;
    const kind = label || (this.options.command && this.frames.length === 0 ? '-c: ' : '');
    const prefix = `${name}: ${kind}${where}`;
    await this.write(2, `${prefix}${problem.message}\n`);
    if (problem.shown && !this.interactive) await this.write(2, `${prefix}${problem.shown}\n`);
    this.syntaxFailed = true;
    this.state.status = 2;
    return 2;
  }

  /** Marks what process substitutions open from now on; the answer closes it. */
  openedMark(): () => void {
    const mark = this.opened.length;
    return () => {
      if (this.opened.length === mark) return;
      for (const file of this.opened.splice(mark)) {
        file.close();
        for (const [fd, own] of this.fds) if (own === file) this.fds.delete(fd);
      }
    };
  }

  /** A line on stderr for `set -x`. */
  async trace(text: string): Promise<void> {
    const ps4 = this.state.variables.text('PS4') ?? '+ ';
    const first = [...ps4][0] ?? '';
    const prompt = await settle(expandPrompt(this, ps4));
    await this.write(2, `${first.repeat(this.level)}${prompt}${text}\n`);
  }

  /** Makes a trap's signal come here instead of ending the shell. */
  watchSignal(name: string): void {
    this.#trapped.get(name)?.();
    this.#trapped.delete(name);
    if (!this.state.traps.has(name)) return;
    if (name === 'EXIT') {
      const ends = (['SIGHUP', 'SIGINT', 'SIGTERM'] as const).map((signal) =>
        this.state.traps.has(signal) ? () => {} : this.process.onSignal(signal, () => this.#end(signal)),
      );
      this.#trapped.set(name, () => {
        for (const off of ends) off();
      });
    } else if (name in signals) {
      const signal = name as Signal;
      const off = this.process.onSignal(signal, () => {
        if (this.state.traps.get(signal) === '') return;
        if (signal === 'SIGINT') for (const child of this.#foreground) child.kill(signal);
        this.pending.push(signal);
        this.onPending?.();
      });
      this.#trapped.set(name, off);
    }
  }

  /** A signal ends a shell that has an EXIT trap: what waits stops, the process itself lives until the trap has run. */
  #end(signal: Signal): void {
    if (this.state.traps.has(signal)) return;
    this.cancellation.cancel(new Killed(signal));
  }

  /** Runs the traps of signals that came. */
  async runTraps(): Promise<void> {
    for (let signal = this.pending.shift(); signal; signal = this.pending.shift()) {
      const { status } = this.state;
      await this.runText(this.state.traps.get(signal) ?? '');
      this.state.status = status;
    }
  }
}
