import { encode } from '../../kernel/streams.ts';
import { openInput } from '../lib/input.ts';
import { tool } from '../lib/tool.ts';

/** cat(1): bytes through, or lines made visible. */
export const cat = tool(
  {
    usage: '[OPTION]... [FILE]...',
    short: 'AbeEnstTuv',
    long: {
      'show-all': 'A',
      'number-nonblank': 'b',
      'show-ends': 'E',
      number: 'n',
      'squeeze-blank': 's',
      'show-tabs': 'T',
      'show-nonprinting': 'v',
    },
  },
  async (run) => {
    const { options, process } = run;
    const show = new Display({
      number: options.has('b') ? 'nonblank' : options.has('n') ? 'all' : undefined,
      squeeze: options.has('s'),
      ends: options.has('A', 'e', 'E'),
      tabs: options.has('A', 't', 'T'),
      control: options.has('A', 'e', 't', 'v'),
    });
    const plain = !options.has('A', 'b', 'e', 'E', 'n', 's', 't', 'T', 'v');
    for (const name of run.inputs) {
      await run.attempt(name, async () => {
        const file = openInput(process, name);
        try {
          for (
            let bytes = await file.read(process.cancellation);
            bytes;
            bytes = await file.read(process.cancellation)
          ) {
            await process.write(1, plain ? bytes : show.add(bytes));
          }
        } finally {
          file.close();
        }
      });
    }
    return undefined;
  },
);

interface DisplayOptions {
  number: 'all' | 'nonblank' | undefined;
  squeeze: boolean;
  ends: boolean;
  tabs: boolean;
  control: boolean;
}

/** Line numbers and visible characters, over files and pieces of them. */
class Display {
  readonly #options: DisplayOptions;
  #number = 0;
  #lineStart = true;
  #blanks = 0;

  constructor(options: DisplayOptions) {
    this.#options = options;
  }

  add(bytes: Uint8Array): Uint8Array {
    const { number, squeeze, ends, tabs, control } = this.#options;
    const out: number[] = [];
    for (const byte of bytes) {
      const newline = byte === 10;
      if (this.#lineStart) {
        this.#blanks = newline ? this.#blanks + 1 : 0;
        if (squeeze && this.#blanks > 1) continue;
        if (number === 'all' || (number === 'nonblank' && !newline)) {
          out.push(...encode(`${String(++this.#number).padStart(6)}\t`));
        }
      }
      if (newline && ends) out.push(36);
      if (byte === 9 && tabs) out.push(94, 73);
      else if (control && !newline && byte !== 9) out.push(...visible(byte));
      else out.push(byte);
      this.#lineStart = newline;
    }
    return new Uint8Array(out);
  }
}

function visible(byte: number): number[] {
  if (byte >= 128) return [77, 45, ...visible(byte - 128)];
  if (byte < 32) return [94, byte + 64];
  return byte === 127 ? [94, 63] : [byte];
}
