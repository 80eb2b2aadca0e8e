import { compilePosix, type Pattern, PatternError } from '../lib/posix-regex.ts';
import { Failure } from '../lib/tool.ts';
import type { Address, Command, ReplacementPart } from './script.ts';

/** One piece of the script: an argument of -e (or the first operand), or a file of -f. */
export interface ScriptPart {
  text: string;
  /** Name of the file where it is from; undefined for an argument. */
  file?: string;
}

const escapes: Record<string, string> = { a: '\x07', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** Parses a whole script. Throws `Failure` in GNU sed's words. */
export function parseScript(parts: readonly ScriptPart[], extended: boolean): Command[] {
  return new Parser(parts, extended).run();
}

class Parser {
  readonly #parts: readonly ScriptPart[];
  readonly #extended: boolean;
  readonly #commands: Command[] = [];
  readonly #open: number[] = [];
  readonly #labels = new Map<string, number>();
  readonly #jumps: { command: { target: number }; label: string }[] = [];
  #part = 0;
  #text = '';
  #at = 0;

  constructor(parts: readonly ScriptPart[], extended: boolean) {
    this.#parts = parts;
    this.#extended = extended;
  }

  run(): Command[] {
    for (this.#part = 0; this.#part < this.#parts.length; this.#part++) {
      this.#text = this.#parts[this.#part]?.text ?? '';
      this.#at = 0;
      while (this.#skip(/[\s;]*/y)) this.#command();
    }
    if (this.#open.length > 0) throw new Failure("-e expression #1, char 0: unmatched `{'");
    for (const { command, label } of this.#jumps) {
      const target = label === '' ? this.#commands.length : this.#labels.get(label);
      if (target === undefined) throw new Failure(`can't find label for jump to \`${label}'`, 4);
      command.target = target;
    }
    return this.#commands;
  }

  #fail(message: string, at = this.#at): never {
    const part = this.#parts[this.#part];
    if (part?.file !== undefined) {
      const line = part.text.slice(0, at).split('\n').length;
      throw new Failure(`file ${part.file} line ${line}: ${message}`);
    }
    const number = this.#parts.slice(0, this.#part + 1).filter((each) => each.file === undefined).length;
    throw new Failure(`-e expression #${number}, char ${at}: ${message}`);
  }

  /** Passes over what `pattern` (sticky) matches; false at the end of the part. */
  #skip(pattern: RegExp): boolean {
    this.#take(pattern);
    return this.#at < this.#text.length;
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += match.length;
    return match;
  }

  #command(): void {
    const first = this.#address(false);
    let second: Address | undefined;
    if (first) {
      this.#take(/[ \t]*/y);
      if (this.#text[this.#at] === ',') {
        this.#at++;
        this.#take(/[ \t]*/y);
        second = this.#address(true);
        if (!second) this.#fail("unexpected `,'", this.#at + 1);
      }
    }
    if (first?.type === 'line' && first.line === 0 && second?.type !== 'pattern') {
      this.#fail('invalid usage of line address 0', this.#at + 1);
    }
    this.#take(/[ \t]*/y);
    const negated = this.#take(/(?:![ \t]*)+/y) !== '';
    const name = this.#text[this.#at++];
    if (name === undefined) this.#fail('missing command', this.#text.length);
    const common = { negated, ...(first ? { first } : {}), ...(second ? { second } : {}) };
    if (name === '#') {
      if (first) this.#fail("comments don't accept any addresses");
      this.#take(/[^\n]*/y);
    } else if (name === ':') this.#label(first);
    else this.#add(name, common);
  }

  #add(name: string, common: { negated: boolean; first?: Address; second?: Address }): void {
    const commands = this.#commands;
    switch (name) {
      case '{':
        this.#open.push(commands.length);
        commands.push({ ...common, name, end: -1 });
        return;
      case '}': {
        const start = this.#open.pop();
        if (common.first) this.#fail(`} doesn't want any addresses`);
        if (start === undefined) this.#fail("unexpected `}'");
        (commands[start] as { end: number }).end = commands.length;
        commands.push({ ...common, name });
        break;
      }
      case '=':
      case 'd':
      case 'D':
      case 'F':
      case 'g':
      case 'G':
      case 'h':
      case 'H':
      case 'n':
      case 'N':
      case 'p':
      case 'P':
      case 'x':
      case 'z':
        commands.push({ ...common, name });
        break;
      case 'a':
      case 'i':
      case 'c':
        commands.push({ ...common, name, text: this.#textArgument() });
        return;
      case 'b':
      case 't':
      case 'T': {
        this.#take(/[ \t]*/y);
        const label = this.#take(/[^\n;}]*/y).trim();
        const command: Command & { target: number } = { ...common, name, target: -1 };
        this.#jumps.push({ command, label });
        commands.push(command);
        break;
      }
      case 'q':
      case 'Q':
      case 'l': {
        if (common.second && name !== 'l') this.#fail('command only uses one address');
        this.#take(/[ \t]*/y);
        const digits = this.#take(/\d*/y);
        commands.push({ ...common, name, code: digits === '' ? undefined : Number(digits) });
        break;
      }
      case 'r':
      case 'w':
      case 'W': {
        this.#take(/[ \t]*/y);
        const file = this.#take(/[^\n]*/y);
        if (file === '') this.#fail('missing filename in r/R/w/W commands');
        commands.push({ ...common, name, file });
        return;
      }
      case 'y':
        commands.push({ ...common, name, table: this.#transliteration() });
        break;
      case 's':
        commands.push({ ...common, name, ...this.#substitution() });
        break;
      default:
        this.#fail(`unknown command: \`${name}'`);
    }
    this.#end();
  }

  #label(first: Address | undefined): void {
    if (first) this.#fail(": doesn't want any addresses");
    this.#take(/[ \t]*/y);
    const label = this.#take(/[^\n;]*/y).trimEnd();
    if (label === '') this.#fail('":" lacks a label');
    this.#labels.set(label, this.#commands.length);
  }

  /** What may follow a command: a blank, `;`, `}`, a comment, a line's end. */
  #end(): void {
    this.#take(/[ \t]*/y);
    const next = this.#text[this.#at];
    if (next === undefined || '\n;}#'.includes(next)) return;
    this.#fail('extra characters after command', this.#at + 1);
  }

  #address(second: boolean): Address | undefined {
    const symbol = this.#text[this.#at] ?? '';
    if (/\d/.test(symbol)) {
      const line = Number(this.#take(/\d+/y));
      if (second || this.#text[this.#at] !== '~') return { type: 'line', line };
      this.#at++;
      return { type: 'step', first: line, step: Number(this.#take(/\d*/y)) };
    }
    if (second && (symbol === '+' || symbol === '~') && /\d/.test(this.#text[this.#at + 1] ?? '')) {
      this.#at++;
      const count = Number(this.#take(/\d+/y));
      return symbol === '+' ? { type: 'more', count } : { type: 'multiple', of: count };
    }
    if (symbol === '$') {
      this.#at++;
      return { type: 'last' };
    }
    if (symbol !== '/' && symbol !== '\\') return undefined;
    this.#at++;
    const delimiter = symbol === '/' ? '/' : (this.#text[this.#at++] ?? '');
    const source = this.#delimited(delimiter, true) ?? this.#fail('unterminated address regex', this.#text.length);
    const flags = this.#take(/[IM]*/y);
    return { type: 'pattern', pattern: this.#pattern(source, flags.includes('I'), flags.includes('M')) };
  }

  /** Text up to the delimiter; in a pattern an escaped delimiter stands for itself. Undefined if it never comes. */
  #delimited(delimiter: string, pattern: boolean): string | undefined {
    let source = '';
    let bracket = false;
    for (; this.#at < this.#text.length; this.#at++) {
      const symbol = this.#text[this.#at] as string;
      const next = this.#text[this.#at + 1];
      if (bracket) {
        if (symbol === ']') bracket = false;
      } else if (symbol === delimiter) {
        this.#at++;
        return source;
      } else if (symbol === '\\' && next !== undefined) {
        this.#at++;
        if (next === delimiter)
          source += pattern && '()|+?{}.*[]^$'.includes(next) ? `\\${next}` : pattern ? next : next;
        else if (next === 'n' && pattern) source += '\n';
        else source += `\\${next}`;
        continue;
      } else if (symbol === '\n' && pattern) return undefined;
      else if (symbol === '[' && pattern) {
        const lead = /\[\^?\]?/y;
        lead.lastIndex = this.#at;
        const head = lead.exec(this.#text)?.[0] ?? '[';
        if (this.#text.indexOf(']', this.#at + head.length) >= 0) {
          source += head;
          this.#at += head.length - 1;
          bracket = true;
          continue;
        }
      }
      source += symbol;
    }
    return undefined;
  }

  #pattern(source: string, ignoreCase: boolean, multiline: boolean): Pattern | undefined {
    if (source === '') return undefined;
    const plain = source.replace(/\\([afnrtv])|\\\\|\\[\s\S]/g, (part, letter) => escapes[letter as string] ?? part);
    try {
      return compilePosix(plain, { extended: this.#extended, ignoreCase, multiline });
    } catch (error) {
      if (error instanceof PatternError) this.#fail(error.message);
      throw error;
    }
  }

  #substitution() {
    const delimiter = this.#text[this.#at++];
    const source = delimiter === undefined ? undefined : this.#delimited(delimiter, true);
    const replacement = delimiter === undefined ? undefined : this.#delimited(delimiter, false);
    if (source === undefined || replacement === undefined) this.#fail("unterminated `s' command", this.#text.length);
    let [global, print, ignoreCase, multiline, occurrence] = [false, false, false, false, 0];
    let file: string | undefined;
    for (;;) {
      const digits = this.#take(/\d+/y);
      if (digits !== '') {
        if (Number(digits) === 0) this.#fail("number option to `s' command may not be zero");
        if (occurrence > 0) this.#fail("multiple number options to `s' command");
        occurrence = Number(digits);
        continue;
      }
      const flag = this.#text[this.#at];
      if (flag === 'g' && global) this.#fail("multiple `g' options to `s' command", this.#at + 1);
      if (flag === 'p' && print) this.#fail("multiple `p' options to `s' command", this.#at + 1);
      if (flag === 'g') global = true;
      else if (flag === 'p') print = true;
      else if (flag === 'i' || flag === 'I') ignoreCase = true;
      else if (flag === 'm' || flag === 'M') multiline = true;
      else if (flag === 'w') {
        this.#at++;
        this.#take(/[ \t]*/y);
        file = this.#take(/[^\n]*/y);
        if (file === '') this.#fail('missing filename in r/R/w/W commands');
        break;
      } else break;
      this.#at++;
    }
    const next = this.#text[this.#at];
    if (next !== undefined && !' \t\n;}#'.includes(next)) this.#fail("unknown option to `s'", this.#at + 1);
    const pattern = this.#pattern(source, ignoreCase, multiline);
    const parts = replacementParts(replacement);
    const highest = Math.max(0, ...parts.map((part) => (typeof part === 'object' && 'group' in part ? part.group : 0)));
    if (pattern && highest > pattern.groups) {
      this.#fail(`invalid reference \\${highest} on \`s' command's RHS`);
    }
    return { pattern, replacement: parts, global, print, occurrence: occurrence || 1, file };
  }

  #transliteration(): Map<string, string> {
    const delimiter = this.#text[this.#at++];
    const unterminated = (): never => this.#fail("unterminated `y' command", this.#text.length);
    if (delimiter === undefined) unterminated();
    const from = symbols(this.#delimited(delimiter as string, false) ?? unterminated());
    const to = symbols(this.#delimited(delimiter as string, false) ?? unterminated());
    if (from.length !== to.length) this.#fail("strings for `y' command are different lengths");
    return new Map(from.map((symbol, index) => [symbol, to[index] as string]));
  }

  /** The text of `a`, `i`, `c`: on the same line, or after a backslash on the next ones. */
  #textArgument(): string {
    this.#take(/[ \t]*/y);
    const classic = this.#take(/\\[ \t]*(?:\n|$)/y) !== '';
    if (!classic && this.#text[this.#at] === '\\') this.#at++;
    if (this.#at >= this.#text.length && this.#parts[this.#part + 1] && classic) {
      this.#part++;
      this.#text = this.#parts[this.#part]?.text ?? '';
      this.#at = 0;
    } else if (this.#at >= this.#text.length && !classic) this.#fail("expected \\ after `a', `c' or `i'");
    if (classic && this.#at >= this.#text.length) return '';
    const body = this.#take(/(?:[^\\\n]|\\[\s\S])*/y);
    return `${body.replace(/\\([\s\S])/g, (_, symbol: string) => escapes[symbol === 't' ? symbol : ''] ?? symbol)}\n`;
  }
}

function symbols(text: string): string[] {
  return [...text.matchAll(/\\([\s\S])|([\s\S])/gu)].map(([, escaped, plain]) =>
    escaped === undefined ? (plain as string) : (escapes[escaped] ?? escaped),
  );
}

function replacementParts(text: string): ReplacementPart[] {
  const parts: ReplacementPart[] = [];
  for (const [whole, escaped] of text.matchAll(/\\([\s\S])|&|[^\\&]+/g)) {
    if (whole === '&') parts.push({ group: 0 });
    else if (escaped === undefined) parts.push(whole);
    else if (/\d/.test(escaped)) parts.push({ group: Number(escaped) });
    else if ('LUluE'.includes(escaped)) parts.push({ change: escaped as 'L' });
    else parts.push(escapes[escaped] ?? escaped);
  }
  return parts;
}
