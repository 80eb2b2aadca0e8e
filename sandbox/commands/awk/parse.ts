import {
  type AwkProgram,
  AwkSyntaxError,
  type Expression,
  type Routine,
  type Rule,
  type Statement,
  type Token,
  tokenize,
} from './syntax.ts';

const reserved = new Set([
  'BEGIN',
  'END',
  'function',
  'func',
  'if',
  'else',
  'while',
  'for',
  'do',
  'break',
  'continue',
  'next',
  'nextfile',
  'exit',
  'return',
  'delete',
  'in',
  'getline',
  'print',
  'printf',
]);

/** Parses a program. Throws `AwkSyntaxError`. */
export function parse(source: string): AwkProgram {
  return new Parser(tokenize(source)).program();
}

class Parser {
  readonly #tokens: Token[];
  #at = 0;
  /** Inside `print …` a `>` redirects. */
  #printing = false;

  constructor(tokens: Token[]) {
    this.#tokens = tokens;
  }

  program(): AwkProgram {
    const rules: Rule[] = [];
    const routines = new Map<string, Routine>();
    for (this.#skip(); this.#peek().kind !== 'end'; this.#skip()) {
      if (this.#is('function') || this.#is('func')) {
        this.#at++;
        const name = this.#next().text;
        this.#expect('(');
        const parameters: string[] = [];
        while (!this.#take(')')) {
          parameters.push(this.#next().text);
          this.#take(',');
          this.#newlines();
        }
        this.#newlines();
        routines.set(name, { parameters, body: this.#block() });
      } else rules.push(this.#rule());
    }
    return { rules, routines };
  }

  #rule(): Rule {
    let pattern: Rule['pattern'];
    if (this.#is('BEGIN') || this.#is('END')) pattern = this.#next().text as 'BEGIN' | 'END';
    else if (!this.#is('{')) {
      const first = this.#expression();
      pattern = first;
      if (this.#take(',')) {
        this.#newlines();
        pattern = [first, this.#expression()];
      }
    }
    return { pattern, action: this.#is('{') ? this.#block() : undefined };
  }

  #peek(): Token {
    return this.#tokens[this.#at] as Token;
  }

  #next(): Token {
    return this.#tokens[this.#at++] as Token;
  }

  #is(text: string): boolean {
    const token = this.#peek();
    return token.text === text && !['string', 'regex', 'number'].includes(token.kind);
  }

  #take(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#at++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) this.#fail();
  }

  #fail(): never {
    throw new AwkSyntaxError(this.#peek().line, this.#peek().text);
  }

  #newlines(): void {
    while (this.#peek().kind === 'newline') this.#at++;
  }

  #skip(): void {
    while (this.#peek().kind === 'newline' || this.#is(';')) this.#at++;
  }

  #block(): Statement {
    this.#expect('{');
    const body: Statement[] = [];
    for (this.#skip(); !this.#take('}'); this.#skip()) body.push(this.#statement());
    return { type: 'block', body };
  }

  #body(): Statement {
    this.#newlines();
    if (this.#take(';')) return { type: 'block', body: [] };
    return this.#statement();
  }

  #end(): void {
    if (this.#is('}') || this.#peek().kind === 'end') return;
    if (!this.#take(';') && this.#peek().kind !== 'newline') this.#fail();
  }

  #statement(): Statement {
    const token = this.#peek();
    if (this.#is('{')) return this.#block();
    if (token.kind === 'name' || token.kind === 'call') {
      switch (token.text) {
        case 'if':
          return this.#if();
        case 'while': {
          this.#at++;
          const test = this.#parenthesized();
          return { type: 'while', test, body: this.#body(), first: false };
        }
        case 'do': {
          this.#at++;
          const body = this.#body();
          this.#skip();
          this.#expect('while');
          const test = this.#parenthesized();
          this.#end();
          return { type: 'while', test, body, first: true };
        }
        case 'for':
          return this.#for();
      }
    }
    const statement = this.#simple();
    this.#end();
    return statement;
  }

  #parenthesized(): Expression {
    this.#expect('(');
    const value = this.#expression();
    this.#expect(')');
    return value;
  }

  #if(): Statement {
    this.#at++;
    const test = this.#parenthesized();
    const yes = this.#body();
    const mark = this.#at;
    this.#skip();
    if (this.#take('else')) return { type: 'if', test, yes, no: this.#body() };
    this.#at = mark;
    return { type: 'if', test, yes, no: undefined };
  }

  #for(): Statement {
    this.#at++;
    this.#expect('(');
    const [variable, word, array, close] = this.#tokens.slice(this.#at, this.#at + 4);
    if (word?.text === 'in' && close?.text === ')' && variable && array) {
      this.#at += 4;
      return { type: 'each', variable: variable.text, array: array.text, body: this.#body() };
    }
    const start = this.#is(';') ? undefined : this.#simple();
    this.#expect(';');
    this.#newlines();
    const test = this.#is(';') ? undefined : this.#expression();
    this.#expect(';');
    this.#newlines();
    const step = this.#is(')') ? undefined : this.#simple();
    this.#expect(')');
    return { type: 'for', start, test, step, body: this.#body() };
  }

  #simple(): Statement {
    const token = this.#peek();
    if (token.kind === 'name' || token.kind === 'call') {
      switch (token.text) {
        case 'print':
        case 'printf':
          return this.#print();
        case 'next':
        case 'nextfile':
        case 'break':
        case 'continue':
          this.#at++;
          return { type: token.text };
        case 'exit':
        case 'return': {
          this.#at++;
          const empty = this.#is(';') || this.#is('}') || ['newline', 'end'].includes(this.#peek().kind);
          return { type: token.text, value: empty ? undefined : this.#expression() };
        }
        case 'delete': {
          this.#at++;
          const name = this.#next().text;
          const keys = this.#take('[') ? this.#list(']') : undefined;
          return { type: 'delete', name, keys };
        }
      }
    }
    return { type: 'expression', value: this.#expression() };
  }

  #print(): Statement {
    const format = this.#next().text === 'printf';
    let args: Expression[] = [];
    this.#printing = true;
    const stops = () =>
      this.#is(';') ||
      this.#is('}') ||
      this.#is('>') ||
      this.#is('>>') ||
      this.#is('|') ||
      ['newline', 'end'].includes(this.#peek().kind);
    const mark = this.#at;
    if (this.#take('(')) {
      this.#printing = false;
      args = this.#list(')');
      this.#printing = true;
      // `print (a)(b)` and `print (1)+2`: the parenthesis was only the beginning of an expression.
      if (!stops()) {
        this.#at = mark;
        args = [];
      }
    }
    if (args.length === 0 && !stops()) {
      do {
        this.#newlines();
        args.push(this.#expression());
      } while (this.#take(','));
    }
    this.#printing = false;
    if (this.#is('|')) this.#fail();
    const append = this.#is('>>');
    if (!this.#take('>>') && !this.#take('>')) return { type: 'print', format, args, target: undefined };
    return { type: 'print', format, args, target: { append, file: this.#concatenation() } };
  }

  #list(close: string): Expression[] {
    const items: Expression[] = [];
    this.#newlines();
    while (!this.#take(close)) {
      items.push(this.#expression());
      this.#newlines();
      if (!this.#is(close)) this.#expect(',');
      this.#newlines();
    }
    return items;
  }

  #expression(): Expression {
    const left = this.#conditional();
    const operator = ['=', '+=', '-=', '*=', '/=', '%=', '^=', '**='].find((each) => this.#is(each));
    if (operator === undefined || !['variable', 'field', 'element'].includes(left.type)) return left;
    this.#at++;
    this.#newlines();
    return { type: 'assign', operator: operator === '**=' ? '^=' : operator, target: left, value: this.#expression() };
  }

  #conditional(): Expression {
    const test = this.#or();
    if (!this.#take('?')) return test;
    this.#newlines();
    const yes = this.#expression();
    this.#newlines();
    this.#expect(':');
    this.#newlines();
    return { type: 'conditional', test, yes, no: this.#expression() };
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#take('||')) {
      this.#newlines();
      left = { type: 'binary', operator: '||', left, right: this.#and() };
    }
    return left;
  }

  #and(): Expression {
    let left = this.#in();
    while (this.#take('&&')) {
      this.#newlines();
      left = { type: 'binary', operator: '&&', left, right: this.#in() };
    }
    return left;
  }

  #in(): Expression {
    let left = this.#match();
    while (this.#is('in')) {
      this.#at++;
      left = { type: 'in', keys: [left], name: this.#next().text };
    }
    return left;
  }

  #match(): Expression {
    let left = this.#comparison();
    for (
      let operator = ['~', '!~'].find((each) => this.#is(each));
      operator;
      operator = ['~', '!~'].find((each) => this.#is(each))
    ) {
      this.#at++;
      left = { type: 'binary', operator, left, right: this.#comparison() };
    }
    return left;
  }

  #comparison(): Expression {
    const left = this.#concatenation();
    const operator = ['<', '<=', '==', '!=', '>', '>='].find((each) => this.#is(each));
    if (operator === undefined || (operator === '>' && this.#printing)) return left;
    this.#at++;
    return { type: 'binary', operator, left, right: this.#concatenation() };
  }

  #concatenation(): Expression {
    let left = this.#sum();
    for (;;) {
      const token = this.#peek();
      const value =
        ['number', 'string', 'regex'].includes(token.kind) ||
        (['name', 'call'].includes(token.kind) &&
          !['in', 'getline'].includes(token.text) &&
          !reserved.has(token.text)) ||
        ['$', '(', '!', '-', '+', '++', '--'].includes(token.text);
      if (!value || token.kind === 'newline') return left;
      left = { type: 'binary', operator: ' ', left, right: this.#sum() };
    }
  }

  #sum(): Expression {
    let left = this.#product();
    for (;;) {
      const operator = ['+', '-'].find((each) => this.#is(each));
      if (operator === undefined) return left;
      this.#at++;
      left = { type: 'binary', operator, left, right: this.#product() };
    }
  }

  #product(): Expression {
    let left = this.#unary();
    for (;;) {
      const operator = ['*', '/', '%'].find((each) => this.#is(each));
      if (operator === undefined) return left;
      this.#at++;
      left = { type: 'binary', operator, left, right: this.#unary() };
    }
  }

  #unary(): Expression {
    const operator = ['!', '-', '+'].find((each) => this.#is(each));
    if (operator === undefined) return this.#power();
    this.#at++;
    return { type: 'unary', operator, operand: this.#unary() };
  }

  #power(): Expression {
    const left = this.#postfix();
    if (!this.#take('^') && !this.#take('**')) return left;
    const negative = this.#take('-');
    const right = this.#power();
    return {
      type: 'binary',
      operator: '^',
      left,
      right: negative ? { type: 'unary', operator: '-', operand: right } : right,
    };
  }

  #postfix(): Expression {
    const prefix = ['++', '--'].find((each) => this.#is(each)) as '++' | '--' | undefined;
    if (prefix) {
      this.#at++;
      return { type: 'step', operator: prefix, prefix: true, target: this.#postfix() };
    }
    const target = this.#primary();
    const operator = ['++', '--'].find((each) => this.#is(each)) as '++' | '--' | undefined;
    if (!operator || !['variable', 'field', 'element'].includes(target.type)) return target;
    this.#at++;
    return { type: 'step', operator, prefix: false, target };
  }

  #primary(): Expression {
    const token = this.#next();
    switch (token.kind) {
      case 'number':
        return { type: 'number', value: Number(token.text) };
      case 'string':
        return { type: 'string', value: token.text };
      case 'regex':
        return { type: 'regex', source: token.text };
      case 'call':
      case 'name':
        return this.#named(token);
      default:
        break;
    }
    if (token.text === '$') return { type: 'field', index: this.#fieldIndex() };
    if (token.text === '(') return this.#group();
    this.#at--;
    return this.#fail();
  }

  #fieldIndex(): Expression {
    if (this.#is('-') || this.#is('+') || this.#is('!')) return this.#unary();
    if (this.#is('++') || this.#is('--')) return this.#postfix();
    return this.#primary();
  }

  #group(): Expression {
    const printing = this.#printing;
    this.#printing = false;
    const items = this.#list(')');
    this.#printing = printing;
    if (items.length > 1) {
      this.#expect('in');
      return { type: 'in', keys: items, name: this.#next().text };
    }
    return items[0] ?? this.#fail();
  }

  #named(token: Token): Expression {
    if (token.text === 'getline') {
      const target = this.#peek().kind === 'name' || this.#is('$') ? this.#primary() : undefined;
      const file = this.#take('<') ? this.#primary() : undefined;
      return { type: 'getline', target, file };
    }
    if (reserved.has(token.text)) {
      this.#at--;
      return this.#fail();
    }
    if (token.kind === 'call') {
      this.#expect('(');
      const printing = this.#printing;
      this.#printing = false;
      const args = this.#list(')');
      this.#printing = printing;
      return { type: 'call', name: token.text, args };
    }
    if (token.text === 'length') return { type: 'call', name: 'length', args: [] };
    if (!this.#take('[')) return { type: 'variable', name: token.text };
    const printing = this.#printing;
    this.#printing = false;
    const keys = this.#list(']');
    this.#printing = printing;
    return { type: 'element', name: token.text, keys };
  }
}
