import type { ParameterExpansionPart, ParameterOperation, Word } from 'unbash';
import { ExpansionError } from '../errors.ts';
import { searcher, wholeMatcher } from '../pattern.ts';
import { elements, entriesOf, indexedEntries, type Variable } from '../variables.ts';
import type { Context, Expander, Waiting } from './expander.ts';
import { Fields } from './fields.ts';
import { transform } from './transform.ts';

/** What a parameter stands for: one text (undefined: unset) or a list (`@`, `*`). */
type Value = { kind: 'text'; text: string | undefined } | { kind: 'list'; items: string[]; star: boolean };

const nameSyntax = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** `$name` without braces. */
export function simpleParameter(expander: Expander, name: string, out: Fields, context: Context): void {
  if (name === '@' || name === '*') {
    emit(expander, { kind: 'list', items: [...expander.shell.state.positional], star: name === '*' }, out, context);
    return;
  }
  const text = expander.shell.parameter(name);
  if (text === undefined) refuseUnset(expander, /^[A-Za-z_]/.test(name) ? name : `$${name}`);
  if (text) out.add(text, context.quoted, !context.quoted);
}

/** `${…}`. */
export function* expandParameter(
  expander: Expander,
  part: ParameterExpansionPart,
  out: Fields,
  context: Context,
): Waiting<void> {
  const { shell } = expander;
  const { operation, prefix } = part;
  if (operation?.type === 'Unknown' || !isParameter(part.parameter)) throw badSubstitution(part);
  if (operation?.type === 'Names') {
    const items = shell.variableNames().filter((name) => name.startsWith(part.parameter));
    emit(expander, { kind: 'list', items: items.sort(), star: operation.operator === '*' }, out, context);
    return;
  }
  let target = { name: part.parameter, index: part.index };
  if (prefix === '!') {
    if (isListIndex(part.index) && !operation) {
      const items = entriesOf(shell.variable(part.parameter)).map(([key]) => key);
      emit(expander, { kind: 'list', items, star: part.index?.text === '*' }, out, context);
      return;
    }
    const indirect = yield* indirection(expander, part);
    if (!indirect) return;
    target = indirect;
  }
  let value = yield* valueAt(expander, target);
  if (prefix === '#') {
    if (value.kind === 'text' && value.text === undefined) refuseUnset(expander, written(target));
    const length = value.kind === 'list' ? value.items.length : [...(value.text ?? '')].length;
    out.add(String(length), context.quoted, !context.quoted);
    return;
  }
  if (operation?.type === 'Default') {
    const unset =
      value.kind === 'list'
        ? value.items.length === 0 || (operation.operator.startsWith(':') && value.items.join('') === '')
        : value.text === undefined || (operation.operator.startsWith(':') && value.text === '');
    const replaced = yield* defaulted(expander, operation, target, unset, out, context);
    if (replaced) return;
  } else if (value.kind === 'text' && value.text === undefined) {
    if (operation?.type !== 'Transform') refuseUnset(expander, written(target));
  }
  if (operation && operation.type !== 'Default') value = yield* operate(expander, operation, target, value, context);
  emit(expander, value, out, context);
}

function isParameter(name: string): boolean {
  return nameSyntax.test(name) || /^(?:\d+|[@*#?$!_-])$/.test(name);
}

function badSubstitution(part: ParameterExpansionPart): ExpansionError {
  return new ExpansionError(`${part.text}: bad substitution`);
}

function written(target: { name: string; index: Word | undefined }): string {
  return target.index ? `${target.name}[${target.index.text}]` : target.name;
}

function refuseUnset(expander: Expander, name: string): void {
  if (!expander.shell.state.options.has('nounset')) return;
  throw new ExpansionError(`${name}: unbound variable`, 127);
}

function isListIndex(index: Word | undefined): boolean {
  return index?.text === '@' || index?.text === '*';
}

/** Adds a value: lists as separate fields or joined, as bash does it where they stand. */
function emit(expander: Expander, value: Value, out: Fields, context: Context): void {
  const { quoted, single } = context;
  if (value.kind === 'text') {
    if (value.text) out.add(value.text, quoted, !quoted);
    return;
  }
  const ifs = expander.shell.state.variables.text('IFS') ?? ' ';
  const joins = quoted && value.star;
  if (joins || single) {
    const separator = value.star ? (ifs[0] ?? '') : ' ';
    const text = value.items.join(separator);
    if (text || joins) out.add(text, quoted, !quoted);
    return;
  }
  for (const [index, item] of value.items.entries()) {
    if (index > 0) out.next();
    if (quoted || item !== '') out.add(item, quoted, !quoted);
  }
}

/** `${!name}`: what the value of `name` names; undefined where it names nothing. */
function* indirection(
  expander: Expander,
  part: ParameterExpansionPart,
): Waiting<{ name: string; index: Word | undefined } | undefined> {
  const { shell } = expander;
  if (part.index === undefined && shell.state.variables.resolve(part.parameter) !== part.parameter) {
    return { name: '', index: plainWord(shell.state.variables.resolve(part.parameter)) };
  }
  const value = yield* valueAt(expander, { name: part.parameter, index: part.index });
  const name = value.kind === 'list' ? value.items.join(' ') : value.text;
  if (name === undefined) {
    if (part.parameter === '!' || part.operation?.type === 'Default')
      return { name: part.parameter, index: part.index };
    throw new ExpansionError(`${part.parameter}: invalid indirect expansion`);
  }
  const [, array, index] = /^([A-Za-z_]\w*)\[(.*)\]$/s.exec(name) ?? [];
  if (array !== undefined && index !== undefined) return { name: array, index: plainWord(index) };
  if (!isParameter(name)) throw new ExpansionError(`${name}: invalid variable name`);
  return { name, index: undefined };
}

function plainWord(text: string): Word {
  return { type: 'Word', text, value: text, pos: 0, end: 0 };
}

function* valueAt(expander: Expander, target: { name: string; index: Word | undefined }): Waiting<Value> {
  const { shell } = expander;
  const { name, index } = target;
  if (name === '') return { kind: 'text', text: index?.text };
  if (name === '@' || name === '*') {
    return { kind: 'list', items: [...shell.state.positional], star: name === '*' };
  }
  if (!index) return { kind: 'text', text: shell.parameter(name) };
  const variable = shell.variable(name);
  if (isListIndex(index)) return { kind: 'list', items: elements(variable), star: index.text === '*' };
  const key = yield* subscript(expander, name, index);
  return { kind: 'text', text: elementOf(expander, name, variable, key) };
}

/** The key an index stands for: a text for associative arrays, else a number. */
export function* subscript(expander: Expander, name: string, index: Word): Waiting<string | number> {
  if (expander.shell.state.variables.isAssociative(name)) return yield* expander.text(index, undefined);
  return Number(yield* expander.arithmetic(index.text));
}

function elementOf(
  expander: Expander,
  name: string,
  variable: Variable | undefined,
  key: string | number,
): string | undefined {
  const value = variable?.value;
  if (value instanceof Map) return value.get(String(key));
  if (!Array.isArray(value)) return Number(key) === 0 || Number(key) === -1 ? value : undefined;
  const at = Number(key) < 0 ? value.length + Number(key) : Number(key);
  if (at < 0) expander.shell.complain(`${name}: bad array subscript`);
  return value[at];
}

/** The operators with `-`, `=`, `?` and `+`; true if the value was replaced. */
function* defaulted(
  expander: Expander,
  operation: ParameterOperation & { type: 'Default' },
  target: { name: string; index: Word | undefined },
  unset: boolean,
  out: Fields,
  context: Context,
): Waiting<boolean> {
  const { shell } = expander;
  const operator = operation.operator.at(-1);
  if (operator === '+') {
    if (!unset) yield* operand(expander, operation.operand, out, context);
    return true;
  }
  if (!unset) return false;
  if (operator === '-') yield* operand(expander, operation.operand, out, context);
  else if (operator === '?') {
    const given = new Fields();
    yield* operand(expander, operation.operand, given, { quoted: context.quoted, single: true });
    const text = given.text();
    const standard = operation.operator === ':?' ? 'parameter null or not set' : 'parameter not set';
    throw new ExpansionError(`${written(target)}: ${text || standard}`, 127);
  } else {
    const given = new Fields();
    yield* operand(expander, operation.operand, given, { quoted: context.quoted, single: true });
    const text = given.text();
    if (!nameSyntax.test(target.name)) {
      throw new ExpansionError(`$${target.name}: cannot assign in this way`);
    }
    if (target.index) {
      const key = yield* subscript(expander, target.name, target.index);
      shell.state.variables.assignElement(target.name, key, text);
    } else shell.state.variables.assign(target.name, text);
    if (text) out.add(text, context.quoted, !context.quoted);
  }
  return true;
}

/** An operand keeps its own quotes; what is unquoted in it is split like the result of an expansion. */
function* operand(expander: Expander, word: Word, out: Fields, context: Context): Waiting<void> {
  if (context.quoted) {
    yield* expander.word(word, out, { quoted: true, single: context.single });
    return;
  }
  const inner = new Fields();
  yield* expander.word(word, inner, { quoted: false, single: context.single, tilde: 'start' });
  for (const [index, pieces] of inner.all.entries()) {
    if (index > 0) out.next();
    for (const piece of pieces) out.add(piece.text, piece.quoted, !piece.quoted);
  }
}

function* operate(
  expander: Expander,
  operation: Exclude<ParameterOperation, { type: 'Default' }>,
  target: { name: string; index: Word | undefined },
  value: Value,
  context: Context,
): Waiting<Value> {
  if (operation.type === 'Slice') return yield* slice(expander, operation, target, value);
  if (operation.type === 'Transform') {
    const letter = operation.operand.text;
    if (!/^[QEPAaUuLKk]$/.test(letter)) {
      if (value.kind === 'text' && value.text === undefined) return value;
      throw new ExpansionError(`\${${written(target)}@${letter}}: bad substitution`);
    }
    return yield* transform(expander, letter, target.name, target.index, value, context);
  }
  const change = yield* changer(expander, operation);
  if (value.kind === 'list') return { ...value, items: value.items.map(change) };
  return { kind: 'text', text: value.text === undefined ? undefined : change(value.text) };
}

/** What `#`, `%`, `/`, `^` and `,` do to each text. */
function* changer(
  expander: Expander,
  operation: Exclude<ParameterOperation, { type: 'Default' | 'Slice' | 'Transform' }>,
): Waiting<(text: string) => string> {
  const ignoreCase = expander.shell.state.shopts.has('nocasematch');
  switch (operation.type) {
    case 'Remove': {
      const pattern = yield* expander.pattern(operation.operand);
      const longest = operation.operator.length === 2;
      return operation.operator.startsWith('#')
        ? (text) => removePrefix(text, pattern, longest)
        : (text) => removeSuffix(text, pattern, longest);
    }
    case 'Replace': {
      const pattern = yield* expander.pattern(operation.pattern);
      const fields = new Fields();
      yield* expander.word(operation.replacement, fields, { quoted: false, single: true, tilde: 'start' });
      const pieces = fields.all.flat();
      const anchor = operation.operator === '/#' ? 'start' : operation.operator === '/%' ? 'end' : undefined;
      const all = operation.operator === '//';
      return (text) => replace(text, pattern, pieces, { all, ignoreCase, ...(anchor ? { anchor } : {}) });
    }
    case 'CaseModification': {
      const pattern = operation.operand ? yield* expander.pattern(operation.operand) : '';
      const matcher = wholeMatcher(pattern === '' ? '?' : pattern);
      const upper = operation.operator.startsWith('^');
      const change = (letter: string) => {
        if (!matcher.test(letter)) return letter;
        const changed = upper ? letter.toUpperCase() : letter.toLowerCase();
        return [...changed].length === 1 ? changed : letter;
      };
      if (operation.operator.length === 2) return (text) => [...text].map(change).join('');
      return (text) => {
        const [first = '', ...rest] = text;
        return first === '' ? '' : change(first) + rest.join('');
      };
    }
    default:
      return (text) => text;
  }
}

function removePrefix(text: string, pattern: string, longest: boolean): string {
  const matcher = wholeMatcher(pattern);
  for (let step = 0; step <= text.length; step++) {
    const at = longest ? text.length - step : step;
    if (matcher.test(text.slice(0, at))) return text.slice(at);
  }
  return text;
}

function removeSuffix(text: string, pattern: string, longest: boolean): string {
  const matcher = wholeMatcher(pattern);
  for (let step = 0; step <= text.length; step++) {
    const at = longest ? step : text.length - step;
    if (matcher.test(text.slice(at))) return text.slice(0, at);
  }
  return text;
}

interface ReplaceOptions {
  all: boolean;
  ignoreCase: boolean;
  anchor?: 'start' | 'end';
}

/** An unquoted `&` in the replacement stands for the match (patsub_replacement, on by default). */
function replace(
  text: string,
  pattern: string,
  replacement: { text: string; quoted: boolean }[],
  options: ReplaceOptions,
): string {
  if (pattern === '' && !options.anchor) return text;
  const expression = searcher(pattern, options);
  const fill = (match: string) =>
    replacement.map((piece) => (piece.quoted ? piece.text : filled(piece.text, match))).join('');
  let result = '';
  let at = 0;
  for (;;) {
    expression.lastIndex = at;
    const match = expression.exec(text);
    if (!match || (match[0] === '' && !options.anchor)) break;
    result += text.slice(at, match.index) + fill(match[0]);
    at = match.index + match[0].length;
    if (!options.all || options.anchor) break;
  }
  return result + text.slice(at);
}

function filled(text: string, match: string): string {
  return text.replace(/\\(&|\\)|&/g, (whole, escaped: string | undefined) =>
    escaped === undefined ? match : escaped === '&' ? '&' : whole,
  );
}

function* slice(
  expander: Expander,
  operation: ParameterOperation & { type: 'Slice' },
  target: { name: string; index: Word | undefined },
  value: Value,
): Waiting<Value> {
  const evaluateWord = function* (word: Word): Waiting<number> {
    try {
      return Number(yield* expander.arithmetic(word.text));
    } catch (error) {
      if (error instanceof Error && error.name === 'ArithmeticError') {
        throw new ExpansionError(`${target.name}: ${error.message}`);
      }
      throw error;
    }
  };
  if (value.kind === 'text' && value.text === undefined) return value;
  let offset = yield* evaluateWord(operation.offset);
  const length = operation.length ? yield* evaluateWord(operation.length) : undefined;
  const refuse = (): never => {
    throw new ExpansionError(`${operation.length?.text ?? ''}: substring expression < 0`);
  };
  if (value.kind === 'text') {
    const letters = [...(value.text ?? '')];
    if (offset < 0) offset += letters.length;
    if (offset < 0 || offset > letters.length) return { kind: 'text', text: '' };
    const end = length === undefined ? letters.length : length < 0 ? letters.length + length : offset + length;
    if (end < offset) refuse();
    return { kind: 'text', text: letters.slice(offset, end).join('') };
  }
  if (length !== undefined && length < 0) refuse();
  const positional = target.name === '@' || target.name === '*';
  const items = positional ? [expander.shell.state.name, ...value.items] : value.items;
  if (positional && offset < 0 && -offset > items.length) return { ...value, items: [] };
  if (!positional) {
    const array = expander.shell.variable(target.name)?.value;
    if (Array.isArray(array)) return { ...value, items: sliceArray(array, offset, length) };
  }
  const start = offset < 0 ? items.length + offset : offset;
  if (start < 0) return { ...value, items: [] };
  return { ...value, items: items.slice(start, length === undefined ? undefined : start + length) };
}

/** Offsets of a sparse array count indices, lengths count elements. */
function sliceArray(array: (string | undefined)[], offset: number, length: number | undefined): string[] {
  const start = offset < 0 ? array.length + offset : offset;
  if (start < 0) return [];
  const items = indexedEntries(array).filter(([index]) => index >= start);
  return items.slice(0, length).map(([, item]) => item);
}
