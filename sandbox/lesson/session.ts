import { Cluster, type ClusterState, type Profile } from '../cluster.ts';
import { lazy, programs } from '../commands/index.ts';
import { kubectl } from '../commands/kubectl/index.ts';
import type { Site } from '../internet/site.ts';
import { advance, type HostTurn, runInstant, type Stalled } from '../kernel/drivers.ts';
import type { FileSystem } from '../kernel/files.ts';
import type { MemoryFilesState } from '../kernel/memory-files.ts';
import { writeEnd } from '../kernel/open-files.ts';
import type { Program } from '../kernel/process.ts';
import { Sink } from '../kernel/streams.ts';
import { findRelease } from '../releases/index.ts';
import { bash } from '../shell/bash.ts';
import { type SessionStreams, ShellSession, type ShellSessionState } from '../shell/session.ts';
import { TerminalDevice } from '../shell/terminal.ts';
import { home, releaseFolder, Workstation } from './workstation.ts';

export interface SessionOptions {
  /** Versions such as `1.30` or `1.30.3`; what does not exist is an error that lists what does. */
  istio?: string;
  kubernetes?: string;
  profile: Profile;
  seed: number;
  /** ms since 1970. */
  epoch: number;
  /** Where shells start; the folder of Istio's release if not said. */
  cwd?: string;
  mounts?: readonly { path: string; files: FileSystem }[];
  /** The world outside the cluster, where it is not to be the usual one. */
  sites?: readonly Site[];
}

export interface SessionState {
  cluster: ClusterState;
  files: MemoryFilesState;
  shells: Record<string, ShellSessionState>;
  cwd: string;
}

export interface CommandOptions {
  /** What the learner types while the command runs; then end of input. */
  typed?: string;
  /** Which of the session's shells; they share cluster and files. */
  shell?: string;
}

export interface CommandOutput {
  stdout: string;
  stderr: string;
  exitCode: number;
}

/** A cluster and a learner's computer with shells on it. */
export class Session {
  readonly cluster: Cluster;
  readonly #turn: HostTurn;
  readonly #workstation: Workstation;
  readonly #shells = new Map<string, ShellSession>();
  readonly #cwd: string;

  private constructor(cluster: Cluster, turn: HostTurn, cwd: string | undefined, mounts: SessionOptions['mounts']) {
    this.cluster = cluster;
    this.#turn = turn;
    this.#workstation = new Workstation({
      kernel: cluster.kernel,
      release: cluster.release,
      programs: workstationPrograms(cluster),
      sockets: cluster.network.addNamespace({
        id: 'meshtab',
        address: '192.168.65.3',
        hostname: 'meshtab',
        outside: true,
        latency: 1,
      }),
      ...(mounts && { mounts }),
    });
    this.#cwd = cwd ?? releaseFolder(cluster.release);
  }

  static async start(options: SessionOptions, turn: HostTurn): Promise<Session> {
    const { istio, kubernetes, profile, seed, epoch, cwd, mounts, sites } = options;
    const release = findRelease({
      ...(istio !== undefined && { istio }),
      ...(kubernetes !== undefined && { kubernetes }),
    });
    const cluster = await Cluster.create({ release, profile, seed, epoch, ...(sites && { sites }) }, turn);
    return new Session(cluster, turn, cwd, mounts);
  }

  /** The session that `save` described. Mounts are the host's matter and come from there. */
  static restore(state: SessionState, turn: HostTurn, mounts?: SessionOptions['mounts']): Session {
    const session = new Session(Cluster.restore(state.cluster), turn, state.cwd, mounts);
    session.#workstation.files.load(state.files);
    for (const [name, shell] of Object.entries(state.shells)) session.shell(name).load(shell);
    return session;
  }

  /** Between commands: everything there is, as plain data. */
  save(): SessionState {
    return {
      cluster: this.cluster.save(),
      files: this.#workstation.files.save(),
      shells: Object.fromEntries([...this.#shells].map(([name, shell]) => [name, shell.save()])),
      cwd: this.#cwd,
    };
  }

  /** Runs a command line to its end in virtual time. Standard input is a terminal, the outputs are pipes. */
  async runInstant(command: string, options: CommandOptions = {}): Promise<CommandOutput> {
    const shell = this.shell(options.shell ?? 'main');
    const terminal = new TerminalDevice({ print: () => {}, interrupt: () => {} });
    if (options.typed) terminal.input(options.typed);
    const [stdout, stderr] = [new Sink(), new Sink()];
    const streams = { stdin: terminal.stdin, stdout: writeEnd(stdout), stderr: writeEnd(stderr) };
    const exitCode = await this.#toEnd(shell.run(command, streams), {
      endOfInput: () => {
        if (terminal.awaited) terminal.endOfInput();
        return terminal.awaited;
      },
      interrupt: () => shell.signal('SIGINT'),
    });
    return { stdout: stdout.text(), stderr: stderr.text(), exitCode };
  }

  /** Runs a script to its end in virtual time, in a shell of its own: `bash NAME ARGS…`. */
  runScript(
    text: string,
    args: readonly string[],
    name: string,
    streams: SessionStreams,
    turn = this.#turn,
  ): Promise<number> {
    const shell = this.shell('main');
    const stalled = { endOfInput: () => false, interrupt: () => shell.signal('SIGINT') };
    return this.#toEnd(shell.runScript(text, args, name, streams), stalled, turn);
  }

  #toEnd(done: Promise<number>, stalled: Stalled, turn = this.#turn): Promise<number> {
    return runInstant(this.cluster.kernel, done, turn, stalled);
  }

  /** Lets cluster time pass. */
  advance(milliseconds: number): Promise<void> {
    return advance(this.cluster.kernel, milliseconds, this.#turn);
  }

  /** A shell by name, opened when first asked for. */
  shell(name: string): ShellSession {
    let shell = this.#shells.get(name);
    if (!shell) {
      shell = new ShellSession({
        machine: this.#workstation,
        cwd: this.#cwd,
        uid: 1000,
        env: new Map([
          ['HOME', home],
          ['LANG', 'C.UTF-8'],
          ['LOGNAME', 'learner'],
          ['PATH', '/usr/local/bin:/usr/bin:/bin'],
          ['PS1', '\\u@\\h:\\w\\$ '],
          ['SHELL', '/bin/bash'],
          ['TERM', 'xterm-256color'],
          ['USER', 'learner'],
        ]),
      });
      this.#shells.set(name, shell);
    }
    return shell;
  }
}

function workstationPrograms(cluster: Cluster): Record<string, Program> {
  const { transport, release } = cluster;
  const { gitVersion } = release.kubernetes.build;
  return {
    ...programs,
    bash,
    sh: bash,
    kubectl: kubectl({
      transport,
      version: {
        client: { ...release.kubernetes.build, gitVersion, kustomizeVersion: release.kubernetes.kustomizeVersion },
      },
    }),
    istioctl: lazy(async () => (await import('../commands/istioctl/index.ts')).istioctl({ transport, release })),
  };
}
