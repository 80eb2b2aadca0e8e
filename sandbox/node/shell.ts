import { createInterface } from 'node:readline';
import { RealtimeDriver } from '../kernel/drivers.ts';
import { Session } from '../lesson/session.ts';
import { hostClock, hostOutput, turn } from './host.ts';
import { parseFlags, sessionArguments, sessionFlags } from './options.ts';
import { sessionOptions } from './start.ts';

/** An interactive shell on a cluster whose clock follows ours. The session starts at the present moment unless told otherwise. */
export async function shell(args: string[]): Promise<number> {
  const { values } = parseFlags(args, {
    ...sessionFlags,
    epoch: { type: 'string', default: new Date().toISOString() },
  });
  const session = await Session.start(sessionOptions(sessionArguments(values)), turn);
  const driver = new RealtimeDriver(session.cluster.kernel, hostClock, turn);
  driver.start();
  const lines = createInterface({
    input: process.stdin,
    output: process.stdout,
    terminal: process.stdin.isTTY ?? false,
    history: [],
    historySize: 1000,
  });
  const terminal = session.terminal(hostOutput(process.stdout), {
    columns: process.stdout.columns ?? 80,
    rows: process.stdout.rows ?? 24,
  });
  let status = 0;
  let running = false;
  let text = '';
  const prompt = () => {
    lines.setPrompt(text === '' ? terminal.prompt() : '> ');
    lines.prompt();
  };
  lines.on('SIGINT', () => {
    if (running) terminal.interrupt();
    else {
      text = '';
      process.stdout.write('^C\n');
      prompt();
    }
    driver.nudge();
  });
  lines.on('line', (line) => {
    if (running) {
      terminal.input(`${line}\n`);
      driver.nudge();
      return;
    }
    text = text === '' ? line : `${text}\n${line}`;
    if (!terminal.isComplete(text)) return prompt();
    const command = text;
    text = '';
    running = true;
    void terminal.run(command).then((result) => {
      running = false;
      status = result.status;
      if (result.exited) lines.close();
      else prompt();
    });
    driver.nudge();
  });
  prompt();
  await new Promise<void>((resolve) => lines.once('close', resolve));
  terminal.endOfInput();
  while (running) await new Promise((resolve) => setTimeout(resolve, 10));
  driver.stop();
  process.stdin.destroy();
  return status;
}
