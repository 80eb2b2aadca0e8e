const named: Record<string, string> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\x1b': '\\E',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  "'": "\\'",
};

/** `$'…'`: bash's ansic_quote. */
export function ansiQuote(text: string): string {
  let quoted = '';
  for (const letter of text) {
    const code = letter.codePointAt(0) as number;
    if (named[letter]) quoted += named[letter];
    else if (code < 32 || code === 127) quoted += `\\${code.toString(8).padStart(3, '0')}`;
    else quoted += letter;
  }
  return `$'${quoted}'`;
}

export function isUnprintable(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return /[\x00-\x1f\x7f]/.test(text);
}

/** `'it'\''s'`: bash's sh_single_quote. */
export function singleQuote(text: string): string {
  if (text === "'") return "\\'";
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** `"a\$b"`: bash's sh_double_quote. */
export function doubleQuote(text: string): string {
  return isUnprintable(text) ? ansiQuote(text) : `"${text.replace(/["$`\\]/g, '\\$&')}"`;
}

/** `a\ b`: bash's sh_backslash_quote, as `printf %q` writes. */
export function backslashQuote(text: string): string {
  if (text === '') return "''";
  if (isUnprintable(text)) return ansiQuote(text);
  return text
    .replace(/[\s'"`\\|&;()<>!{}*[\]?^$,]/g, '\\$&')
    .replace(/^[#~]/, '\\$&')
    .replace(/([:=])~/g, '$1\\~');
}

/** As `${x@Q}` writes. */
export function reusable(text: string): string {
  return isUnprintable(text) ? ansiQuote(text) : singleQuote(text);
}

/** As `set` and `alias` write values, and `set -x` words: quoted only where the shell would read something else. */
export function quoteIfNeeded(text: string): string {
  if (isUnprintable(text)) return ansiQuote(text);
  return needsQuotes(text) ? singleQuote(text) : text;
}

export function traced(text: string): string {
  return text === '' ? "''" : quoteIfNeeded(text);
}

function needsQuotes(text: string): boolean {
  return /[\s'"\\|&;()<>!{}*[\]?^$`]|^[#~]|[:=]~/.test(text);
}

/** The value of `$'…'` escapes; `echo -e`, `printf %b` and `printf` formats read nearly the same. */
export interface EscapeOptions {
  /** `\0nnn` with up to three digits after the 0 (echo, %b), and `\nnn` too (%b and formats). */
  octal: 'zero' | 'plain' | 'both';
  /** `\'`, `\"` and `\?` lose their backslash (formats). */
  quotes?: boolean;
}

/** Replaces escapes; `stopped` where `\c` ends the output. Bytes above 127 stand as characters U+0080–U+00FF. */
export function decodeEscapes(text: string, options: EscapeOptions): { bytes: Uint8Array; stopped: boolean } {
  const chunks: number[] = [];
  const encoder = new TextEncoder();
  const push = (part: string) => {
    for (const byte of encoder.encode(part)) chunks.push(byte);
  };
  const sequence =
    /\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|(0[0-7]{0,3}|[0-7]{1,3})|([\s\S]))/y;
  const simple: Record<string, string> = { a: '\x07', b: '\b', e: '\x1b', E: '\x1b', f: '\f', n: '\n', r: '\r' };
  Object.assign(simple, { t: '\t', v: '\v', '\\': '\\' });
  if (options.quotes) Object.assign(simple, { "'": "'", '"': '"', '?': '?' });
  for (let at = 0; at < text.length; ) {
    const next = text.indexOf('\\', at);
    if (next < 0) {
      push(text.slice(at));
      break;
    }
    push(text.slice(at, next));
    sequence.lastIndex = next;
    const match = sequence.exec(text);
    if (!match) {
      push(text.slice(next));
      break;
    }
    at = sequence.lastIndex;
    const [whole, hex, short, long, octal, letter] = match;
    if (hex !== undefined) chunks.push(Number.parseInt(hex, 16));
    else if (short !== undefined || long !== undefined) push(codePoint(short ?? long ?? '0'));
    else if (octal !== undefined) {
      if (options.octal === 'zero' && !octal.startsWith('0')) push(whole);
      else {
        const digits = options.octal === 'plain' ? octal.slice(0, 3) : octal;
        at -= octal.length - digits.length;
        chunks.push(Number.parseInt(digits, 8) & 0xff);
      }
    } else if (letter === 'c' && !options.quotes) return { bytes: Uint8Array.from(chunks), stopped: true };
    else push(simple[letter as string] ?? whole);
  }
  return { bytes: Uint8Array.from(chunks), stopped: false };
}

function codePoint(hex: string): string {
  const code = Number.parseInt(hex, 16);
  return code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code);
}
