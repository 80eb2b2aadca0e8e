import type { OpenFile } from '../../kernel/files.ts';
import type { Child, Process } from '../../kernel/process.ts';
import { type Signal, signals } from '../../kernel/process.ts';

/** Starts a command found in PATH, as env, xargs, timeout and watch do; undefined: not found (status 127). */
export function start(
  process: Process,
  argv: readonly string[],
  options: { env?: ReadonlyMap<string, string>; fds?: ReadonlyMap<number, OpenFile>; cwd?: string } = {},
): Child | undefined {
  const env = options.env ?? process.env;
  const program = process.machine.findProgram(argv[0] ?? '', env.get('PATH') ?? process.env.get('PATH'));
  return program && process.spawn(program, { argv, ...options });
}

/** The child's status; signals to the parent go on to the child meanwhile. */
export async function wait(process: Process, child: Child): Promise<number> {
  const off = process.cancellation.onCancel((reason) => {
    const signal = reason.message as Signal;
    child.kill(signal in signals ? signal : 'SIGTERM');
  });
  try {
    return await child.exited;
  } finally {
    off();
  }
}
