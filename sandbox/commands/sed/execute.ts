import { openOutput } from '../lib/input.ts';
import type { Pattern } from '../lib/posix-regex.ts';
import { Failure, type Invocation } from '../lib/tool.ts';
import type { LineReader } from './reader.ts';
import type { Address, Command, ReplacementPart } from './script.ts';

/** Where printed lines go: standard output, or the new content of a file with -i. */
export interface LineOutput {
  print(text: string): void;
  flush(): Promise<void>;
}

/** The machine that runs a script over lines. One for all files, so that ranges and the hold space last. */
export class Executor {
  readonly #run: Invocation;
  readonly #commands: readonly Command[];
  readonly #quiet: boolean;
  readonly #separator: string;
  /** Commands inside their range, with the line where it ends (0: not known yet). */
  readonly #ranges = new Map<Command, number>();
  readonly #written = new Map<string, { write(bytes: string): Promise<void> }>();
  #lastPattern: Pattern | undefined;
  #space = '';
  #hold = '';
  #appended: (() => Promise<void> | void)[] = [];
  #replaced = false;
  /** A line without its end was printed: what follows must end it first. */
  #unended = false;
  #output: LineOutput;
  /** Exit status, once a `q` or `Q` has ended it. */
  ended: number | undefined;

  constructor(run: Invocation, commands: readonly Command[], output: LineOutput) {
    this.#run = run;
    this.#commands = commands;
    this.#quiet = run.options.has('n');
    this.#separator = run.options.has('z') ? '\0' : '\n';
    this.#output = output;
  }

  async execute(reader: LineReader, output: LineOutput): Promise<void> {
    this.#output = output;
    this.#unended = false;
    let restart = false;
    while (this.ended === undefined && (restart || (await reader.next()))) {
      if (!restart) this.#space = reader.line;
      restart = await this.#cycle(reader);
      if (!reader.buffered) await this.#output.flush();
    }
    await this.#output.flush();
  }

  /** One line through the script; true if the next cycle starts without reading (`D`). */
  async #cycle(reader: LineReader): Promise<boolean> {
    this.#replaced = false;
    for (let at = 0; at < this.#commands.length; at++) {
      const command = this.#commands[at] as Command;
      if (command.name === '}') continue;
      if ((await this.#selects(command, reader)) === command.negated) {
        if (command.name === '{') at = command.end;
        continue;
      }
      switch (command.name) {
        case '{':
          break;
        case '=':
          this.#line(`${reader.number}`);
          break;
        case 'a':
          this.#appended.push(() => this.#text(command.text));
          break;
        case 'i':
          this.#text(command.text);
          break;
        case 'c':
          if (!command.second || command.negated || !this.#ranges.has(command)) this.#text(command.text);
          return this.#finish(reader, false);
        case 'b':
          at = command.target - 1;
          break;
        case 't':
        case 'T':
          if (this.#replaced === (command.name === 't')) at = command.target - 1;
          this.#replaced = false;
          break;
        case 'd':
          return this.#finish(reader, false);
        case 'D': {
          const end = this.#space.indexOf('\n');
          await this.#finish(reader, false);
          if (end < 0) return false;
          this.#space = this.#space.slice(end + 1);
          return true;
        }
        case 'F':
          this.#line(reader.name);
          break;
        case 'g':
          this.#space = this.#hold;
          break;
        case 'G':
          this.#space += `\n${this.#hold}`;
          break;
        case 'h':
          this.#hold = this.#space;
          break;
        case 'H':
          this.#hold += `\n${this.#space}`;
          break;
        case 'x':
          [this.#space, this.#hold] = [this.#hold, this.#space];
          break;
        case 'l':
          this.#line(visible(this.#space, command.code ?? 70));
          break;
        case 'n':
          if (await reader.isLast()) {
            this.ended = 0;
            return this.#finish(reader, true);
          }
          if (!this.#quiet) this.#line(this.#space, reader.unterminated);
          await this.#appendQueued();
          await reader.next();
          this.#space = reader.line;
          break;
        case 'N':
          await this.#appendQueued();
          if (await reader.isLast()) {
            this.ended = 0;
            return this.#finish(reader, true);
          }
          await reader.next();
          this.#space += `\n${reader.line}`;
          break;
        case 'p':
          this.#line(this.#space, reader.unterminated);
          break;
        case 'P':
          this.#line(this.#space.split('\n', 1)[0] ?? '');
          break;
        case 'q':
          this.ended = command.code ?? 0;
          return this.#finish(reader, true);
        case 'Q':
          this.ended = command.code ?? 0;
          return false;
        case 'r':
          this.#appended.push(() => this.#readFile(command.file));
          break;
        case 's':
          if (this.#substitute(command)) {
            this.#replaced = true;
            if (command.print) this.#line(this.#space, reader.unterminated);
            if (command.file !== undefined) await this.#writeFile(command.file, this.#space);
          }
          break;
        case 'w':
          await this.#writeFile(command.file, this.#space);
          break;
        case 'W':
          await this.#writeFile(command.file, this.#space.split('\n', 1)[0] ?? '');
          break;
        case 'y':
          this.#space = [...this.#space].map((symbol) => command.table.get(symbol) ?? symbol).join('');
          break;
        case 'z':
          this.#space = '';
          break;
      }
    }
    return this.#finish(reader, true);
  }

  async #finish(reader: LineReader, print: boolean): Promise<false> {
    if (print && !this.#quiet) this.#line(this.#space, reader.unterminated);
    await this.#appendQueued();
    return false;
  }

  async #appendQueued(): Promise<void> {
    for (const append of this.#appended.splice(0)) await append();
  }

  /** Prints text that brings its own end. */
  #text(text: string): void {
    this.#output.print(`${this.#unended ? '\n' : ''}${text}`);
    this.#unended = false;
  }

  #line(text: string, unended = false): void {
    this.#text(text);
    if (unended) this.#unended = true;
    else this.#output.print(this.#separator);
  }

  async #readFile(name: string): Promise<void> {
    const { process } = this.#run;
    const path = process.resolve(name);
    if (!process.machine.files.exists(path) || process.machine.files.stat(path).type === 'directory') return;
    const content = new TextDecoder().decode(process.machine.files.readFile(path));
    if (content === '') return;
    this.#text(content);
    this.#unended = !content.endsWith('\n');
  }

  async #writeFile(name: string, line: string): Promise<void> {
    if (name === '/dev/stdout') return this.#line(line);
    await this.#written.get(name)?.write(`${line}\n`);
  }

  /** Creates the files of `w` before the first line is read. */
  openFiles(): void {
    for (const command of this.#commands) {
      const name = 'file' in command && command.name !== 'r' ? command.file : undefined;
      if (name === undefined || name === '/dev/stdout' || this.#written.has(name)) continue;
      try {
        const file = openOutput(this.#run.process, name);
        this.#written.set(name, { write: (text) => file.write(new TextEncoder().encode(text)) });
      } catch (error) {
        throw new Failure(`couldn't open file ${name}: ${(error as Error).message}`, 4);
      }
    }
  }

  #pattern(pattern: Pattern | undefined): Pattern {
    const used = pattern ?? this.#lastPattern;
    if (!used) throw new Failure('no previous regular expression');
    this.#lastPattern = used;
    return used;
  }

  async #selects(command: Command, reader: LineReader): Promise<boolean> {
    const { first, second } = command;
    if (!first) return true;
    if (!second) return this.#matches(first, reader);
    const number = reader.number;
    const end = this.#ranges.get(command);
    if (end === undefined) {
      // `0,/x/`: the range is open before the first line.
      const fromStart = first.type === 'line' && first.line === 0 && number === 1;
      if (!fromStart && !(await this.#matches(first, reader))) return false;
      if (fromStart) return this.#continue(command, second, reader);
      if (second.type === 'line') {
        if (second.line > number) this.#ranges.set(command, second.line);
      } else if (second.type === 'more') {
        if (second.count > 0) this.#ranges.set(command, number + second.count);
      } else if (second.type === 'multiple') {
        const last = second.of > 0 ? Math.ceil(number / second.of) * second.of : number;
        if (last > number) this.#ranges.set(command, last);
      } else if (second.type !== 'last' || !(await reader.isLast())) this.#ranges.set(command, 0);
      return true;
    }
    return this.#continue(command, second, reader);
  }

  /** A line inside a range: is it still selected, and is it the last one? */
  async #continue(command: Command, second: Address, reader: LineReader): Promise<boolean> {
    const end = this.#ranges.get(command) ?? 0;
    this.#ranges.set(command, end);
    if (end > 0) {
      if (reader.number >= end) this.#ranges.delete(command);
      return reader.number <= end || this.#matches(command.first as Address, reader);
    }
    if (await this.#matches(second, reader)) this.#ranges.delete(command);
    return true;
  }

  #matches(address: Address, reader: LineReader): boolean | Promise<boolean> {
    switch (address.type) {
      case 'line':
        return reader.number === address.line;
      case 'step':
        if (address.step <= 0) return reader.number === address.first;
        return reader.number >= address.first && (reader.number - address.first) % address.step === 0;
      case 'last':
        return reader.isLast();
      case 'pattern':
        return this.#pattern(address.pattern).test(this.#space);
      default:
        return false;
    }
  }

  #substitute(command: Command & { name: 's' }): boolean {
    const pattern = this.#pattern(command.pattern);
    const text = this.#space;
    let [result, from, copied, seen] = ['', 0, 0, 0];
    let previousEnd = -1;
    let done = false;
    while (from <= text.length) {
      const match = pattern.exec(text, from);
      if (!match) break;
      const end = match.index + match[0].length;
      // An empty match right behind the last one is none.
      if (match[0] === '' && match.index === previousEnd) {
        from = match.index + 1;
        continue;
      }
      previousEnd = end;
      seen++;
      from = match[0] === '' ? end + 1 : end;
      if (seen < command.occurrence) continue;
      result += text.slice(copied, match.index) + expand(command.replacement, match);
      copied = end;
      done = true;
      if (!command.global) break;
    }
    if (done) this.#space = result + text.slice(copied);
    return done;
  }
}

function expand(parts: readonly ReplacementPart[], match: RegExpExecArray): string {
  let result = '';
  let lasting: 'L' | 'U' | 'E' = 'E';
  let once: 'l' | 'u' | undefined;
  for (const part of parts) {
    if (typeof part === 'object' && 'change' in part) {
      if (part.change === 'l' || part.change === 'u') once = part.change;
      else lasting = part.change;
      continue;
    }
    let text = typeof part === 'string' ? part : (match[part.group] ?? '');
    if (lasting === 'L') text = text.toLowerCase();
    else if (lasting === 'U') text = text.toUpperCase();
    if (once && text !== '') {
      const head = once === 'l' ? text.charAt(0).toLowerCase() : text.charAt(0).toUpperCase();
      text = head + text.slice(1);
      once = undefined;
    }
    result += text;
  }
  return result;
}

/** `l`: unambiguous, folded at `width` columns. */
function visible(text: string, width: number): string {
  const names: Record<string, string> = {
    '\\': '\\\\',
    '\x07': '\\a',
    '\b': '\\b',
    '\f': '\\f',
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    '\v': '\\v',
  };
  const pieces: string[] = [];
  for (const byte of new TextEncoder().encode(text)) {
    const symbol = String.fromCharCode(byte);
    pieces.push(names[symbol] ?? (byte < 32 || byte > 126 ? `\\${byte.toString(8).padStart(3, '0')}` : symbol));
  }
  let [result, column] = ['', 0];
  for (const piece of pieces) {
    if (width > 1 && column + piece.length > width - 1) {
      result += '\\\n';
      column = 0;
    }
    result += piece;
    column += piece.length;
  }
  return `${result}$`;
}
