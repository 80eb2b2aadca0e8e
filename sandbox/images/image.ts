import type { LayerEntry } from '../kernel/file-layer.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { MemoryFiles } from '../kernel/memory-files.ts';
import type { Program } from '../kernel/process.ts';
import type { PodSandbox, Probe, ProbeResult } from '../kernel/runtime.ts';
import type { NetworkStack } from '../network/socket.ts';

/** What can be run in containers: one value an image, one file a value or family, all in one list. */
export interface Image {
  /** Fully qualified: `docker.io/curlimages/curl:8.16.0`. The first is what `describe` shows if the digest was pulled. */
  references: readonly string[];
  /** Compressed size. */
  bytes: number;
  /** ms a first pull takes. */
  pullTime: number;
  entrypoint?: readonly string[];
  cmd?: readonly string[];
  env?: Readonly<Record<string, string>>;
  workingDir?: string;
  /** Numeric user; root if absent. */
  uid?: number;
  /** What lies in its file system, by absolute path. */
  files?: Readonly<Record<string, LayerEntry>>;
  /** Names of ordinary commands that the image has, looked up in the cluster's table of programs. */
  programs?: readonly string[];
  /** Long-running servers and other main programs that live by events instead of a process, by name. */
  daemons?: Readonly<Record<string, DaemonProgram>>;
  /** Commands that ask the container's own daemon, by name. */
  commands?: Readonly<Record<string, (container: DaemonContainer) => Program>>;
}

/**
 * Starts synchronously and lives by calls, never by promises of its own: so a restore starts it again from `container.state`
 * and nobody sees a difference.
 */
export type DaemonProgram = (container: DaemonContainer) => Daemon;

export interface Daemon {
  /** SIGTERM. A main process that has no handler ignores it. */
  terminate?(): void;
  /** A time that `container.after` set has come. */
  wake?(key: string): void;
  /** The status an HTTP GET on one of its ports has now, for probes; undefined if nobody listens there. */
  http?(port: number, path: string): number | undefined;
  /** Writes what must survive a restore into `container.state`, where it does not stand there always. */
  save?(): void;
  /** Ends listening and everything else outside the container's own state. */
  dispose(): void;
}

/** A running container as its main program sees it. */
export interface DaemonContainer {
  /** `<pod uid>/<container>/<restart>`. */
  readonly id: string;
  readonly name: string;
  readonly pod: PodSandbox;
  readonly argv: readonly string[];
  readonly env: ReadonlyMap<string, string>;
  readonly uid: number;
  /** Set-user-ID programs (sudo) gain nothing. */
  readonly noNewPrivileges: boolean;
  readonly kernel: Kernel;
  readonly network: NetworkStack;
  readonly files: MemoryFiles;
  /** False when it is started again by a restore: nothing of the start-up is said a second time. */
  readonly fresh: boolean;
  /** What must survive a restore; the daemon changes it in place. */
  readonly state: JsonObject;
  /** One line (or several) for the container's log. */
  log(text: string, stream?: 'stdout' | 'stderr'): void;
  /** Ends the container. Anything the daemon does later is ignored. */
  exit(code: number): void;
  /** Probes may be answered differently from now on. */
  changed(): void;
  /** Calls `wake` with the key after so many ms; one time a key. */
  after(milliseconds: number, key: string, options?: { idle?: boolean }): void;
  /** Asks another container of the pod what it would answer, as a probe. */
  probePod(probe: Probe): ProbeResult;
  /** Its own daemon, once it runs. */
  readonly daemon: Daemon | undefined;
}
