/**
 * Prints plain data as Kubernetes' tools do (sigs.k8s.io/yaml: JSON, then go-yaml v2's emitter): keys sorted, block style,
 * strings quoted only where another YAML reader would take them for something else, lines folded after column 80.
 */

const bestWidth = 80;

/** `value` as a YAML document that ends with a newline. `undefined` members are left out. */
export function printYaml(value: unknown): string {
  const printer = new Printer();
  printer.node(value, -2, false);
  return printer.finish();
}

class Printer {
  #out = '';
  #column = 0;

  finish(): string {
    return this.#out.endsWith('\n') ? this.#out : `${this.#out}\n`;
  }

  /** `indent`: column of the surrounding block; `fresh`: the cursor stands behind `- `, where a block may start at once. */
  node(value: unknown, indent: number, fresh: boolean): void {
    if (Array.isArray(value)) this.#sequence(value, indent, fresh);
    else if (typeof value === 'object' && value !== null)
      this.#mapping(value as Record<string, unknown>, indent, fresh);
    else {
      this.#space();
      this.#scalar(value, indent);
    }
  }

  #mapping(object: Record<string, unknown>, indent: number, fresh: boolean): void {
    const keys = Object.keys(object).filter((key) => object[key] !== undefined);
    if (keys.length === 0) {
      this.#space();
      this.#put('{}');
      return;
    }
    keys.sort(compareKeys);
    const inner = indent + 2;
    let first = fresh;
    for (const key of keys) {
      if (!first) this.#newline(inner);
      else this.#space();
      first = false;
      if (isSimpleKey(key)) {
        this.#string(key, inner, true);
        this.#put(':');
      } else {
        this.#put('? ');
        this.#string(key, inner, false);
        this.#newline(inner);
        this.#put(':');
      }
      const member = object[key];
      // A sequence in a mapping is not indented.
      this.node(member, Array.isArray(member) ? inner - 2 : inner, false);
    }
  }

  #sequence(items: unknown[], indent: number, fresh: boolean): void {
    if (items.length === 0) {
      this.#space();
      this.#put('[]');
      return;
    }
    const inner = indent + 2;
    let first = fresh;
    for (const item of items) {
      if (!first) this.#newline(inner);
      else this.#space();
      first = false;
      this.#put('-');
      this.node(item, inner, true);
    }
  }

  #scalar(value: unknown, indent: number): void {
    if (typeof value === 'string') this.#string(value, indent, false);
    else if (typeof value === 'number') this.#put(formatNumber(value));
    else this.#put(String(value ?? null));
  }

  #string(text: string, indent: number, key: boolean): void {
    const shape = analyze(text);
    const wrap = Math.max(indent, 0) + 2;
    if (text.includes('\n')) {
      if (!key && shape.blockAllowed) this.#literal(text, wrap);
      else this.#doubleQuoted(text, wrap, key);
    } else if (looksLikeOther(text)) this.#doubleQuoted(text, wrap, key);
    else if (shape.plainAllowed) this.#folded(text, wrap, key);
    else if (shape.singleAllowed) {
      this.#put("'");
      this.#folded(text.replaceAll("'", "''"), wrap, key, true);
      this.#put("'");
    } else this.#doubleQuoted(text, wrap, key);
  }

  /** Plain and single-quoted text: a lone space beyond the width becomes a line break. */
  #folded(text: string, indent: number, key: boolean, quoted = false): void {
    if (key || this.#column + text.length <= bestWidth) {
      this.#put(text);
      return;
    }
    const words = text.split(/(?<! ) (?! )/);
    words.forEach((word, index) => {
      if (index > 0) {
        const edge = quoted && (index === 1 ? words[0] === '' : index === words.length - 1 && word === '');
        if (this.#column > bestWidth && !edge) this.#newline(indent);
        else this.#put(' ');
      }
      this.#put(word);
    });
  }

  #doubleQuoted(text: string, indent: number, key: boolean): void {
    this.#put('"');
    const runes = [...text];
    let spaces = false;
    runes.forEach((rune, index) => {
      if (rune === ' ') {
        if (!key && !spaces && this.#column > bestWidth && index > 0 && index < runes.length - 1) {
          this.#newline(indent);
          if (runes[index + 1] === ' ') this.#put('\\');
        } else this.#put(' ');
        spaces = true;
        return;
      }
      this.#put(isPrintable(rune) && rune !== '"' && rune !== '\\' && !isBreak(rune) ? rune : escapeRune(rune));
      spaces = false;
    });
    this.#put('"');
  }

  #literal(text: string, indent: number): void {
    this.#put('|');
    if (/^[ \n\r\u0085\u2028\u2029]/.test(text)) this.#put('2');
    if (!text.endsWith('\n')) this.#put('-');
    else if (text === '\n' || text.endsWith('\n\n')) this.#put('+');
    const lines = text.split('\n');
    for (const line of lines.slice(0, -1)) {
      this.#out += '\n';
      this.#column = 0;
      if (line !== '') this.#put(' '.repeat(indent) + line);
    }
    const last = lines.at(-1) as string;
    this.#out += '\n';
    this.#column = 0;
    if (last !== '') this.#put(' '.repeat(indent) + last);
  }

  #space(): void {
    if (this.#column > 0 && !this.#out.endsWith(' ')) this.#put(' ');
  }

  #put(text: string): void {
    this.#out += text;
    this.#column += isAscii(text) ? text.length : [...text].length;
  }

  #newline(indent: number): void {
    if (this.#out !== '' && this.#column > 0) this.#out += '\n';
    this.#out += ' '.repeat(Math.max(indent, 0));
    this.#column = Math.max(indent, 0);
  }
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) return false;
  return true;
}

function isBreak(rune: string): boolean {
  return rune === '\n' || rune === '\r' || rune === '\u0085' || rune === '\u2028' || rune === '\u2029';
}

/** go-yaml's is_printable: what stands in text as it is. Characters beyond the first plane do not. */
function isPrintable(rune: string): boolean {
  const code = rune.codePointAt(0) as number;
  if (code === 0x0a || (code >= 0x20 && code <= 0x7e)) return true;
  if (code < 0xa0 || code > 0xffff || code === 0xfeff || code >= 0xfffe) return false;
  return !(code >= 0xd800 && code <= 0xdfff);
}

const namedEscapes: Record<string, string> = {
  '\0': '0',
  '\u0007': 'a',
  '\b': 'b',
  '\t': 't',
  '\n': 'n',
  '\v': 'v',
  '\f': 'f',
  '\r': 'r',
  '\u001b': 'e',
  '"': '"',
  '\\': '\\',
  '\u0085': 'N',
  '\u00a0': '_',
  '\u2028': 'L',
  '\u2029': 'P',
};

function escapeRune(rune: string): string {
  const named = namedEscapes[rune];
  if (named !== undefined) return `\\${named}`;
  const code = rune.codePointAt(0) as number;
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

/** yaml_emitter_analyze_scalar: which styles can carry a text. */
function analyze(text: string): { plainAllowed: boolean; singleAllowed: boolean; blockAllowed: boolean } {
  if (/^[\w./=+-]+$/.test(text) && !/^(?:---|\.\.\.|-$)/.test(text)) {
    return { plainAllowed: true, singleAllowed: true, blockAllowed: true };
  }
  if (text === '') return { plainAllowed: true, singleAllowed: true, blockAllowed: false };
  const special = [...text].some((rune) => !isPrintable(rune));
  const indicators =
    /^(?:---|\.\.\.|[#,[\]{}&*!|>'"%@`]|[?:-](?:[ \t\n\r\u0085\u2028\u2029]|$))/.test(text) ||
    /:(?:[ \t]|$)/.test(text.slice(1)) ||
    /[ \t\n\r\0]#/.test(text);
  const breaks = /[\n\r\u0085\u2028\u2029]/.test(text);
  const breakSpace = /[\n\r\u0085\u2028\u2029] /.test(text);
  const spaceBreak = / [\n\r\u0085\u2028\u2029]/.test(text);
  const edges = /^[ \n\r\u0085\u2028\u2029]|[ \n\r\u0085\u2028\u2029]$/.test(text);
  return {
    plainAllowed: !special && !indicators && !breaks && !edges && !breakSpace && !spaceBreak,
    singleAllowed: !special && !breakSpace && !spaceBreak,
    blockAllowed: !special && !spaceBreak && !text.endsWith(' '),
  };
}

const otherWords = new Set(
  [
    'y Y yes Yes YES true True TRUE on On ON n N no No NO false False FALSE off Off OFF ~ null Null NULL',
    '.nan .NaN .NAN .inf .Inf .INF +.inf +.Inf +.INF -.inf -.Inf -.INF',
  ].flatMap((words) => words.split(' ')),
);

/** Whether a plain `text` would be read as a boolean, null, number or timestamp. */
export function looksLikeOther(text: string): boolean {
  if (text === '' || otherWords.has(text)) return true;
  const first = text.charCodeAt(0);
  const digit = first >= 0x30 && first <= 0x39;
  if (!digit && first !== 0x2b && first !== 0x2d && first !== 0x2e) return false;
  if (text.startsWith('.')) return /^\.[0-9](?:_?[0-9])*(?:[eE][-+]?[0-9]+)?$/.test(text);
  if (/^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/.test(text)) return true;
  if (isTimestamp(text)) return true;
  const plain = text.replaceAll('_', '');
  return (
    /^[-+]?(?:0|[1-9][0-9]*|0[0-7]+|0[oO][0-7]+|0[xX][0-9a-fA-F]+|0[bB][01]+)$/.test(plain) ||
    /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(plain)
  );
}

function isTimestamp(text: string): boolean {
  const match =
    /^\d{4}-(\d{1,2})-(\d{1,2})(?:(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?(?:Z|[-+]\d\d:\d\d))|(?: +(\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?))?$/.exec(
      text,
    );
  if (!match) return false;
  const [month, day, hour, minute, second] = [
    match[1],
    match[2],
    match[3] ?? match[6],
    match[4] ?? match[7],
    match[5] ?? match[8],
  ].map((part) => Number(part ?? 0)) as [number, number, number, number, number];
  return month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour < 24 && minute < 60 && second < 60;
}

function isSimpleKey(key: string): boolean {
  return key.length <= 128 && !isAscii(key)
    ? !/[\n\r\u0085\u2028\u2029]/.test(key)
    : key.length <= 128 && !key.includes('\n');
}

/** A number as Go prints it: integers whole, others with strconv's shortest %g. */
function formatNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return String(value);
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 21) return String(value);
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

const letter = /^\p{L}$/u;
const isLetter = (rune: string) => /^[A-Za-z]$/.test(rune) || (rune > '\x7f' && letter.test(rune));
const isDigit = (rune: string | undefined) => rune !== undefined && rune >= '0' && rune <= '9' && rune.length === 1;

/** go-yaml's order of keys: letters after other signs, digits by their number (`a9` before `a10`). */
function compareKeys(left: string, right: string): number {
  if (left === right) return 0;
  const a = [...left];
  const b = [...right];
  for (let index = 0; index < a.length && index < b.length; index++) {
    const x = a[index] as string;
    const y = b[index] as string;
    if (x === y) continue;
    const xLetter = isLetter(x);
    const yLetter = isLetter(y);
    if (xLetter && yLetter) return (x.codePointAt(0) as number) - (y.codePointAt(0) as number);
    if (xLetter || yLetter) return yLetter ? -1 : 1;
    let start = 0;
    if (x === '0' || y === '0') {
      for (let back = index - 1; back >= 0 && isDigit(a[back]); back--) {
        if (a[back] !== '0') {
          start = 1;
          break;
        }
      }
    }
    const [xNumber, xEnd] = number(a, index, start);
    const [yNumber, yEnd] = number(b, index, start);
    if (xNumber !== yNumber) return xNumber - yNumber;
    if (xEnd !== yEnd) return xEnd - yEnd;
    return (x.codePointAt(0) as number) - (y.codePointAt(0) as number);
  }
  return a.length - b.length;
}

function number(runes: string[], from: number, start: number): [number, number] {
  let value = start;
  let end = from;
  for (; isDigit(runes[end]); end++) value = value * 10 + Number(runes[end]);
  return [value, end];
}
