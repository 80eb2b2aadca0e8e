import type { Batch } from '../lib/input.ts';
import type { Invocation } from '../lib/tool.ts';
import type { Matcher } from './matcher.ts';

export interface SearchOptions {
  /** Stop after so many selected lines. */
  limit: number;
  before: number;
  after: number;
  separator: string;
  /** Name before each line. */
  names: boolean;
}

interface Line {
  text: string;
  number: number;
  /** Of its first byte. */
  offset: number;
}

/** Prints what grep prints of one file's lines, and says how many it selected. */
export class Search {
  readonly #run: Invocation;
  readonly #matcher: Matcher;
  readonly #options: SearchOptions;
  readonly #label: string;
  /** Lines that a later match may want before it. */
  #held: Line[] = [];
  #lastPrinted = 0;
  #printedAny: boolean;

  constructor(run: Invocation, matcher: Matcher, options: SearchOptions, label: string, printedAny: boolean) {
    this.#run = run;
    this.#matcher = matcher;
    this.#options = options;
    this.#label = label;
    this.#printedAny = printedAny;
  }

  get printedAny(): boolean {
    return this.#printedAny;
  }

  async count(lines: AsyncGenerator<Batch>): Promise<number> {
    const flags = this.#run.options;
    const silent = flags.has('q', 'l', 'L', 'c');
    const limit = flags.has('q', 'l', 'L') ? Math.min(1, this.#options.limit) : this.#options.limit;
    const invert = flags.has('v');
    let [count, number, offset, trailing] = [0, 0, 0, 0];
    search: for await (const batch of lines) {
      for (const text of batch.lines) {
        if (count >= limit && trailing === 0) break search;
        const line = { text, number: ++number, offset };
        offset += text.length + 1;
        if (count < limit && (this.#matcher.find(text) !== undefined) !== invert) {
          count++;
          if (silent) continue;
          if (flags.has('o')) this.#parts(line, invert);
          else this.#selected(line);
          trailing = this.#options.after;
        } else if (trailing > 0) {
          trailing--;
          if (!flags.has('o')) this.#print(line, '-');
        } else if (this.#options.before > 0 && !silent) {
          this.#held.push(line);
          if (this.#held.length > this.#options.before) this.#held.shift();
        }
      }
      await this.#run.flush();
      if (count >= limit && trailing === 0) break;
    }
    return count;
  }

  #selected(line: Line): void {
    const first = this.#held[0]?.number ?? line.number;
    const { before, after } = this.#options;
    const apart = this.#lastPrinted === 0 ? this.#printedAny : first > this.#lastPrinted + 1;
    if (before + after > 0 && apart) this.#run.print('--\n');
    for (const held of this.#held.splice(0)) this.#print(held, '-');
    this.#print(line, ':');
  }

  #print(line: Line, mark: string): void {
    const flags = this.#run.options;
    let head = this.#options.names ? this.#label + mark : '';
    if (flags.has('n')) head += line.number + mark;
    if (flags.has('b')) head += line.offset + mark;
    this.#run.print(head + line.text + this.#options.separator);
    this.#lastPrinted = line.number;
    this.#printedAny = true;
  }

  /** -o: each match that is not empty on a line of its own. */
  #parts(line: Line, invert: boolean): void {
    if (invert) return;
    for (let from = 0; from <= line.text.length; ) {
      const match = this.#matcher.find(line.text, from);
      if (!match) return;
      if (match.text !== '') this.#print({ ...line, text: match.text, offset: line.offset + match.index }, ':');
      from = match.index + Math.max(1, match.text.length);
    }
  }
}
