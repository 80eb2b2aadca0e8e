import type { HostTurn } from '../kernel/drivers.ts';
import { FileLayer } from '../kernel/file-layer.ts';
import { FileError, type OpenFile } from '../kernel/files.ts';
import { Kernel } from '../kernel/kernel.ts';
import { MemoryFiles } from '../kernel/memory-files.ts';
import { nullDevice, readEnd, writeEnd } from '../kernel/open-files.ts';
import { readPath } from '../kernel/open-path.ts';
import { basename, posixResolve } from '../kernel/paths.ts';
import type { Machine, Process, Program } from '../kernel/process.ts';
import { spawn } from '../kernel/spawn.ts';
import { concat, encode, Sink, Source } from '../kernel/streams.ts';
import { ash, bash } from './bash.ts';

/** A few external commands, small and enough for tests of the shell. */
const programs: Record<string, Program> = {
  bash,
  sh: bash,
  ash,
  cat: async (process) => {
    const paths = process.argv.slice(1);
    let status = 0;
    for (const path of paths.length > 0 ? paths : ['-']) {
      if (path === '-') {
        for (let chunk = await process.read(0); chunk; chunk = await process.read(0)) await process.write(1, chunk);
        continue;
      }
      try {
        await process.write(1, await readPath(process, path));
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        await process.write(2, `cat: ${path}: ${error.message}\n`);
        status = 1;
      }
    }
    return status;
  },
  env: async (process) => {
    for (const [name, value] of process.env) await process.write(1, `${name}=${value}\n`);
    return 0;
  },
  head: async (process) => {
    let left = Number((process.argv[1] ?? '-10').replace(/^-n?/, ''));
    for (let chunk = await process.read(0); chunk && left > 0; chunk = await process.read(0)) {
      let end = 0;
      while (left > 0 && end < chunk.length) if (chunk[end++] === 10) left--;
      await process.write(1, chunk.subarray(0, end));
      if (left === 0) break;
    }
    return 0;
  },
  ls: async (process) => {
    const { files } = process.machine;
    const path = process.resolve(process.argv[1] ?? '.');
    if (!files.exists(path)) return 2;
    const names = files.stat(path).type === 'directory' ? files.readDirectory(path) : [process.argv[1] ?? ''];
    const shown = names.filter((name) => !name.startsWith('.'));
    await process.write(1, shown.map((name) => `${name}\n`).join(''));
    return 0;
  },
  mkdir: async (process) =>
    changeFiles(process, (path) => process.machine.files.makeDirectory(path, { parents: true })),
  rm: async (process) => changeFiles(process, (path) => process.machine.files.remove(path, { recursive: true })),
  touch: async (process) =>
    changeFiles(process, (path) => process.machine.files.writeFile(path, new Uint8Array(), { append: true })),
  chmod: async (process) => {
    const mode = Number.parseInt(process.argv[1] ?? '', 8) || 0o755;
    return await changeFiles(
      process,
      (path) => path !== process.resolve(process.argv[1] ?? '') && process.machine.files.chmod(path, mode),
    );
  },
  sleep: async (process) => {
    await process.sleep(Number(process.argv[1]) * 1000);
    return 0;
  },
  yes: async (process) => {
    for (;;) await process.write(1, `${process.argv[1] ?? 'y'}\n`.repeat(500));
  },
  wc: async (process) => {
    const text = new TextDecoder().decode(await process.readAll(0));
    await process.write(1, `${text.split('\n').length - 1}\n`);
    return 0;
  },
};

async function changeFiles(process: Process, change: (path: string) => unknown): Promise<number> {
  for (const path of process.argv.slice(1)) {
    if (path.startsWith('-')) continue;
    try {
      change(process.resolve(path));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await process.write(2, `${process.argv[0]}: ${path}: ${error.message}\n`);
      return 1;
    }
  }
  return 0;
}

const base = new FileLayer({
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\n',
  '/usr/bin': { directory: true },
});

/** A machine with bash and a few commands, for tests. */
export function testMachine(options: { seed?: number; base?: FileLayer } = {}): Machine & { files: MemoryFiles } {
  const kernel = new Kernel({ epoch: 1_770_000_000_000, seed: options.seed ?? 1 });
  const files = new MemoryFiles({ now: () => kernel.now(), base: options.base ?? base });
  for (const path of ['/work', '/root']) files.makeDirectory(path);
  return {
    hostname: 'testhost',
    files,
    kernel,
    findProgram: (name, path) => {
      if (!name.includes('/')) return path?.split(':').includes('/usr/bin') ? programs[name] : undefined;
      return posixResolve(name, '..') === '/usr/bin' || posixResolve(name, '..') === '/bin'
        ? programs[basename(name)]
        : undefined;
    },
    programNames: () => Object.keys(programs),
  };
}

export const testEnvironment: ReadonlyMap<string, string> = new Map([
  ['PATH', '/usr/bin:/bin'],
  ['HOME', '/root'],
  ['LC_ALL', 'C.UTF-8'],
]);

export interface Outcome {
  stdout: string;
  stderr: string;
  status: number;
}

/** Runs `argv` on the machine in virtual time to its end. `limit`: ms of cluster time after which it is killed. */
export async function runOn(
  machine: Machine,
  argv: readonly string[],
  options: { stdin?: string; limit?: number; turn: HostTurn },
): Promise<Outcome> {
  const [out, error] = [new Sink(), new Sink()];
  const stdin: OpenFile = options.stdin === undefined ? nullDevice() : readEnd(new Source(encode(options.stdin)));
  const fds = new Map([
    [0, stdin],
    [1, writeEnd(out)],
    [2, writeEnd(error)],
  ]);
  const program = programs[basename(argv[0] as string)] as Program;
  const child = spawn(program, { machine, argv, env: testEnvironment, cwd: '/work', uid: 0, fds });
  let settled = false;
  let status = -1;
  void child.exited.then((code) => {
    settled = true;
    status = code;
  });
  const end = machine.kernel.now() + (options.limit ?? 600_000);
  for (let turns = 0; ; turns++) {
    await options.turn();
    if (settled) break;
    if (machine.kernel.step(end)) continue;
    child.kill('SIGKILL');
    await options.turn();
    if (settled) break;
    if (turns > 1_000_000) throw new Error('the shell does not end');
  }
  return { stdout: new TextDecoder().decode(concat([out.bytes()])), stderr: error.text(), status };
}
