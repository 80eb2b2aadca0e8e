import { readFileSync } from 'node:fs';
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
  const streams = {
    stdin: script === '-' ? nullDevice() : input.open(),
    stdout: hostOutput(process.stdout),
    stderr: hostOutput(process.stderr),
  };
  // While a program waits for the host's input, the cluster's clock stands still.
  const hostTurn = async () => {
    await turn();
    while (input.awaited) await input.answered().then(turn);
  };
  const status = await session.runScript(text, scriptArgs, script === '-' ? 'bash' : script, streams, hostTurn);
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
