import { Cancellation } from '../kernel/cancellation.ts';
import { Exit, Killed, type Process, type Program } from '../kernel/process.ts';
import { readLine } from './builtins/read-line.ts';
import { settle } from './expand/expander.ts';
import { Jobs } from './jobs.ts';
import { expandPrompt } from './prompt.ts';
import { runLine } from './run-line.ts';
import { Shell } from './shell.ts';
import type { ShellState } from './state.ts';
import { isComplete } from './syntax.ts';

export interface InteractOptions {
  dialect: 'bash' | 'ash';
  program: Program;
  jobs?: Jobs;
  /** Called when a command line has ended: the moment at which the state is complete. */
  onIdle?: () => void;
}

/** An interactive shell on a terminal: prompt, line, command, until `exit` or the end of input. Each line runs as a process. */
export async function interact(process: Process, state: ShellState, options: InteractOptions): Promise<number> {
  const jobs = options.jobs ?? new Jobs();
  const shell = new Shell(process, state, { ...options, jobs, interactive: true });
  let running: { kill(signal: 'SIGINT'): void } | undefined;
  let interrupted = () => {};
  process.onSignal('SIGINT', () => {
    if (running) running.kill('SIGINT');
    else interrupted();
  });
  process.onSignal('SIGTERM', () => {}); // an interactive shell ignores it
  for (;;) {
    options.onIdle?.();
    const line = await readCommand(shell, (handler) => {
      interrupted = handler;
    });
    if (line === 'interrupted') {
      await shell.write(2, '\n');
      state.status = 130;
      continue;
    }
    if (line === undefined) {
      await shell.write(2, options.dialect === 'ash' ? '\n' : 'exit\n');
      return await endOf(shell);
    }
    if (line.trim() === '') continue;
    state.history.push(line.trimEnd());
    let end: number | undefined;
    const child = process.spawn(
      async (inner) => {
        const result = await runLine(inner, state, line, { ...options, jobs });
        end = result.exited;
        return result.status;
      },
      { argv: process.argv, cwd: state.cwd, env: process.env },
    );
    running = child;
    state.status = await process.cancellation.guard(child.exited);
    running = undefined;
    if (state.status === 130) await shell.write(2, '\n');
    if (end !== undefined) return end;
    for (const job of [...jobs.list()]) {
      if (job.status === undefined) continue;
      await shell.write(2, `${jobs.line(job)}\n`);
      jobs.remove(job);
    }
  }
}

async function endOf(shell: Shell): Promise<number> {
  try {
    return await shell.exitTrap(shell.state.status);
  } catch (error) {
    if (error instanceof Exit) return error.code;
    throw error;
  }
}

/** One complete command, asked for with PS1 and PS2; undefined at the end of input. */
async function readCommand(
  shell: Shell,
  onInterrupt: (handler: () => void) => void,
): Promise<string | 'interrupted' | undefined> {
  const cancellation = new Cancellation();
  const interruption = new Killed('SIGINT');
  onInterrupt(() => cancellation.cancel(interruption));
  const off = shell.cancellation.onCancel((reason) => cancellation.cancel(reason));
  let text = '';
  try {
    for (;;) {
      const ps = shell.state.variables.text(text === '' ? 'PS1' : 'PS2') ?? '';
      await shell.write(2, await settle(expandPrompt(shell, ps)));
      const line = await readLine(shell, 0, { cancellation });
      if (line.ended && line.text === '') return text === '' ? undefined : text;
      text += `${line.text}\n`;
      if (line.ended || isComplete(text)) return text;
    }
  } catch (error) {
    if (error === interruption) return 'interrupted';
    throw error;
  } finally {
    off();
  }
}
