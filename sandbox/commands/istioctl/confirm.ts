import { decode } from '../../kernel/streams.ts';
import type { Istioctl } from './command.ts';

/** Asks on stdout until the answer is yes or no; an empty line or the end of input means no. */
export async function confirm(ctl: Istioctl, question: string): Promise<boolean> {
  const lines = new LineReader(ctl);
  for (;;) {
    await ctl.out(`${question} `);
    const line = await lines.next();
    const word = line?.trim().toUpperCase() ?? '';
    if (word === 'Y' || word === 'YES') return true;
    if (word === '' || word === 'N' || word === 'NO') return false;
    // Like fmt.Scanln: more than one word is an error, which means no.
    if (/\s/.test(word)) return false;
  }
}

class LineReader {
  readonly #ctl: Istioctl;
  #buffered = '';
  #ended = false;

  constructor(ctl: Istioctl) {
    this.#ctl = ctl;
  }

  /** The next line, or undefined at the end of input. */
  async next(): Promise<string | undefined> {
    while (!this.#buffered.includes('\n') && !this.#ended) {
      const bytes = await this.#ctl.process.read(0);
      if (bytes === null) this.#ended = true;
      else this.#buffered += decode(bytes);
    }
    if (this.#buffered === '' && this.#ended) return undefined;
    const end = this.#buffered.indexOf('\n');
    const line = end < 0 ? this.#buffered : this.#buffered.slice(0, end);
    this.#buffered = end < 0 ? '' : this.#buffered.slice(end + 1);
    return line;
  }
}
