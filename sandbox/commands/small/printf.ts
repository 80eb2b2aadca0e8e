/** What printf(1) makes of its arguments. `stop`: a `\c` was met. */
export interface Printed {
  text: string;
  errors: string[];
}

const simple: Record<string, string> = {
  a: '\x07',
  b: '\b',
  e: '\x1b',
  E: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

/** The escapes of `echo -e` and `%b` (octal needs a leading 0 there) or of a printf format. `stop` at `\c`. */
export function unescaped(text: string, kind: 'echo' | 'format'): { text: string; stop: boolean } {
  const pattern =
    /\\(?:(0[0-7]{0,3}|[1-7][0-7]{0,2})|x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([\s\S]))/g;
  let [result, from] = ['', 0];
  for (const match of text.matchAll(pattern)) {
    const [whole, octal, hex, unicode, wide, letter] = match;
    result += text.slice(from, match.index);
    from = match.index + whole.length;
    if (octal !== undefined) {
      if (kind === 'echo' && octal[0] !== '0') result += whole;
      else result += String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
    } else if (hex !== undefined) result += String.fromCharCode(Number.parseInt(hex, 16));
    else if (unicode !== undefined || wide !== undefined) {
      result += String.fromCodePoint(Math.min(0x10ffff, Number.parseInt((unicode ?? wide) as string, 16)));
    } else if (letter === 'c') return { text: result, stop: true };
    else if (letter === '"' && kind === 'format') result += '"';
    else result += simple[letter as string] ?? whole;
  }
  return { text: result + text.slice(from), stop: false };
}

/** Formats like printf(1): the format is used again as long as arguments are left. */
export function printf(format: string, args: readonly string[]): Printed {
  const errors: string[] = [];
  const rest = [...args];
  let text = '';
  do {
    const before = rest.length;
    const round = once(format, rest, errors);
    text += round.text;
    if (round.stop || rest.length === before) break;
  } while (rest.length > 0);
  return { text, errors };
}

function once(format: string, rest: string[], errors: string[]): { text: string; stop: boolean } {
  let [text, from] = ['', 0];
  const pattern = /%([-+ #0']*)(\*|\d+)?(?:\.(\*|-?\d*))?(?:hh|h|ll|l|L|q|j|z|t)?([\s\S]?)/g;
  for (const match of format.matchAll(pattern)) {
    const literal = unescaped(format.slice(from, match.index), 'format');
    text += literal.text;
    if (literal.stop) return { text, stop: true };
    from = match.index + match[0].length;
    const [whole, flags = '', widthText, precisionText, verb = ''] = match;
    if (verb === '%') {
      text += '%';
      continue;
    }
    const star = (value: string | undefined) => (value === '*' ? integer(rest.shift() ?? '0', errors) : value);
    let width = Number(star(widthText) ?? 0);
    const left = flags.includes('-') || width < 0;
    width = Math.abs(width);
    const given = star(precisionText);
    const precision = given === undefined ? undefined : Number(given);
    if (!'diouxXcsbqeEfFgGaA'.includes(verb) || verb === '') {
      errors.push(
        verb === '' ? `${whole}: invalid conversion specification` : `${whole}: invalid conversion specification`,
      );
      return { text, stop: true };
    }
    const argument = rest.shift();
    if (verb === 'b') {
      const plain = unescaped(argument ?? '', 'echo');
      text += fill(plain.text, width, left);
      if (plain.stop) return { text, stop: true };
    } else
      text += fill(convert(verb, argument, flags, precision, errors), width, left, zeroFilled(verb, flags, precision));
  }
  const literal = unescaped(format.slice(from), 'format');
  return { text: text + literal.text, stop: literal.stop };
}

function zeroFilled(verb: string, flags: string, precision: number | undefined): boolean {
  return flags.includes('0') && !'cs'.includes(verb) && (precision === undefined || 'eEfFgG'.includes(verb));
}

function fill(text: string, width: number, left: boolean, zeros = false): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (left) return text + ' '.repeat(missing);
  if (!zeros) return ' '.repeat(missing) + text;
  const sign = /^(?:[-+ ]|0[xX])*/.exec(text)?.[0] ?? '';
  return sign + '0'.repeat(missing) + text.slice(sign.length);
}

function convert(
  verb: string,
  argument: string | undefined,
  flags: string,
  precision: number | undefined,
  errors: string[],
): string {
  if (verb === 's') return precision === undefined ? (argument ?? '') : (argument ?? '').slice(0, precision);
  if (verb === 'c') return [...(argument ?? '')][0] ?? '';
  if (verb === 'q') return shellQuote(argument ?? '');
  if ('eEfFgGaA'.includes(verb)) {
    const value = float(argument ?? '0', errors);
    const text = floatText(verb, Math.abs(value), precision, flags.includes('#'));
    const sign = value < 0 || Object.is(value, -0) ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
    return sign + text;
  }
  const value = BigInt(integer(argument ?? '0', errors));
  const unsigned = value < 0n ? value + (1n << 64n) : value;
  if (verb === 'd' || verb === 'i') {
    const digits = (value < 0n ? -value : value).toString().padStart(precision ?? 1, '0');
    return (value < 0n ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '') + digits;
  }
  const base = { o: 8, u: 10, x: 16, X: 16 }[verb as 'o'];
  let digits = unsigned.toString(base).padStart(precision ?? 1, '0');
  if (flags.includes('#') && unsigned !== 0n) digits = (verb === 'o' ? '0' : verb === 'u' ? '' : '0x') + digits;
  return verb === 'X' ? digits.toUpperCase() : digits;
}

/** The integer of an argument (decimal, octal, hexadecimal, or `'c` for a character), as decimal text. */
function integer(text: string, errors: string[]): string {
  if (/^["']/.test(text)) return String(text.codePointAt(1) ?? 0);
  const match = /^\s*([-+]?)(0[xX][0-9a-fA-F]+|\d+)/.exec(text);
  if (!match) {
    if (text !== '') errors.push(`'${text}': expected a numeric value`);
    return '0';
  }
  if (match[0].length < text.length) errors.push(`'${text}': value not completely converted`);
  const digits = match[2] as string;
  const octal = /^0[0-7]+$/.test(digits);
  return `${match[1] === '-' ? '-' : ''}${BigInt(octal ? `0o${digits.slice(1)}` : /^0[xX]/.test(digits) ? digits : digits.replace(/^0+(?=\d)/, ''))}`;
}

function float(text: string, errors: string[]): number {
  if (/^["']/.test(text)) return text.codePointAt(1) ?? 0;
  const match = /^\s*[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?|0x[0-9a-f]+|inf(?:inity)?|nan)/i.exec(text);
  if (!match) {
    if (text !== '') errors.push(`'${text}': expected a numeric value`);
    return 0;
  }
  if (match[0].length < text.length) errors.push(`'${text}': value not completely converted`);
  return Number(match[0].replace(/inf(inity)?/i, 'Infinity'));
}

/** C's %e, %f, %g. */
export function floatText(verb: string, value: number, precision: number | undefined, keepZeros = false): string {
  const upper = verb === verb.toUpperCase();
  const finish = (text: string) => (upper ? text.toUpperCase() : text);
  if (!Number.isFinite(value)) return finish(Number.isNaN(value) ? 'nan' : 'inf');
  const digits = Math.min(100, precision ?? 6);
  const exponential = (places: number) => value.toExponential(places).replace(/e([-+])(\d)$/, 'e$10$2');
  if (/[eE]/.test(verb)) return finish(exponential(digits));
  if (/[fF]/.test(verb)) return value.toFixed(digits);
  const places = Math.max(1, digits);
  const exponent = value === 0 ? 0 : Number(value.toExponential(places - 1).split('e')[1]);
  const scientific = exponent < -4 || exponent >= places;
  const text = scientific ? exponential(places - 1) : value.toFixed(Math.max(0, places - 1 - exponent));
  if (keepZeros || !text.includes('.')) return finish(text);
  return finish(text.replace(/\.?0+(?=e|$)/, ''));
}

function shellQuote(text: string): string {
  if (text === '') return "''";
  return /^[\w@%+=:,./-]+$/.test(text) ? text : text.includes("'") ? `"${text}"` : `'${text}'`;
}
