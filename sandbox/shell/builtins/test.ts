import type { Shell } from '../shell.ts';
import { binaryTest, compare, TestError, unaryOperators, unaryTest } from '../test-expression.ts';
import type { Builtin } from './types.ts';

const binaryOperators = new Set(['=', '==', '!=', '<', '>', '-nt', '-ot', '-ef']);
for (const name of ['-eq', '-ne', '-lt', '-le', '-gt', '-ge']) binaryOperators.add(name);

export const test: Builtin = async (shell, args, { name }) => {
  let list = args;
  if (name === '[') {
    if (args.at(-1) !== ']') {
      await shell.error("[: missing `]'");
      return 2;
    }
    list = args.slice(0, -1);
  }
  try {
    return new TestArguments(shell, list).whole() ? 0 : 1;
  } catch (error) {
    if (!(error instanceof TestError)) throw error;
    await shell.error(`${name}: ${error.message}`);
    return error.status;
  }
};

/** The arguments of `test`, decided by their number as POSIX says, beyond four by precedence. */
class TestArguments {
  readonly #shell: Shell;
  readonly #args: string[];
  #at = 0;

  constructor(shell: Shell, args: string[]) {
    this.#shell = shell;
    this.#args = args;
  }

  whole(): boolean {
    const value = this.#byCount(this.#args);
    if (value !== undefined) return value;
    const result = this.#or();
    if (this.#at < this.#args.length) throw new TestError('too many arguments');
    return result;
  }

  #byCount(args: string[]): boolean | undefined {
    const [first = '', second = '', third = '', fourth = ''] = args;
    switch (args.length) {
      case 0:
        return false;
      case 1:
        return first !== '';
      case 2:
        if (first === '!') return second === '';
        if (unaryOperators.has(first)) return this.#unary(first, second);
        throw new TestError(`${first}: unary operator expected`);
      case 3:
        if (binaryOperators.has(second)) return this.#binary(first, second, third);
        if (second === '-a') return first !== '' && third !== '';
        if (second === '-o') return first !== '' || third !== '';
        if (first === '!') return !this.#byCount([second, third]);
        if (first === '(' && third === ')') return second !== '';
        throw new TestError(`${second}: binary operator expected`);
      case 4:
        if (first === '!') return !this.#byCount([second, third, fourth]);
        if (first === '(' && fourth === ')') return this.#byCount([second, third]);
        return undefined;
      default:
        return undefined;
    }
  }

  #or(): boolean {
    let value = this.#and();
    while (this.#args[this.#at] === '-o') {
      this.#at++;
      const right = this.#and();
      value = value || right;
    }
    return value;
  }

  #and(): boolean {
    let value = this.#term();
    while (this.#args[this.#at] === '-a') {
      this.#at++;
      const right = this.#term();
      value = value && right;
    }
    return value;
  }

  #term(): boolean {
    const [first, second, third] = this.#args.slice(this.#at, this.#at + 3);
    if (first === undefined) throw new TestError('argument expected');
    if (first === '!') {
      this.#at++;
      return !this.#term();
    }
    if (first === '(') {
      this.#at++;
      const value = this.#or();
      if (this.#args[this.#at] !== ')') {
        const found = this.#args[this.#at];
        throw new TestError(found === undefined ? "`)' expected" : `\`)' expected, found ${found}`);
      }
      this.#at++;
      return value;
    }
    if (second !== undefined && third !== undefined && binaryOperators.has(second)) {
      this.#at += 3;
      return this.#binary(first, second, third);
    }
    if (unaryOperators.has(first) && second !== undefined) {
      this.#at += 2;
      return this.#unary(first, second);
    }
    this.#at++;
    return first !== '';
  }

  #unary(operator: string, operand: string): boolean {
    if (operator === '-t' && !/^\s*-?\d+\s*$/.test(operand)) {
      throw new TestError(`${operand}: integer expression expected`);
    }
    return unaryTest(this.#shell, operator, operand);
  }

  #binary(left: string, operator: string, right: string): boolean {
    if (operator === '=' || operator === '==') return left === right;
    if (operator === '!=') return left !== right;
    if (!/^-(?:eq|ne|lt|le|gt|ge)$/.test(operator)) return binaryTest(this.#shell, left, operator, right);
    const [one, other] = [left, right].map((text) => {
      if (!/^\s*[+-]?\d+\s*$/.test(text)) throw new TestError(`${text}: integer expression expected`);
      return BigInt(text.trim().replace(/^\+/, ''));
    });
    return compare(operator, one as bigint, other as bigint);
  }
}
