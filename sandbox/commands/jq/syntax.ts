import type { Json } from '../../kernel/json.ts';

/** A jq program as a tree. `target` undefined stands for `.`. */
export type Node =
  | { type: 'identity' | 'recurse' | 'location' }
  | { type: 'literal'; value: Json }
  | { type: 'format'; name: string }
  | { type: 'string'; format: string | undefined; parts: (string | Node)[] }
  | { type: 'index'; target: Node; key: Node }
  | { type: 'slice'; target: Node; from: Node | undefined; to: Node | undefined }
  | { type: 'iterate'; target: Node }
  | { type: 'try'; body: Node; handler: Node | undefined }
  | { type: 'array'; body: Node | undefined }
  | { type: 'object'; entries: { key: Node; value: Node }[] }
  | { type: 'negate'; body: Node }
  | { type: 'pipe' | 'comma' | 'and' | 'or' | 'alternative'; left: Node; right: Node }
  | { type: 'binary'; operator: string; left: Node; right: Node }
  | { type: 'assign'; operator: string; left: Node; right: Node }
  | { type: 'if'; condition: Node; then: Node; otherwise: Node }
  | { type: 'reduce'; source: Node; pattern: Pattern; start: Node; update: Node }
  | { type: 'foreach'; source: Node; pattern: Pattern; start: Node; update: Node; extract: Node }
  | { type: 'define'; definition: Definition; rest: Node }
  | { type: 'call'; name: string; args: Node[] }
  | { type: 'variable'; name: string }
  | { type: 'bind'; source: Node; patterns: Pattern[]; body: Node }
  | { type: 'label'; name: string; body: Node }
  | { type: 'break'; name: string };

export interface Definition {
  name: string;
  parameters: string[];
  body: Node;
}

/** What stands behind `as`. */
export type Pattern =
  | { type: 'variable'; name: string }
  | { type: 'array'; items: Pattern[] }
  | { type: 'object'; entries: { key: Node; variable: string | undefined; value: Pattern | undefined }[] };

/** The program is no jq; the message is what stands behind `jq: error: `. */
export class CompileError extends Error {
  override name = 'CompileError';
}

export interface Token {
  kind: 'number' | 'string' | 'format' | 'identifier' | 'field' | 'variable' | 'operator' | 'end';
  text: string;
  /** A string's literal pieces and interpolated programs. */
  parts?: (string | Token[])[];
  at: number;
}

const operators = ['?//=', '?//', '//=', '|=', '+=', '-=', '*=', '/=', '%=', '==', '!=', '<=', '>=', '//', '..'];
const simpleEscapes: Record<string, string> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  '"': '"',
  '\\': '\\',
  '/': '/',
};

/** Cuts a program into tokens. Throws `CompileError`. */
export function tokenize(source: string): Token[] {
  return new Lexer(source).run(0, false).tokens;
}

class Lexer {
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  /** Until the end, or, inside an interpolation, until its closing parenthesis. */
  run(start: number, nested: boolean): { tokens: Token[]; end: number } {
    const tokens: Token[] = [];
    const source = this.#source;
    let [at, depth] = [start, 0];
    const pattern =
      /(\s+|#[^\n]*)|(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)|(\.[A-Za-z_]\w*)|(\$(?:[A-Za-z_]\w*::)*[A-Za-z_]\w*)|(@[A-Za-z0-9_]+)|((?:[A-Za-z_]\w*::)*[A-Za-z_]\w*)/y;
    while (at < source.length) {
      pattern.lastIndex = at;
      const match = pattern.exec(source);
      if (match) {
        const [whole, blank, number, field, variable, format] = match;
        if (blank === undefined) {
          const kind = number ? 'number' : field ? 'field' : variable ? 'variable' : format ? 'format' : 'identifier';
          tokens.push({ kind, text: kind === 'field' || kind === 'variable' ? whole.slice(1) : whole, at });
        }
        at += whole.length;
        continue;
      }
      if (source[at] === '"') {
        const string = this.#string(at);
        tokens.push(string.token);
        at = string.end;
        continue;
      }
      const operator = operators.find((each) => source.startsWith(each, at)) ?? (source[at] as string);
      if (operator === '(') depth++;
      if (operator === ')') {
        if (nested && depth === 0) return { tokens: [...tokens, { kind: 'end', text: '', at }], end: at + 1 };
        depth--;
      }
      if (!'()[]{}|,.:;=<>+-*/%?$'.includes(operator[0] as string) && operator !== '!=')
        throw syntaxError('INVALID_CHARACTER', source);
      tokens.push({ kind: 'operator', text: operator, at });
      at += operator.length;
    }
    if (nested) throw syntaxError('end of file', source);
    return { tokens: [...tokens, { kind: 'end', text: '', at }], end: at };
  }

  #string(start: number): { token: Token; end: number } {
    const source = this.#source;
    const parts: (string | Token[])[] = [];
    let [at, text] = [start + 1, ''];
    for (;;) {
      const symbol = source[at];
      if (symbol === undefined) throw syntaxError('QQSTRING_START, expecting end of file', source);
      if (symbol === '"') break;
      if (symbol !== '\\') {
        text += symbol;
        at++;
        continue;
      }
      const next = source[at + 1] ?? '';
      if (next === '(') {
        const inner = this.run(at + 2, true);
        parts.push(text, inner.tokens);
        text = '';
        at = inner.end;
      } else if (next === 'u') {
        text += String.fromCharCode(Number.parseInt(source.slice(at + 2, at + 6), 16));
        at += 6;
      } else {
        const plain = simpleEscapes[next];
        if (plain === undefined)
          throw new CompileError(
            `Invalid escape at line 1, column 4 (while parsing '"\\${next}"') at <top-level>, line 1:`,
          );
        text += plain;
        at += 2;
      }
    }
    parts.push(text);
    return { token: { kind: 'string', text: '', parts, at: start }, end: at + 1 };
  }
}

export function syntaxError(unexpected: string, source: string): CompileError {
  return new CompileError(
    `syntax error, unexpected ${unexpected} (Unix shell quoting issues?) at <top-level>, line 1:\n${source}`,
  );
}
