const classes: Record<string, string> = {
  alnum: '\\p{L}\\p{Nd}',
  alpha: '\\p{L}',
  ascii: '\\x00-\\x7f',
  blank: ' \\t',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '\\x21-\\x7e\\u{a1}-\\u{10ffff}',
  lower: '\\p{Ll}',
  print: '\\x20-\\x7e\\u{a0}-\\u{10ffff}',
  punct: '!-\\/:-@\\[-`\\{-~',
  space: '\\s',
  upper: '\\p{Lu}',
  word: '\\p{L}\\p{Nd}_',
  xdigit: '0-9A-Fa-f',
};
const cache = new Map<string, Matcher>();

/** What decides whether a whole text matches. */
export interface Matcher {
  test(text: string): boolean;
}

export interface PatternOptions {
  ignoreCase?: boolean;
  /** For file names: `*` and `?` do not match a leading dot. */
  hidesDot?: boolean;
}

/** Escapes what a pattern would take for more than itself. */
export function escapePattern(text: string): string {
  return text.replace(/[\\*?[\]()|!@+]/g, '\\$&');
}

/** True if an unescaped `*`, `?`, `[…]` or extended group stands in the pattern. */
export function hasGlob(pattern: string): boolean {
  for (let at = 0; at < pattern.length; at++) {
    const letter = pattern[at] as string;
    if (letter === '\\') at++;
    else if (letter === '*' || letter === '?') return true;
    else if (letter === '[' && bracketEnd(pattern, at) !== undefined) return true;
    else if ('@+!'.includes(letter) && pattern[at + 1] === '(' && groupEnd(pattern, at + 1) !== undefined) return true;
  }
  return false;
}

/** What an escaped pattern without glob characters stands for. */
export function unescapePattern(pattern: string): string {
  return pattern.replace(/\\([\s\S])/g, '$1');
}

/** True if the whole text matches a glob pattern (fnmatch with bash's extended groups). */
export function matches(pattern: string, text: string, options: PatternOptions = {}): boolean {
  return wholeMatcher(pattern, options).test(text);
}

export function wholeMatcher(pattern: string, options: PatternOptions = {}): Matcher {
  const key = `${options.ignoreCase ? 'i' : ''}${options.hidesDot ? '.' : ''}:${pattern}`;
  const known = cache.get(key);
  if (known) return known;
  const hides = options.hidesDot === true && !/^(?:\\?\.|[@+!?*]\()/.test(pattern);
  const matcher = /[?*+@!]\(/.test(pattern)
    ? compile(`^${hides ? '(?!\\.)' : ''}(?:${patternSource(pattern)})$`, options.ignoreCase === true)
    : new SimpleMatcher(pattern, options.ignoreCase === true, hides);
  if (cache.size > 500) cache.clear();
  cache.set(key, matcher);
  return matcher;
}

/** Patterns without extended groups, in time of text by pattern: only the last `*` is ever tried again. */
class SimpleMatcher implements Matcher {
  readonly #tokens: ('star' | RegExp | string)[] = [];
  readonly #ignoreCase: boolean;
  readonly #hidesDot: boolean;

  constructor(pattern: string, ignoreCase: boolean, hidesDot: boolean) {
    this.#ignoreCase = ignoreCase;
    this.#hidesDot = hidesDot;
    for (let at = 0; at < pattern.length; ) {
      const close = pattern[at] === '[' ? bracketEnd(pattern, at) : undefined;
      if (close !== undefined) {
        this.#tokens.push(compile(`^${bracketSource(pattern.slice(at + 1, close))}$`, ignoreCase));
        at = close + 1;
      } else if (pattern[at] === '*') {
        if (this.#tokens.at(-1) !== 'star') this.#tokens.push('star');
        at++;
      } else if (pattern[at] === '?') {
        this.#tokens.push(anyLetter);
        at++;
      } else {
        if (pattern[at] === '\\' && at + 1 < pattern.length) at++;
        const letter = String.fromCodePoint(pattern.codePointAt(at) as number);
        this.#tokens.push(ignoreCase ? ` ${letter.toLowerCase()}` : ` ${letter}`);
        at += letter.length;
      }
    }
  }

  test(text: string): boolean {
    if (this.#hidesDot && text.startsWith('.')) return false;
    const tokens = this.#tokens;
    let [at, token, star, starAt] = [0, 0, -1, 0];
    while (at < text.length) {
      const wanted = tokens[token];
      const size = (text.codePointAt(at) as number) > 0xffff ? 2 : 1;
      if (wanted === 'star') {
        star = token++;
        starAt = at;
      } else if (wanted !== undefined && this.#fits(wanted, text.slice(at, at + size))) {
        token++;
        at += size;
      } else if (star >= 0) {
        token = star + 1;
        starAt += (text.codePointAt(starAt) as number) > 0xffff ? 2 : 1;
        at = starAt;
      } else return false;
    }
    while (tokens[token] === 'star') token++;
    return token === tokens.length;
  }

  /** Letters are kept behind a blank, so that none is taken for 'star'. */
  #fits(wanted: RegExp | string, letter: string): boolean {
    if (typeof wanted !== 'string') return wanted === anyLetter || wanted.test(letter);
    return wanted === ` ${this.#ignoreCase ? letter.toLowerCase() : letter}`;
  }
}

const anyLetter = /./;

/** For `${x/pattern/…}`: the first or every longest match. */
export function searcher(pattern: string, options: { anchor?: 'start' | 'end'; ignoreCase?: boolean }): RegExp {
  const source = patternSource(pattern);
  const [start, end] = [options.anchor === 'start' ? '^' : '', options.anchor === 'end' ? '$' : ''];
  return compile(`${start}(?:${source})${end}`, options.ignoreCase === true, 'g');
}

/** `patternSource` writes only valid classes and groups, except for ranges out of order, which match nothing. */
function compile(source: string, ignoreCase: boolean, more = ''): RegExp {
  const flags = `su${ignoreCase ? 'i' : ''}${more}`;
  try {
    return new RegExp(source, flags);
  } catch {
    return new RegExp('(?!)', flags);
  }
}

/** A glob pattern as the source of a regular expression with the flags `s` and `u`. */
export function patternSource(pattern: string, rest = '$'): string {
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const letter = pattern[at] as string;
    if (letter === '\\') {
      at++;
      source += at < pattern.length ? literal(String.fromCodePoint(pattern.codePointAt(at) as number)) : '\\\\';
      if ((pattern.codePointAt(at) ?? 0) > 0xffff) at++;
      continue;
    }
    const end = '?*+@!'.includes(letter) && pattern[at + 1] === '(' ? groupEnd(pattern, at + 1) : undefined;
    if (end !== undefined) {
      const branches = alternatives(pattern.slice(at + 2, end));
      const after = patternSource(pattern.slice(end + 1), rest);
      const group = `(?:${branches.map((branch) => patternSource(branch, '')).join('|')})`;
      if (letter !== '!') return `${source}${group}${letter === '@' ? '' : letter}${after}`;
      return `${source}(?:(?!${group}${after}${rest})[^]*?)${after}`;
    }
    const close = letter === '[' ? bracketEnd(pattern, at) : undefined;
    if (letter === '*') {
      while (pattern[at + 1] === '*' && pattern[at + 2] !== '(') at++;
      source += '[^]*';
    } else if (letter === '?') source += '[^]';
    else if (close !== undefined) {
      source += bracketSource(pattern.slice(at + 1, close));
      at = close;
    } else {
      const point = pattern.codePointAt(at) as number;
      if (point > 0xffff) at++;
      source += literal(String.fromCodePoint(point));
    }
  }
  return source;
}

function literal(letter: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(letter) ? `\\${letter}` : letter;
}

/** The place of the `]` that ends the bracket expression at `start`. */
function bracketEnd(pattern: string, start: number): number | undefined {
  let at = start + 1;
  if (pattern[at] === '!' || pattern[at] === '^') at++;
  if (pattern[at] === ']') at++;
  for (; at < pattern.length; at++) {
    if (pattern[at] === '\\') at++;
    else if (pattern[at] === '[' && ':.='.includes(pattern[at + 1] ?? ' ')) {
      const end = pattern.indexOf(`${pattern[at + 1]}]`, at + 2);
      if (end > 0) at = end + 1;
    } else if (pattern[at] === ']') return at;
  }
  return undefined;
}

function groupEnd(pattern: string, open: number): number | undefined {
  let depth = 0;
  for (let at = open; at < pattern.length; at++) {
    if (pattern[at] === '\\') at++;
    else if (pattern[at] === '[') at = bracketEnd(pattern, at) ?? at;
    else if (pattern[at] === '(') depth++;
    else if (pattern[at] === ')' && --depth === 0) return at;
  }
  return undefined;
}

function alternatives(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] as string;
    if (letter === '\\') {
      parts[parts.length - 1] += letter + (text[++at] ?? '');
      continue;
    }
    if (letter === '(') depth++;
    if (letter === ')') depth--;
    if (letter === '|' && depth === 0) parts.push('');
    else parts[parts.length - 1] += letter;
  }
  return parts;
}

function bracketSource(body: string): string {
  const negated = body[0] === '!' || body[0] === '^';
  let source = '';
  const text = negated ? body.slice(1) : body;
  for (let at = 0; at < text.length; at++) {
    const named = /^\[([:.=])([^\]]*)\1\]/.exec(text.slice(at));
    if (named) {
      source += named[1] === ':' ? (classes[named[2] as string] ?? '') : classLiteral(named[2] ?? '');
      at += named[0].length - 1;
      continue;
    }
    if (text[at] === '\\' && at + 1 < text.length) at++;
    const point = text.codePointAt(at) as number;
    if (point > 0xffff) at++;
    const letter = String.fromCodePoint(point);
    // a minus between two characters is a range; the first and the last one is itself
    const range = letter === '-' && text[at - 1] !== '\\' && at > 0 && at < text.length - 1;
    source += range ? '-' : classLiteral(letter);
  }
  if (source === '') return negated ? '[^]' : '(?!)';
  return `[${negated ? '^' : ''}${source}]`;
}

function classLiteral(letter: string): string {
  return letter.replace(/[\\\]^[\-{}()|/]/g, '\\$&');
}
