import { type Assignment, type ParsedScript, parse, type Word, type WordPart } from 'unbash';
import { evaluate } from '../arithmetic.ts';
import { expandBraces } from '../brace.ts';
import { ExpansionError } from '../errors.ts';
import { hasGlob } from '../pattern.ts';
import type { Shell } from '../shell.ts';
import { processSubstitution, substitute } from '../substitution.ts';
import { homeDirectory } from '../users.ts';
import { Fields, type Piece, patternOf, splitFields } from './fields.ts';
import { expandGlob } from './glob.ts';
import { expandParameter, simpleParameter } from './parameter.ts';

/** A computation that hands out promises to wait for and gets back what they answer. */
export type Waiting<T> = Generator<Promise<unknown>, T, unknown>;

/** Where a word stands. */
export interface Context {
  /** Inside double quotes, a heredoc or arithmetic. */
  quoted: boolean;
  /** No splitting will follow: `$*` joins, `$@` becomes one text. */
  single: boolean;
  /** Where tildes count: at the start; after each colon too; or, in an argument `name=value`, in its value. */
  tilde?: 'start' | 'assignment' | 'argument' | undefined;
}

/** Runs to the end: at once where nothing waits. */
export function settle<T>(waiting: Waiting<T>): T | Promise<T> {
  const step = waiting.next();
  return step.done ? step.value : goOn(waiting, step.value);
}

async function goOn<T>(waiting: Waiting<T>, first: Promise<unknown>): Promise<T> {
  let promise = first;
  for (;;) {
    let step: IteratorResult<Promise<unknown>, T>;
    try {
      const answer = await promise;
      step = waiting.next(answer);
    } catch (error) {
      step = waiting.throw(error);
    }
    if (step.done) return step.value;
    promise = step.value;
  }
}

const braced = new WeakMap<Word, readonly Word[]>();
const heredocs = new Map<string, readonly WordPart[]>();

/** All expansions of words, in bash's order: braces, tilde, parameters, commands, arithmetic, splitting, file names. */
export class Expander {
  readonly shell: Shell;

  constructor(shell: Shell) {
    this.shell = shell;
  }

  /** Words of a command. */
  *words(words: readonly (Word | Assignment)[]): Waiting<string[]> {
    const result: string[] = [];
    for (const word of words) {
      if (isPlain(word.text)) result.push(word.text);
      else yield* this.fields(word, result);
    }
    return result;
  }

  /** The fields one word becomes, added to `result`. */
  *fields(word: Word | Assignment, result: string[]): Waiting<void> {
    const whole = word.type === 'Word' ? word : wordOf(word.text);
    const { shell } = this;
    const words = whole.text.includes('{') && shell.state.options.has('braceexpand') ? bracedWords(whole) : [whole];
    for (const one of words) {
      const fields = new Fields();
      yield* this.word(one, fields, { quoted: false, single: false, tilde: tildeOf(one) });
      for (const pieces of splitFields(fields, shell.state.variables.text('IFS'))) this.#glob(pieces, result);
    }
  }

  /** One text: no splitting, no file names (assignments, `case`, here-strings, redirections' numbers). */
  *text(word: Word, tilde: Context['tilde'] = 'start'): Waiting<string> {
    if (isPlain(word.text)) return word.text;
    const fields = new Fields();
    yield* this.word(word, fields, { quoted: false, single: true, tilde });
    return fields.text();
  }

  /** A glob pattern in which what is quoted stands for itself. */
  *pattern(word: Word): Waiting<string> {
    if (isPlain(word.text)) return word.text;
    const fields = new Fields();
    yield* this.word(word, fields, { quoted: false, single: true, tilde: 'start' });
    return fields.pattern();
  }

  /** A regular expression in which what is quoted stands for itself (`=~`). */
  *regex(word: Word): Waiting<string> {
    const fields = new Fields();
    yield* this.word(word, fields, { quoted: false, single: true });
    const one = (piece: Piece) => (piece.quoted ? piece.text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&') : piece.text);
    return fields.all.map((pieces) => pieces.map(one).join('')).join(' ');
  }

  /** The text as if it stood in a heredoc: `$` and backquotes expand, quotes do not count (prompts, arithmetic). */
  *quotedText(text: string): Waiting<string> {
    if (!/[$`\\]/.test(text)) return text;
    return yield* this.parts(heredocParts(text));
  }

  /** Parts of a heredoc as one text. */
  *parts(parts: readonly WordPart[]): Waiting<string> {
    const fields = new Fields();
    for (const part of parts) yield* this.part(part, fields, { quoted: true, single: true });
    return fields.text();
  }

  /** An arithmetic expression's value: expanded as if quoted, then evaluated. */
  *arithmetic(text: string): Waiting<bigint> {
    const expanded = /[$`\\"]/.test(text) ? (yield* this.quotedText(text)).replace(/"/g, '') : text;
    return evaluate(expanded, this.shell.arithmetic);
  }

  /** Adds what a word expands to. */
  *word(word: Word, out: Fields, context: Context): Waiting<void> {
    const { parts } = word;
    if (!parts) {
      this.#literal(word.text, out, context, true, true);
      return;
    }
    for (const [index, part] of parts.entries()) {
      if (part.type === 'Literal') {
        this.#literal(part.text, out, context, index === 0, index === parts.length - 1);
      } else yield* this.part(part, out, context);
    }
  }

  *part(part: WordPart, out: Fields, context: Context): Waiting<void> {
    const { quoted } = context;
    switch (part.type) {
      case 'Literal':
        if (quoted) out.add(part.value, true);
        else this.#literal(part.text, out, context, false, false);
        return;
      case 'SingleQuoted':
        out.add(quoted ? part.text : part.value, true);
        return;
      case 'AnsiCQuoted':
        out.add(quoted ? part.text : part.value, true);
        return;
      case 'DoubleQuoted':
      case 'LocaleString':
        yield* this.#doubleQuoted(part.parts, out, context);
        return;
      case 'SimpleExpansion':
        simpleParameter(this, part.text.slice(1), out, context);
        return;
      case 'ParameterExpansion':
        yield* expandParameter(this, part, out, context);
        return;
      case 'ArithmeticExpansion': {
        const text = part.text.startsWith('$[') ? part.text.slice(2, -1) : part.text.slice(3, -2);
        out.add(String(yield* this.arithmetic(text)), quoted, !quoted);
        return;
      }
      case 'CommandExpansion': {
        const text = (yield substitute(this.shell, part.script as ParsedScript, part.text)) as string;
        out.add(text, quoted, !quoted);
        return;
      }
      case 'ProcessSubstitution':
        out.add(processSubstitution(this.shell, part.script as ParsedScript, part.operator), true);
        return;
      case 'Glob':
        if (part.kind === 'bracket') yield* this.#nested('[', part.parts, part.text, ']', out, context);
        else out.add(part.text, quoted);
        return;
      case 'ExtendedGlob':
        yield* this.#nested(`${part.operator}(`, part.parts, part.text, ')', out, context);
        return;
      case 'BraceExpansion':
        if (part.parts) for (const inner of part.parts) yield* this.part(inner, out, context);
        else this.#literal(part.text, out, context, false, false);
        return;
    }
  }

  /** A bracket expression or extended group whose inside may hold expansions and quotes. */
  *#nested(
    open: string,
    parts: readonly WordPart[] | undefined,
    text: string,
    close: string,
    out: Fields,
    context: Context,
  ): Waiting<void> {
    if (!parts || parts.every((part) => part.type === 'Literal' && part.text === part.value)) {
      if (text.includes('\\')) this.#literal(text, out, context, false, false);
      else out.add(text, context.quoted);
      return;
    }
    out.add(open, context.quoted);
    for (const part of parts) yield* this.part(part, out, context);
    out.add(close, context.quoted);
  }

  *#doubleQuoted(parts: readonly WordPart[], out: Fields, context: Context): Waiting<void> {
    const before = out.all.at(-1)?.length ?? 0;
    const fields = out.all.length;
    let onlyLists = parts.length > 0;
    for (const part of parts) {
      if (!isList(part)) onlyLists = false;
      yield* this.part(part, out, { quoted: true, single: context.single });
    }
    const added = out.all.length > fields || (out.all.at(-1)?.length ?? 0) > before;
    if (!added && !onlyLists) out.add('', true);
  }

  /** Unquoted text of the source: backslashes protect what follows; a tilde at its start may mean a home directory. */
  #literal(text: string, out: Fields, context: Context, first: boolean, last: boolean): void {
    let rest = text;
    if (context.quoted) {
      out.add(rest.replace(/\\([$`"\\}])|\\\n/g, '$1'), true);
      return;
    }
    if (first && context.tilde === 'argument') {
      const equals = rest.indexOf('=') + 1;
      out.add(rest.slice(0, equals), false);
      this.#literal(rest.slice(equals), out, { ...context, tilde: 'assignment' }, true, last);
      return;
    }
    if (first && context.tilde && rest.startsWith('~'))
      rest = this.#tilde(rest, out, context.tilde === 'start' ? 'start' : 'assignment', last);
    if (context.tilde === 'assignment' && rest.includes(':~')) {
      const [head, ...others] = rest.split(/:(?=~)/);
      this.#escaped(head ?? '', out);
      for (const [index, other] of others.entries()) {
        out.add(':', false);
        this.#escaped(this.#tilde(other, out, 'assignment', last || index < others.length - 1), out);
      }
      return;
    }
    this.#escaped(rest, out);
  }

  #escaped(text: string, out: Fields): void {
    if (!text.includes('\\')) {
      if (text !== '') out.add(text, false);
      return;
    }
    for (const [, plain, escaped] of text.matchAll(/([^\\]+|\\$)|\\([\s\S])/g)) {
      if (plain !== undefined) out.add(plain, false);
      else if (escaped !== undefined && escaped !== '\n') out.add(escaped, true);
    }
  }

  /** Expands `~` at the start and answers what follows it; the text itself where it is no home directory. */
  #tilde(text: string, out: Fields, kind: 'start' | 'assignment', last: boolean): string {
    const end = text.search(kind === 'assignment' ? /[/:]/ : /\//);
    const prefix = end < 0 ? text : text.slice(0, end);
    if ((end < 0 && !last) || prefix.includes('\\')) return text;
    const home = homeDirectory(this.shell, prefix.slice(1));
    if (home === undefined) return text;
    out.add(home, true);
    return text.slice(prefix.length);
  }

  #glob(pieces: Piece[], result: string[]): void {
    const { shell } = this;
    const text = () => pieces.map((piece) => piece.text).join('');
    const possible = pieces.some((piece) => !piece.quoted && /[*?[(]/.test(piece.text));
    if (!possible || shell.state.options.has('noglob')) {
      result.push(text());
      return;
    }
    const pattern = pieces.map(patternOf).join('');
    if (!hasGlob(pattern)) {
      result.push(text());
      return;
    }
    const { shopts } = shell.state;
    const found = expandGlob(shell.process.machine.files, shell.state.cwd, pattern, {
      dotglob: shopts.has('dotglob'),
      nocase: shopts.has('nocaseglob'),
      globstar: shopts.has('globstar'),
    });
    if (found.length > 0) for (const path of found) result.push(path);
    else if (shopts.has('failglob')) throw new ExpansionError(`no match: ${text()}`);
    else if (!shopts.has('nullglob')) result.push(text());
  }
}

/** True where no expansion can change the text. */
function isPlain(text: string): boolean {
  return /^[\w./:,%@+=-]+$/.test(text) && !/[@+]\(/.test(text);
}

/** `name=~/x` as an argument expands its tilde too, as bash does outside POSIX mode. */
function tildeOf(word: Word): Context['tilde'] {
  return /^[A-Za-z_]\w*=/.test(word.text) ? 'argument' : 'start';
}

function isList(part: WordPart): boolean {
  if (part.type === 'SimpleExpansion') return part.text === '$@';
  if (part.type !== 'ParameterExpansion' || part.prefix === '#') return false;
  if (part.operation?.type === 'Names') return part.operation.operator === '@';
  return part.parameter === '@' || part.index?.text === '@';
}

function bracedWords(word: Word): readonly Word[] {
  const known = braced.get(word);
  if (known) return known;
  const texts = expandBraces(word.text);
  const words = texts.length === 1 && texts[0] === word.text ? [word] : texts.map(wordOf);
  braced.set(word, words);
  return words;
}

/** A word's text, parsed anew as an argument. */
export function wordOf(text: string): Word {
  const command = parse(`: ${text}`).commands[0]?.command;
  const word = command?.type === 'Command' ? command.suffix[0] : undefined;
  if (word?.type === 'Word') return word;
  return { type: 'Word', text, value: text, pos: 0, end: text.length };
}

function heredocParts(text: string): readonly WordPart[] {
  const known = heredocs.get(text);
  if (known) return known;
  let end = 'E';
  while (text.includes(end)) end += 'E';
  const command = parse(`:<<${end}\n${text}\n${end}\n`).commands[0]?.command;
  const document = command?.type === 'Command' ? command.redirects[0] : undefined;
  const parts = document?.type === 'HereDoc' ? trimmed(document.body.parts, document.body.text) : [];
  if (heredocs.size > 500) heredocs.clear();
  heredocs.set(text, parts);
  return parts;
}

/** Without the newline that ends a heredoc. */
function trimmed(parts: readonly WordPart[] | undefined, text: string): readonly WordPart[] {
  const all = parts ?? [{ type: 'Literal' as const, pos: 0, end: 0, text, value: text }];
  const last = all.at(-1);
  if (last?.type !== 'Literal') return all;
  return [...all.slice(0, -1), { ...last, text: last.text.slice(0, -1), value: last.value.slice(0, -1) }];
}
