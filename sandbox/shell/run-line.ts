import type { OpenFile } from '../kernel/files.ts';
import { Exit, type Process, type Program } from '../kernel/process.ts';
import { Flow } from './errors.ts';
import type { Jobs } from './jobs.ts';
import { Shell } from './shell.ts';
import { DroppedLine } from './simple.ts';
import type { ShellState } from './state.ts';

export interface RunLineOptions {
  dialect: 'bash' | 'ash';
  program: Program;
  jobs: Jobs;
  /** Descriptors that `exec` left open in earlier lines; kept up to date. */
  opened?: Map<number, OpenFile>;
}

/** Runs one command line of an interactive shell in a process of its own on the shell's lasting state. */
export async function runLine(
  process: Process,
  state: ShellState,
  text: string,
  options: RunLineOptions,
): Promise<{ status: number; exited?: number }> {
  const shell = new Shell(process, state, { ...options, interactive: true });
  const { opened } = options;
  if (opened) for (const [fd, file] of opened) shell.fds.set(fd, file);
  const depth = state.variables.scopes;
  const off = process.onSignal('SIGINT', () => shell.interrupt());
  try {
    const status = await shell.runText(text);
    await shell.cancellation.guard(Promise.all(shell.outputs));
    return { status };
  } catch (error) {
    if (error instanceof DroppedLine) return { status: error.status };
    if (error instanceof Flow) return { status: state.status };
    if (!(error instanceof Exit)) throw error;
    state.status = error.code;
    const status = await shell.exitTrap(error.code);
    return { status, exited: status };
  } finally {
    off();
    while (state.variables.scopes > depth) state.variables.popScope();
    if (opened) {
      opened.clear();
      for (const [fd, file] of shell.fds) if (process.fds.get(fd) !== file) opened.set(fd, file);
    }
  }
}
