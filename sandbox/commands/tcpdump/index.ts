import type { Process, Program } from '../../kernel/process.ts';
import { decode } from '../../kernel/streams.ts';
import type { Packet } from '../../network/capture.ts';
import type { NetworkStack } from '../../network/socket.ts';
import { type Options, parseOptions, UsageError } from '../lib/options.ts';
import { compileFilter, FilterError, type Matches } from './filter.ts';
import { Printer, type PrintOptions } from './print.ts';

/** Without -s. */
const snapshotLength = 262_144;
/** What stdio keeps of output that goes to no terminal. */
const bufferSize = 4096;
const usage =
  'Usage: tcpdump [-AlnpqStUvxX] [ -c count ] [ -i interface ] [ -Q in|out|inout ] [ -s snaplen ] [ expression ]\n';
const linkTypes: Record<string, string> = {
  eth0: 'EN10MB (Ethernet)',
  lo: 'EN10MB (Ethernet)',
  any: 'LINUX_SLL2 (Linux cooked v2)',
};

/** Ends the program with a message behind its name. */
class Fatal extends Error {}

/** tcpdump(8) 4.99 on the interfaces of the machine's network namespace: TCP only. */
export const tcpdump: Program = async (process) => {
  try {
    return await run(process);
  } catch (error) {
    if (error instanceof UsageError) {
      await process.write(2, `tcpdump: ${error.message}\ntcpdump version 4.99.4\n${usage}`);
      return 1;
    }
    if (!(error instanceof Fatal) && !(error instanceof FilterError)) throw error;
    await process.write(2, `tcpdump: ${error.message}\n`);
    return 1;
  }
};

async function run(process: Process): Promise<number> {
  const options = parseOptions(process.argv.slice(1), {
    short: 'AbDfhKlnNpqStUvxXc:i:Q:s:B:',
    long: {
      interface: 'i:',
      'snapshot-length': 's:',
      direction: 'Q:',
      'list-interfaces': 'D',
      'no-promiscuous-mode': 'p',
      'absolute-tcp-sequence-numbers': 'S',
      'dont-verify-checksums': 'K',
      'packet-buffered': 'U',
      help: 'h',
      version: 'version',
    },
  });
  if (options.has('h', 'version')) {
    const text = 'tcpdump version 4.99.4\nlibpcap version 1.10.4 (with TPACKET_V3)\n';
    await process.write(options.has('h') ? 2 : 1, options.has('h') ? text + usage : text);
    return 0;
  }
  if (options.has('D')) {
    await process.write(
      1,
      '1.eth0 [Up, Running, Connected]\n2.any (Pseudo-device that captures on all interfaces) [Up, Running]\n3.lo [Up, Running, Loopback]\n',
    );
    return 0;
  }
  const stack = process.machine.sockets as NetworkStack | undefined;
  const device = options.value('i') ?? 'eth0';
  if (!stack || !(device in linkTypes)) {
    throw new Fatal(`${device}: No such device exists\n(No such device exists)`);
  }
  if (process.uid !== 0) {
    const why = "You don't have permission to perform this capture on that device";
    throw new Fatal(`${device}: ${why}\n(socket: Operation not permitted)`);
  }
  const matches = compileFilter(options.operands.join(' '), (name) => stack.lookup(name)?.ipv4 ?? []);
  const printer = new Printer(printOptions(process, options, device));
  const verbose = options.has('v');
  const hint = verbose ? '' : 'verbose output suppressed, use -v[v]... for full protocol decode\n';
  const { snapshotLength: length } = printOptions(process, options, device);
  const listening = `listening on ${device}, link-type ${linkTypes[device]}, snapshot length ${length} bytes\n`;
  await process.write(2, `tcpdump: ${hint}${listening}`);
  return capture(process, stack, options, wanted(options, device, matches), printer);
}

function wanted(options: Options, device: string, matches: Matches): Matches {
  const direction = options.value('Q') ?? 'inout';
  if (!['in', 'out', 'inout'].includes(direction)) throw new Fatal(`unknown capture direction \`${direction}'`);
  return (packet) =>
    (device === 'any' || packet.interface === device) &&
    (direction === 'inout' || packet.direction.toLowerCase() === direction) &&
    matches(packet);
}

function printOptions(process: Process, options: Options, device: string): PrintOptions {
  const length = Number(options.value('s') ?? snapshotLength);
  if (!Number.isInteger(length) || length < 0 || length > snapshotLength) {
    throw new Fatal(`invalid snaplen ${options.value('s')}`);
  }
  const dump = options.has('A') ? 'ascii' : options.has('X') ? 'hex-ascii' : options.has('x') ? 'hex' : undefined;
  const names = options.has('n') ? new Map<string, string>() : hostNames(process);
  return {
    times: options.values('t').length,
    verbose: options.has('v'),
    quick: options.has('q'),
    absolute: options.has('S'),
    dump,
    snapshotLength: length || snapshotLength,
    everywhere: device === 'any',
    host: (address) => names.get(address) ?? address,
  };
}

/** First names by address in /etc/hosts. */
function hostNames(process: Process): Map<string, string> {
  const { files } = process.machine;
  const text = files.exists('/etc/hosts') ? decode(files.readFile('/etc/hosts')) : '';
  const names = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [address, name] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (address && name && !names.has(address)) names.set(address, name);
  }
  return names;
}

async function capture(
  process: Process,
  stack: NetworkStack,
  options: Options,
  matches: Matches,
  printer: Printer,
): Promise<number> {
  const limit = Number(options.value('c') ?? Number.POSITIVE_INFINITY);
  if (Number.isNaN(limit) || limit < 1) throw new Fatal(`invalid packet count ${options.value('c')}`);
  const packets: Packet[] = [];
  let interrupted = false;
  let wake = () => {};
  const stops = [
    stack.capture((packet) => {
      if (!matches(packet)) return;
      packets.push(packet);
      wake();
    }),
    ...(['SIGINT', 'SIGTERM'] as const).map((signal) =>
      process.onSignal(signal, () => {
        interrupted = true;
        wake();
      }),
    ),
  ];
  const output = new Output(process, options.has('l', 'U') || process.isTerminal(1));
  let captured = 0;
  try {
    while (captured < limit) {
      const packet = packets.shift();
      if (packet) {
        captured++;
        await output.write(printer.print(packet));
      } else if (interrupted) break;
      else {
        const next = new Promise<void>((resolve) => {
          wake = resolve;
        });
        await process.cancellation.guard(next);
      }
    }
  } finally {
    for (const stop of stops) stop();
  }
  if (interrupted) await output.write('\n');
  await output.flush();
  const received = captured + packets.length;
  await process.write(
    2,
    `${counted(captured)} captured\n${counted(received)} received by filter\n0 packets dropped by kernel\n`,
  );
  return 0;
}

function counted(packets: number): string {
  return `${packets} packet${packets === 1 ? '' : 's'}`;
}

class Output {
  readonly #process: Process;
  readonly #lineBuffered: boolean;
  #text = '';

  constructor(process: Process, lineBuffered: boolean) {
    this.#process = process;
    this.#lineBuffered = lineBuffered;
  }

  async write(text: string): Promise<void> {
    this.#text += text;
    if (this.#lineBuffered || this.#text.length >= bufferSize) await this.flush();
  }

  async flush(): Promise<void> {
    const text = this.#text;
    this.#text = '';
    if (text !== '') await this.#process.write(1, text);
  }
}
