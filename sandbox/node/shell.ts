import { createInterface } from 'node:readline';
import { RealtimeDriver } from '../kernel/drivers.ts';
import { Session } from '../lesson/session.ts';
import { TerminalDevice } from '../shell/terminal.ts';
import { hostClock, turn } from './host.ts';
import { parseFlags, sessionArguments, sessionFlags } from './options.ts';
import { sessionOptions } from './start.ts';

/**
 * An interactive shell on a cluster whose clock follows ours. The session starts at the present moment unless told
 * otherwise. Node's readline edits the line and keeps the history; bash in the sandbox prints the prompt and reads the line.
 */
export async function shell(args: string[]): Promise<number> {
  const { values } = parseFlags(args, {
    ...sessionFlags,
    epoch: { type: 'string', default: new Date().toISOString() },
  });
  const session = await Session.start(sessionOptions(sessionArguments(values)), turn);
  const driver = new RealtimeDriver(session.cluster.kernel, hostClock, turn);
  const shell = session.shell('main');
  const lines = createInterface({
    input: process.stdin,
    output: process.stdout,
    terminal: process.stdin.isTTY ?? false,
    historySize: 1000,
  });
  const terminal = new TerminalDevice({
    print: (bytes) => {
      // What stands on the last line is the prompt: readline must know it to redraw the line.
      const text = Buffer.from(bytes).toString('utf8');
      process.stdout.write(text);
      lines.setPrompt(text.slice(text.lastIndexOf('\n') + 1));
    },
    interrupt: () => shell.signal('SIGINT'),
  });
  terminal.resize(process.stdout.columns ?? 80, process.stdout.rows ?? 24);
  process.stdout.on('resize', () => terminal.resize(process.stdout.columns, process.stdout.rows));
  lines.on('SIGINT', () => {
    terminal.interrupt();
    driver.nudge();
  });
  lines.on('line', (line) => {
    terminal.input(`${line}\n`);
    driver.nudge();
  });
  lines.on('close', () => {
    terminal.endOfInput();
    driver.nudge();
  });
  driver.start();
  const { stdin, stdout, stderr } = terminal;
  const status = await shell.interact({ stdin, stdout, stderr });
  driver.stop();
  lines.close();
  process.stdin.destroy();
  return status;
}
