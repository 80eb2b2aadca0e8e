import { compilePosix, type Pattern } from '../lib/posix-regex.ts';
import { printf } from '../small/printf.ts';
import { type AwkProgram, type Expression, type Statement, unescapeAwk } from './syntax.ts';
import { compareValues, Input, isTrue, toNumber, toText, type Value } from './values.ts';

/** What the interpreter needs of its process. */
export interface World {
  print(text: string): void;
  /** `print > file`. */
  write(file: string, text: string, append: boolean): void;
  /** The next record of the main input, or undefined at its end. */
  nextRecord(): string | undefined;
  /** The next record of another file; null if it cannot be read. */
  readFrom(file: string): string | undefined | null;
  random(): number;
  /** Seconds since 1970. */
  now(): number;
}

/** Something that cannot be done while running; exit status 2. */
export class AwkError extends Error {
  override name = 'AwkError';
}

class Jump extends Error {
  readonly kind: 'next' | 'nextfile' | 'break' | 'continue' | 'exit' | 'return';
  readonly value: Value;
  constructor(kind: Jump['kind'], value?: Value) {
    super(kind);
    this.kind = kind;
    this.value = value;
  }
}

type Cell = Value | Map<string, Value>;

const clock: Record<string, (value: number) => number> = {
  int: Math.trunc,
  sqrt: Math.sqrt,
  exp: Math.exp,
  log: Math.log,
  sin: Math.sin,
  cos: Math.cos,
};

/** Runs a program over records. */
export class Interpreter {
  readonly globals = new Map<string, Cell>();
  readonly #program: AwkProgram;
  readonly #world: World;
  readonly #patterns = new Map<string, Pattern>();
  readonly #open = new Set<number>();
  #locals: Map<string, Cell> | undefined;
  #record = '';
  #fields: Value[] | undefined;
  #seed = 0;
  #depth = 0;
  status = 0;

  constructor(program: AwkProgram, world: World) {
    this.#program = program;
    this.#world = world;
    const start = {
      FS: ' ',
      OFS: ' ',
      ORS: '\n',
      RS: '\n',
      NR: 0,
      FNR: 0,
      NF: 0,
      FILENAME: '',
      SUBSEP: '\x1c',
      CONVFMT: '%.6g',
      OFMT: '%.6g',
      RSTART: 0,
      RLENGTH: -1,
    };
    for (const [name, value] of Object.entries(start)) this.globals.set(name, value);
  }

  /** BEGIN, the records, END. */
  run(): void {
    const { rules } = this.#program;
    try {
      this.#special('BEGIN');
      if (rules.some(({ pattern }) => pattern !== 'BEGIN')) {
        for (let record = this.#world.nextRecord(); record !== undefined; record = this.#world.nextRecord()) {
          this.#setRecord(record);
          this.#everyRule();
        }
      }
    } catch (error) {
      if (!this.#exits(error)) throw error;
    }
    try {
      this.#special('END');
    } catch (error) {
      if (!this.#exits(error)) throw error;
    }
  }

  text(name: string): string {
    const value = this.globals.get(name);
    return value instanceof Map ? '' : toText(value);
  }

  /** A record has been read from the main input. */
  counted(file: string, first: boolean): void {
    this.globals.set('NR', toNumber(this.globals.get('NR') as Value) + 1);
    this.globals.set('FNR', first ? 1 : toNumber(this.globals.get('FNR') as Value) + 1);
    this.globals.set('FILENAME', file);
  }

  #exits(error: unknown): boolean {
    if (!(error instanceof Jump) || error.kind !== 'exit') return false;
    if (error.value !== undefined) this.status = toNumber(error.value);
    this.#depth++;
    return true;
  }

  #special(name: 'BEGIN' | 'END'): void {
    // `exit` in BEGIN or a rule still runs END; `exit` in END ends all.
    for (const { pattern, action } of this.#program.rules) if (pattern === name && action) this.#statement(action);
  }

  #everyRule(): void {
    try {
      for (const [at, { pattern, action }] of this.#program.rules.entries()) {
        if (pattern === 'BEGIN' || pattern === 'END' || !this.#selects(pattern, at)) continue;
        if (action) this.#statement(action);
        else this.#world.print(this.#record + this.text('ORS'));
      }
    } catch (error) {
      if (!(error instanceof Jump) || (error.kind !== 'next' && error.kind !== 'nextfile')) throw error;
    }
  }

  #selects(pattern: Expression | [Expression, Expression] | undefined, at: number): boolean {
    if (pattern === undefined) return true;
    if (!Array.isArray(pattern)) return isTrue(this.#value(pattern));
    if (!this.#open.has(at)) {
      if (!isTrue(this.#value(pattern[0]))) return false;
      this.#open.add(at);
    }
    if (isTrue(this.#value(pattern[1]))) this.#open.delete(at);
    return true;
  }

  #setRecord(record: string): void {
    this.#record = record;
    this.#fields = undefined;
    this.globals.set('NF', this.#split().length);
  }

  #split(): Value[] {
    this.#fields ??= this.#separate(this.#record, this.text('FS'));
    return this.#fields;
  }

  #separate(text: string, separator: string): Input[] {
    if (text === '') return [];
    let parts: string[];
    if (separator === ' ') parts = text.trim() === '' ? [] : text.replace(/^[ \t\n]+|[ \t\n]+$/g, '').split(/[ \t\n]+/);
    else if (separator === '') parts = [...text];
    else if (separator.length === 1 && separator !== '\\') parts = text.split(separator === 't' ? 't' : separator);
    else {
      parts = [];
      const pattern = this.#pattern(separator);
      let from = 0;
      for (let match = pattern.exec(text, 0); match && match[0] !== ''; match = pattern.exec(text, from)) {
        parts.push(text.slice(from, match.index));
        from = match.index + match[0].length;
      }
      parts.push(text.slice(from));
    }
    return parts.map((part) => new Input(part));
  }

  #pattern(source: string): Pattern {
    let pattern = this.#patterns.get(source);
    if (!pattern) {
      const plain = source.replace(/\\([ntrfv"/])/g, (_, letter: string) => unescapeAwk(`\\${letter}`));
      pattern = compilePosix(plain, { extended: true });
      this.#patterns.set(source, pattern);
    }
    return pattern;
  }

  #statement(statement: Statement): void {
    switch (statement.type) {
      case 'block':
        for (const each of statement.body) this.#statement(each);
        return;
      case 'expression':
        this.#value(statement.value);
        return;
      case 'print':
        this.#print(statement);
        return;
      case 'if':
        if (isTrue(this.#value(statement.test))) this.#statement(statement.yes);
        else if (statement.no) this.#statement(statement.no);
        return;
      case 'while':
        if (statement.first && !this.#loop(statement.body)) return;
        while (isTrue(this.#value(statement.test))) if (!this.#loop(statement.body)) return;
        return;
      case 'for':
        if (statement.start) this.#statement(statement.start);
        while (!statement.test || isTrue(this.#value(statement.test))) {
          if (!this.#loop(statement.body)) return;
          if (statement.step) this.#statement(statement.step);
        }
        return;
      case 'each':
        for (const key of [...this.#array(statement.array).keys()]) {
          this.#assign({ type: 'variable', name: statement.variable }, new Input(key));
          if (!this.#loop(statement.body)) return;
        }
        return;
      case 'delete':
        if (statement.keys) this.#array(statement.name).delete(this.#key(statement.keys));
        else this.#array(statement.name).clear();
        return;
      case 'exit':
      case 'return':
        throw new Jump(statement.type, statement.value && this.#value(statement.value));
      default:
        throw new Jump(statement.type);
    }
  }

  /** One round; false when the loop is left. */
  #loop(body: Statement): boolean {
    try {
      this.#statement(body);
      return true;
    } catch (error) {
      if (error instanceof Jump && error.kind === 'continue') return true;
      if (error instanceof Jump && error.kind === 'break') return false;
      throw error;
    }
  }

  #print({ format, args, target }: Statement & { type: 'print' }): void {
    const values = args.map((arg) => this.#value(arg));
    const ofmt = this.text('OFMT');
    const text = format
      ? this.#format(values)
      : (args.length === 0 ? this.#record : values.map((value) => toText(value, ofmt)).join(this.text('OFS'))) +
        this.text('ORS');
    if (target) this.#world.write(toText(this.#value(target.file)), text, target.append);
    else this.#world.print(text);
  }

  /** printf's own repetition of the format is not awk's. */
  #format([template, ...values]: Value[]): string {
    const text = toText(template);
    const verbs = [...text.matchAll(/%[-+ #0]*(\*|\d+)?(?:\.(\*|\d+))?([a-zA-Z%])/g)];
    const wanted: string[] = [];
    let at = 0;
    const pieces = verbs.flatMap(([, width, precision, verb]) =>
      verb === '%' ? [] : [...(width === '*' ? ['d'] : []), ...(precision === '*' ? ['d'] : []), verb as string],
    );
    for (const verb of pieces) {
      const value = values[at++];
      if (/[di]/.test(verb)) wanted.push(String(Math.trunc(toNumber(value)) || 0));
      else if (/[ouxX]/.test(verb)) wanted.push(String(Math.trunc(toNumber(value)) || 0));
      else if (/[eEfFgG]/.test(verb)) wanted.push(String(toNumber(value)));
      else if (verb === 'c' && typeof value === 'number') wanted.push(String.fromCodePoint(Math.max(0, value)));
      else wanted.push(toText(value));
    }
    return printf(text.replaceAll('\\', '\\\\'), wanted).text;
  }

  #scope(name: string): Map<string, Cell> {
    return this.#locals?.has(name) ? this.#locals : this.globals;
  }

  #array(name: string): Map<string, Value> {
    const scope = this.#scope(name);
    let cell = scope.get(name);
    if (cell === undefined) {
      cell = new Map();
      scope.set(name, cell);
    }
    if (!(cell instanceof Map)) throw new AwkError(`attempt to use scalar \`${name}' as an array`);
    return cell;
  }

  #key(keys: Expression[]): string {
    return keys.map((key) => toText(this.#value(key), this.text('CONVFMT'))).join(this.text('SUBSEP'));
  }

  #value(expression: Expression): Value {
    switch (expression.type) {
      case 'number':
      case 'string':
        return expression.value;
      case 'regex':
        return this.#pattern(expression.source).test(this.#record) ? 1 : 0;
      case 'variable': {
        const cell = this.#scope(expression.name).get(expression.name);
        if (cell instanceof Map) throw new AwkError(`attempt to use array \`${expression.name}' in a scalar context`);
        return cell;
      }
      case 'field': {
        const index = Math.trunc(toNumber(this.#value(expression.index)));
        if (index < 0) throw new AwkError(`attempt to access field ${index}`);
        return index === 0 ? new Input(this.#record) : this.#split()[index - 1];
      }
      case 'element': {
        const array = this.#array(expression.name);
        const key = this.#key(expression.keys);
        if (!array.has(key)) array.set(key, undefined);
        return array.get(key);
      }
      case 'in':
        return this.#array(expression.name).has(this.#key(expression.keys)) ? 1 : 0;
      case 'assign': {
        const value = this.#value(expression.value);
        if (expression.operator === '=') return this.#assign(expression.target, value);
        const old = this.#value(expression.target);
        return this.#assign(
          expression.target,
          arithmetic(expression.operator[0] as string, toNumber(old), toNumber(value)),
        );
      }
      case 'step': {
        const old = toNumber(this.#value(expression.target));
        const next = expression.operator === '++' ? old + 1 : old - 1;
        this.#assign(expression.target, next);
        return expression.prefix ? next : old;
      }
      case 'unary': {
        const value = this.#value(expression.operand);
        if (expression.operator === '!') return isTrue(value) ? 0 : 1;
        return expression.operator === '-' ? -toNumber(value) : toNumber(value);
      }
      case 'binary':
        return this.#binary(expression);
      case 'conditional':
        return this.#value(isTrue(this.#value(expression.test)) ? expression.yes : expression.no);
      case 'getline':
        return this.#getline(expression);
      case 'call':
        return this.#call(expression.name, expression.args);
    }
  }

  #binary({ operator, left, right }: Expression & { type: 'binary' }): Value {
    if (operator === '&&') return isTrue(this.#value(left)) && isTrue(this.#value(right)) ? 1 : 0;
    if (operator === '||') return isTrue(this.#value(left)) || isTrue(this.#value(right)) ? 1 : 0;
    if (operator === '~' || operator === '!~') {
      const found = this.#regex(right).test(toText(this.#value(left)));
      return found === (operator === '~') ? 1 : 0;
    }
    const [a, b] = [this.#value(left), this.#value(right)];
    const format = this.text('CONVFMT');
    if (operator === ' ') return toText(a, format) + toText(b, format);
    const order = () => compareValues(a, b, format);
    switch (operator) {
      case '<':
        return order() < 0 ? 1 : 0;
      case '<=':
        return order() <= 0 ? 1 : 0;
      case '>':
        return order() > 0 ? 1 : 0;
      case '>=':
        return order() >= 0 ? 1 : 0;
      case '==':
        return order() === 0 ? 1 : 0;
      case '!=':
        return order() !== 0 ? 1 : 0;
      default:
        return arithmetic(operator, toNumber(a), toNumber(b));
    }
  }

  #regex(expression: Expression): Pattern {
    return this.#pattern(expression.type === 'regex' ? expression.source : toText(this.#value(expression)));
  }

  #assign(target: Expression, value: Value): Value {
    if (target.type === 'variable') {
      this.#scope(target.name).set(target.name, value);
      if (target.name === 'NF') {
        const fields = this.#split();
        while (fields.length < toNumber(value)) fields.push('');
        fields.length = toNumber(value);
        this.#rebuild();
      }
    } else if (target.type === 'element') this.#array(target.name).set(this.#key(target.keys), value);
    else if (target.type === 'field') {
      const index = Math.trunc(toNumber(this.#value(target.index)));
      if (index === 0) this.#setRecord(toText(value));
      else {
        const fields = this.#split();
        while (fields.length < index) fields.push('');
        fields[index - 1] = value;
        this.globals.set('NF', fields.length);
        this.#rebuild();
      }
    }
    return value;
  }

  #rebuild(): void {
    const format = this.text('CONVFMT');
    this.#record = this.#split()
      .map((field) => toText(field, format))
      .join(this.text('OFS'));
  }

  #getline({ target, file }: Expression & { type: 'getline' }): Value {
    const record = file ? this.#world.readFrom(toText(this.#value(file))) : this.#world.nextRecord();
    if (record === null) return -1;
    if (record === undefined) return 0;
    if (target) this.#assign(target, new Input(record));
    else this.#setRecord(record);
    return 1;
  }

  #call(name: string, args: Expression[]): Value {
    const routine = this.#program.routines.get(name);
    if (routine) return this.#routine(name, args);
    const value = (at: number): Value => (args[at] ? this.#value(args[at]) : undefined);
    const text = (at: number) => toText(value(at), this.text('CONVFMT'));
    const number = (at: number) => toNumber(value(at));
    switch (name) {
      case 'length': {
        const [first] = args;
        if (!first) return [...this.#record].length;
        const cell = first.type === 'variable' ? this.#scope(first.name).get(first.name) : undefined;
        return cell instanceof Map ? cell.size : [...text(0)].length;
      }
      case 'substr': {
        const start = Math.round(number(1));
        const end = args[2] ? start + Math.round(number(2)) : Number.POSITIVE_INFINITY;
        return [...text(0)].slice(Math.max(0, start - 1), Math.max(0, end - 1)).join('');
      }
      case 'index':
        return text(0).indexOf(text(1)) + 1;
      case 'split':
        return this.#splitInto(args);
      case 'sub':
      case 'gsub':
        return this.#substitute(name === 'gsub', args);
      case 'match': {
        const found = this.#regex(args[1] as Expression).exec(text(0));
        this.globals.set('RSTART', found ? found.index + 1 : 0);
        this.globals.set('RLENGTH', found ? found[0].length : -1);
        return found ? found.index + 1 : 0;
      }
      case 'sprintf':
        return this.#format(args.map((arg) => this.#value(arg)));
      case 'tolower':
        return text(0).toLowerCase();
      case 'toupper':
        return text(0).toUpperCase();
      case 'atan2':
        return Math.atan2(number(0), number(1));
      case 'rand':
        return this.#world.random();
      case 'srand': {
        const old = this.#seed;
        this.#seed = args[0] ? number(0) : this.#world.now();
        return old;
      }
      case 'systime':
        return this.#world.now();
      case 'close':
      case 'fflush':
        return 0;
      default: {
        const compute = clock[name];
        if (!compute) throw new AwkError(`function \`${name}' not defined`);
        return compute(number(0));
      }
    }
  }

  #splitInto([source, target, separator]: Expression[]): number {
    const text = toText(this.#value(source as Expression));
    const by =
      separator === undefined
        ? this.text('FS')
        : separator.type === 'regex'
          ? separator.source
          : toText(this.#value(separator));
    const single = separator?.type === 'regex' && by.length === 1 ? `[${by}]` : by;
    const array = this.#array((target as Expression & { name: string }).name);
    array.clear();
    const parts = this.#separate(text, single);
    for (const [at, part] of parts.entries()) array.set(String(at + 1), part);
    return parts.length;
  }

  #substitute(all: boolean, [pattern, replacement, target]: Expression[]): number {
    const place = target ?? ({ type: 'field', index: { type: 'number', value: 0 } } as const);
    const regex = this.#regex(pattern as Expression);
    const text = toText(this.#value(place));
    const template = toText(this.#value(replacement as Expression));
    let [result, copied, from, count, lastEnd] = ['', 0, 0, 0, -1];
    while (from <= text.length) {
      const match = regex.exec(text, from);
      if (!match) break;
      const end = match.index + match[0].length;
      if (match[0] === '' && match.index === lastEnd) {
        from = match.index + 1;
        continue;
      }
      lastEnd = end;
      count++;
      result +=
        text.slice(copied, match.index) +
        template.replace(
          /\\([&\\])|&/g,
          (whole, escaped: string | undefined) => escaped ?? (whole === '&' ? match[0] : whole),
        );
      copied = end;
      from = match[0] === '' ? end + 1 : end;
      if (!all) break;
    }
    if (count > 0) this.#assign(place, result + text.slice(copied));
    return count;
  }

  #routine(name: string, args: Expression[]): Value {
    const routine = this.#program.routines.get(name);
    if (!routine) return undefined;
    if (this.#depth > 2000) throw new AwkError(`function \`${name}' is called too deeply`);
    const locals = new Map<string, Cell>();
    const made: [parameter: string, caller: Map<string, Cell>, name: string][] = [];
    for (const [at, parameter] of routine.parameters.entries()) {
      const arg = args[at];
      if (arg?.type === 'variable') {
        const scope = this.#scope(arg.name);
        const cell = scope.get(arg.name);
        locals.set(parameter, cell);
        // An unset variable may become an array in there.
        if (cell === undefined) made.push([parameter, scope, arg.name]);
      } else locals.set(parameter, arg && this.#value(arg));
    }
    const outer = this.#locals;
    this.#locals = locals;
    this.#depth++;
    try {
      this.#statement(routine.body);
      return undefined;
    } catch (error) {
      if (error instanceof Jump && error.kind === 'return') return error.value;
      throw error;
    } finally {
      this.#locals = outer;
      this.#depth--;
      for (const [parameter, scope, caller] of made) {
        const cell = locals.get(parameter);
        if (cell instanceof Map) scope.set(caller, cell);
      }
    }
  }
}

function arithmetic(operator: string, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      if (right === 0) throw new AwkError('division by zero');
      return left / right;
    case '%':
      if (right === 0) throw new AwkError('division by zero in %');
      return left % right;
    default:
      return left ** right;
  }
}
