import type { Json, JsonObject } from '../../kernel/json.ts';
import { arithmetic } from './arithmetic.ts';
import { applyFormat } from './formats.ts';
import { deletePaths, getIndex, getPath, iterate, setPath, slice } from './paths.ts';
import { CompileError, type Definition, type Node, type Pattern } from './syntax.ts';
import { Break, compare, described, format, isObject, JqError, truthy, typeOf } from './values.ts';

/** A value on its way through filters; with a path where paths are asked for, `null` where it has none any more. */
export interface Item {
  value: Json;
  path?: Json[] | null;
}

/** A filter with the scope it was written in. */
export interface Closure {
  node: Node;
  scope: Scope;
}

type Native = (input: Item, args: Closure[], evaluator: Evaluator) => Iterable<Item>;

/** Names that are visible somewhere: filters by `name/arity`, variables, labels. */
export class Scope {
  readonly #parent: Scope | undefined;
  readonly #variables = new Map<string, Json>();
  readonly #functions = new Map<string, { definition: Definition; scope: Scope } | { closure: Closure }>();
  readonly #labels = new Map<string, object>();

  constructor(parent?: Scope) {
    this.#parent = parent;
  }

  define(definition: Definition): this {
    this.#functions.set(`${definition.name}/${definition.parameters.length}`, { definition, scope: this });
    return this;
  }

  bindClosure(name: string, closure: Closure): this {
    this.#functions.set(`${name}/0`, { closure });
    return this;
  }

  bind(name: string, value: Json): this {
    this.#variables.set(name, value);
    return this;
  }

  label(name: string, label: object): this {
    this.#labels.set(name, label);
    return this;
  }

  variable(name: string): Json | undefined {
    for (let scope: Scope | undefined = this; scope; scope = scope.#parent) {
      const value = scope.#variables.get(name);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  callee(key: string) {
    for (let scope: Scope | undefined = this; scope; scope = scope.#parent) {
      const found = scope.#functions.get(key);
      if (found) return found;
    }
    return undefined;
  }

  labelled(name: string): object | undefined {
    for (let scope: Scope | undefined = this; scope; scope = scope.#parent) {
      const found = scope.#labels.get(name);
      if (found) return found;
    }
    return undefined;
  }
}

/** Runs programs. `natives`: filters written in TypeScript, by `name/arity`. */
export class Evaluator {
  readonly #natives: ReadonlyMap<string, Native>;

  constructor(natives: ReadonlyMap<string, Native>) {
    this.#natives = natives;
  }

  /** All values of a filter, without paths. */
  *values(closure: Closure, input: Json): Generator<Json> {
    for (const { value } of this.run(closure.node, { value: input }, closure.scope)) yield value;
  }

  /** All outputs of a filter; their paths too where the input has one. */
  *run(node: Node, input: Item, scope: Scope): Generator<Item> {
    switch (node.type) {
      case 'identity':
      case 'location':
        yield input;
        return;
      case 'recurse':
        yield* this.#recurse(input);
        return;
      case 'literal':
        yield plain(input, node.value);
        return;
      case 'format':
        yield plain(input, applyFormat(node.name, input.value));
        return;
      case 'string':
        yield* this.#string(node, input, scope);
        return;
      case 'index':
        for (const target of this.run(node.target, input, scope)) {
          for (const key of this.run(node.key, { value: input.value }, scope)) yield step(target, key.value);
        }
        return;
      case 'slice':
        yield* this.#slice(node, input, scope);
        return;
      case 'iterate':
        for (const target of this.run(node.target, input, scope)) yield* each(target);
        return;
      case 'try':
        yield* this.#try(node, input, scope);
        return;
      case 'array': {
        const items: Json[] = [];
        if (node.body) for (const { value } of this.run(node.body, { value: input.value }, scope)) items.push(value);
        yield plain(input, items);
        return;
      }
      case 'object':
        for (const object of this.#object(node.entries, 0, {}, input, scope)) yield plain(input, object);
        return;
      case 'negate':
        for (const { value } of this.run(node.body, { value: input.value }, scope)) {
          if (typeof value !== 'number') throw new JqError(`${described(value)} cannot be negated`);
          yield plain(input, -value);
        }
        return;
      case 'pipe':
        for (const item of this.run(node.left, input, scope)) yield* this.run(node.right, item, scope);
        return;
      case 'comma':
        yield* this.run(node.left, input, scope);
        yield* this.run(node.right, input, scope);
        return;
      case 'and':
      case 'or':
        for (const left of this.run(node.left, { value: input.value }, scope)) {
          if (truthy(left.value) === (node.type === 'or')) yield plain(input, node.type === 'or');
          else
            for (const right of this.run(node.right, { value: input.value }, scope))
              yield plain(input, truthy(right.value));
        }
        return;
      case 'alternative':
        yield* this.#alternative(node, input, scope);
        return;
      case 'binary':
        for (const right of this.run(node.right, { value: input.value }, scope)) {
          for (const left of this.run(node.left, { value: input.value }, scope)) {
            yield plain(input, operate(node.operator, left.value, right.value));
          }
        }
        return;
      case 'assign':
        for (const value of this.#assign(node, input.value, scope)) yield plain(input, value);
        return;
      case 'if':
        for (const condition of this.run(node.condition, { value: input.value }, scope)) {
          yield* this.run(truthy(condition.value) ? node.then : node.otherwise, input, scope);
        }
        return;
      case 'reduce':
        yield* this.#reduce(node, input, scope);
        return;
      case 'foreach':
        for (const start of this.run(node.start, input, scope)) {
          let state = start;
          for (const item of this.run(node.source, { value: input.value }, scope)) {
            for (const inner of this.#destructure(node.pattern, item.value, scope)) {
              for (const next of this.run(node.update, state, inner)) {
                state = next;
                yield* this.run(node.extract, state, inner);
              }
            }
          }
        }
        return;
      case 'define':
        yield* this.run(node.rest, input, new Scope(scope).define(node.definition));
        return;
      case 'call':
        yield* this.#call(node.name, node.args, input, scope);
        return;
      case 'variable':
        yield plain(input, this.#variable(node.name, scope));
        return;
      case 'bind':
        yield* this.#bind(node, input, scope);
        return;
      case 'label': {
        const label = {};
        try {
          yield* this.run(node.body, input, new Scope(scope).label(node.name, label));
        } catch (error) {
          if (!(error instanceof Break) || error.label !== label) throw error;
        }
        return;
      }
      case 'break': {
        const label = scope.labelled(node.name);
        if (!label) throw new CompileError(`$*label-${node.name} is not defined at <top-level>, line 1:`);
        throw new Break(label);
      }
    }
  }

  #variable(name: string, scope: Scope): Json {
    const value = scope.variable(name);
    if (value === undefined) throw new CompileError(`$${name} is not defined at <top-level>, line 1:`);
    return value;
  }

  *#recurse(item: Item): Generator<Item> {
    yield item;
    if (typeof item.value !== 'object' || item.value === null) return;
    for (const child of each(item)) yield* this.#recurse(child);
  }

  *#string(node: Node & { type: 'string' }, input: Item, scope: Scope): Generator<Item> {
    const build = function* (evaluator: Evaluator, at: number): Generator<string> {
      const part = node.parts[at];
      if (part === undefined) yield '';
      else if (typeof part === 'string') for (const rest of build(evaluator, at + 1)) yield part + rest;
      else {
        for (const { value } of evaluator.run(part, { value: input.value }, scope)) {
          const text = node.format
            ? applyFormat(node.format, value)
            : typeof value === 'string'
              ? value
              : format(value);
          for (const rest of build(evaluator, at + 1)) yield text + rest;
        }
      }
    };
    for (const text of build(this, 0)) yield plain(input, text);
  }

  *#slice(node: Node & { type: 'slice' }, input: Item, scope: Scope): Generator<Item> {
    const bounds = (bound: Node | undefined): Iterable<Item> =>
      bound ? this.run(bound, { value: input.value }, scope) : [{ value: null }];
    for (const target of this.run(node.target, input, scope)) {
      for (const to of bounds(node.to)) {
        for (const from of bounds(node.from)) {
          const path = extend(target, { start: from.value, end: to.value });
          yield { value: slice(target.value, from.value, to.value), ...path };
        }
      }
    }
  }

  *#try(node: Node & { type: 'try' }, input: Item, scope: Scope): Generator<Item> {
    try {
      yield* this.run(node.body, input, scope);
    } catch (error) {
      if (!(error instanceof JqError)) throw error;
      if (isObject(error.value) && error.value.__jq === 'break') return;
      if (node.handler)
        yield* this.run(
          node.handler,
          { value: error.value, ...(input.path === undefined ? {} : { path: null }) },
          scope,
        );
    }
  }

  *#object(
    entries: { key: Node; value: Node }[],
    at: number,
    made: JsonObject,
    input: Item,
    scope: Scope,
  ): Generator<JsonObject> {
    const entry = entries[at];
    if (!entry) {
      yield { ...made };
      return;
    }
    for (const key of this.run(entry.key, { value: input.value }, scope)) {
      if (typeof key.value !== 'string') {
        throw new JqError(`Object keys must be strings`);
      }
      for (const { value } of this.run(entry.value, { value: input.value }, scope)) {
        yield* this.#object(entries, at + 1, { ...made, [key.value]: value }, input, scope);
      }
    }
  }

  *#alternative(node: { left: Node; right: Node }, input: Item, scope: Scope): Generator<Item> {
    let any = false;
    try {
      for (const item of this.run(node.left, input, scope)) {
        if (!truthy(item.value)) continue;
        any = true;
        yield item;
      }
    } catch (error) {
      if (!(error instanceof JqError)) throw error;
    }
    if (!any) yield* this.run(node.right, input, scope);
  }

  *#assign(node: Node & { type: 'assign' }, input: Json, scope: Scope): Generator<Json> {
    const paths = () => [...this.run(node.left, { value: input, path: [] }, scope)].map(validPath);
    if (node.operator === '|=') {
      let result = input;
      const gone: Json[][] = [];
      for (const path of paths()) {
        const [next] = this.run(node.right, { value: getPath(result, path) }, scope);
        if (next) result = setPath(result, path, next.value);
        else gone.push(path);
      }
      yield gone.length > 0 ? deletePaths(result, gone) : result;
      return;
    }
    for (const { value } of this.run(node.right, { value: input }, scope)) {
      let result = input;
      for (const path of paths()) {
        const old = getPath(result, path);
        let next = value;
        if (node.operator === '//=') next = truthy(old) ? old : value;
        else if (node.operator !== '=') next = arithmetic(node.operator[0] as string, old, value);
        result = setPath(result, path, next);
      }
      yield result;
    }
  }

  *#reduce(node: Node & { type: 'reduce' }, input: Item, scope: Scope): Generator<Item> {
    for (const start of this.run(node.start, input, scope)) {
      let state: Item | undefined = start;
      for (const item of this.run(node.source, { value: input.value }, scope)) {
        for (const inner of this.#destructure(node.pattern, item.value, scope)) {
          let last: Item | undefined;
          for (const next of this.run(node.update, state ?? { value: null }, inner)) last = next;
          state = last;
        }
      }
      yield state ?? plain(input, null);
    }
  }

  *#bind(node: Node & { type: 'bind' }, input: Item, scope: Scope): Generator<Item> {
    const all = new Scope(scope);
    if (node.patterns.length > 1)
      for (const pattern of node.patterns) for (const name of names(pattern)) all.bind(name, null);
    for (const { value } of this.run(node.source, { value: input.value }, scope)) {
      for (const [at, pattern] of node.patterns.entries()) {
        try {
          for (const inner of this.#destructure(pattern, value, all)) yield* this.run(node.body, input, inner);
          break;
        } catch (error) {
          if (!(error instanceof JqError) || at === node.patterns.length - 1) throw error;
        }
      }
    }
  }

  *#destructure(pattern: Pattern, value: Json, scope: Scope): Generator<Scope> {
    if (pattern.type === 'variable') {
      yield new Scope(scope).bind(pattern.name, value);
      return;
    }
    if (pattern.type === 'array') {
      if (value !== null && !Array.isArray(value)) throw new JqError(`Cannot index ${typeOf(value)} with number`);
      yield* this.#sequence(
        pattern.items.map((item, at) => ({ pattern: item, value: getIndex(value, at) })),
        scope,
      );
      return;
    }
    yield* this.#entries(pattern.entries, 0, value, scope);
  }

  *#sequence(items: { pattern: Pattern; value: Json }[], scope: Scope): Generator<Scope> {
    const [first, ...rest] = items;
    if (!first) yield scope;
    else for (const inner of this.#destructure(first.pattern, first.value, scope)) yield* this.#sequence(rest, inner);
  }

  *#entries(
    entries: (Pattern & { type: 'object' })['entries'],
    at: number,
    value: Json,
    scope: Scope,
  ): Generator<Scope> {
    const entry = entries[at];
    if (!entry) {
      yield scope;
      return;
    }
    for (const key of this.run(entry.key, { value }, scope)) {
      if (typeof key.value !== 'string') throw new JqError(`Cannot index ${typeOf(value)} with ${typeOf(key.value)}`);
      const member = getIndex(value, key.value);
      const inner = entry.variable === undefined ? scope : new Scope(scope).bind(entry.variable, member);
      const nested = entry.value ? this.#destructure(entry.value, member, inner) : [inner];
      for (const each of nested) yield* this.#entries(entries, at + 1, value, each);
    }
  }

  *#call(name: string, args: Node[], input: Item, scope: Scope): Generator<Item> {
    const key = `${name}/${args.length}`;
    const callee = scope.callee(key);
    if (!callee) {
      const native = this.#natives.get(key);
      if (!native) throw new CompileError(`${key} is not defined at <top-level>, line 1:`);
      yield* native(
        input,
        args.map((node) => ({ node, scope })),
        this,
      );
      return;
    }
    if ('closure' in callee) {
      yield* this.run(callee.closure.node, input, callee.closure.scope);
      return;
    }
    const inner = new Scope(callee.scope);
    for (const [at, parameter] of callee.definition.parameters.entries()) {
      inner.bindClosure(parameter, { node: args[at] as Node, scope });
    }
    yield* this.run(callee.definition.body, input, inner);
  }
}

function names(pattern: Pattern): string[] {
  if (pattern.type === 'variable') return [pattern.name];
  if (pattern.type === 'array') return pattern.items.flatMap(names);
  return pattern.entries.flatMap(({ variable, value }) => [
    ...(variable ? [variable] : []),
    ...(value ? names(value) : []),
  ]);
}

/** A new value: it lies on no path. */
export function plain(input: Item, value: Json): Item {
  return input.path === undefined ? { value } : { value, path: null };
}

function extend(item: Item, key: Json): { path?: Json[] } {
  if (item.path === undefined) return {};
  return { path: [...validPath(item), key] };
}

/** The path of an item that must have one. Throws `JqError`. */
export function validPath(item: Item): Json[] {
  if (!item.path) throw new JqError(`Invalid path expression with result ${cut(format(item.value))}`);
  return item.path;
}

function cut(text: string): string {
  return text.length > 11 ? `${text.slice(0, 10)}...` : text;
}

export function step(item: Item, key: Json): Item {
  if (item.path === null) throw new JqError(`Invalid path expression with result ${cut(format(item.value))}`);
  return { value: getIndex(item.value, key), ...extend(item, key) };
}

export function* each(item: Item): Generator<Item> {
  if (item.path === null) throw new JqError(`Invalid path expression with result ${cut(format(item.value))}`);
  for (const [key, value] of iterate(item.value)) yield { value, ...extend(item, key) };
}

function operate(operator: string, left: Json, right: Json): Json {
  switch (operator) {
    case '==':
      return compare(left, right) === 0;
    case '!=':
      return compare(left, right) !== 0;
    case '<':
      return compare(left, right) < 0;
    case '<=':
      return compare(left, right) <= 0;
    case '>':
      return compare(left, right) > 0;
    case '>=':
      return compare(left, right) >= 0;
    default:
      return arithmetic(operator, left, right);
  }
}
