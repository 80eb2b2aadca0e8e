import { Cancellation } from './cancellation.ts';
import { FileError, type OpenFile } from './files.ts';
import { posixResolve } from './paths.ts';
import {
  type Child,
  Exit,
  Killed,
  type Machine,
  type Process,
  type Program,
  type Signal,
  type SpawnOptions,
  signals,
} from './process.ts';
import { BrokenPipe, concat, encode } from './streams.ts';

/** What a first process of a machine needs; children inherit it. */
export interface ProcessSetup extends SpawnOptions {
  machine: Machine;
  env: ReadonlyMap<string, string>;
  cwd: string;
  uid: number;
  fds: ReadonlyMap<number, OpenFile>;
}

const pids = new WeakMap<Machine, number>();

function nextPid(machine: Machine): number {
  const pid = (pids.get(machine) ?? 0) + 1;
  pids.set(machine, pid);
  return pid;
}

/** The number last given to a process of this machine; part of a saved machine, so that later numbers are the same. */
export function lastPid(machine: Machine): number {
  return pids.get(machine) ?? 0;
}

/** Sets what `lastPid` answers, when a machine's state is loaded. */
export function setLastPid(machine: Machine, pid: number): void {
  pids.set(machine, pid);
}

/** Starts `program`. Its descriptors are shared for its life and released when it ends. */
export function spawn(program: Program, setup: ProcessSetup): Child {
  const process = new RunningProcess(setup);
  return { pid: process.pid, exited: process.run(program), kill: (signal) => process.signal(signal) };
}

/**
 * Bytes that a process writes before it lets others run, and the cluster time (ms) they are taken to need: a program that
 * prints without end to something that never blocks can still be killed.
 */
const [burst, burstTime] = [65536, 10];

class RunningProcess implements Process {
  readonly machine: Machine;
  readonly pid: number;
  readonly argv: readonly string[];
  readonly env: ReadonlyMap<string, string>;
  readonly cwd: string;
  readonly uid: number;
  readonly fds: ReadonlyMap<number, OpenFile>;
  readonly cancellation = new Cancellation();
  readonly #handlers = new Map<Signal, Set<() => void>>();
  readonly #children = new Set<Child>();
  #written = 0;

  constructor(setup: ProcessSetup) {
    this.machine = setup.machine;
    this.pid = nextPid(setup.machine);
    this.argv = setup.argv;
    this.env = setup.env;
    this.cwd = setup.cwd;
    this.uid = setup.uid;
    this.fds = new Map([...setup.fds].map(([fd, file]) => [fd, file.share()]));
  }

  get kernel() {
    return this.machine.kernel;
  }

  async run(program: Program): Promise<number> {
    try {
      return (await program(this)) & 0xff;
    } catch (error) {
      return exitStatus(error, this);
    } finally {
      for (const file of this.fds.values()) file.close();
    }
  }

  signal(signal: Signal): void {
    const handlers = signal === 'SIGKILL' ? undefined : this.#handlers.get(signal);
    if (handlers && handlers.size > 0) for (const handler of [...handlers]) handler();
    else this.cancellation.cancel(new Killed(signal));
  }

  sleep(milliseconds: number): Promise<void> {
    return this.kernel.sleep(milliseconds, this.cancellation);
  }

  async read(fd: number): Promise<Uint8Array | null> {
    const file = this.fds.get(fd);
    return file ? file.read(this.cancellation) : null;
  }

  async readAll(fd: number): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for (let chunk = await this.read(fd); chunk; chunk = await this.read(fd)) chunks.push(chunk);
    return concat(chunks);
  }

  async write(fd: number, data: string | Uint8Array): Promise<void> {
    const file = this.fds.get(fd);
    if (!file) return;
    const bytes = typeof data === 'string' ? encode(data) : data;
    await this.cancellation.guard(file.write(bytes));
    this.#written += bytes.length;
    if (this.#written < burst) return;
    this.#written = 0;
    await this.sleep(burstTime);
  }

  isTerminal(fd: number): boolean {
    return this.fds.get(fd)?.terminal !== undefined;
  }

  resolve(path: string): string {
    return posixResolve(this.cwd, path);
  }

  spawn(program: Program, options: SpawnOptions): Child {
    const child = spawn(program, {
      machine: this.machine,
      argv: options.argv,
      env: options.env ?? this.env,
      cwd: options.cwd ?? this.cwd,
      uid: options.uid ?? this.uid,
      fds: options.fds ?? this.fds,
    });
    this.#children.add(child);
    void child.exited.then(() => this.#children.delete(child));
    return child;
  }

  onSignal(signal: Signal, handler: () => void): () => void {
    const handlers = this.#handlers.get(signal) ?? new Set();
    this.#handlers.set(signal, handlers.add(handler));
    return () => handlers.delete(handler);
  }
}

function exitStatus(error: unknown, process: RunningProcess): number {
  if (error instanceof Exit) return error.code;
  if (error instanceof Killed) return 128 + signals[error.signal];
  if (error instanceof BrokenPipe) return 128 + signals.SIGPIPE;
  if (error instanceof FileError && error.code === 'EBADF') {
    tell(process, `write error: ${error.message}`);
    return 1;
  }
  // A defect of ours ends this process like a crash of the real program, never the cluster.
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  tell(process, `internal error: ${text}`);
  return 128 + 6;
}

function tell(process: RunningProcess, text: string): void {
  const name = process.argv[0] ?? 'process';
  void process.fds
    .get(2)
    ?.write(encode(`${name}: ${text}\n`))
    .catch(() => {});
}
