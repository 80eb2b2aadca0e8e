/** The syntax tree of a CEL expression (cel-spec langdef, as far as rules of CRDs and admission conditions use it). */
export type Expression =
  | { type: 'literal'; value: CelLiteral }
  | { type: 'name'; name: string }
  | { type: 'select'; of: Expression; field: string }
  | { type: 'index'; of: Expression; at: Expression }
  | { type: 'call'; on?: Expression; name: string; args: Expression[] }
  | { type: 'list'; items: Expression[] }
  | { type: 'map'; entries: [Expression, Expression][] }
  | { type: 'unary'; operator: '!' | '-'; of: Expression }
  | { type: 'binary'; operator: string; left: Expression; right: Expression }
  | { type: 'choice'; test: Expression; yes: Expression; no: Expression };

/** Integers are bigint, doubles number. */
export type CelLiteral = string | number | bigint | boolean | null;

export class CelSyntaxError extends Error {
  override name = 'CelSyntaxError';
}

interface Token {
  kind: 'name' | 'literal' | 'symbol' | 'end';
  text: string;
  value?: CelLiteral;
}

const symbols = ['&&', '||', '==', '!=', '<=', '>=', ...'()[]{}.,?:<>+-*/%!'];
const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r', a: '\u0007', b: '\b', f: '\f', v: '\v' };

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const rest = source.slice(at);
    const space = /^(\s+|\/\/[^\n]*)/.exec(rest);
    if (space) {
      at += space[0].length;
      continue;
    }
    const text = /^([rR]?)("""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')/.exec(rest);
    if (text) {
      const quotes = (text[2] as string).startsWith('"""') || (text[2] as string).startsWith("'''") ? 3 : 1;
      const inner = (text[2] as string).slice(quotes, -quotes);
      tokens.push({ kind: 'literal', text: text[0], value: text[1] ? inner : unquoted(inner) });
      at += text[0].length;
      continue;
    }
    const number = /^(0x[0-9a-fA-F]+[uU]?|\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\d+[uU]?)/.exec(rest);
    if (number) {
      const word = number[0];
      const double = !word.startsWith('0x') && /[.eE]/.test(word);
      tokens.push({ kind: 'literal', text: word, value: double ? Number(word) : BigInt(word.replace(/[uU]$/, '')) });
      at += word.length;
      continue;
    }
    const name = /^[A-Za-z_][A-Za-z0-9_]*/.exec(rest);
    if (name) {
      tokens.push(nameToken(name[0]));
      at += name[0].length;
      continue;
    }
    const symbol = symbols.find((candidate) => rest.startsWith(candidate));
    if (!symbol) throw new CelSyntaxError(`token recognition error at: '${rest[0]}'`);
    tokens.push({ kind: 'symbol', text: symbol });
    at += symbol.length;
  }
  return [...tokens, { kind: 'end', text: '' }];
}

function nameToken(text: string): Token {
  if (text === 'true' || text === 'false') return { kind: 'literal', text, value: text === 'true' };
  if (text === 'null') return { kind: 'literal', text, value: null };
  return { kind: text === 'in' ? 'symbol' : 'name', text };
}

function unquoted(text: string): string {
  return text.replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)/gs, (_, code: string) => {
    if (code.length > 1) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return escapes[code] ?? code;
  });
}

const levels = [['||'], ['&&'], ['<', '<=', '>', '>=', '==', '!=', 'in'], ['+', '-'], ['*', '/', '%']];

class Parser {
  readonly #tokens: Token[];
  #at = 0;

  constructor(source: string) {
    this.#tokens = tokenize(source);
  }

  whole(): Expression {
    const expression = this.#choice();
    if (this.#peek().kind !== 'end') throw new CelSyntaxError(`mismatched input '${this.#peek().text}'`);
    return expression;
  }

  #peek(): Token {
    return this.#tokens[this.#at] as Token;
  }

  #takes(...texts: string[]): string | undefined {
    const token = this.#peek();
    if (token.kind !== 'symbol' || !texts.includes(token.text)) return undefined;
    this.#at++;
    return token.text;
  }

  #expect(text: string): void {
    if (!this.#takes(text)) throw new CelSyntaxError(`mismatched input '${this.#peek().text}' expecting '${text}'`);
  }

  #name(): string {
    const token = this.#peek();
    if (token.kind !== 'name') throw new CelSyntaxError(`no viable alternative at input '${token.text}'`);
    this.#at++;
    return token.text;
  }

  #choice(): Expression {
    const test = this.#binary(0);
    if (!this.#takes('?')) return test;
    const yes = this.#binary(0);
    this.#expect(':');
    return { type: 'choice', test, yes, no: this.#choice() };
  }

  #binary(level: number): Expression {
    const operators = levels[level];
    if (!operators) return this.#unary();
    let left = this.#binary(level + 1);
    for (let operator = this.#takes(...operators); operator; operator = this.#takes(...operators)) {
      left = { type: 'binary', operator, left, right: this.#binary(level + 1) };
    }
    return left;
  }

  #unary(): Expression {
    const operator = this.#takes('!', '-');
    if (!operator) return this.#member();
    return { type: 'unary', operator: operator as '!' | '-', of: this.#unary() };
  }

  #member(): Expression {
    let here = this.#primary();
    for (;;) {
      if (this.#takes('.')) {
        const name = this.#name();
        here = this.#takes('(')
          ? { type: 'call', on: here, name, args: this.#list(')') }
          : { type: 'select', of: here, field: name };
      } else if (this.#takes('[')) {
        here = { type: 'index', of: here, at: this.#choice() };
        this.#expect(']');
      } else return here;
    }
  }

  #primary(): Expression {
    const token = this.#peek();
    if (token.kind === 'literal') {
      this.#at++;
      return { type: 'literal', value: token.value as CelLiteral };
    }
    if (this.#takes('(')) {
      const inner = this.#choice();
      this.#expect(')');
      return inner;
    }
    if (this.#takes('[')) return { type: 'list', items: this.#list(']') };
    if (this.#takes('{')) return this.#map();
    this.#takes('.');
    const name = this.#name();
    return this.#takes('(') ? { type: 'call', name, args: this.#list(')') } : { type: 'name', name };
  }

  #list(end: string): Expression[] {
    const items: Expression[] = [];
    while (!this.#takes(end)) {
      items.push(this.#choice());
      if (!this.#takes(',')) {
        this.#expect(end);
        break;
      }
    }
    return items;
  }

  #map(): Expression {
    const entries: [Expression, Expression][] = [];
    while (!this.#takes('}')) {
      const key = this.#choice();
      this.#expect(':');
      entries.push([key, this.#choice()]);
      if (!this.#takes(',')) {
        this.#expect('}');
        break;
      }
    }
    return { type: 'map', entries };
  }
}

const parsed = new Map<string, Expression>();

/** Throws `CelSyntaxError`. */
export function parseCel(source: string): Expression {
  let expression = parsed.get(source);
  if (!expression) {
    expression = new Parser(source).whole();
    parsed.set(source, expression);
  }
  return expression;
}
