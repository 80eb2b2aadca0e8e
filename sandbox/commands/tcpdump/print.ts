import { decode } from '../../kernel/streams.ts';
import { formatMicros } from '../../kernel/time.ts';
import type { Packet } from '../../network/capture.ts';
import { packetBytes, segmentBytes, tcpChecksum } from './bytes.ts';

export interface PrintOptions {
  /** How often -t was given. */
  times: number;
  verbose: boolean;
  quick: boolean;
  /** -S */
  absolute: boolean;
  dump: 'ascii' | 'hex' | 'hex-ascii' | undefined;
  snapshotLength: number;
  /** -i any: lines begin with interface and direction. */
  everywhere: boolean;
  /** A host's name; the address where it has none. */
  host: (address: string) => string;
}

/** Ports whose payload is printed as HTTP (tcpdump's print-tcp.c). */
const httpPorts = [80, 8080, 3128];

/** Prints packets as tcpdump 4.99 does: sequence numbers count from each connection's first packet. */
export class Printer {
  readonly #options: PrintOptions;
  /** First numbers by connection, of the lesser address' side and of the other. */
  readonly #flows = new Map<string, { seq: number; ack: number }>();
  #before: number | undefined;

  constructor(options: PrintOptions) {
    this.#options = options;
  }

  print(packet: Packet): string {
    const { verbose, dump, snapshotLength, everywhere } = this.#options;
    const where = everywhere ? `${packet.interface.padEnd(5)} ${packet.direction.padEnd(3)} ` : '';
    const { bytes, header, id } = packetBytes(packet, Math.max(0, snapshotLength - 14));
    const ends = `${this.#address(packet.source)} > ${this.#address(packet.destination)}`;
    const total = header + packet.length;
    const ip = verbose
      ? `IP (tos 0x0, ttl 64, id ${id}, offset 0, flags [DF], proto TCP (6), length ${total})\n    `
      : 'IP ';
    let line = `${this.#time(packet.at)}${where}${ip}${ends}: ${this.#describe(packet, bytes)}\n`;
    if (dump === 'ascii') line += `${ascii(bytes)}\n`;
    else if (dump) line += hexDump(bytes, dump === 'hex-ascii');
    return line;
  }

  #address({ address, port }: { address: string; port: number }): string {
    return `${this.#options.host(address)}.${port}`;
  }

  #time(at: number): string {
    const before = this.#before ?? at;
    this.#before = at;
    const [date = '', clock = ''] = formatMicros(at).replace('Z', '').split('T');
    switch (this.#options.times) {
      case 0:
        return `${clock} `;
      case 1:
        return '';
      case 2:
        return `${(at / 1000).toFixed(6)} `;
      case 3:
        return ` ${formatMicros(at - before).slice(11, 26)} `;
      default:
        return `${date} ${clock} `;
    }
  }

  #describe(packet: Packet, bytes: Uint8Array): string {
    const { flags, window, timestamps, length } = packet;
    if (this.#options.quick) return `tcp ${length}`;
    const { seq, ack } = this.#relative(packet);
    const sum = this.#options.verbose ? `, cksum 0x${tcpChecksum(bytes).toString(16).padStart(4, '0')} (correct)` : '';
    const numbered = length > 0 || /[SFR]/.test(flags);
    const range = length > 0 ? `${seq}:${seq + length}` : String(seq);
    const syn = flags.startsWith('S');
    const times = timestamps && `TS val ${timestamps.value} ecr ${timestamps.echo}`;
    const options = times && (syn ? `mss 1460,sackOK,${times},nop,wscale 7` : `nop,nop,${times}`);
    return [
      `Flags [${flags}]${sum}`,
      ...(numbered ? [`seq ${range}`] : []),
      ...(flags.includes('.') ? [`ack ${ack}`] : []),
      `win ${window}`,
      ...(options ? [`options [${options}]`] : []),
      `length ${length}${this.#application(packet)}`,
    ].join(', ');
  }

  #relative({ source, destination, flags, seq, ack }: Packet): { seq: number; ack: number } {
    if (this.#options.absolute) return { seq, ack };
    const [from, to] = [source, destination].map(({ address, port }) => `${address}:${port}`) as [string, string];
    const reverse = from > to;
    const key = reverse ? `${to} ${from}` : `${from} ${to}`;
    const flow = this.#flows.get(key);
    if (!flow || flags.startsWith('S')) {
      this.#flows.set(key, reverse ? { seq: ack - 1, ack: seq } : { seq, ack: ack - 1 });
      return { seq, ack };
    }
    const [own, other] = reverse ? [flow.ack, flow.seq] : [flow.seq, flow.ack];
    return { seq: (seq - own) >>> 0, ack: (ack - other) >>> 0 };
  }

  /** What a payload on one of HTTP's ports begins with. */
  #application({ segment, source, destination, length, seq }: Packet): string {
    if (!segment || !(httpPorts.includes(source.port) || httpPorts.includes(destination.port))) return '';
    const { verbose } = this.#options;
    const text = segment.kind === 'bytes' ? decode(segmentBytes(segment, seq)) : '';
    const isText = /^(?:[A-Z]+ \S+ HTTP\/|HTTP\/\d)/.test(text);
    const head = text.split('\r\n\r\n')[0] ?? '';
    if (verbose) return `: HTTP, length: ${length}${isText ? `\n\t${head.split('\r\n').join('\n\t')}\n\t` : ''}`;
    return isText ? `: HTTP: ${head.split('\r\n')[0]}` : ': HTTP';
  }
}

/** Printable characters, line ends and tabs; a dot for anything else. */
function ascii(bytes: Uint8Array): string {
  let text = '';
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0;
    if (byte === 13 && bytes[index + 1] === 10) continue;
    text += byte === 10 || byte === 9 || (byte > 31 && byte < 127) ? String.fromCharCode(byte) : '.';
  }
  return text;
}

function hexDump(bytes: Uint8Array, withText: boolean): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16);
    let hex = '';
    for (let index = 0; index < row.length; index += 2) {
      const pair = [...row.subarray(index, index + 2)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
      hex += ` ${pair}`;
    }
    const shown = [...row].map((byte) => (byte > 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('');
    const start = `\t0x${at.toString(16).padStart(4, '0')}: `;
    text += withText ? `${start}${hex.padEnd(40)}  ${shown}\n` : `${start}${hex}\n`;
  }
  return text;
}
