import { type Definition, type Node, type Pattern, syntaxError, type Token, tokenize } from './syntax.ts';

const identity: Node = { type: 'identity' };
const comparisons = ['==', '!=', '<', '<=', '>', '>='];
const updates = ['=', '|=', '+=', '-=', '*=', '/=', '%=', '//='];
const keywords = [
  'def',
  'if',
  'then',
  'elif',
  'else',
  'end',
  'as',
  'reduce',
  'foreach',
  'try',
  'catch',
  'label',
  'and',
  'or',
  '__loc__',
  'import',
  'include',
];

/** Parses a whole program. Throws `CompileError`. */
export function parse(source: string): Node {
  return new Parser(tokenize(source), source).program();
}

/** Parses nothing but definitions (the prelude). */
export function parseDefinitions(source: string): Definition[] {
  return new Parser(tokenize(source), source).definitions();
}

class Parser {
  readonly #tokens: Token[];
  readonly #source: string;
  #at = 0;

  constructor(tokens: Token[], source: string) {
    this.#tokens = tokens;
    this.#source = source;
  }

  program(): Node {
    const definitions: Definition[] = [];
    while (this.#isWord('def')) definitions.push(this.#definition());
    const body = this.#peek().kind === 'end' ? identity : this.#pipe();
    if (this.#peek().kind !== 'end') this.#unexpected();
    return definitions.reduceRight<Node>((rest, definition) => ({ type: 'define', definition, rest }), body);
  }

  definitions(): Definition[] {
    const definitions: Definition[] = [];
    while (this.#isWord('def')) definitions.push(this.#definition());
    if (this.#peek().kind !== 'end') this.#unexpected();
    return definitions;
  }

  #peek(): Token {
    return this.#tokens[this.#at] as Token;
  }

  #next(): Token {
    return this.#tokens[this.#at++] as Token;
  }

  #unexpected(token = this.#peek()): never {
    const names: Record<string, string> = {
      number: 'LITERAL',
      string: 'QQSTRING_START',
      identifier: 'IDENT',
      field: 'FIELD',
      variable: "'$'",
      format: 'FORMAT',
    };
    const name =
      token.kind === 'end'
        ? 'end of file'
        : token.kind === 'operator'
          ? `'${token.text}'`
          : keywords.includes(token.text)
            ? token.text
            : (names[token.kind] ?? token.text);
    throw syntaxError(`${name}${token.kind === 'end' ? '' : ', expecting end of file'}`, this.#source);
  }

  #is(operator: string): boolean {
    const token = this.#peek();
    return token.kind === 'operator' && token.text === operator;
  }

  #isWord(word: string): boolean {
    const token = this.#peek();
    return token.kind === 'identifier' && token.text === word;
  }

  #take(operator: string): boolean {
    if (!this.#is(operator)) return false;
    this.#at++;
    return true;
  }

  #takeWord(word: string): boolean {
    if (!this.#isWord(word)) return false;
    this.#at++;
    return true;
  }

  #expect(operator: string): void {
    if (!this.#take(operator)) this.#unexpected();
  }

  #expectWord(word: string): void {
    if (!this.#takeWord(word)) this.#unexpected();
  }

  #name(): string {
    const token = this.#next();
    if (token.kind !== 'identifier') this.#unexpected(token);
    return token.text;
  }

  #variableName(): string {
    const token = this.#next();
    if (token.kind !== 'variable') this.#unexpected(token);
    return token.text;
  }

  #definition(): Definition {
    this.#expectWord('def');
    const name = this.#name();
    const parameters: string[] = [];
    const bound: string[] = [];
    if (this.#take('(')) {
      do {
        if (this.#peek().kind === 'variable') {
          const variable = this.#variableName();
          bound.push(variable);
          parameters.push(variable);
        } else parameters.push(this.#name());
      } while (this.#take(';'));
      this.#expect(')');
    }
    this.#expect(':');
    const body = this.#pipe();
    this.#expect(';');
    // `def f($a): …` is `def f(a): a as $a | …`.
    const whole = bound.reduceRight<Node>(
      (rest, variable) => ({
        type: 'bind',
        source: { type: 'call', name: variable, args: [] },
        patterns: [{ type: 'variable', name: variable }],
        body: rest,
      }),
      body,
    );
    return { name, parameters, body: whole };
  }

  #pipe(): Node {
    if (this.#isWord('def')) {
      const definition = this.#definition();
      return { type: 'define', definition, rest: this.#pipe() };
    }
    if (this.#takeWord('label')) {
      const name = this.#variableName();
      this.#expect('|');
      return { type: 'label', name, body: this.#pipe() };
    }
    const left = this.#comma();
    if (this.#takeWord('as')) {
      const patterns = [this.#pattern()];
      while (this.#take('?//')) patterns.push(this.#pattern());
      this.#expect('|');
      return { type: 'bind', source: left, patterns, body: this.#pipe() };
    }
    return this.#take('|') ? { type: 'pipe', left, right: this.#pipe() } : left;
  }

  #comma(): Node {
    let left = this.#alternative();
    while (this.#take(',')) left = { type: 'comma', left, right: this.#alternative() };
    return left;
  }

  /** `//` binds to the right, and weaker than assignment. */
  #alternative(): Node {
    const left = this.#assignment();
    return this.#take('//') ? { type: 'alternative', left, right: this.#alternative() } : left;
  }

  #assignment(): Node {
    const left = this.#or();
    const operator = updates.find((each) => this.#is(each));
    if (operator === undefined) return left;
    this.#at++;
    return { type: 'assign', operator, left, right: this.#or() };
  }

  #or(): Node {
    let left = this.#and();
    while (this.#takeWord('or')) left = { type: 'or', left, right: this.#and() };
    return left;
  }

  #and(): Node {
    let left = this.#comparison();
    while (this.#takeWord('and')) left = { type: 'and', left, right: this.#comparison() };
    return left;
  }

  #comparison(): Node {
    const left = this.#sum();
    const operator = comparisons.find((each) => this.#is(each));
    if (operator === undefined) return left;
    this.#at++;
    return { type: 'binary', operator, left, right: this.#sum() };
  }

  #sum(): Node {
    let left = this.#product();
    for (;;) {
      const operator = ['+', '-'].find((each) => this.#is(each));
      if (operator === undefined) return left;
      this.#at++;
      left = { type: 'binary', operator, left, right: this.#product() };
    }
  }

  #product(): Node {
    let left = this.#postfix();
    for (;;) {
      const operator = ['*', '/', '%'].find((each) => this.#is(each));
      if (operator === undefined) return left;
      this.#at++;
      left = { type: 'binary', operator, left, right: this.#postfix() };
    }
  }

  #postfix(): Node {
    if (this.#take('-')) return { type: 'negate', body: this.#postfix() };
    let node = this.#term();
    for (;;) {
      const token = this.#peek();
      if (token.kind === 'field') {
        this.#at++;
        node = { type: 'index', target: node, key: { type: 'literal', value: token.text } };
      } else if (this.#is('.') && ['string', 'operator'].includes(this.#tokens[this.#at + 1]?.kind ?? '')) {
        const following = this.#tokens[this.#at + 1] as Token;
        if (following.kind === 'string') {
          this.#at++;
          node = { type: 'index', target: node, key: this.#string(this.#next(), undefined) };
        } else if (following.text === '[') this.#at++;
        else return node;
      } else if (this.#take('[')) node = this.#bracket(node);
      else if (this.#take('?')) node = { type: 'try', body: node, handler: undefined };
      else return node;
    }
  }

  /** Behind `[`: `]`, an index or a slice. */
  #bracket(target: Node): Node {
    if (this.#take(']')) return { type: 'iterate', target };
    if (this.#take(':')) {
      const to = this.#pipe();
      this.#expect(']');
      return { type: 'slice', target, from: undefined, to };
    }
    const key = this.#pipe();
    if (!this.#take(':')) {
      this.#expect(']');
      return { type: 'index', target, key };
    }
    const to = this.#is(']') ? undefined : this.#pipe();
    this.#expect(']');
    return { type: 'slice', target, from: key, to };
  }

  #term(): Node {
    const token = this.#next();
    switch (token.kind) {
      case 'number':
        return { type: 'literal', value: Number(token.text) };
      case 'string':
        return this.#string(token, undefined);
      case 'format':
        if (this.#peek().kind === 'string') return this.#string(this.#next(), token.text);
        return { type: 'format', name: token.text };
      case 'field':
        return { type: 'index', target: identity, key: { type: 'literal', value: token.text } };
      case 'variable':
        if (token.text === '__loc__') return { type: 'literal', value: { file: '<top-level>', line: 1 } };
        return { type: 'variable', name: token.text };
      case 'identifier':
        return this.#word(token);
      case 'operator':
        return this.#operatorTerm(token);
      default:
        return this.#unexpected(token);
    }
  }

  #operatorTerm(token: Token): Node {
    if (token.text === '.') {
      if (this.#peek().kind === 'string')
        return { type: 'index', target: identity, key: this.#string(this.#next(), undefined) };
      return identity;
    }
    if (token.text === '..') return { type: 'recurse' };
    if (token.text === '(') {
      const body = this.#pipe();
      this.#expect(')');
      return body;
    }
    if (token.text === '[') {
      if (this.#take(']')) return { type: 'array', body: undefined };
      const body = this.#pipe();
      this.#expect(']');
      return { type: 'array', body };
    }
    if (token.text === '{') return this.#object();
    if (token.text === '-') return { type: 'negate', body: this.#postfix() };
    return this.#unexpected(token);
  }

  #word(token: Token): Node {
    switch (token.text) {
      case 'if':
        return this.#if();
      case 'try': {
        // A `try` takes only the term behind it; without `catch` it swallows the error.
        const body = this.#postfix();
        return { type: 'try', body, handler: this.#takeWord('catch') ? this.#postfix() : undefined };
      }
      case 'reduce': {
        const { source, pattern } = this.#loopHead();
        const start = this.#pipe();
        this.#expect(';');
        const update = this.#pipe();
        this.#expect(')');
        return { type: 'reduce', source, pattern, start, update };
      }
      case 'foreach': {
        const { source, pattern } = this.#loopHead();
        const start = this.#pipe();
        this.#expect(';');
        const update = this.#pipe();
        const extract = this.#take(';') ? this.#pipe() : identity;
        this.#expect(')');
        return { type: 'foreach', source, pattern, start, update, extract };
      }
      case 'def': {
        this.#at--;
        const definition = this.#definition();
        return { type: 'define', definition, rest: this.#pipe() };
      }
      case 'break':
        if (this.#peek().kind === 'variable') return { type: 'break', name: this.#variableName() };
        break;
      case 'true':
        return { type: 'literal', value: true };
      case 'false':
        return { type: 'literal', value: false };
      case 'null':
        return { type: 'literal', value: null };
      default:
        if (keywords.includes(token.text)) return this.#unexpected(token);
    }
    const args: Node[] = [];
    if (this.#take('(')) {
      do args.push(this.#pipe());
      while (this.#take(';'));
      this.#expect(')');
    }
    return { type: 'call', name: token.text, args };
  }

  #loopHead(): { source: Node; pattern: Pattern } {
    const source = this.#postfix();
    this.#expectWord('as');
    const pattern = this.#pattern();
    this.#expect('(');
    return { source, pattern };
  }

  #if(): Node {
    const condition = this.#pipe();
    this.#expectWord('then');
    const then = this.#pipe();
    if (this.#takeWord('elif')) return { type: 'if', condition, then, otherwise: this.#if() };
    const otherwise = this.#takeWord('else') ? this.#pipe() : identity;
    this.#expectWord('end');
    return { type: 'if', condition, then, otherwise };
  }

  #string(token: Token, format: string | undefined): Node {
    const parts = (token.parts ?? []).map((part) =>
      typeof part === 'string' ? part : new Parser(part, this.#source).#whole(),
    );
    if (parts.length === 1 && typeof parts[0] === 'string') return { type: 'literal', value: parts[0] };
    return { type: 'string', format, parts };
  }

  #whole(): Node {
    const node = this.#pipe();
    if (this.#peek().kind !== 'end') this.#unexpected();
    return node;
  }

  #object(): Node {
    const entries: { key: Node; value: Node }[] = [];
    while (!this.#take('}')) {
      entries.push(this.#entry());
      if (!this.#is('}')) this.#expect(',');
    }
    return { type: 'object', entries };
  }

  #entry(): { key: Node; value: Node } {
    const token = this.#next();
    if (token.kind === 'variable') {
      const key: Node = { type: 'literal', value: token.text };
      return {
        key,
        value:
          token.text === '__loc__'
            ? { type: 'literal', value: { file: '<top-level>', line: 1 } }
            : { type: 'variable', name: token.text },
      };
    }
    let key: Node;
    if (token.kind === 'identifier') key = { type: 'literal', value: token.text };
    else if (token.kind === 'number') key = { type: 'literal', value: token.text };
    else if (token.kind === 'string') key = this.#string(token, undefined);
    else if (token.kind === 'format') {
      key =
        this.#peek().kind === 'string' ? this.#string(this.#next(), token.text) : { type: 'format', name: token.text };
    } else if (token.kind === 'operator' && token.text === '(') {
      key = this.#pipe();
      this.#expect(')');
    } else return this.#unexpected(token);
    if (this.#take(':')) return { key, value: this.#objectValue() };
    return { key, value: { type: 'index', target: identity, key } };
  }

  /** No comma; a pipe only between values. */
  #objectValue(): Node {
    const left = this.#alternative();
    return this.#take('|') ? { type: 'pipe', left, right: this.#objectValue() } : left;
  }

  #pattern(): Pattern {
    if (this.#take('[')) {
      const items: Pattern[] = [];
      do items.push(this.#pattern());
      while (this.#take(','));
      this.#expect(']');
      return { type: 'array', items };
    }
    if (!this.#take('{')) return { type: 'variable', name: this.#variableName() };
    const entries: (Pattern & { type: 'object' })['entries'] = [];
    do {
      const token = this.#next();
      const variable = token.kind === 'variable' ? token.text : undefined;
      let key: Node = { type: 'literal', value: token.text };
      if (token.kind === 'string') key = this.#string(token, undefined);
      else if (token.kind === 'operator' && token.text === '(') {
        key = this.#pipe();
        this.#expect(')');
      } else if (token.kind !== 'identifier' && token.kind !== 'variable') this.#unexpected(token);
      entries.push({ key, variable, value: this.#take(':') ? this.#pattern() : undefined });
    } while (this.#take(','));
    this.#expect('}');
    return { type: 'object', entries };
  }
}
