import { runInstant } from '../../kernel/drivers.ts';
import { Kernel } from '../../kernel/kernel.ts';
import { MemoryFiles } from '../../kernel/memory-files.ts';
import { readEnd, writeEnd } from '../../kernel/open-files.ts';
import type { Machine, Program, Sockets } from '../../kernel/process.ts';
import { spawn } from '../../kernel/spawn.ts';
import { encode, Sink, Source } from '../../kernel/streams.ts';

async function microtasks(): Promise<void> {
  for (let round = 0; round < 500; round++) await undefined;
}

/** For tests: a machine with nothing but files and the programs given. */
export class TestMachine implements Machine {
  readonly hostname = 'workstation';
  readonly kernel: Kernel;
  readonly files = new MemoryFiles({ now: () => this.kernel.now() });
  readonly #programs: Readonly<Record<string, Program>>;
  readonly sockets?: Sockets;
  readonly #turn: () => Promise<void>;

  /** `turn` lets every promise go on: the host's macrotask, where code is loaded lazily. */
  constructor(
    programs: Readonly<Record<string, Program>>,
    options: { turn?: () => Promise<void>; kernel?: Kernel; sockets?: Sockets } = {},
  ) {
    this.#programs = programs;
    this.#turn = options.turn ?? microtasks;
    this.kernel = options.kernel ?? new Kernel({ epoch: 1768467600000, seed: 1 });
    if (options.sockets) this.sockets = options.sockets;
    this.files.makeDirectory('/home', { parents: true });
  }

  findProgram(name: string): Program | undefined {
    return this.#programs[name.slice(name.lastIndexOf('/') + 1)];
  }

  programNames(): string[] {
    return Object.keys(this.#programs);
  }

  /** Runs one command in /home to its end, in virtual time. */
  async run(
    argv: readonly string[],
    options: { stdin?: string | Uint8Array; env?: Record<string, string>; uid?: number } = {},
  ): Promise<{ status: number; stdout: string; stderr: string; bytes: Uint8Array }> {
    const program = this.findProgram(argv[0] ?? '');
    if (!program) throw new Error(`no program ${argv[0]}`);
    const stdin = typeof options.stdin === 'string' ? encode(options.stdin) : (options.stdin ?? new Uint8Array());
    const [stdout, stderr] = [new Sink(), new Sink()];
    const child = spawn(program, {
      machine: this,
      argv,
      env: new Map(Object.entries({ PATH: '/usr/bin', HOME: '/home', ...options.env })),
      cwd: '/home',
      uid: options.uid ?? 0,
      fds: new Map([
        [0, readEnd(new Source(stdin))],
        [1, writeEnd(stdout)],
        [2, writeEnd(stderr)],
      ]),
    });
    let interrupted = false;
    const interrupt = () => {
      if (interrupted) return false;
      interrupted = true;
      child.kill('SIGINT');
      return true;
    };
    const status = await runInstant(this.kernel, child.exited, this.#turn, { endOfInput: () => false, interrupt });
    return { status, stdout: stdout.text(), stderr: stderr.text(), bytes: stdout.bytes() };
  }
}
