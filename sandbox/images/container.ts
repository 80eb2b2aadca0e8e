import { FileLayer } from '../kernel/file-layer.ts';
import type { OpenFile } from '../kernel/files.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { MemoryFiles, type MemoryFilesState } from '../kernel/memory-files.ts';
import { nullDevice, SharedFile } from '../kernel/open-files.ts';
import { basename } from '../kernel/paths.ts';
import type { Child, Machine, Program } from '../kernel/process.ts';
import type { ContainerSpec, ContainerStatus, LogLine, PodSandbox, Probe, ProbeResult } from '../kernel/runtime.ts';
import { spawn } from '../kernel/spawn.ts';
import { decode } from '../kernel/streams.ts';
import type { NetworkStack } from '../network/socket.ts';
import type { Daemon, DaemonContainer, DaemonProgram, Image } from './image.ts';
import { sleepDaemon } from './sleep.ts';

/** A container as plain data. */
export interface ContainerState {
  spec: ContainerSpec;
  status: ContainerStatus;
  logs: LogLine[];
  /** What its daemon remembers. */
  memory: JsonObject;
  /** What was written, where somebody looked at its files. */
  files?: MemoryFilesState;
}

/** What a container needs of the runtime around it. */
export interface ContainerHost {
  kernel: Kernel;
  /** Ordinary commands by name. */
  program(name: string): Program | undefined;
  network: NetworkStack;
  probePod(pod: PodSandbox, probe: Probe): ProbeResult;
  exited(container: Container): void;
  changed(container: Container): void;
  /** Sets a timer that comes back to `wake`. */
  after(container: Container, milliseconds: number, key: string, options: { idle?: boolean }): void;
}

const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const binaries = /^(?:\/usr)?(?:\/local)?\/s?bin\//;

/** One container: a machine for processes, and its main program. */
export class Container implements Machine, DaemonContainer {
  readonly spec: ContainerSpec;
  readonly image: Image;
  readonly kernel: Kernel;
  readonly network: NetworkStack;
  readonly argv: readonly string[];
  readonly env: ReadonlyMap<string, string>;
  readonly state: JsonObject;
  readonly fresh: boolean;
  readonly logs: LogLine[];
  readonly followers = new Set<(line: LogLine) => void>();
  status: ContainerStatus;
  daemon: Daemon | undefined;
  readonly #host: ContainerHost;
  #main: Child | undefined;
  #abandoned = false;
  #files: MemoryFiles | undefined;
  #savedFiles: MemoryFilesState | undefined;
  /** The unfinished last line of a process's output. */
  readonly #partial = { stdout: '', stderr: '' };

  constructor(spec: ContainerSpec, image: Image, host: ContainerHost, saved?: ContainerState) {
    this.spec = spec;
    this.image = image;
    this.#host = host;
    this.kernel = host.kernel;
    this.network = host.network;
    const command = spec.command.length > 0 ? spec.command : (image.entrypoint ?? []);
    const args = spec.args.length > 0 ? spec.args : spec.command.length > 0 ? [] : (image.cmd ?? []);
    this.argv = [...command, ...args];
    this.env = new Map(
      Object.entries({ PATH: searchPath, ...image.env, ...spec.env, HOME: image.env?.HOME ?? '/root' }),
    );
    this.fresh = saved === undefined;
    this.status = saved ? { ...saved.status } : { state: 'running', startedAt: host.kernel.now() };
    this.logs = saved ? saved.logs.map((line) => ({ ...line })) : [];
    this.state = saved ? structuredClone(saved.memory) : {};
    this.#savedFiles = saved?.files;
  }

  get id(): string {
    return this.spec.id;
  }

  get name(): string {
    return this.spec.name;
  }

  get pod(): PodSandbox {
    return this.spec.pod;
  }

  get hostname(): string {
    return this.pod.hostname;
  }

  get sockets(): NetworkStack {
    return this.network;
  }

  get uid(): number {
    return this.spec.uid ?? this.image.uid ?? 0;
  }

  get noNewPrivileges(): boolean {
    return this.spec.noNewPrivileges ?? false;
  }

  get files(): MemoryFiles {
    if (this.#files) return this.#files;
    const { files, directories, readOnly } = this.spec;
    const binary = { file: '', mode: 0o755 };
    // A mount hides what the image has in its place.
    const visible = Object.entries(this.image.files ?? {}).filter(
      ([path]) => !directories.some((mount) => path.startsWith(`${mount}/`)),
    );
    const base = new FileLayer({
      ...Object.fromEntries(this.programNames().map((name) => [`/usr/bin/${name}`, binary])),
      ...Object.fromEntries(visible),
      ...Object.fromEntries(directories.map((path) => [path, { directory: true as const }])),
      ...files,
    });
    this.#files = new MemoryFiles({
      now: () => this.kernel.now(),
      base,
      uid: this.uid,
      readOnly,
      writable: directories.filter((path) => !readOnly.includes(path)),
    });
    if (this.#savedFiles) this.#files.load(this.#savedFiles);
    return this.#files;
  }

  save(): ContainerState {
    this.daemon?.save?.();
    const files = this.#files?.save() ?? this.#savedFiles;
    return structuredClone({
      spec: this.spec,
      status: this.status,
      logs: this.logs,
      memory: this.state,
      ...(files && Object.keys(files).length > 0 && { files }),
    });
  }

  /** Starts the main program; the answer is runc's words if there is none. */
  start(): string | undefined {
    const name = this.argv[0];
    const daemon = name === undefined ? undefined : this.#daemonProgram(name);
    if (daemon) {
      this.daemon = daemon(this);
      if (this.status.state === 'exited') this.dispose();
      return undefined;
    }
    const program = name === undefined ? undefined : this.findProgram(name, this.env.get('PATH'));
    if (!program || name === undefined) {
      return `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: ${notFound(name)}`;
    }
    const fds = new Map([
      [0, nullDevice()],
      [1, this.#output('stdout')],
      [2, this.#output('stderr')],
    ]);
    this.#main = this.#spawn(program, this.argv, fds);
    void this.#main.exited.then((code) => this.exit(code));
    return undefined;
  }

  #daemonProgram(name: string): DaemonProgram | undefined {
    if (!this.#isHere(name)) return undefined;
    const plain = basename(name);
    if (plain === 'sleep' && this.image.programs?.includes(plain)) return sleepDaemon;
    return this.image.daemons?.[plain];
  }

  /** A bare name, or a path to where binaries are. */
  #isHere(name: string): boolean {
    return !name.includes('/') || binaries.test(name) || this.image.entrypoint?.[0] === name;
  }

  findProgram(name: string, _path: string | undefined): Program | undefined {
    if (!this.#isHere(name)) return undefined;
    const plain = basename(name);
    const own = this.image.commands?.[plain];
    if (own) return own(this);
    return this.image.programs?.includes(plain) ? this.#host.program(plain) : undefined;
  }

  programNames(): string[] {
    return [...(this.image.programs ?? []), ...Object.keys(this.image.commands ?? {})].sort();
  }

  /** Runs a command beside the main program. */
  exec(argv: readonly string[], streams: { stdin?: OpenFile; stdout: OpenFile; stderr: OpenFile; tty: boolean }) {
    const [name] = argv;
    const program = name === undefined ? undefined : this.findProgram(name, this.env.get('PATH'));
    if (!program) {
      const why = `OCI runtime exec failed: exec failed: unable to start container process: ${notFound(name)}`;
      return { error: why, exitCode: name?.includes('/') ? 126 : 127 };
    }
    const fds = new Map<number, OpenFile>([
      [0, streams.stdin ?? nullDevice()],
      [1, streams.stdout],
      [2, streams.tty ? streams.stdout : streams.stderr],
    ]);
    return this.#spawn(program, argv, fds, streams.tty ? { TERM: 'xterm' } : {});
  }

  #spawn(
    program: Program,
    argv: readonly string[],
    fds: ReadonlyMap<number, OpenFile>,
    env: Record<string, string> = {},
  ): Child {
    const cwd = this.spec.workingDir ?? this.image.workingDir ?? '/';
    const all = new Map([...this.env, ...Object.entries(env)]);
    return spawn(program, { machine: this, argv, env: all, cwd, uid: this.uid, fds });
  }

  /** SIGTERM to the main program. */
  terminate(): void {
    this.daemon?.terminate?.();
    // Shells without a trap ignore it, as every first process without a handler does.
    const shell = ['sh', 'bash', 'ash'].includes(basename(this.argv[0] ?? ''));
    if (!shell) this.#main?.kill('SIGTERM');
  }

  kill(): void {
    this.#main?.kill('SIGKILL');
    this.exit(137);
  }

  exit(code: number): void {
    if (this.status.state === 'exited' || this.#abandoned) return;
    for (const stream of ['stdout', 'stderr'] as const) if (this.#partial[stream]) this.log('', stream);
    this.status = { ...this.status, state: 'exited', exitCode: code, finishedAt: this.kernel.now() };
    this.dispose();
    this.#host.exited(this);
  }

  /** Forgets the container: whatever runs of it ends, and nobody is told. */
  abandon(): void {
    this.#abandoned = true;
    this.#main?.kill('SIGKILL');
    this.dispose();
  }

  /** Stops what lives outside the container's data. */
  dispose(): void {
    this.daemon?.dispose();
    this.daemon = undefined;
  }

  log(text: string, stream: 'stdout' | 'stderr' = 'stdout'): void {
    for (const line of (this.#partial[stream] + text).split('\n')) this.#append(stream, line);
    this.#partial[stream] = '';
  }

  #append(stream: 'stdout' | 'stderr', text: string): void {
    const line: LogLine = { time: this.kernel.now(), stream, text };
    this.logs.push(line);
    for (const follower of [...this.followers]) follower(line);
  }

  #output(stream: 'stdout' | 'stderr'): OpenFile {
    return new SharedFile({
      read: () => Promise.resolve(null),
      write: (bytes) => {
        const lines = (this.#partial[stream] + decode(bytes)).split('\n');
        this.#partial[stream] = lines.pop() ?? '';
        for (const line of lines) this.#append(stream, line);
        return Promise.resolve();
      },
      release: () => {},
    });
  }

  changed(): void {
    this.#host.changed(this);
  }

  after(milliseconds: number, key: string, options: { idle?: boolean } = {}): void {
    this.#host.after(this, milliseconds, key, options);
  }

  probePod(probe: Probe): ProbeResult {
    return this.#host.probePod(this.pod, probe);
  }
}

function notFound(name: string | undefined): string {
  if (name?.includes('/')) return `exec: "${name}": stat ${name}: no such file or directory`;
  return `exec: "${name ?? ''}": executable file not found in $PATH`;
}
