import type { ArrayValue, Assignment, Word } from 'unbash';
import { evaluate } from './arithmetic.ts';
import { ExpansionError } from './errors.ts';
import { type Waiting, wordOf } from './expand/expander.ts';
import { subscript } from './expand/parameter.ts';
import type { Shell } from './shell.ts';
import { copyIndexed, type Variable, VariableError } from './variables.ts';

/** An element of `(…)`: with its subscript as written, or without. */
export interface ArrayItem {
  key: Word | undefined;
  append: boolean;
  value: string;
}

/** An assignment whose right side is expanded. */
export interface Assigned {
  name: string;
  index: Word | undefined;
  append: boolean;
  value: string | ArrayItem[];
}

/** Expands an assignment's value, without assigning. */
export function* expandAssignment(shell: Shell, node: Assignment): Waiting<Assigned> {
  const { name, index, append } = node;
  const value =
    node.value.type === 'ArrayValue' ? yield* arrayItems(shell, node.value) : yield* text(shell, node.value);
  return { name, index, append: append === true, value };
}

function* text(shell: Shell, word: Word): Waiting<string> {
  return yield* shell.expander.text(word, 'assignment');
}

function* arrayItems(shell: Shell, array: ArrayValue): Waiting<ArrayItem[]> {
  const items: ArrayItem[] = [];
  for (const element of array.elements) {
    const keyed = element.text.startsWith('[') ? keyedElement(element.text) : undefined;
    if (keyed) {
      const value = yield* text(shell, wordOf(keyed.value === '' ? "''" : keyed.value));
      items.push({ key: wordOf(keyed.key), append: keyed.append, value });
    } else {
      const fields: string[] = [];
      yield* shell.expander.fields(element, fields);
      for (const value of fields) items.push({ key: undefined, append: false, value });
    }
  }
  return items;
}

/** `[key]=value` and `[key]+=value`, brackets and quotes in the key heeded. */
function keyedElement(source: string): { key: string; append: boolean; value: string } | undefined {
  let depth = 0;
  for (let at = 0; at < source.length; at++) {
    const letter = source[at];
    if (letter === '\\') at++;
    else if (letter === "'" || letter === '"') at = source.indexOf(letter, at + 1);
    else if (letter === '[') depth++;
    else if (letter === ']' && --depth === 0) {
      const append = source.startsWith('+=', at + 1);
      if (!append && source[at + 1] !== '=') return undefined;
      return { key: source.slice(1, at), append, value: source.slice(at + (append ? 3 : 2)) };
    }
    if (at < 0) return undefined;
  }
  return undefined;
}

/** Carries an expanded assignment out. Throws `VariableError` and arithmetic's errors. */
export function* assign(shell: Shell, { name, index, append, value }: Assigned): Waiting<void> {
  const { variables } = shell.state;
  const target = variables.resolve(name);
  const indirect = /^([A-Za-z_]\w*)\[(.*)\]$/s.exec(target);
  if (indirect?.[1] !== undefined) {
    yield* assign(shell, { name: indirect[1], index: wordOf(indirect[2] ?? ''), append, value });
    return;
  }
  if (typeof value !== 'string') {
    yield* assignArray(shell, target, append, value);
    return;
  }
  const old = variables.get(target);
  if (!index) {
    const before = append ? (variables.text(target) ?? '') : '';
    variables.assign(target, combined(shell, old, before, value, append));
    return;
  }
  if (index.text === '') throw new VariableError(`${name}[${index.text}]: bad array subscript`);
  let key = yield* subscript(shell.expander, target, index);
  const present = old?.value;
  if (typeof key === 'number' && key < 0) {
    const length = Array.isArray(present) ? present.length : typeof present === 'string' ? 1 : 0;
    if (key + length < 0) throw new VariableError(`${name}[${index.text}]: bad array subscript`);
    key += length;
  }
  const before = !append
    ? ''
    : present instanceof Map
      ? (present.get(String(key)) ?? '')
      : ((Array.isArray(present) ? present[Number(key)] : key === 0 ? present : undefined) ?? '');
  variables.assignElement(target, key, combined(shell, old, before, value, append));
}

/** What is stored: sums where the variable is an integer, else texts joined. */
function combined(
  shell: Shell,
  variable: Variable | undefined,
  before: string,
  value: string,
  append: boolean,
): string {
  if (before.length + value.length > shell.limits.text) {
    throw new ExpansionError(`xrealloc: cannot allocate ${before.length + value.length} bytes`, 2);
  }
  if (!variable?.integer) return append ? before + value : value;
  const sum = evaluate(value, shell.arithmetic) + (append ? evaluate(before, shell.arithmetic) : 0n);
  return String(BigInt.asIntN(64, sum));
}

function* assignArray(shell: Shell, name: string, append: boolean, items: ArrayItem[]): Waiting<void> {
  const { variables } = shell.state;
  const old = variables.get(name);
  if (old?.readonly) throw new VariableError(`${name}: readonly variable`);
  if (variables.isAssociative(name)) {
    const map = append && old?.value instanceof Map ? new Map(old.value) : new Map<string, string>();
    variables.put(name, { ...old, kind: 'associative', value: map });
    for (let at = 0; at < items.length; at++) {
      const item = items[at] as ArrayItem;
      const key = item.key ? yield* shell.expander.text(item.key, undefined) : item.value;
      const value = item.key ? item.value : (items[++at]?.value ?? '');
      const before = item.append ? (map.get(key) ?? '') : '';
      map.set(key, combined(shell, old, before, value, item.append));
    }
    return;
  }
  const present = append ? old?.value : undefined;
  const array = Array.isArray(present) ? copyIndexed(present) : typeof present === 'string' ? [present] : [];
  let next = array.length;
  const filled: (string | undefined)[] = array;
  for (const item of items) {
    if (item.key) {
      next = Number(yield* shell.expander.arithmetic(item.key.text));
      if (next < 0) next += filled.length;
      if (next < 0) throw new VariableError(`[${item.key.text}]=${item.value}: bad array subscript`);
    }
    filled[next] = combined(shell, old, item.append ? (filled[next] ?? '') : '', item.value, item.append);
    next++;
  }
  variables.put(name, { ...old, kind: 'indexed', value: filled });
}

/** `name`, `name=value`, `name+=value`, `name[key]=value` as an argument (declare, export …); undefined if it is none. */
export function splitAssignment(
  argument: string,
): { name: string; index: string | undefined; append: boolean; value: string | undefined } | undefined {
  const match = /^([A-Za-z_]\w*)(?:\[([^\]]*)\])?(?:(\+?=)([\s\S]*))?$/.exec(argument);
  if (!match) return undefined;
  const [, name = '', index, operator, value] = match;
  return { name, index, append: operator === '+=', value: operator ? (value ?? '') : undefined };
}
