import type { Word } from 'unbash';
import { expandPrompt } from '../prompt.ts';
import { decodeEscapes, doubleQuote, reusable } from '../quote.ts';
import { entriesOf, type Variable } from '../variables.ts';
import type { Context, Expander, Waiting } from './expander.ts';

type Value = { kind: 'text'; text: string | undefined } | { kind: 'list'; items: string[]; star: boolean };

/** `${name@letter}`. */
export function* transform(
  expander: Expander,
  letter: string,
  name: string,
  index: Word | undefined,
  value: Value,
  _context: Context,
): Waiting<Value> {
  const variable = expander.shell.variable(name);
  if (letter === 'a') {
    if (!variable) return { kind: 'text', text: undefined };
    const flags = attributeFlags(variable);
    return value.kind === 'list' ? { ...value, items: value.items.map(() => flags) } : { kind: 'text', text: flags };
  }
  if (letter === 'A') {
    if (!variable && value.kind === 'text') return { kind: 'text', text: undefined };
    return { kind: 'text', text: assignmentText(name, index, variable, value) };
  }
  if ((letter === 'K' || letter === 'k') && value.kind === 'list') {
    const entries = entriesOf(variable);
    if (letter === 'k') return { ...value, items: entries.flat() };
    return { kind: 'text', text: entries.map(([key, text]) => `${key} ${doubleQuote(text)}`).join(' ') };
  }
  if (letter === 'P') {
    if (value.kind === 'text') {
      return { kind: 'text', text: value.text && (yield* expandPrompt(expander.shell, value.text)) };
    }
    const items: string[] = [];
    for (const item of value.items) items.push(yield* expandPrompt(expander.shell, item));
    return { ...value, items };
  }
  const change = changes[letter] ?? ((text: string) => text);
  if (value.kind === 'list') return { ...value, items: value.items.map(change) };
  return { kind: 'text', text: value.text === undefined ? undefined : change(value.text) };
}

const changes: Record<string, (text: string) => string> = {
  Q: reusable,
  K: reusable,
  k: reusable,
  U: (text) => text.toUpperCase(),
  L: (text) => text.toLowerCase(),
  u: (text) => text.slice(0, 1).toUpperCase() + text.slice(1),
  E: (text) => new TextDecoder().decode(decodeEscapes(text, { octal: 'both', quotes: true }).bytes),
};

/** The letters that `declare` takes for a variable's attributes, in bash's order. */
export function attributeFlags(variable: Variable): string {
  const array = Array.isArray(variable.value) || (variable.kind === 'indexed' && !(variable.value instanceof Map));
  return [
    array ? 'a' : '',
    variable.value instanceof Map || variable.kind === 'associative' ? 'A' : '',
    variable.integer ? 'i' : '',
    variable.nameref ? 'n' : '',
    variable.readonly ? 'r' : '',
    variable.exported ? 'x' : '',
    variable.lower ? 'l' : '',
    variable.upper ? 'u' : '',
  ].join('');
}

/** `([0]="a" [1]="b")`, as `declare -p` writes an array. */
export function arrayText(variable: Variable): string {
  const associative = variable.value instanceof Map;
  const entries = entriesOf(variable).map(([key, text]) => {
    const shown = associative && /[\s'"$`\\[\]*?]/.test(key) ? doubleQuote(key) : key;
    return `[${shown}]=${doubleQuote(text)}`;
  });
  return `(${entries.join(' ')}${associative && entries.length > 0 ? ' ' : ''})`;
}

function assignmentText(name: string, index: Word | undefined, variable: Variable | undefined, value: Value): string {
  if (value.kind === 'list' && (name === '@' || name === '*')) {
    return `set -- ${value.items.map(reusable).join(' ')}`;
  }
  const flags = variable ? attributeFlags(variable) : '';
  if (value.kind === 'list' && variable) return `declare -${flags} ${name}=${arrayText(variable)}`;
  const text = value.kind === 'text' ? (value.text ?? '') : value.items.join(' ');
  const target = index ? `${name}[${index.text}]` : name;
  return flags === '' ? `${target}=${reusable(text)}` : `declare -${flags} ${target}=${reusable(text)}`;
}
