import { fromBase64 } from '../../kernel/base64.ts';
import { decode } from '../../kernel/streams.ts';
import { KubectlError } from './errors.ts';
import { goQuote } from './flags.ts';
import { isRecord, type KubeObject } from './objects.ts';
import { valueText } from './output-template.ts';

/** A part of a Go template: text, an output, or a block. */
type Part =
  | { type: 'text'; text: string }
  | { type: 'output'; pipeline: string }
  | { type: 'range' | 'if' | 'with'; pipeline: string; body: Part[]; otherwise: Part[] };

/** The simple part of Go's templates: fields, range, if, else, with, end, variables `.`, `$`, and a few functions. */
export function goTemplatePrinter(template: string, allowMissing: boolean): (object: KubeObject) => string {
  const parts = parse(template);
  return (object) => {
    try {
      return execute(parts, object, { root: object, variables: new Map(), allowMissing });
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      throw new KubectlError(`error executing template ${goQuote(template)}: template: output:1: ${error.message}`);
    }
  };
}

class TemplateError extends Error {}

interface Scope {
  root: unknown;
  variables: Map<string, unknown>;
  allowMissing: boolean;
}

function parse(template: string): Part[] {
  const tokens = [
    ...template.matchAll(/\{\{(-\s)?\s*(\/\*[\s\S]*?\*\/|(?:"(?:[^"\\]|\\.)*"|`[^`]*`|[^}"`])*?)\s*(\s-)?\}\}/g),
  ];
  const root: Part[] = [];
  const stack: { parts: Part[]; block?: Part & { body: Part[]; otherwise: Part[] }; chained: number }[] = [
    { parts: root, chained: 0 },
  ];
  const fail = (message: string) =>
    new KubectlError(`error parsing template ${template}, template: output:1: ${message}`);
  let position = 0;
  let trim = false;
  for (const token of tokens) {
    let text = template.slice(position, token.index);
    if (trim) text = text.trimStart();
    if (token[1]) text = text.trimEnd();
    trim = token[3] !== undefined;
    position = token.index + token[0].length;
    const top = stack.at(-1) as (typeof stack)[number];
    if (text !== '') top.parts.push({ type: 'text', text });
    const action = (token[2] as string).trim();
    const keyword = /^(range|if|with|else|end)\b\s*(.*)$/s.exec(action);
    if (action.startsWith('/*')) continue;
    if (!keyword) {
      if (action === '') throw fail('missing value for command');
      top.parts.push({ type: 'output', pipeline: action });
    } else if (keyword[1] === 'end') {
      if (!top.block) throw fail('unexpected {{end}}');
      for (let closing = top.chained; closing >= 0; closing--) stack.pop();
    } else if (keyword[1] === 'else') {
      if (!top.block) throw fail('unexpected {{else}}');
      top.parts = top.block.otherwise;
      const chained = /^if\s+(.*)$/s.exec(keyword[2] as string);
      if (chained) {
        const block: Part = { type: 'if', pipeline: chained[1] as string, body: [], otherwise: [] };
        top.parts.push(block);
        stack.push({ parts: block.body, block, chained: top.chained + 1 });
      }
    } else {
      const type = keyword[1] as 'range' | 'if' | 'with';
      const block = { type, pipeline: keyword[2] as string, body: [], otherwise: [] };
      top.parts.push(block);
      stack.push({ parts: block.body, block, chained: 0 });
    }
  }
  let rest = template.slice(position);
  if (rest.includes('{{')) throw fail(/\{\{[^}]*\}(?!\})/.test(rest) ? "bad character U+007D '}'" : 'unclosed action');
  if (trim) rest = rest.trimStart();
  if (rest !== '') (stack.at(-1) as (typeof stack)[number]).parts.push({ type: 'text', text: rest });
  if (stack.length > 1) throw fail('unexpected EOF');
  return root;
}

function execute(parts: Part[], dot: unknown, scope: Scope): string {
  let text = '';
  for (const part of parts) {
    if (part.type === 'text') text += part.text;
    else if (part.type === 'output') {
      const assignment = /^\$(\w+)\s*:?=\s*(.*)$/s.exec(part.pipeline);
      if (assignment) scope.variables.set(assignment[1] as string, evaluate(assignment[2] as string, dot, scope));
      else text += show(evaluate(part.pipeline, dot, scope));
    } else if (part.type === 'range') text += executeRange(part, dot, scope);
    else {
      const value = evaluate(part.pipeline, dot, scope);
      if (truth(value)) text += execute(part.body, part.type === 'with' ? value : dot, scope);
      else text += execute(part.otherwise, dot, scope);
    }
  }
  return text;
}

function executeRange(part: Part & { type: 'range' | 'if' | 'with' }, dot: unknown, scope: Scope): string {
  const declared = /^\$(\w+)(?:\s*,\s*\$(\w+))?\s*:=\s*(.*)$/s.exec(part.pipeline);
  const value = evaluate(declared ? (declared[3] as string) : part.pipeline, dot, scope);
  const entries: [unknown, unknown][] = Array.isArray(value)
    ? value.map((item, index) => [index, item])
    : isRecord(value)
      ? Object.keys(value)
          .sort()
          .map((key) => [key, value[key]])
      : [];
  if (entries.length === 0) return execute(part.otherwise, dot, scope);
  return entries
    .map(([key, item]) => {
      if (declared?.[2]) {
        scope.variables.set(declared[1] as string, key);
        scope.variables.set(declared[2], item);
      } else if (declared) scope.variables.set(declared[1] as string, item);
      return execute(part.body, item, scope);
    })
    .join('');
}

function evaluate(pipeline: string, dot: unknown, scope: Scope): unknown {
  let value: unknown;
  splitOutside(pipeline, '|').forEach((stage, index) => {
    value = command(stage.trim(), dot, scope, index > 0 ? [value] : []);
  });
  return value;
}

function command(stage: string, dot: unknown, scope: Scope, piped: unknown[]): unknown {
  const words = splitOutside(stage, ' ').filter((word) => word !== '');
  const [head = '', ...rest] = words;
  const args = () => [...rest.map((word) => operand(word, dot, scope)), ...piped];
  if (/^[a-zA-Z]\w*$/.test(head) && !['true', 'false', 'nil'].includes(head)) return call(head, args());
  return operand(head, dot, scope);
}

function operand(word: string, dot: unknown, scope: Scope): unknown {
  if (/^".*"$/s.test(word)) return JSON.parse(word) as unknown;
  if (/^`.*`$/s.test(word)) return word.slice(1, -1);
  if (/^[-+]?\d/.test(word)) return Number(word);
  if (word === 'true' || word === 'false') return word === 'true';
  if (word === 'nil') return null;
  if (word.startsWith('(')) {
    const close = word.lastIndexOf(')');
    return fields(evaluate(word.slice(1, close), dot, scope), word.slice(close + 1), scope);
  }
  const variable = /^\$(\w*)(.*)$/s.exec(word);
  if (variable) {
    const base = variable[1] === '' ? scope.root : scope.variables.get(variable[1] as string);
    return fields(base, variable[2] as string, scope);
  }
  if (word.startsWith('.')) return fields(dot, word, scope);
  throw new TemplateError(`function ${goQuote(word)} not defined`);
}

function fields(base: unknown, path: string, scope: Scope): unknown {
  let value = base;
  for (const name of path.split('.').filter(Boolean)) {
    if (!isRecord(value)) {
      if (value === null || value === undefined) return undefined;
      throw new TemplateError(`executing "output" at <${path}>: can't evaluate field ${name} in type interface {}`);
    }
    if (!Object.hasOwn(value, name) && !scope.allowMissing) {
      throw new TemplateError(`executing "output" at <${path}>: map has no entry for key ${goQuote(name)}`);
    }
    value = value[name];
  }
  return value;
}

function call(name: string, args: unknown[]): unknown {
  const [first, second] = args;
  switch (name) {
    case 'index':
      return args.slice(1).reduce((value: unknown, key) => {
        if (Array.isArray(value)) {
          const index = Number(key);
          if (index >= value.length) throw new TemplateError(`error calling index: index out of range: ${index}`);
          return value[index] as unknown;
        }
        return isRecord(value) ? value[String(key)] : undefined;
      }, first);
    case 'len':
      if (typeof first === 'string' || Array.isArray(first)) return first.length;
      return isRecord(first) ? Object.keys(first).length : 0;
    case 'eq':
      return args.slice(1).some((other) => other === first);
    case 'ne':
      return first !== second;
    case 'lt':
      return (first as number) < (second as number);
    case 'le':
      return (first as number) <= (second as number);
    case 'gt':
      return (first as number) > (second as number);
    case 'ge':
      return (first as number) >= (second as number);
    case 'and':
      return args.find((arg) => !truth(arg)) ?? args.at(-1);
    case 'or':
      return args.find(truth) ?? args.at(-1);
    case 'not':
      return !truth(first);
    case 'print':
      return args.map(show).join('');
    case 'println':
      return `${args.map(show).join(' ')}\n`;
    case 'printf': {
      let next = 1;
      return String(first).replace(/%(?:(%)|([-\d]*)([svdq]))/g, (_, percent, width: string, verb: string) => {
        if (percent) return '%';
        const shown = verb === 'q' ? goQuote(show(args[next++])) : show(args[next++]);
        const size = Number(width || 0);
        return size < 0 ? shown.padEnd(-size) : shown.padStart(size);
      });
    }
    case 'base64decode':
      return decodeBase64(String(first));
    case 'exists':
      return (
        args.slice(1).reduce((value: unknown, key) => (isRecord(value) ? value[String(key)] : undefined), first) !==
        undefined
      );
    default:
      throw new TemplateError(`function ${goQuote(name)} not defined`);
  }
}

function truth(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isRecord(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

function show(value: unknown): string {
  if (value === undefined || value === null) return '<no value>';
  if (Array.isArray(value)) return `[${value.map(show).join(' ')}]`;
  if (!isRecord(value)) return valueText(value);
  return `map[${Object.keys(value)
    .sort()
    .map((key) => `${key}:${show(value[key])}`)
    .join(' ')}]`;
}

/** Splits at `separator` where no quotes or parentheses are open. */
function splitOutside(text: string, separator: string): string[] {
  const parts = [''];
  let depth = 0;
  let quote = '';
  for (let index = 0; index < text.length; index++) {
    const rune = text[index] as string;
    if (quote !== '') {
      if (rune === quote && text[index - 1] !== '\\') quote = '';
    } else if (rune === '"' || rune === '`') quote = rune;
    else if (rune === '(') depth++;
    else if (rune === ')') depth--;
    else if (rune === separator && depth === 0) {
      parts.push('');
      continue;
    }
    parts[parts.length - 1] += rune;
  }
  return parts;
}

function decodeBase64(encoded: string): string {
  const bytes = fromBase64(encoded);
  if (!bytes) throw new TemplateError('error calling base64decode: illegal base64 data at input byte 0');
  return decode(bytes);
}
