import type { OpenFile } from '../../kernel/files.ts';
import { concat, encode } from '../../kernel/streams.ts';
import { calendar } from '../../kernel/time.ts';

export type DebugKind = 'text' | 'headerIn' | 'headerOut' | 'dataIn' | 'dataOut' | 'tlsIn' | 'tlsOut';

const marks: Record<DebugKind, string> = {
  text: '* ',
  headerIn: '< ',
  headerOut: '> ',
  dataIn: '{ ',
  dataOut: '} ',
  tlsIn: '{ ',
  tlsOut: '} ',
};

const titles: Record<Exclude<DebugKind, 'text'>, string> = {
  headerIn: '<= Recv header',
  headerOut: '=> Send header',
  dataIn: '<= Recv data',
  dataOut: '=> Send data',
  tlsIn: '<= Recv SSL data',
  tlsOut: '=> Send SSL data',
};

export interface VerboseOptions {
  /** `plain` is -v; the others are --trace and --trace-ascii. */
  style: 'plain' | 'ascii' | 'hex';
  /** --trace-time. */
  clock: (() => number) | undefined;
  /** The body goes to the terminal: what it is needs no mention. */
  terminal: boolean;
}

/** Writes what -v and --trace show, as curl's tool_cb_dbg.c does. */
export class Verbose {
  readonly #output: OpenFile;
  readonly #options: VerboseOptions;
  #toldData = false;

  constructor(output: OpenFile, options: VerboseOptions) {
    this.#output = output;
    this.#options = options;
  }

  /** `* message` */
  info(message: string): Promise<void> {
    return this.show('text', encode(`${message}\n`));
  }

  /** Whoever reads may be gone: what is shown is no part of the transfer. */
  async show(kind: DebugKind, bytes: Uint8Array): Promise<void> {
    await this.#show(kind, bytes).catch(() => {});
  }

  #show(kind: DebugKind, bytes: Uint8Array): Promise<void> {
    const stamp = this.#stamp();
    if (this.#options.style !== 'plain') {
      const text = new TextDecoder().decode(bytes);
      const shown = kind === 'text' ? `${stamp}== Info: ${text}` : this.#dump(stamp, titles[kind], bytes);
      return this.#output.write(encode(shown));
    }
    if (kind === 'text' || kind === 'headerIn') {
      this.#toldData = false;
      return this.#output.write(concat([encode(stamp + marks[kind]), bytes]));
    }
    if (kind === 'headerOut') {
      this.#toldData = false;
      const lines = new TextDecoder().decode(bytes).match(/[^\n]*\n|[^\n]+$/g) ?? [];
      return this.#output.write(encode(lines.map((line) => stamp + marks[kind] + line).join('')));
    }
    if (this.#toldData || this.#options.terminal) return Promise.resolve();
    this.#toldData = true;
    return this.#output.write(encode(`${stamp}${marks[kind]}[${bytes.length} bytes data]\n`));
  }

  #stamp(): string {
    const at = this.#options.clock?.();
    if (at === undefined) return '';
    const { hour, minute, second } = calendar(at);
    const micros = Math.floor((at - Math.floor(at / 1000) * 1000) * 1000);
    return `${[hour, minute, second].map((part) => String(part).padStart(2, '0')).join(':')}.${String(micros).padStart(6, '0')} `;
  }

  #dump(stamp: string, title: string, bytes: Uint8Array): string {
    const ascii = this.#options.style === 'ascii';
    const width = ascii ? 64 : 16;
    const crlf = (at: number) => ascii && bytes[at] === 13 && bytes[at + 1] === 10;
    let text = `${stamp}${title}, ${bytes.length} bytes (0x${bytes.length.toString(16)})\n`;
    for (let at = 0; at < bytes.length; ) {
      let line = `${at.toString(16).padStart(4, '0')}: `;
      if (!ascii) {
        for (let column = 0; column < width; column++) {
          const byte = bytes[at + column];
          line += byte === undefined ? '   ' : `${byte.toString(16).padStart(2, '0')} `;
        }
      }
      let column = 0;
      let next = at + width;
      for (; column < width && at + column < bytes.length; column++) {
        if (crlf(at + column)) {
          next = at + column + 2;
          break;
        }
        const byte = bytes[at + column] as number;
        line += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';
        if (crlf(at + column + 1) && column + 1 === width) next = at + column + 3;
      }
      text += `${line}\n`;
      at = next;
    }
    return text;
  }
}
