import { readFileSync } from 'node:fs';
import { runInstant } from '../kernel/drivers.ts';
import { nullDevice } from '../kernel/open-files.ts';
import { Session } from '../lesson/session.ts';
import { HostInput, hostOutput, turn } from './host.ts';
import { sessionArguments, sessionFlags, splitArguments, UsageError } from './options.ts';
import { sessionOptions } from './start.ts';

/** `run SCRIPT|- [ARG…]`: a bash script in virtual time; its exit status is ours. */
export async function run(args: string[]): Promise<number> {
  const { values, rest } = splitArguments(args, sessionFlags);
  const [script, ...scriptArgs] = rest;
  if (script === undefined) throw new UsageError('run: no script (a file, or - for standard input)');
  const session = await Session.start(sessionOptions(sessionArguments(values)), turn);
  const input = new HostInput(process.stdin);
  const text = script === '-' ? readFileSync(0, 'utf8') : readScript(script);
  const fds = new Map([
    [0, script === '-' ? nullDevice() : input.open()],
    [1, hostOutput(process.stdout)],
    [2, hostOutput(process.stderr)],
  ]);
  const done = session.runScript(text, script === '-' ? 'bash' : script, scriptArgs, fds);
  // While a program waits for the host's input, the cluster's clock stands still.
  const hostTurn = async () => {
    await turn();
    while (input.awaited) await Promise.race([input.answered().then(turn), done]);
  };
  const status = await runInstant(session.cluster.kernel, done, hostTurn, session.stalled);
  process.stdin.destroy();
  return status;
}

function readScript(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`run: ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
}
