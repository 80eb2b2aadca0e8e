import type { TestExpression } from 'unbash';
import { FileError, type FileStat } from '../kernel/files.ts';
import { descriptorOf } from '../kernel/open-path.ts';
import { evaluate } from './arithmetic.ts';
import type { Waiting } from './expand/expander.ts';
import { matches } from './pattern.ts';
import type { Shell } from './shell.ts';

/** A condition that cannot be decided; bash's words and status. */
export class TestError extends Error {
  override name = 'TestError';
  readonly status: number;
  constructor(message: string, status = 2) {
    super(message);
    this.status = status;
  }
}

/** `[[ … ]]`. */
export function* evaluateTest(shell: Shell, node: TestExpression): Waiting<boolean> {
  switch (node.type) {
    case 'TestGroup':
      return yield* evaluateTest(shell, node.expression);
    case 'TestNot': {
      const value = yield* evaluateTest(shell, node.operand);
      return node.negations.length % 2 === 1 ? !value : value;
    }
    case 'TestLogical':
      for (const operand of node.operands) {
        const value = yield* evaluateTest(shell, operand);
        if (value === (node.operator === '||')) return value;
      }
      return node.operator === '&&';
    case 'TestUnary': {
      const operand = yield* shell.expander.text(node.operand);
      yield* trace(shell, `${node.operator} ${operand || "''"}`);
      return unaryTest(shell, node.operator, operand);
    }
    case 'TestBinary':
      return yield* binary(shell, node);
  }
}

function* trace(shell: Shell, text: string): Waiting<void> {
  if (shell.state.options.has('xtrace')) yield shell.trace(`[[ ${text} ]]`);
}

function* binary(shell: Shell, node: TestExpression & { type: 'TestBinary' }): Waiting<boolean> {
  const { operator } = node;
  const left = yield* shell.expander.text(node.left);
  const ignoreCase = shell.state.shopts.has('nocasematch');
  if (operator === '=~') return regexTest(shell, left, yield* shell.expander.regex(node.right), ignoreCase);
  if (operator === '==' || operator === '=' || operator === '!=') {
    const pattern = yield* shell.expander.pattern(node.right);
    yield* trace(shell, `${left || "''"} ${operator} ${pattern || "''"}`);
    return matches(pattern, left, { ignoreCase }) === (operator !== '!=');
  }
  const right = yield* shell.expander.text(node.right);
  yield* trace(shell, `${left || "''"} ${operator} ${right || "''"}`);
  if (/^-(?:eq|ne|lt|le|gt|ge)$/.test(operator)) {
    return compare(operator, evaluate(left, shell.arithmetic), evaluate(right, shell.arithmetic));
  }
  return binaryTest(shell, left, operator, right);
}

/** Matches and leaves the groups in BASH_REMATCH. */
function regexTest(shell: Shell, text: string, source: string, ignoreCase: boolean): boolean {
  let expression: RegExp;
  try {
    expression = new RegExp(posixRegex(source), `s${ignoreCase ? 'i' : ''}`);
  } catch {
    throw new TestError('', 2);
  }
  const match = expression.exec(text);
  shell.state.variables.put('BASH_REMATCH', {
    kind: 'indexed',
    value: match ? [...match].map((part) => part ?? '') : [],
  });
  return match !== null;
}

/** A POSIX extended regular expression in JavaScript's writing. */
export function posixRegex(source: string): string {
  const classes: Record<string, string> = {
    alnum: 'A-Za-z0-9',
    alpha: 'A-Za-z',
    blank: ' \\t',
    cntrl: '\\x00-\\x1f\\x7f',
    digit: '0-9',
    graph: '!-~',
    lower: 'a-z',
    print: ' -~',
    punct: '!-\\/:-@\\[-`\\{-~',
    space: '\\s',
    upper: 'A-Z',
    xdigit: '0-9A-Fa-f',
  };
  let result = '';
  for (let at = 0; at < source.length; at++) {
    const letter = source[at] as string;
    if (letter === '\\') {
      const next = source[++at] ?? '';
      if (next === '<') result += '\\b(?=\\w)';
      else if (next === '>') result += '\\b(?<=\\w)';
      else result += next === '' ? '\\\\' : /[A-Za-z]/.test(next) && !'bBwWsS'.includes(next) ? next : `\\${next}`;
    } else if (letter === '[') {
      const end = bracketEnd(source, at);
      if (end < 0) throw new SyntaxError('unterminated bracket expression');
      const negated = source[at + 1] === '^';
      const body = source.slice(at + (negated ? 2 : 1), end);
      const inner = body.replace(/\[:(\w+):\]|\[[.=](.)[.=]\]|[\\\]^[]/g, (whole, name?: string, one?: string) => {
        if (name !== undefined) return classes[name] ?? '';
        return `\\${one ?? whole}`;
      });
      result += `[${negated ? '^' : ''}${inner}]`;
      at = end;
    } else if (letter === '(' && source[at + 1] === '?') throw new SyntaxError('nothing to repeat');
    else if (letter === '{' && !/^\{\d*,?\d*\}/.test(source.slice(at))) result += '\\{';
    else result += letter;
  }
  return result;
}

function bracketEnd(source: string, start: number): number {
  let at = start + 1;
  if (source[at] === '^') at++;
  if (source[at] === ']') at++;
  for (; at < source.length; at++) {
    if (source[at] === '[' && ':.='.includes(source[at + 1] ?? ' ')) {
      const end = source.indexOf(`${source[at + 1]}]`, at + 2);
      if (end > 0) at = end + 1;
    } else if (source[at] === ']') return at;
  }
  return -1;
}

export function compare(operator: string, left: bigint, right: bigint): boolean {
  switch (operator) {
    case '-eq':
      return left === right;
    case '-ne':
      return left !== right;
    case '-lt':
      return left < right;
    case '-le':
      return left <= right;
    case '-gt':
      return left > right;
    default:
      return left >= right;
  }
}

/** Binary operators on texts and files, shared with `test`. */
export function binaryTest(shell: Shell, left: string, operator: string, right: string): boolean {
  switch (operator) {
    case '<':
      return left < right;
    case '>':
      return left > right;
    case '-ef': {
      const [one, other] = [statOf(shell, left), statOf(shell, right)];
      return one !== undefined && other !== undefined && shell.path(left) === shell.path(right);
    }
    case '-nt':
    case '-ot': {
      const [newer, older] = operator === '-nt' ? [left, right] : [right, left];
      const [one, other] = [statOf(shell, newer), statOf(shell, older)];
      return one !== undefined && (other === undefined || one.modified > other.modified);
    }
    default:
      return false;
  }
}

function statOf(shell: Shell, path: string, link = false): FileStat | undefined {
  const absolute = shell.path(path);
  const descriptor = descriptorOf(absolute);
  if (descriptor !== undefined && !link) {
    const open = shell.fds.get(descriptor);
    return open && { type: 'fifo', size: 0, mode: 0o600, uid: 0, gid: 0, modified: 0 };
  }
  if (path === '') return undefined;
  try {
    return shell.process.machine.files.stat(absolute, { link });
  } catch (error) {
    if (error instanceof FileError) return undefined;
    throw error;
  }
}

export const unaryOperators = new Set([...'abcdefghknoprstuvwxzGLNORS'].map((letter) => `-${letter}`));

/** Unary operators, shared with `test`. */
export function unaryTest(shell: Shell, operator: string, operand: string): boolean {
  const stat = () => statOf(shell, operand);
  switch (operator) {
    case '-n':
      return operand !== '';
    case '-z':
      return operand === '';
    case '-v': {
      const [, name, index] = /^(\w+)\[(.*)\]$/s.exec(operand) ?? [];
      if (name === undefined) return shell.parameter(operand) !== undefined;
      const variable = shell.variable(name);
      if (index === '@' || index === '*') return variable?.value !== undefined;
      return shell.arithmetic.get(name, index) !== undefined;
    }
    case '-R':
      return shell.state.variables.get(operand)?.nameref === true;
    case '-o':
      return shell.state.options.has(operand);
    case '-t':
      return shell.fds.get(Number(operand))?.terminal !== undefined;
    case '-h':
    case '-L':
      return statOf(shell, operand, true)?.type === 'symlink';
    case '-a':
    case '-e':
      return stat() !== undefined;
    case '-f':
      return stat()?.type === 'file';
    case '-d':
      return stat()?.type === 'directory';
    case '-p':
      return stat()?.type === 'fifo';
    case '-c':
      return stat()?.type === 'device';
    case '-s':
      return (stat()?.size ?? 0) > 0;
    case '-r':
    case '-w':
    case '-x':
      return permitted(shell, stat(), { '-r': 4, '-w': 2, '-x': 1 }[operator]);
    case '-O':
      return stat()?.uid === shell.process.uid;
    case '-G':
      return stat() !== undefined;
    case '-N':
      return stat() !== undefined;
    case '-u':
      return ((stat()?.mode ?? 0) & 0o4000) !== 0;
    case '-g':
      return ((stat()?.mode ?? 0) & 0o2000) !== 0;
    case '-k':
      return ((stat()?.mode ?? 0) & 0o1000) !== 0;
    default:
      return false; // -b, -S: there are no block devices and no sockets
  }
}

/** access(2): root may read and write all, and execute what anyone may. */
function permitted(shell: Shell, stat: FileStat | undefined, bit: number): boolean {
  if (!stat) return false;
  const { uid } = shell.process;
  if (uid === 0) return bit !== 1 || stat.type === 'directory' || (stat.mode & 0o111) !== 0;
  const shift = stat.uid === uid ? 6 : 0;
  return ((stat.mode >> shift) & bit) !== 0;
}
