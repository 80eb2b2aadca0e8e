/** A pattern that POSIX or GNU refuses, in the words of glibc's regcomp(3). */
export class PatternError extends Error {
  override name = 'PatternError';
}

export interface PatternOptions {
  extended: boolean;
  ignoreCase?: boolean;
  /** `^` and `$` match at line breaks too (sed's `M`). */
  multiline?: boolean;
  /** Only a whole text matches. */
  whole?: boolean;
}

/** A compiled pattern: JavaScript's engine, with POSIX's rule that the longest of the leftmost matches wins. */
export class Pattern {
  readonly groups: number;
  readonly #regex: RegExp;
  readonly #ending: RegExp | undefined;

  /** `choice`: the pattern has alternatives and nothing that looks at what follows a match. */
  constructor(source: string, flags: string, groups: number, choice = false) {
    this.groups = groups;
    this.#regex = new RegExp(source, `${flags}g`);
    // JavaScript takes the first alternative that fits; a second expression finds longer matches from the same place.
    this.#ending = choice ? new RegExp(`(?:${source})(?![\\s\\S])`, `${flags}y`) : undefined;
  }

  test(text: string): boolean {
    this.#regex.lastIndex = 0;
    return this.#regex.test(text);
  }

  /** The leftmost match that starts at `from` or later. */
  exec(text: string, from = 0): RegExpExecArray | undefined {
    this.#regex.lastIndex = from;
    const match = this.#regex.exec(text);
    if (!match || !this.#ending) return match ?? undefined;
    for (let end = text.length; end > match.index + match[0].length; end--) {
      this.#ending.lastIndex = match.index;
      const longer = this.#ending.exec(text.slice(0, end));
      if (longer) return longer;
    }
    return match;
  }
}

const classes: Record<string, string> = {
  alpha: '\\p{L}',
  digit: '0-9',
  alnum: '\\p{L}\\p{Nd}',
  upper: '\\p{Lu}',
  lower: '\\p{Ll}',
  space: ' \\t\\n\\r\\f\\v',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`\\{-~',
  print: ' -~\\u{a0}-\\u{10ffff}',
  graph: '!-~\\u{a1}-\\u{10ffff}',
  cntrl: '\\x00-\\x1f\\x7f',
  xdigit: '0-9A-Fa-f',
};

/** Compiles a basic or extended regular expression with GNU's extensions. Throws `PatternError`. */
export function compilePosix(pattern: string, options: PatternOptions): Pattern {
  const translation = new Translation(pattern, options.extended);
  const source = translation.run();
  const flags = `u${options.ignoreCase ? 'i' : ''}${options.multiline ? 'm' : ''}`;
  try {
    if (options.whole) return new Pattern(`^(?:${source})$`, flags, translation.groups);
    return new Pattern(source, flags, translation.groups, translation.choice);
  } catch {
    throw new PatternError('Invalid regular expression');
  }
}

/** A character as it stands for itself in a JavaScript expression with flag `u`. */
export function quote(text: string): string {
  return text.replace(/[\^$\\.*+?()[\]{}|/]/g, '\\$&');
}

class Translation {
  groups = 0;
  #alternatives = false;
  #looksAhead = false;
  readonly #pattern: string;
  readonly #extended: boolean;
  #at = 0;
  #open = 0;
  #out = '';
  /** Can a repetition follow? */
  #atom = false;

  constructor(pattern: string, extended: boolean) {
    this.#pattern = pattern;
    this.#extended = extended;
  }

  get choice(): boolean {
    return this.#alternatives && !this.#looksAhead;
  }

  run(): string {
    while (this.#at < this.#pattern.length) this.#step();
    if (this.#open > 0) throw new PatternError('Unmatched ( or \\(');
    return this.#out;
  }

  #step(): void {
    const escaped = this.#pattern[this.#at] === '\\';
    if (escaped && this.#at + 1 === this.#pattern.length) throw new PatternError('Trailing backslash');
    const start = this.#at;
    const point = this.#pattern.codePointAt(escaped ? this.#at + 1 : this.#at) as number;
    const symbol = String.fromCodePoint(point);
    this.#at += (escaped ? 1 : 0) + symbol.length;
    if ('(){|+?'.includes(symbol) && escaped !== this.#extended) {
      this.#operator(symbol, start);
    } else if (symbol === '}' && escaped && !this.#extended) throw new PatternError('Unmatched \\{');
    else if (escaped) this.#escape(symbol);
    else if (symbol === '*') this.#operator(symbol, start);
    else if (symbol === '[') this.#bracket();
    else if (symbol === '.') this.#emit('[\\s\\S]');
    else if (symbol === '^' && (this.#extended || this.#opens(start))) this.#anchor('^');
    else if (symbol === '$' && (this.#extended || this.#closes())) this.#anchor('$');
    else this.#emit(quote(symbol));
  }

  #opens(start: number): boolean {
    const before = this.#pattern.slice(0, start);
    return before === '' || before.endsWith('\\(') || before.endsWith('\\|') || before.endsWith('\n');
  }

  #closes(): boolean {
    const after = this.#pattern.slice(this.#at);
    return after === '' || after.startsWith('\\)') || after.startsWith('\\|') || after.startsWith('\n');
  }

  #emit(source: string): void {
    this.#out += source;
    this.#atom = true;
  }

  #anchor(source: string): void {
    if (source !== '^') this.#looksAhead = true;
    this.#out += source;
    this.#atom = false;
  }

  #operator(symbol: string, start: number): void {
    if (symbol === '(') {
      this.#out += '(';
      this.#open++;
      this.groups++;
      this.#atom = false;
    } else if (symbol === ')') {
      if (this.#open === 0 && this.#extended) {
        this.#emit('\\)');
        return;
      }
      if (this.#open-- === 0) throw new PatternError('Unmatched ) or \\)');
      this.#emit(')');
    } else if (symbol === '|') {
      this.#out += '|';
      this.#alternatives = true;
      this.#atom = false;
    } else if (symbol === '{') this.#interval(start);
    else this.#repeat(symbol, start);
  }

  #repeat(source: string, start: number): void {
    if (!this.#atom) {
      // Nothing to repeat: basic expressions take the operator for itself, extended ones leave it out.
      if (!this.#extended) this.#emit(quote(this.#pattern.slice(start, this.#at).replace('\\', '')));
      return;
    }
    // A repeated repetition (`a**`) is the same as one around a group.
    if (/[*+?}]$/.test(this.#out) && !/\\[*+?}]$/.test(this.#out)) this.#group();
    this.#out += source;
  }

  /** Wraps the last repeated atom so that another repetition can follow. */
  #group(): void {
    const atom = /(?:\\(?:u\{[^}]*\}|p\{[^}]*\}|.)|\[(?:\\.|[^\]\\])*\]|\)|[^\\])(?:[*+?]|\{[\d,]*\})+$/u.exec(
      this.#out,
    )?.[0];
    if (!atom || atom.startsWith(')')) return;
    this.#out = `${this.#out.slice(0, -atom.length)}(?:${atom})`;
  }

  #interval(start: number): void {
    const end = this.#extended ? '}' : '\\}';
    const close = this.#pattern.indexOf(end, this.#at);
    const body = close < 0 ? '' : this.#pattern.slice(this.#at, close);
    const match = /^(\d*)(,?)(\d*)$/.exec(body);
    if (!match || (body === '' && close >= 0) || close < 0) {
      if (this.#extended) {
        this.#emit('\\{');
        return;
      }
      throw new PatternError(close < 0 ? 'Unmatched \\{' : 'Invalid content of \\{\\}');
    }
    const [, low, comma, high] = match as unknown as [string, string, string, string];
    if (high !== '' && Number(low) > Number(high)) throw new PatternError('Invalid content of \\{\\}');
    if (Math.max(Number(low), Number(high)) > 32767) throw new PatternError('Regular expression too big');
    this.#at = close + end.length;
    this.#repeat(`{${low || '0'}${comma}${high}}`, start);
  }

  #escape(symbol: string): void {
    const known: Record<string, string> = {
      '<': '(?<![\\p{L}\\p{Nd}_])(?=[\\p{L}\\p{Nd}_])',
      '>': '(?<=[\\p{L}\\p{Nd}_])(?![\\p{L}\\p{Nd}_])',
      b: '\\b',
      B: '\\B',
      '`': '(?<![\\s\\S])',
      "'": '(?![\\s\\S])',
    };
    if (known[symbol] !== undefined) this.#anchor(known[symbol]);
    else if (symbol === 'w') this.#emit('[\\p{L}\\p{Nd}_]');
    else if (symbol === 'W') this.#emit('[^\\p{L}\\p{Nd}_]');
    else if (symbol === 's' || symbol === 'S') this.#emit(`\\${symbol}`);
    else if (/[1-9]/.test(symbol)) {
      if (Number(symbol) > this.groups) throw new PatternError('Invalid back reference');
      this.#emit(`(?:\\${symbol})`);
    } else this.#emit(quote(symbol));
  }

  #bracket(): void {
    const pattern = this.#pattern;
    const negated = pattern[this.#at] === '^';
    if (negated) this.#at++;
    if (this.#at >= pattern.length) throw new PatternError('Invalid regular expression');
    let body = '';
    for (let first = true; ; first = false) {
      const symbol = this.#bracketSymbol();
      if (symbol === ']' && !first) break;
      if (symbol.startsWith('[:')) {
        const members = classes[symbol.slice(2, -2)];
        if (members === undefined) throw new PatternError('Invalid character class name');
        body += members;
        continue;
      }
      const dash = pattern[this.#at] === '-' && pattern[this.#at + 1] !== ']' && this.#at + 1 < pattern.length;
      if (!dash) {
        body += quoteInClass(symbol);
        continue;
      }
      this.#at++;
      const last = this.#bracketSymbol();
      if ((symbol.codePointAt(0) ?? 0) > (last.codePointAt(0) ?? 0)) throw new PatternError('Invalid range end');
      body += `${quoteInClass(symbol)}-${quoteInClass(last)}`;
    }
    this.#emit(`[${negated ? '^' : ''}${body}]`);
  }

  /** The next member of a bracket expression: a character, `[:class:]`, or `]`. */
  #bracketSymbol(): string {
    const unmatched = new PatternError('Unmatched [, [^, [:, [., or [=');
    const point = this.#pattern.codePointAt(this.#at);
    if (point === undefined) throw unmatched;
    const next = this.#pattern[this.#at + 1] ?? '';
    if (point === 0x5b && [':', '.', '='].includes(next)) {
      const close = this.#pattern.indexOf(`${next}]`, this.#at + 2);
      if (close < 0) throw unmatched;
      const whole = this.#pattern.slice(this.#at, close + 2);
      this.#at = close + 2;
      return next === ':' ? whole : whole.slice(2, -2);
    }
    const symbol = String.fromCodePoint(point);
    this.#at += symbol.length;
    return symbol;
  }
}

function quoteInClass(symbol: string): string {
  return '\\]^-[/{}()|.*+?$'.includes(symbol) ? `\\${symbol}` : symbol;
}
