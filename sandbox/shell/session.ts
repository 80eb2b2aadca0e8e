import type { OpenFile } from '../kernel/files.ts';
import type { Stateful } from '../kernel/json.ts';
import { nullDevice } from '../kernel/open-files.ts';
import type { Child, Machine, Program, Signal } from '../kernel/process.ts';
import { lastPid, setLastPid, spawn } from '../kernel/spawn.ts';
import { bash } from './bash.ts';
import { initialState } from './initial.ts';
import { interact } from './interactive.ts';
import { Jobs } from './jobs.ts';
import { runLine } from './run-line.ts';
import { Shell } from './shell.ts';
import type { ShellState, ShellStateData } from './state.ts';

export interface ShellSessionState {
  shell: ShellStateData;
  /** The last process number of the machine, so that later processes get the same numbers. */
  lastPid: number;
  /** Set once the shell has ended. */
  exited?: number;
}

export interface ShellSessionOptions {
  machine: Machine;
  env: ReadonlyMap<string, string>;
  cwd: string;
  uid?: number;
  /** $0; `bash`. */
  name?: string;
}

/** Streams of one command. The caller keeps them: the session shares them while the command runs. */
export interface SessionStreams {
  /** Nothing to read if left out. */
  stdin?: OpenFile;
  stdout: OpenFile;
  stderr: OpenFile;
}

/**
 * One learner's login shell. Between commands all of it is plain data: variables, functions, options, aliases, traps,
 * working directory, history, `$?`. Not saved, because they are processes or what processes hold: background jobs (after
 * `load`, `jobs` lists none) and descriptors opened by `exec`.
 */
export class ShellSession implements Stateful<ShellSessionState> {
  readonly #options: ShellSessionOptions;
  #state: ShellState;
  #jobs = new Jobs();
  #opened = new Map<number, OpenFile>();
  #running: Child | undefined;
  #exited: number | undefined;

  constructor(options: ShellSessionOptions) {
    this.#options = options;
    const { machine, env, cwd, uid = 0, name = 'bash' } = options;
    const pid = lastPid(machine) + 1;
    setLastPid(machine, pid);
    this.#state = initialState({ machine, env, cwd, uid, pid, name, interactive: true });
  }

  /** The status the shell ended with (`exit`), or undefined while it lives. */
  get exited(): number | undefined {
    return this.#exited;
  }

  get cwd(): string {
    return this.#state.cwd;
  }

  get status(): number {
    return this.#state.status;
  }

  /** A variable's value, for prompts and completion. */
  variable(name: string): string | undefined {
    return this.#state.variables.text(name);
  }

  /** Names for completion: aliases and functions. */
  commandNames(): string[] {
    return [...this.#state.aliases.keys(), ...this.#state.functions.keys()];
  }

  get history(): readonly string[] {
    return this.#state.history;
  }

  /** Runs a command line (or several lines) in this shell and answers its status (0–255). One at a time. */
  async run(text: string, streams: SessionStreams): Promise<number> {
    if (this.#exited !== undefined) return this.#exited;
    if (text.trim() !== '') this.#state.history.push(text.trimEnd());
    const options = { dialect: 'bash', program: bash, jobs: this.#jobs, opened: this.#opened } as const;
    const status = await this.#spawn(async (process) => {
      const result = await runLine(process, this.#state, text, options);
      this.#exited = result.exited;
      return result.status;
    }, streams);
    this.#state.status = status;
    return status;
  }

  /** Runs a script as `bash NAME ARGS…` would: in a shell of its own, with the session's environment and directory. */
  async runScript(text: string, args: readonly string[], name: string, streams: SessionStreams): Promise<number> {
    const { machine, uid = 0 } = this.#options;
    return await this.#spawn(async (process) => {
      const initial = { machine, env: process.env, cwd: process.cwd, uid, pid: process.pid, name, positional: args };
      const shell = new Shell(process, initialState(initial), { dialect: 'bash', program: bash });
      return await shell.toEnd(() => shell.runText(text));
    }, streams);
  }

  /** Reads command lines from a terminal with prompts until `exit` or the end of input. `onIdle`: before each prompt. */
  async interact(streams: SessionStreams & { stdin: OpenFile }, onIdle?: () => void): Promise<number> {
    const status = await this.#spawn(
      (process) =>
        interact(process, this.#state, {
          dialect: 'bash',
          program: bash,
          jobs: this.#jobs,
          ...(onIdle ? { onIdle } : {}),
        }),
      streams,
    );
    this.#exited = status;
    return status;
  }

  /** Sends a signal to what runs (Ctrl-C: SIGINT); false if nothing does. */
  signal(signal: Signal): boolean {
    this.#running?.kill(signal);
    return this.#running !== undefined;
  }

  save(): ShellSessionState {
    const state = { shell: this.#state.save(), lastPid: lastPid(this.#options.machine) };
    return this.#exited === undefined ? state : { ...state, exited: this.#exited };
  }

  load(state: ShellSessionState): void {
    this.#state.load(state.shell);
    setLastPid(this.#options.machine, state.lastPid);
    this.#exited = state.exited;
    this.#jobs = new Jobs();
    this.#opened = new Map();
    this.#running = undefined;
  }

  async #spawn(program: Program, streams: SessionStreams): Promise<number> {
    const { machine, uid = 0, name = 'bash' } = this.#options;
    const stdin = streams.stdin ?? nullDevice();
    const child = spawn(program, {
      machine,
      argv: [name],
      env: this.#state.variables.environment(),
      cwd: this.#state.cwd,
      uid,
      fds: new Map([
        [0, stdin],
        [1, streams.stdout],
        [2, streams.stderr],
      ]),
    });
    if (!streams.stdin) stdin.close();
    this.#running = child;
    try {
      return await child.exited;
    } finally {
      this.#running = undefined;
    }
  }
}

export { isComplete } from './syntax.ts';
