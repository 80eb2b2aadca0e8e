import { openPipe } from '../../kernel/open-files.ts';
import type { Program, Signal } from '../../kernel/process.ts';
import { signals } from '../../kernel/process.ts';
import { calendar } from '../../kernel/time.ts';
import { text } from '../lib/input.ts';
import { parseInterval } from '../lib/numbers.ts';
import { UsageError } from '../lib/options.ts';
import { Failure, type Invocation, tool } from '../lib/tool.ts';
import { start, wait } from './run.ts';

/** sleep(1), in cluster time. */
export const sleep = tool({ usage: 'NUMBER[SUFFIX]...', short: '' }, async (run) => {
  if (run.operands.length === 0) throw new UsageError('missing operand');
  let total = 0;
  for (const operand of run.operands) {
    const interval = parseInterval(operand);
    if (interval === undefined) throw new UsageError(`invalid time interval '${operand}'`);
    total += interval;
  }
  if (total === Number.POSITIVE_INFINITY) await run.process.cancellation.guard(new Promise<never>(() => {}));
  await run.process.sleep(total);
  return 0;
});

/** BusyBox's time: what an image without bash has. Processes of the sandbox use no measurable CPU. */
export const time: Program = async (process) => {
  const [, ...argv] = process.argv.filter((arg, at) => at === 0 || !(at === 1 && arg === '-p'));
  if (argv.length === 0) return 0;
  const began = process.kernel.now();
  const child = start(process, argv);
  const status = child ? await wait(process, child) : 127;
  if (!child) await process.write(2, `time: can't execute '${argv[0]}': No such file or directory\n`);
  const spent = (process.kernel.now() - began) / 1000;
  const clock = (seconds: number) => `${Math.floor(seconds / 60)}m ${(seconds % 60).toFixed(2)}s`;
  await process.write(2, `real\t${clock(spent)}\nuser\t${clock(0)}\nsys\t${clock(0)}\n`);
  return status;
};

function signalNamed(text: string): Signal | undefined {
  const name = text.toUpperCase().replace(/^SIG/, '');
  const found = Object.entries(signals).find(([signal, number]) => signal === `SIG${name}` || String(number) === text);
  return found?.[0] as Signal | undefined;
}

/** timeout(1). */
export const timeout = tool(
  {
    usage: '[OPTION] DURATION COMMAND [ARG]...',
    trouble: 125,
    ordered: true,
    short: 'k:s:v',
    long: {
      'kill-after': 'k',
      signal: 's',
      verbose: 'v',
      foreground: 'foreground',
      'preserve-status': 'preserve-status',
    },
  },
  async (run) => {
    const { process, options } = run;
    const [duration, ...argv] = run.operands;
    if (duration === undefined || argv.length === 0) throw new UsageError('missing operand');
    const limit = parseInterval(duration);
    if (limit === undefined) throw new UsageError(`invalid time interval '${duration}'`);
    const signal = signalNamed(options.value('s') ?? 'TERM');
    if (!signal) throw new UsageError(`'${options.value('s')}': invalid signal`);
    const child = start(process, argv);
    if (!child) throw new Failure(`failed to run command '${argv[0]}': No such file or directory`, 127);
    let late = false;
    const { kernel } = process;
    const alarms = [];
    if (limit > 0 && limit < Number.POSITIVE_INFINITY) {
      const grace = options.has('k') ? parseInterval(options.value('k') as string) : undefined;
      alarms.push(
        kernel.wakeAt(kernel.now() + limit, () => {
          late = true;
          child.kill(signal);
        }),
      );
      if (grace !== undefined) alarms.push(kernel.wakeAt(kernel.now() + limit + grace, () => child.kill('SIGKILL')));
    }
    const status = await wait(process, child);
    for (const cancel of alarms) cancel();
    if (!late || options.has('preserve-status')) return status;
    return status === 137 && signal !== 'SIGKILL' ? 137 : signal === 'SIGKILL' ? 137 : 124;
  },
);

/** watch(1): runs a command every two seconds until it is interrupted. Without a terminal the screens follow each other. */
export const watch = tool(
  {
    usage: '[options] command',
    version: 'watch from procps-ng 4.0.2',
    ordered: true,
    short: 'bcd::egn:ptx',
    long: { interval: 'n', 'no-title': 't', differences: 'd', exec: 'x', errexit: 'e', chgexit: 'g', color: 'c' },
  },
  async (run) => {
    const { process, options, operands } = run;
    if (operands.length === 0) throw new Failure(`Usage:\n ${run.name} [options] command`);
    const interval = Math.max(0.1, Number(options.value('n') ?? 2) || 2);
    const argv = options.has('x') ? operands : ['sh', '-c', operands.join(' ')];
    let previous: string | undefined;
    for (;;) {
      const { output, status } = await capture(run, argv);
      await process.write(1, screen(run, output, interval, operands.join(' ')));
      if (options.has('e') && status !== 0) return 8;
      if (options.has('g') && previous !== undefined && previous !== output) return 0;
      previous = output;
      await process.sleep(interval * 1000);
    }
  },
);

async function capture(run: Invocation, argv: string[]): Promise<{ output: string; status: number }> {
  const { process } = run;
  const pipe = openPipe();
  const child = start(process, argv, { fds: new Map([...process.fds, [1, pipe.write], [2, pipe.write]]) });
  pipe.write.close();
  if (!child) throw new Failure(`unable to execute '${argv[0]}': No such file or directory`, 4);
  let output = '';
  for (
    let bytes = await pipe.read.read(process.cancellation);
    bytes;
    bytes = await pipe.read.read(process.cancellation)
  ) {
    output += text(bytes);
  }
  pipe.read.close();
  return { output, status: await wait(process, child) };
}

function screen(run: Invocation, output: string, interval: number, command: string): string {
  const terminal = run.process.fds.get(1)?.terminal;
  const width = terminal?.columns ?? 80;
  const right = `${run.process.machine.hostname}: ${ctime(run.process.kernel.now())}`;
  const left = `Every ${interval.toFixed(1)}s: ${command}`;
  const room = Math.max(0, width - right.length - 1);
  const title = run.options.has('t') ? '' : `${left.slice(0, room).padEnd(room)} ${right}\n\n`;
  if (!terminal) return `${title}${output}`;
  const height = Math.max(1, terminal.rows - (run.options.has('t') ? 0 : 2));
  return `\x1b[H\x1b[2J${title}${output.split('\n').slice(0, height).join('\n')}`;
}

const days = 'Sun Mon Tue Wed Thu Fri Sat'.split(' ');
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** As ctime(3): `Sat Nov 21 08:28:04 2026`. */
function ctime(at: number): string {
  const { weekday, month, day, hour, minute, second, year } = calendar(at);
  const clock = [hour, minute, second].map((part) => String(part).padStart(2, '0')).join(':');
  return `${days[weekday]} ${months[month - 1]} ${String(day).padStart(2)} ${clock} ${year}`;
}
