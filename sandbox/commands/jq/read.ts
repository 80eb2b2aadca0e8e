import type { Json, JsonObject } from '../../kernel/json.ts';

/** The input is no JSON: `Invalid numeric literal at line 1, column 5`. */
export class ParseError extends Error {
  override name = 'ParseError';
}

/** One value of an input, and how many lines had been read when it was complete. */
export interface Parsed {
  value: Json;
  line: number;
}

/** The JSON values that follow one another in a text. Throws `ParseError`. */
export function* readValues(text: string): Generator<Parsed> {
  const reader = new Reader(text.startsWith('\ufeff') ? text.slice(1) : text);
  while (reader.more()) yield { value: reader.value(), line: reader.line() };
}

export function readValue(text: string): Json {
  const reader = new Reader(text);
  if (!reader.more()) throw new ParseError('Expected JSON value');
  const value = reader.value();
  if (reader.more()) throw new ParseError('Unexpected extra JSON values');
  return value;
}

const literals: Record<string, Json> = { true: true, false: false, null: null, nan: Number.NaN, NaN: Number.NaN };

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  more(): boolean {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++;
    return this.#at < this.#text.length;
  }

  /** Lines begun so far, the one of the last value with its end if it has one. */
  line(): number {
    const end = this.#text.indexOf('\n', this.#at);
    const read = this.#text.slice(0, end < 0 ? this.#text.length : end + 1);
    return read.split('\n').length - 1;
  }

  value(): Json {
    this.more();
    const symbol = this.#text[this.#at];
    if (symbol === undefined) return this.#fail('Unfinished JSON term');
    if (symbol === '{') return this.#object();
    if (symbol === '[') return this.#array();
    if (symbol === '"') return this.#string();
    const word = /[^\s,:[\]{}"]+/y;
    word.lastIndex = this.#at;
    const token = word.exec(this.#text)?.[0];
    if (token === undefined)
      return this.#fail(
        symbol === ':'
          ? "':' not as part of an object"
          : symbol === ','
            ? 'Expected value before'
            : `Unmatched '${symbol}'`,
        1,
      );
    this.#at += token.length;
    if (Object.hasOwn(literals, token)) return literals[token] as Json;
    if (/^-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(token)) return Number(token);
    return this.#fail(
      /^[tfn]/.test(token) && !/^[a-z]+['"]/.test(token) ? 'Invalid literal' : 'Invalid numeric literal',
      1,
    );
  }

  #fail(message: string, ahead = 0): never {
    const at = Math.min(this.#text.length, this.#at + ahead);
    const read = this.#text.slice(0, at);
    const lines = read.split('\n');
    const where = ahead === 0 && this.#at >= this.#text.length ? ' at EOF' : '';
    throw new ParseError(`${message}${where} at line ${lines.length}, column ${(lines.at(-1) ?? '').length}`);
  }

  #array(): Json[] {
    const items: Json[] = [];
    this.#at++;
    this.more();
    if (this.#text[this.#at] === ']') {
      this.#at++;
      return items;
    }
    for (;;) {
      items.push(this.value());
      this.more();
      const symbol = this.#text[this.#at];
      if (symbol === undefined) return this.#fail('Unfinished JSON term');
      this.#at++;
      if (symbol === ']') return items;
      if (symbol !== ',')
        return this.#fail(symbol === ':' ? "':' not as part of an object" : 'Expected separator between values');
      this.more();
      if (this.#text[this.#at] === ']') return this.#fail('Expected another array element', 1);
    }
  }

  #object(): JsonObject {
    const object: JsonObject = {};
    this.#at++;
    this.more();
    if (this.#text[this.#at] === '}') {
      this.#at++;
      return object;
    }
    for (;;) {
      this.more();
      if (this.#text[this.#at] === '}') return this.#fail('Objects must consist of key:value pairs', 1);
      const key = this.value();
      if (typeof key !== 'string') return this.#fail('Object keys must be strings', 1);
      this.more();
      if (this.#text[this.#at] === undefined) return this.#fail('Unfinished JSON term');
      if (this.#text[this.#at++] !== ':') return this.#fail('Objects must consist of key:value pairs');
      object[key] = this.value();
      this.more();
      const symbol = this.#text[this.#at];
      if (symbol === undefined) return this.#fail('Unfinished JSON term');
      this.#at++;
      if (symbol === '}') return object;
      if (symbol !== ',') return this.#fail('Expected separator between values');
    }
  }

  #string(): string {
    const pattern = /"((?:[^"\\]|\\[\s\S])*)"/y;
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (!match) {
      this.#at = this.#text.length;
      return this.#fail('Unfinished string');
    }
    this.#at += match[0].length;
    const body = match[1] as string;
    if (!body.includes('\\')) return body;
    return body.replace(/\\(u([0-9a-fA-F]{4})|[\s\S])/g, (_, letter: string, hex: string | undefined) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      const plain = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '"': '"', '\\': '\\', '/': '/' }[letter];
      return plain ?? this.#fail('Invalid escape');
    });
  }
}
