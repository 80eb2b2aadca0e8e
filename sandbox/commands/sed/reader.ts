import type { Batch } from '../lib/input.ts';

/** The lines of several files as one stream, one ahead only when someone asks for the last line. */
export class LineReader {
  readonly #names: string[];
  readonly #open: (name: string) => Promise<AsyncGenerator<Batch> | undefined>;
  #batches: AsyncGenerator<Batch> | undefined;
  #lines: { text: string; unterminated: boolean; name: string }[] = [];
  #at = 0;
  line = '';
  number = 0;
  name = '-';
  /** The line just read had no separator at its end. */
  unterminated = false;

  constructor(names: readonly string[], open: (name: string) => Promise<AsyncGenerator<Batch> | undefined>) {
    this.#names = [...names];
    this.#open = open;
  }

  /** More lines are here already. */
  get buffered(): boolean {
    return this.#at < this.#lines.length;
  }

  /** Reads a line; false at the end. */
  async next(): Promise<boolean> {
    if (!this.buffered && !(await this.#fill())) return false;
    const { text, unterminated, name } = this.#lines[this.#at++] as {
      text: string;
      unterminated: boolean;
      name: string;
    };
    this.line = text;
    this.unterminated = unterminated;
    this.name = name;
    this.number++;
    return true;
  }

  async isLast(): Promise<boolean> {
    return !this.buffered && !(await this.#fill());
  }

  async #fill(): Promise<boolean> {
    for (;;) {
      const name = this.#batches ? this.name : this.#names.shift();
      if (name === undefined) return false;
      this.#batches ??= await this.#open(name);
      const batch = await this.#batches?.next();
      if (!batch || batch.done) {
        this.#batches = undefined;
        continue;
      }
      const { lines, unterminated } = batch.value;
      this.#lines = lines.map((text) => ({ text, unterminated, name }));
      this.#at = 0;
      return true;
    }
  }
}
