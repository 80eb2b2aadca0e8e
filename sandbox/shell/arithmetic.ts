/** Where an expression's names live. Values are texts; `set` may throw `VariableError`. */
export interface ArithmeticScope {
  /** The value of a name or of an array's element; undefined counts as 0. */
  get(name: string, subscript: string | undefined): string | undefined;
  set(name: string, subscript: string | undefined, value: string): void;
}

/** A wrong expression; the message is bash's, with expression and error token, without the shell's prefix. */
export class ArithmeticError extends Error {
  override name = 'ArithmeticError';
}

type Token =
  | { kind: 'number'; value: bigint; at: number }
  | { kind: 'name'; name: string; subscript: string | undefined; at: number }
  | { kind: 'operator'; text: string; at: number }
  | { kind: 'end'; at: number };

const assignments = new Set(['=', '*=', '/=', '%=', '+=', '-=', '<<=', '>>=', '&=', '^=', '|=']);
const operators = [
  ...['<<=', '>>=', '**', '++', '--', '<<', '>>', '<=', '>=', '==', '!=', '&&', '||'],
  ...['*=', '/=', '%=', '+=', '-=', '&=', '^=', '|='],
  ...['+', '-', '*', '/', '%', '<', '>', '=', '!', '~', '&', '^', '|', '?', ':', ',', '(', ')'],
];
const levels: Record<string, number> = {
  '||': 1,
  '&&': 2,
  '|': 3,
  '^': 4,
  '&': 5,
  '==': 6,
  '!=': 6,
  '<': 7,
  '>': 7,
  '<=': 7,
  '>=': 7,
  '<<': 8,
  '>>': 8,
  '+': 9,
  '-': 9,
  '*': 10,
  '/': 10,
  '%': 10,
};
/** Nesting of expressions (variables that name expressions, parentheses, signs) beyond which bash's words for it come. */
const maximalDepth = 251;

/** Evaluates an expression in 64-bit two's complement, as bash's expr.c does. Its text is expanded already. */
export function evaluate(text: string, scope: ArithmeticScope, depth = 0): bigint {
  if (/^\s*$/.test(text)) return 0n;
  const simple = /^\s*(0|[1-9]\d{0,17})\s*$/.exec(text)?.[1];
  return simple !== undefined ? BigInt(simple) : new Evaluation(text, scope, depth).whole();
}

class Evaluation {
  readonly #text: string;
  readonly #scope: ArithmeticScope;
  #at = 0;
  #token: Token = { kind: 'end', at: 0 };
  /** Where the last token began: what errors point at. */
  #last = 0;
  #nested = 0;
  /** Above 0 in a part that short circuits skip. */
  #skipping = 0;

  constructor(text: string, scope: ArithmeticScope, depth: number) {
    this.#text = text;
    this.#scope = scope;
    this.#nested = depth;
  }

  whole(): bigint {
    this.#next();
    const value = this.#comma();
    if (!this.#ended()) this.#fail('syntax error in expression', this.#token.at);
    return value;
  }

  #fail(message: string, at = this.#last): never {
    const expression = this.#text.replace(/^\s+/, '');
    throw new ArithmeticError(`${expression}: ${message} (error token is "${this.#text.slice(at)}")`);
  }

  /** True at the end of the text. */
  #ended(): boolean {
    return this.#token.kind === 'end';
  }

  #is(text: string): boolean {
    return this.#token.kind === 'operator' && this.#token.text === text;
  }

  #comma(): bigint {
    let value = this.#assignment();
    while (this.#is(',')) {
      this.#next();
      value = this.#assignment();
    }
    return value;
  }

  #assignment(): bigint {
    const start = this.#token;
    const value = this.#conditional();
    const token = this.#token;
    if (token.kind !== 'operator' || !assignments.has(token.text)) return value;
    const plain = start.kind === 'name' && this.#variable?.token === start;
    if (!plain || start.kind !== 'name') this.#fail('attempted assignment to non-variable', token.at);
    const operator = token.text.slice(0, -1);
    this.#next();
    const right = this.#assignment();
    const result = operator === '' ? right : this.#apply(operator, value, right, this.#last);
    this.#store(start, result);
    this.#variable = undefined;
    return result;
  }

  /** The variable that the last primary was, if it was nothing else: what can be assigned. */
  #variable: { token: Token } | undefined;

  #conditional(): bigint {
    const condition = this.#binary(1);
    if (!this.#is('?')) return condition;
    this.#next();
    if (this.#ended() || this.#is(':')) this.#fail('expression expected');
    this.#skipping += condition === 0n ? 1 : 0;
    const yes = this.#comma();
    this.#skipping -= condition === 0n ? 1 : 0;
    if (!this.#is(':')) this.#fail("`:' expected for conditional expression");
    this.#next();
    if (this.#ended()) this.#fail('expression expected');
    this.#skipping += condition !== 0n ? 1 : 0;
    const no = this.#conditional();
    this.#skipping -= condition !== 0n ? 1 : 0;
    this.#variable = undefined;
    return condition !== 0n ? yes : no;
  }

  #binary(level: number): bigint {
    let left = this.#power();
    for (;;) {
      const token = this.#token;
      if (token.kind !== 'operator') return left;
      const own = levels[token.text];
      if (own === undefined || own < level) return left;
      this.#next();
      const skips = (token.text === '&&' && left === 0n) || (token.text === '||' && left !== 0n);
      if (skips) this.#skipping++;
      const right = this.#binary(own + 1);
      if (skips) this.#skipping--;
      left = this.#apply(token.text, left, right, this.#last);
      this.#variable = undefined;
    }
  }

  #power(): bigint {
    const base = this.#unary();
    if (!this.#is('**')) return base;
    this.#next();
    const exponent = this.#power();
    this.#variable = undefined;
    if (exponent < 0n) this.#fail('exponent less than 0');
    let [result, square] = [1n, base];
    for (let rest = exponent; rest > 0n; rest >>= 1n) {
      if (rest & 1n) result = BigInt.asIntN(64, result * square);
      square = BigInt.asIntN(64, square * square);
    }
    return result;
  }

  #unary(): bigint {
    if (++this.#nested > maximalDepth) this.#fail('expression recursion level exceeded', 0);
    try {
      return this.#signed();
    } finally {
      this.#nested--;
    }
  }

  #signed(): bigint {
    const token = this.#token;
    if (token.kind !== 'operator' || !'!~+-'.includes(token.text[0] as string)) return this.#primary();
    if (!['!', '~', '+', '-', '++', '--'].includes(token.text)) return this.#primary();
    this.#next();
    if (token.text === '++' || token.text === '--') return this.#increment(token.text, token.at);
    const operand = this.#unary();
    this.#variable = undefined;
    if (token.text === '!') return operand === 0n ? 1n : 0n;
    if (token.text === '~') return ~operand;
    return token.text === '-' ? BigInt.asIntN(64, -operand) : operand;
  }

  #increment(operator: string, at: number): bigint {
    const token = this.#token;
    if (token.kind === 'name') {
      const value = BigInt.asIntN(64, this.#load(token) + (operator === '++' ? 1n : -1n));
      this.#store(token, value);
      this.#next();
      return value;
    }
    if (token.kind === 'end') this.#fail('syntax error: operand expected', at);
    const operand = this.#unary(); // `--5` is -(-5)
    this.#variable = undefined;
    return operand;
  }

  #primary(): bigint {
    const token = this.#token;
    if (token.kind === 'number') {
      this.#next();
      this.#variable = undefined;
      return token.value;
    }
    if (token.kind === 'name') {
      this.#next();
      this.#variable = { token };
      if (!this.#is('++') && !this.#is('--')) return this.#load(token, this.#assigns());
      const value = this.#load(token);
      this.#store(token, BigInt.asIntN(64, value + (this.#is('++') ? 1n : -1n)));
      this.#next();
      this.#variable = undefined;
      return value;
    }
    if (token.kind === 'operator' && token.text === '(') {
      this.#next();
      const value = this.#comma();
      if (!this.#is(')')) this.#fail("missing `)'", this.#ended() ? this.#last : this.#token.at);
      this.#next();
      this.#variable = undefined;
      return value;
    }
    this.#fail('syntax error: operand expected', token.kind === 'end' ? this.#last : token.at);
  }

  /** True where a plain `=` follows: the old value is not read. */
  #assigns(): boolean {
    return this.#is('=');
  }

  #load(token: Token & { kind: 'name' }, unread = false): bigint {
    if (this.#skipping > 0 || unread) return 0n;
    const text = this.#scope.get(token.name, token.subscript);
    return text === undefined ? 0n : evaluate(text, this.#scope, this.#nested);
  }

  #store(token: Token & { kind: 'name' }, value: bigint): void {
    if (this.#skipping === 0) this.#scope.set(token.name, token.subscript, String(value));
  }

  #apply(operator: string, left: bigint, right: bigint, at: number): bigint {
    switch (operator) {
      case '/':
      case '%':
        if (right === 0n) {
          if (this.#skipping > 0) return 0n;
          this.#fail('division by 0', at);
        }
        return BigInt.asIntN(64, operator === '/' ? left / right : left % right);
      case '*':
        return BigInt.asIntN(64, left * right);
      case '+':
        return BigInt.asIntN(64, left + right);
      case '-':
        return BigInt.asIntN(64, left - right);
      case '<<':
        return BigInt.asIntN(64, left << (right & 63n));
      case '>>':
        return left >> (right & 63n);
      case '&':
        return left & right;
      case '^':
        return left ^ right;
      case '|':
        return left | right;
      default:
        return compares(operator, left, right) ? 1n : 0n;
    }
  }

  #next(): void {
    const text = this.#text;
    while (this.#at < text.length && /\s/.test(text[this.#at] as string)) this.#at++;
    const at = this.#at;
    if (at >= text.length) {
      this.#token = { kind: 'end', at };
      return;
    }
    this.#last = at;
    const letter = text[at] as string;
    if (/[0-9]/.test(letter)) this.#token = this.#number(at);
    else if (/[A-Za-z_]/.test(letter)) this.#token = this.#name(at);
    else {
      const operator = operators.find((candidate) => text.startsWith(candidate, at));
      const operand = this.#token.kind === 'end' || this.#token.kind === 'operator';
      if (operator === undefined) {
        if (operand) this.#fail('syntax error: operand expected', at);
        this.#fail('syntax error: invalid arithmetic operator', at);
      }
      const own = this.#afterOperand(operator, at);
      this.#at = at + own.length;
      this.#token = { kind: 'operator', text: own, at };
    }
  }

  /** `5++` is not an increment, for 5 is no variable; `++5` is two signs. */
  #afterOperand(operator: string, at: number): string {
    if (operator !== '++' && operator !== '--') return operator;
    if (this.#token.kind === 'name') return operator;
    if (this.#token.kind === 'number') return operator[0] as string;
    return /^(?:\+\+|--)\s*[A-Za-z_]/.test(this.#text.slice(at)) ? operator : (operator[0] as string);
  }

  #name(at: number): Token {
    const name = /^[A-Za-z_][A-Za-z0-9_]*/.exec(this.#text.slice(at))?.[0] ?? '';
    this.#at = at + name.length;
    if (this.#text[this.#at] !== '[') return { kind: 'name', name, subscript: undefined, at };
    let depth = 0;
    for (let end = this.#at; end < this.#text.length; end++) {
      if (this.#text[end] === '[') depth++;
      if (this.#text[end] !== ']' || --depth > 0) continue;
      const subscript = this.#text.slice(this.#at + 1, end);
      this.#at = end + 1;
      return { kind: 'name', name, subscript, at };
    }
    this.#fail('bad array subscript', at);
  }

  #number(at: number): Token {
    const text = /^[0-9A-Za-z_@#]+/.exec(this.#text.slice(at))?.[0] ?? '';
    this.#at = at + text.length;
    const value = parseNumber(text);
    if (typeof value === 'string') this.#fail(value, at);
    return { kind: 'number', value, at };
  }
}

function compares(operator: string, left: bigint, right: bigint): boolean {
  switch (operator) {
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '>':
      return left > right;
    case '<=':
      return left <= right;
    case '>=':
      return left >= right;
    case '&&':
      return left !== 0n && right !== 0n;
    default:
      return left !== 0n || right !== 0n;
  }
}

/** A constant (decimal, 0 octal, 0x hexadecimal, base#digits), or what is wrong with it. */
function parseNumber(text: string): bigint | string {
  const [, givenBase, givenDigits] = /^(\d+)#(.*)$/.exec(text) ?? [];
  let [base, digits] = [10, text];
  if (givenBase !== undefined) {
    base = Number(givenBase);
    digits = givenDigits ?? '';
    if (base < 2 || base > 64) return 'invalid arithmetic base';
    if (digits === '') return 'invalid integer constant';
  } else if (/^0[xX]/.test(text)) [base, digits] = [16, text.slice(2)];
  else if (text.startsWith('0')) [base, digits] = [8, text];
  let value = 0n;
  for (const digit of digits) {
    const own = digitValue(digit, base);
    if (own === undefined) return digit === '#' ? 'invalid number' : 'value too great for base';
    if (own >= base) return 'value too great for base';
    value = value * BigInt(base) + BigInt(own);
  }
  return BigInt.asIntN(64, value);
}

function digitValue(digit: string, base: number): number | undefined {
  if (digit >= '0' && digit <= '9') return Number(digit);
  if (digit >= 'a' && digit <= 'z') return digit.charCodeAt(0) - 87;
  if (digit >= 'A' && digit <= 'Z') return digit.charCodeAt(0) - (base <= 36 ? 55 : 29);
  if (digit === '@') return 62;
  return digit === '_' ? 63 : undefined;
}
