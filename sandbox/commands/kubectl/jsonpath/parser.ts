/** A template that cannot be parsed or evaluated; the message is client-go's. */
export class JsonPathError extends Error {
  override name = 'JsonPathError';
}

export interface SliceBound {
  known: boolean;
  value: number;
  /** Not written: one more than the start. */
  derived: boolean;
}

export type Node =
  | { type: 'list'; nodes: Node[] }
  | { type: 'text'; text: string }
  | { type: 'field'; name: string }
  | { type: 'identifier'; name: string }
  | { type: 'array'; bounds: [SliceBound, SliceBound, SliceBound] }
  | { type: 'filter'; left: Node[]; right: Node[]; operator: string }
  | { type: 'literal'; value: number | boolean; float: boolean }
  | { type: 'wildcard' }
  | { type: 'recursive' }
  | { type: 'union'; members: Node[][] };

/** Parses a template: text with actions in braces (client-go/util/jsonpath/parser.go). */
export function parseJsonPath(template: string): Node[] {
  const root: Node[] = [];
  let position = 0;
  while (position < template.length) {
    const brace = template.indexOf('{', position);
    if (brace < 0) {
      root.push({ type: 'text', text: template.slice(position) });
      break;
    }
    if (brace > position) root.push({ type: 'text', text: template.slice(position, brace) });
    const action = new ActionParser(template, brace + 1);
    root.push({ type: 'list', nodes: action.nodes });
    action.parse();
    position = action.position;
  }
  return root;
}

/** The nodes of one action, given without its braces. */
function parseAction(text: string): Node[] {
  const first = parseJsonPath(`{${text}}`)[0];
  return first?.type === 'list' ? first.nodes : [];
}

const terminators = new Set([undefined, ' ', '\t', '\r', '\n', '.', ',', '[', ']', '$', '@', '{', '}']);
const isAlphaNumeric = (rune: string | undefined) => rune !== undefined && /^[\p{L}\p{Nd}_]$/u.test(rune);

class ActionParser {
  readonly nodes: Node[] = [];
  position: number;
  readonly #text: string;

  constructor(text: string, position: number) {
    this.#text = text;
    this.position = position;
  }

  parse(): void {
    const text = this.#text;
    for (;;) {
      const rune = text[this.position];
      if (rune === '}') {
        this.position++;
        return;
      }
      if (text.startsWith('[?(', this.position)) this.#filter();
      else if (text.startsWith('..', this.position)) this.#recursive();
      else if (rune === undefined || rune === '\n' || rune === '\r') throw new JsonPathError('unclosed action');
      else if (rune === ' ' || rune === '@' || rune === '$') this.position++;
      else if (rune === '[') this.#array();
      else if (rune === '"' || rune === "'") this.#quote(rune);
      else if (rune === '.') this.#field(this.position + 1);
      else if (rune === '+' || rune === '-' || /[0-9]/.test(rune)) this.#number();
      else if (isAlphaNumeric(rune)) this.#identifier();
      else throw new JsonPathError(`unrecognized character in action: ${unicode(text, this.position)}`);
    }
  }

  /** The end of what an escape-aware scan from `start` takes. */
  #scanField(start: number): number {
    let index = start;
    while (!terminators.has(this.#text[index])) index += this.#text[index] === '\\' ? 2 : 1;
    return Math.min(index, this.#text.length);
  }

  #field(start: number): void {
    const end = this.#scanField(start);
    const name = this.#text.slice(start, end);
    this.position = end;
    this.nodes.push(name === '*' ? { type: 'wildcard' } : { type: 'field', name: name.replaceAll('\\', '') });
  }

  #identifier(): void {
    let end = this.position;
    while (!terminators.has(this.#text[end])) end++;
    const name = this.#text.slice(this.position, end);
    this.position = end;
    this.nodes.push(
      name === 'true' || name === 'false'
        ? { type: 'literal', value: name === 'true', float: false }
        : { type: 'identifier', name },
    );
  }

  #recursive(): void {
    if (this.nodes.at(-1)?.type === 'recursive') throw new JsonPathError('invalid multiple recursive descent');
    this.position += 2;
    this.nodes.push({ type: 'recursive' });
    if (isAlphaNumeric(this.#text[this.position])) this.#field(this.position);
  }

  #number(): void {
    let end = this.position;
    if (/[+-]/.test(this.#text[end] as string)) end++;
    while (/[.0-9]/.test(this.#text[end] ?? '')) end++;
    const written = this.#text.slice(this.position, end);
    const value = Number(written);
    if (Number.isNaN(value) || !/[0-9]/.test(written)) throw new JsonPathError(`cannot parse number ${written}`);
    this.position = end;
    this.nodes.push({ type: 'literal', value, float: written.includes('.') });
  }

  #quote(quote: string): void {
    const start = this.position;
    let end = start + 1;
    for (; ; end++) {
      const rune = this.#text[end];
      if (rune === undefined || rune === '\n') throw new JsonPathError('unterminated quoted string');
      if (rune === quote && this.#text[end - 1] !== '\\') break;
    }
    const written = this.#text.slice(start, end + 1);
    this.position = end + 1;
    this.nodes.push({ type: 'text', text: unquote(written) });
  }

  #array(): void {
    const start = this.position + 1;
    let end = start;
    for (; this.#text[end] !== ']'; end++) {
      if (end >= this.#text.length || this.#text[end] === '\n') throw new JsonPathError('unterminated array');
    }
    let inner = this.#text.slice(start, end);
    this.position = end + 1;
    if (inner === '*') inner = ':';
    const parts = inner.split(',');
    if (parts.length > 1) {
      this.nodes.push({
        type: 'union',
        members: parts.map((part) => parseAction(`[${part.replace(/^ +| +$/g, '')}]`)),
      });
      return;
    }
    const key = /^'([^']*)'$/.exec(inner);
    if (key) {
      this.nodes.push(...parseAction(`.${key[1]}`));
      return;
    }
    const slice = /^(-?\d*)(:-?\d*)?(:-?\d*)?$/.exec(inner);
    if (!slice) throw new JsonPathError(`invalid array index ${inner}`);
    this.nodes.push({ type: 'array', bounds: bounds(slice.slice(1, 4)) });
  }

  #filter(): void {
    const start = this.position + 3;
    let end = start;
    let pair: string | undefined;
    let closed = false;
    for (; ; end++) {
      const rune = this.#text[end];
      if (rune === undefined || rune === '\n') throw new JsonPathError('unterminated filter');
      if (rune === '"' || rune === "'") {
        if (pair === undefined) pair = rune;
        else if (rune === pair && this.#text[end - 1] !== '\\') closed = true;
      } else if (rune === ')' && (pair !== undefined) === closed) break;
    }
    if (this.#text[end + 1] !== ']') throw new JsonPathError('unclosed array expect ]');
    const inner = this.#text.slice(start, end);
    this.position = end + 2;
    const comparison = /^([^!<>=]+)([!<>=]+)(.+?)$/.exec(inner);
    if (!comparison) {
      this.nodes.push({ type: 'filter', left: parseAction(inner), right: [], operator: 'exists' });
      return;
    }
    const [, left = '', operator = '', right = ''] = comparison;
    this.nodes.push({ type: 'filter', left: parseAction(left), right: parseAction(right), operator });
  }
}

function bounds(written: (string | undefined)[]): [SliceBound, SliceBound, SliceBound] {
  const read = (index: number): SliceBound => {
    const text = written[index] ?? '';
    const value = index > 0 ? text.slice(1) : text;
    if (text === '' || value === '') return { known: false, value: 0, derived: false };
    if (!/^-?\d+$/.test(value)) throw new JsonPathError(`array index ${value} is not a number`);
    return { known: true, value: Number(value), derived: false };
  };
  const [start, step] = [read(0), read(2)];
  const end = written[1] ? read(1) : { known: true, value: start.value + 1, derived: true };
  return [start, end, step];
}

function unicode(text: string, position: number): string {
  const rune = String.fromCodePoint(text.codePointAt(position) as number);
  return `U+${(rune.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')} '${rune}'`;
}

const escapes: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

function unquote(written: string): string {
  const inner = written.slice(1, -1);
  if (!inner.includes('\\')) return inner;
  const pattern = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.?))/gs;
  return inner.replace(pattern, (_, two, four, eight, octal, sign: string) => {
    const hex = two ?? four ?? eight;
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (octal) return String.fromCodePoint(Number.parseInt(octal, 8));
    const value = escapes[sign];
    const otherQuote = sign !== written[0] && (sign === '"' || sign === "'");
    if (value === undefined || otherQuote) {
      throw new JsonPathError(`unquote string ${written} error invalid syntax`);
    }
    return value;
  });
}
