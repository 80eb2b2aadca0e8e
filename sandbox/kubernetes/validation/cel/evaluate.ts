import { compare, equal, functions } from './functions.ts';
import type { Expression } from './parse.ts';
import { CelError, type CelMap, type CelValue, Duration, isMap, noOverload } from './values.ts';

export type Scope = Readonly<Record<string, CelValue>>;

/** The value of an expression. Throws `CelError` where cel-go's evaluation ends in an error. */
export function evaluate(expression: Expression, scope: Scope): CelValue {
  switch (expression.type) {
    case 'literal':
      return expression.value;
    case 'name': {
      const value = Object.hasOwn(scope, expression.name) ? scope[expression.name] : undefined;
      if (value === undefined) throw new CelError(`undeclared reference to '${expression.name}'`);
      return value;
    }
    case 'select':
      return select(evaluate(expression.of, scope), expression.field);
    case 'index':
      return index(evaluate(expression.of, scope), evaluate(expression.at, scope));
    case 'list':
      return expression.items.map((item) => evaluate(item, scope));
    case 'map':
      return Object.fromEntries(
        expression.entries.map(([key, value]) => [String(evaluate(key, scope)), evaluate(value, scope)]),
      );
    case 'unary': {
      const value = evaluate(expression.of, scope);
      if (expression.operator === '!') return !truth(value);
      if (typeof value === 'bigint' || typeof value === 'number') return -value;
      throw noOverload();
    }
    case 'choice':
      return evaluate(truth(evaluate(expression.test, scope)) ? expression.yes : expression.no, scope);
    case 'binary':
      return binary(expression.operator, expression.left, expression.right, scope);
    case 'call':
      return call(expression, scope);
  }
}

function truth(value: CelValue): boolean {
  if (typeof value !== 'boolean') throw noOverload();
  return value;
}

function select(of: CelValue, field: string): CelValue {
  if (!isMap(of)) throw noOverload();
  if (!Object.hasOwn(of, field)) throw new CelError(`no such key: ${field}`);
  return of[field] as CelValue;
}

function index(of: CelValue, at: CelValue): CelValue {
  if (Array.isArray(of)) {
    const value = typeof at === 'bigint' ? of[Number(at)] : undefined;
    if (value === undefined) throw new CelError(`index out of bounds: ${String(at)}`);
    return value;
  }
  return select(of, String(at));
}

/** `&&` and `||` decide by either side: an error counts only if the other side does not settle it. */
function logical(decisive: boolean, left: Expression, right: Expression, scope: Scope): boolean {
  let failure: unknown;
  try {
    if (truth(evaluate(left, scope)) === decisive) return decisive;
  } catch (error) {
    failure = error;
  }
  const value = truth(evaluate(right, scope));
  if (value === decisive || failure === undefined) return value;
  throw failure;
}

function binary(operator: string, left: Expression, right: Expression, scope: Scope): CelValue {
  if (operator === '&&') return logical(false, left, right, scope);
  if (operator === '||') return logical(true, left, right, scope);
  const a = evaluate(left, scope);
  const b = evaluate(right, scope);
  switch (operator) {
    case '==':
      return equal(a, b);
    case '!=':
      return !equal(a, b);
    case '<':
      return compare(a, b) < 0;
    case '<=':
      return compare(a, b) <= 0;
    case '>':
      return compare(a, b) > 0;
    case '>=':
      return compare(a, b) >= 0;
    case 'in':
      if (Array.isArray(b)) return b.some((item) => equal(item, a));
      if (isMap(b)) return Object.hasOwn(b, String(a));
      throw noOverload();
    default:
      return arithmetic(operator, a, b);
  }
}

function arithmetic(operator: string, a: CelValue, b: CelValue): CelValue {
  if (operator === '+') {
    if (typeof a === 'string' && typeof b === 'string') return a + b;
    if (Array.isArray(a) && Array.isArray(b)) return [...a, ...b];
    if (a instanceof Duration && b instanceof Duration) return new Duration(a.nanoseconds + b.nanoseconds);
  }
  if (typeof a === 'bigint' && typeof b === 'bigint') {
    if (operator === '+') return a + b;
    if (operator === '-') return a - b;
    if (operator === '*') return a * b;
    if (b === 0n) throw new CelError(operator === '/' ? 'division by zero' : 'modulus by zero');
    return operator === '/' ? a / b : a % b;
  }
  if (typeof a === 'number' && typeof b === 'number' && operator !== '%') {
    if (operator === '+') return a + b;
    if (operator === '-') return a - b;
    return operator === '*' ? a * b : a / b;
  }
  throw noOverload();
}

type Call = Extract<Expression, { type: 'call' }>;

function call(expression: Call, scope: Scope): CelValue {
  const { on, name, args } = expression;
  if (!on && name === 'has') return has(args[0], scope);
  if (on && args.length >= 2 && name in macros) return macro(name, evaluate(on, scope), args, scope);
  const apply = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (!apply) throw new CelError(`undeclared reference to '${name}'`);
  const values = args.map((argument) => evaluate(argument, scope));
  return apply(...(on ? [evaluate(on, scope), ...values] : values));
}

function has(target: Expression | undefined, scope: Scope): boolean {
  if (target?.type !== 'select') throw new CelError('invalid argument to has() macro');
  const of = evaluate(target.of, scope);
  if (!isMap(of)) throw noOverload();
  return Object.hasOwn(of, target.field);
}

type Each = (test: (item: CelValue) => CelValue, items: CelValue[]) => CelValue;

const macros: Record<string, Each> = {
  all: (test, items) => settle(items, test, false),
  exists: (test, items) => settle(items, test, true),
  exists_one: (test, items) => items.filter((item) => truth(test(item))).length === 1,
  filter: (test, items) => items.filter((item) => truth(test(item))),
  map: (test, items) => items.map(test),
};

/** `all` and `exists`: one decisive item settles it, errors of the others notwithstanding. */
function settle(items: CelValue[], test: (item: CelValue) => CelValue, decisive: boolean): boolean {
  let failure: unknown;
  for (const item of items) {
    try {
      if (truth(test(item)) === decisive) return decisive;
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  return !decisive;
}

function macro(name: string, over: CelValue, args: Expression[], scope: Scope): CelValue {
  const [variable, body, last] = args;
  if (variable?.type !== 'name' || !body) throw new CelError(`invalid argument to ${name}() macro`);
  const items = Array.isArray(over) ? over : isMap(over) ? Object.keys(over as CelMap) : undefined;
  if (!items) throw noOverload();
  const within = (item: CelValue): Scope => ({ ...scope, [variable.name]: item });
  if (name === 'map' && last) {
    return items.filter((item) => truth(evaluate(body, within(item)))).map((item) => evaluate(last, within(item)));
  }
  return (macros[name] as Each)((item) => evaluate(body, within(item)), items);
}
