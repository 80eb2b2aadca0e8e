import type { Cancellation } from './cancellation.ts';
import type { FileSystem, OpenFile } from './files.ts';
import type { Kernel } from './kernel.ts';

/** Signals that the sandbox delivers, with their numbers on Linux. */
export const signals = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGTERM: 15,
} as const;
export type Signal = keyof typeof signals;

/** Thrown in a process by whatever it waits for when a signal ends it. Its exit status is 128 + the signal's number. */
export class Killed extends Error {
  override name = 'Killed';
  readonly signal: Signal;
  constructor(signal: Signal) {
    super(signal);
    this.signal = signal;
  }
}

/** Thrown by a program to end at once with `code` (0–255). */
export class Exit extends Error {
  override name = 'Exit';
  readonly code: number;
  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}

/** The part of a machine's network that programs use; `network/` implements it. */
export interface Sockets {
  readonly hostname: string;
}

/** Where processes run: the learner's computer or a container. */
export interface Machine {
  readonly hostname: string;
  readonly files: FileSystem;
  readonly kernel: Kernel;
  /** The program behind a name or an absolute path as exec(3) would find it, or undefined (ENOENT). */
  findProgram(name: string, path: string | undefined): Program | undefined;
  /** Names that `findProgram` knows, for completion and `type`. */
  programNames(): string[];
  /** Network namespace; undefined where a machine has none. */
  readonly sockets?: Sockets;
}

/** A running process, as its program sees it. */
export interface Process {
  readonly machine: Machine;
  readonly kernel: Kernel;
  readonly pid: number;
  /** argv[0] is the name it was called by. */
  readonly argv: readonly string[];
  readonly env: ReadonlyMap<string, string>;
  readonly cwd: string;
  readonly uid: number;
  /** Open files by number: 0, 1, 2 and what was passed on. */
  readonly fds: ReadonlyMap<number, OpenFile>;
  /** Cancelled with `Killed` when a signal ends the process. Everything that waits takes it. */
  readonly cancellation: Cancellation;
  /** Waits in cluster time. */
  sleep(milliseconds: number): Promise<void>;
  /** Bytes from a descriptor, null at the end. */
  read(fd: number): Promise<Uint8Array | null>;
  /** All of a descriptor up to its end. */
  readAll(fd: number): Promise<Uint8Array>;
  /** Writes text or bytes; dies of SIGPIPE where nobody reads. */
  write(fd: number, data: string | Uint8Array): Promise<void>;
  isTerminal(fd: number): boolean;
  /** `path` against the working directory, normalized. */
  resolve(path: string): string;
  /** Starts a child that inherits machine, uid, working directory, environment and descriptors unless said otherwise. */
  spawn(program: Program, options: SpawnOptions): Child;
  /** Takes a signal instead of dying of it (SIGKILL excepted); the answer gives it back. */
  onSignal(signal: Signal, handler: () => void): () => void;
}

/** Returns the exit status (0–255). */
export type Program = (process: Process) => Promise<number>;

export interface SpawnOptions {
  argv: readonly string[];
  env?: ReadonlyMap<string, string>;
  cwd?: string;
  uid?: number;
  fds?: ReadonlyMap<number, OpenFile>;
}

export interface Child {
  readonly pid: number;
  /** The exit status, 128 + n where signal n ended it. Never rejects. */
  readonly exited: Promise<number>;
  kill(signal: Signal): void;
}
