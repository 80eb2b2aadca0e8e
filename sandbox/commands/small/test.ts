import type { FileStat } from '../../kernel/files.ts';
import type { Process, Program } from '../../kernel/process.ts';

class TestError extends Error {}

/** test(1) and `[`. */
export const test: Program = async (process) => {
  const name = process.argv[0]?.endsWith('[') ? '[' : 'test';
  const words = process.argv.slice(1);
  try {
    if (name === '[' && words.pop() !== ']') throw new TestError("missing ']'");
    return evaluate(process, words) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof TestError)) throw error;
    await process.write(2, `${name}: ${error.message}\n`);
    return 2;
  }
};

const unary = 'bcdefghknoprstuwxzGLNOS';
const binary = ['=', '==', '!=', '<', '>', '-eq', '-ne', '-lt', '-le', '-gt', '-ge', '-nt', '-ot', '-ef'];

/** POSIX's rules by the number of words, then the grammar with -a, -o, ! and parentheses. */
function evaluate(process: Process, words: string[]): boolean {
  if (words.length === 0) return false;
  if (words.length === 1) return words[0] !== '';
  if (words.length === 3 && binary.includes(words[1] as string))
    return compare(process, words[0] as string, words[1] as string, words[2] as string);
  if (words.length === 2 && words[0] === '!') return words[1] === '';
  const parser = new Expression(process, words);
  const value = parser.or();
  const extra = parser.rest();
  if (extra !== undefined)
    throw new TestError(words.length === 3 ? `'${words[1]}': binary operator expected` : `extra argument '${extra}'`);
  return value;
}

class Expression {
  readonly #process: Process;
  readonly #words: string[];
  #at = 0;

  constructor(process: Process, words: string[]) {
    this.#process = process;
    this.#words = words;
  }

  rest(): string | undefined {
    return this.#words[this.#at];
  }

  or(): boolean {
    let value = this.#and();
    while (this.rest() === '-o') {
      this.#at++;
      value = this.#and() || value;
    }
    return value;
  }

  #and(): boolean {
    let value = this.#not();
    while (this.rest() === '-a') {
      this.#at++;
      value = this.#not() && value;
    }
    return value;
  }

  #not(): boolean {
    if (this.rest() !== '!' || this.#at + 1 >= this.#words.length) return this.#primary();
    this.#at++;
    return !this.#not();
  }

  #primary(): boolean {
    const word = this.#next();
    const operator = this.rest();
    if (operator !== undefined && binary.includes(operator) && this.#at + 1 < this.#words.length) {
      this.#at++;
      return compare(this.#process, word, operator, this.#next());
    }
    if (word === '(') {
      const value = this.or();
      if (this.#next() !== ')') throw new TestError("')' expected");
      return value;
    }
    if (/^-[a-zA-Z]$/.test(word) && operator !== undefined) {
      if (!unary.includes(word[1] as string)) throw new TestError(`'${word}': unary operator expected`);
      return check(this.#process, word[1] as string, this.#next());
    }
    return word !== '';
  }

  #next(): string {
    const word = this.#words[this.#at++];
    if (word === undefined) throw new TestError(`missing argument after '${this.#words.at(-1)}'`);
    return word;
  }
}

function compare(process: Process, left: string, operator: string, right: string): boolean {
  const modified = (name: string) => statOf(process, name)?.modified ?? Number.NEGATIVE_INFINITY;
  switch (operator) {
    case '=':
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '>':
      return left > right;
    case '-nt':
      return modified(left) > modified(right);
    case '-ot':
      return modified(left) < modified(right);
    case '-ef':
      return process.resolve(left) === process.resolve(right);
    default: {
      const difference = integer(left) - integer(right);
      if (operator === '-eq') return difference === 0n;
      if (operator === '-ne') return difference !== 0n;
      if (operator === '-lt') return difference < 0n;
      if (operator === '-le') return difference <= 0n;
      return operator === '-gt' ? difference > 0n : difference >= 0n;
    }
  }
}

function integer(text: string): bigint {
  const match = /^\s*([-+]?)(\d+)\s*$/.exec(text);
  if (!match) throw new TestError(`invalid integer '${text}'`);
  return BigInt(`${match[1] === '-' ? '-' : ''}${match[2]}`);
}

function statOf(process: Process, name: string, link = false): FileStat | undefined {
  try {
    return process.machine.files.stat(process.resolve(name), { link });
  } catch {
    return undefined;
  }
}

function check(process: Process, operator: string, word: string): boolean {
  if (operator === 'n') return word !== '';
  if (operator === 'z') return word === '';
  if (operator === 't') return process.isTerminal(Number(word));
  if (operator === 'h' || operator === 'L') return statOf(process, word, true)?.type === 'symlink';
  const stat = statOf(process, word);
  if (!stat) return false;
  const allowed = (bit: number) =>
    process.uid === 0 || ((stat.uid === process.uid ? stat.mode >> 6 : stat.mode) & bit) !== 0;
  switch (operator) {
    case 'e':
      return true;
    case 'f':
      return stat.type === 'file';
    case 'd':
      return stat.type === 'directory';
    case 'c':
      return stat.type === 'device';
    case 'p':
      return stat.type === 'fifo';
    case 's':
      return stat.size > 0;
    case 'r':
      return allowed(4);
    case 'w':
      return allowed(2);
    case 'x':
      return (
        stat.type === 'directory' ||
        (stat.mode & 0o111) !== 0 ||
        process.machine.findProgram(process.resolve(word), undefined) !== undefined
      );
    case 'O':
      return stat.uid === process.uid;
    case 'k':
      return (stat.mode & 0o1000) !== 0;
    case 'u':
      return (stat.mode & 0o4000) !== 0;
    case 'g':
      return (stat.mode & 0o2000) !== 0;
    default:
      return false;
  }
}
