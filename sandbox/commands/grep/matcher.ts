import { compilePosix, Pattern, PatternError, quote } from '../lib/posix-regex.ts';
import { Failure } from '../lib/tool.ts';

/** `E`xtended, `F`ixed, `G` (basic) or `P`erl. */
export type PatternKind = 'E' | 'F' | 'G' | 'P';

export interface MatcherOptions {
  kind: PatternKind;
  ignoreCase: boolean;
  /** -x. */
  lines: boolean;
  /** -w. */
  words: boolean;
}

export interface Match {
  index: number;
  text: string;
}

interface Finder {
  exec(text: string, from: number): { index: number; 0: string } | undefined;
}

/** The patterns of one grep, any of which selects a line. Throws `Failure` for a pattern that is none. */
export class Matcher {
  readonly #finders: Finder[];
  readonly #words: boolean;

  constructor(patterns: readonly string[], options: MatcherOptions) {
    this.#words = options.words && !options.lines;
    this.#finders = patterns.map((pattern) => compile(pattern, options));
  }

  /** The leftmost, then longest, match that starts at `from` or later. */
  find(line: string, from = 0): Match | undefined {
    let best: Match | undefined;
    for (const finder of this.#finders) {
      const match = this.#words ? findWord(finder, line, from) : finder.exec(line, from);
      if (!match) continue;
      const longer = best && match.index === best.index && match[0].length > best.text.length;
      if (!best || match.index < best.index || longer) best = { index: match.index, text: match[0] };
    }
    return best;
  }
}

class Fixed implements Finder {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  exec(line: string, from: number): { index: number; 0: string } | undefined {
    const index = line.indexOf(this.#text, from);
    return index < 0 ? undefined : { index, 0: this.#text };
  }
}

function compile(pattern: string, { kind, ignoreCase, lines }: MatcherOptions): Finder {
  const flags = `u${ignoreCase ? 'i' : ''}`;
  try {
    if (kind === 'F' && !ignoreCase && !lines) return new Fixed(pattern);
    if (kind === 'F') return new Pattern(lines ? `^${quote(pattern)}$` : quote(pattern), flags, 0);
    if (kind === 'P') return new Pattern(lines ? `^(?:${pattern})$` : pattern, flags.replace('u', ''), 0);
    if (/^\[:[a-z]+:\]$/.test(pattern)) {
      throw new Failure('character class syntax is [[:space:]], not [:space:]', 2);
    }
    return compilePosix(pattern, { extended: kind === 'E', ignoreCase, whole: lines });
  } catch (error) {
    if (error instanceof PatternError) throw new Failure(error.message, 2);
    if (error instanceof SyntaxError) throw new Failure(error.message.replace(/^Invalid regular expression: /, ''), 2);
    throw error;
  }
}

const isWord = (symbol: string | undefined) => symbol !== undefined && /[\p{L}\p{Nd}_]/u.test(symbol);

/** A match with no word character on either side; a shorter one at the same place, then a later one, is tried as GNU does. */
function findWord(finder: Finder, line: string, from: number): { index: number; 0: string } | undefined {
  for (let at = from; at <= line.length; ) {
    const match = finder.exec(line, at);
    if (!match) return undefined;
    if (!isWord(line[match.index - 1])) {
      for (let text = match[0]; ; ) {
        if (!isWord(line[match.index + text.length])) return { index: match.index, 0: text };
        const shorter =
          text === '' ? undefined : finder.exec(line.slice(0, match.index + text.length - 1), match.index);
        if (!shorter || shorter.index !== match.index) break;
        text = shorter[0];
      }
    }
    at = match.index + 1;
  }
  return undefined;
}
