import { concat, encode } from '../kernel/streams.ts';
import { backslashQuote, decodeEscapes } from './quote.ts';
import { strftime } from './strftime.ts';

export interface PrintfOptions {
  /** ms since 1970, for `%(…)T` with -1. */
  now: number;
  /** When the shell started, for -2. */
  started: number;
  /** Told bash's words about what is no number. */
  error(message: string): void;
}

const directive = /%(?:(%)|([-+ 0#']*)(\*|\d*)(?:\.(\*|-?\d*))?(?:hh|h|ll|l|L|q|j|z|t)?(?:\(([^)]*)\)(T)|([a-zA-Z])))/y;
const longest = 1 << 20;

/** The bytes that bash's `printf FORMAT VALUES…` writes; the format is used again while values are left. */
export function formatPrintf(format: string, values: readonly string[], options: PrintfOptions): Uint8Array {
  const chunks: Uint8Array[] = [];
  let rest = [...values];
  do {
    const before = rest.length;
    const { bytes, stopped, left } = once(format, rest, options);
    chunks.push(...bytes);
    if (stopped) break;
    rest = left;
    if (rest.length === before) break;
  } while (rest.length > 0);
  return concat(chunks);
}

function once(
  format: string,
  values: string[],
  options: PrintfOptions,
): { bytes: Uint8Array[]; stopped: boolean; left: string[] } {
  const bytes: Uint8Array[] = [];
  const left = [...values];
  const next = () => left.shift();
  const stop = () => ({ bytes, stopped: true, left });
  for (let at = 0; at < format.length; ) {
    const percent = format.indexOf('%', at);
    const plain = decodeEscapes(format.slice(at, percent < 0 ? undefined : percent), { octal: 'plain', quotes: true });
    bytes.push(plain.bytes);
    if (plain.stopped) return stop();
    if (percent < 0) break;
    directive.lastIndex = percent;
    const match = directive.exec(format);
    if (!match) {
      const bad = format.slice(percent + 1);
      const letter = bad.replace(/^[-+ 0#'*.\d]*(?:[hlLqjzt]*)/, '')[0];
      options.error(
        letter === undefined
          ? `\`${format.slice(percent)}': missing format character`
          : `\`${letter}': invalid format character`,
      );
      return stop();
    }
    at = directive.lastIndex;
    const [, literal, flags = '', widthText = '', precisionText, timeFormat, time, letter] = match;
    if (literal) {
      bytes.push(encode('%'));
      continue;
    }
    let shownFlags = flags;
    let width = widthText === '*' ? integer(next(), options) : Number(widthText || 0);
    if (width < 0) [shownFlags, width] = [`${flags}-`, -width];
    const given =
      precisionText === '*'
        ? integer(next(), options)
        : precisionText === undefined
          ? undefined
          : Number(precisionText);
    const precision = given !== undefined && given < 0 ? undefined : given;
    if (width > longest || (precision ?? 0) > longest) {
      options.error('Cannot allocate memory');
      return stop();
    }
    const spec: Spec = { flags: shownFlags, width, precision };
    if (time) {
      const value = next();
      const when =
        value === undefined || value === '-1' ? options.now : value === '-2' ? options.started : Number(value) * 1000;
      bytes.push(encode(pad(clip(strftime(timeFormat || '%X', when), precision), spec)));
      continue;
    }
    const done = convert(letter as string, spec, next, options);
    if (done === undefined) {
      // a length modifier without its letter: what follows is named
      const shown = 'hlLqjzt'.includes(letter as string) ? (format[at] ?? letter) : letter;
      options.error(`\`${shown}': invalid format character`);
      return stop();
    }
    bytes.push(done.bytes);
    if (done.stopped) return stop();
  }
  return { bytes, stopped: false, left };
}

interface Spec {
  flags: string;
  width: number;
  precision: number | undefined;
}

function convert(
  letter: string,
  spec: Spec,
  next: () => string | undefined,
  options: PrintfOptions,
): { bytes: Uint8Array; stopped?: boolean } | undefined {
  switch (letter) {
    case 's':
      return { bytes: encode(pad(clip(next() ?? '', spec.precision), spec)) };
    case 'c':
      return { bytes: encode(pad([...(next() ?? '')][0] ?? '', spec)) };
    case 'q':
    case 'Q':
      return { bytes: encode(pad(clip(backslashQuote(next() ?? ''), spec.precision), spec)) };
    case 'b': {
      const { bytes, stopped } = decodeEscapes(next() ?? '', { octal: 'both' });
      const padding = encode(' '.repeat(Math.max(0, spec.width - bytes.length)));
      return { bytes: spec.flags.includes('-') ? concat([bytes, padding]) : concat([padding, bytes]), stopped };
    }
    case 'd':
    case 'i':
      return { bytes: encode(integerText(number(next(), options), spec, 10, '')) };
    case 'u':
      return {
        bytes: encode(
          integerText(
            BigInt.asUintN(64, number(next(), options)),
            { ...spec, flags: spec.flags.replace(/[+ ]/g, '') },
            10,
            '',
          ),
        ),
      };
    case 'o':
      return { bytes: encode(integerText(BigInt.asUintN(64, number(next(), options)), spec, 8, '0')) };
    case 'x':
      return { bytes: encode(integerText(BigInt.asUintN(64, number(next(), options)), spec, 16, '0x')) };
    case 'X':
      return { bytes: encode(integerText(BigInt.asUintN(64, number(next(), options)), spec, 16, '0x').toUpperCase()) };
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
      return { bytes: encode(floatText(float(next(), options), spec, letter)) };
    case 'n':
      next();
      return { bytes: new Uint8Array() };
    default:
      return undefined;
  }
}

/** Precision counts bytes, as in C; a character that would be cut goes wholly. */
function clip(text: string, precision: number | undefined): string {
  if (precision === undefined) return text;
  return new TextDecoder().decode(encode(text).subarray(0, precision)).replace(/\ufffd$/, '');
}

/** Widths count bytes, as in C. */
function pad(text: string, { flags, width }: Spec): string {
  const missing = Math.max(0, width - encode(text).length);
  return flags.includes('-') ? text + ' '.repeat(missing) : ' '.repeat(missing) + text;
}

function integer(text: string | undefined, options: PrintfOptions): number {
  return Number(number(text, options));
}

/** An argument as a C integer constant; `'c` is a character's code. */
function number(text: string | undefined, options: PrintfOptions): bigint {
  if (text === undefined || text === '') return 0n;
  if (text[0] === "'" || text[0] === '"') return BigInt([...text][1]?.codePointAt(0) ?? 0);
  const trimmed = text.replace(/^\s+/, '');
  const match = /^([+-]?)(?:0[xX]([0-9a-fA-F]+)|(0[0-7]*)|([1-9]\d*))/.exec(trimmed);
  if (!match) {
    options.error(`${text}: invalid number`);
    return 0n;
  }
  const [whole, sign, hex, octal, decimal] = match;
  if (whole.length < trimmed.length) {
    options.error(
      trimmed.startsWith(`${sign}0`) && /^[89]/.test(trimmed.slice(whole.length))
        ? `${text}: invalid octal number`
        : `${text}: invalid number`,
    );
  }
  const size =
    hex !== undefined ? BigInt(`0x${hex}`) : octal !== undefined ? BigInt(`0o${octal}`) : BigInt(decimal ?? 0);
  const value = sign === '-' ? -size : size;
  if (value > 0x7fffffffffffffffn && value > 0xffffffffffffffffn) {
    options.error(`warning: ${text}: Numerical result out of range`);
    return 0x7fffffffffffffffn;
  }
  return BigInt.asIntN(64, value);
}

function float(text: string | undefined, options: PrintfOptions): number {
  if (text === undefined || text === '') return 0;
  if (text[0] === "'" || text[0] === '"') return [...text][1]?.codePointAt(0) ?? 0;
  const match = /^\s*([+-]?(?:inf(?:inity)?|nan|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|0x[0-9a-f]+))/i.exec(text);
  if (!match || match[0].length < text.length) options.error(`${text}: invalid number`);
  const found = (match?.[1] ?? '0').toLowerCase();
  if (found.includes('inf')) return found.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return found.includes('nan') ? Number.NaN : Number(found);
}

function integerText(value: bigint, spec: Spec, base: number, prefix: string): string {
  const negative = value < 0n;
  let digits = (negative ? -value : value).toString(base);
  if (spec.precision !== undefined)
    digits = value === 0n && spec.precision === 0 ? '' : digits.padStart(spec.precision, '0');
  const sign = negative ? '-' : base !== 10 ? '' : spec.flags.includes('+') ? '+' : spec.flags.includes(' ') ? ' ' : '';
  const alternate = spec.flags.includes('#') && value !== 0n && !digits.startsWith(prefix) ? prefix : '';
  if (spec.flags.includes('0') && !spec.flags.includes('-') && spec.precision === undefined) {
    digits = digits.padStart(spec.width - sign.length - alternate.length, '0');
  }
  return pad(sign + alternate + digits, spec);
}

function floatText(value: number, spec: Spec, letter: string): string {
  const upper = letter === letter.toUpperCase();
  const size = Math.abs(value);
  const precision = Math.min(spec.precision ?? 6, 100);
  let text: string;
  if (!Number.isFinite(value)) text = Number.isNaN(value) ? 'nan' : 'inf';
  else if (letter.toLowerCase() === 'f') text = size.toFixed(precision);
  else if (letter.toLowerCase() === 'e') text = exponent(size.toExponential(precision));
  else {
    const significant = precision || 1;
    const power = size === 0 ? 0 : Number(size.toExponential(significant - 1).split('e')[1]);
    const scientific = power < -4 || power >= significant;
    text = scientific
      ? exponent(size.toExponential(significant - 1))
      : size.toFixed(Math.max(0, significant - 1 - power));
    if (!spec.flags.includes('#') && text.includes('.')) text = text.replace(/\.?0+(?=e|$)/, '');
  }
  const negative = value < 0 || Object.is(value, -0);
  const sign = negative ? '-' : spec.flags.includes('+') ? '+' : spec.flags.includes(' ') ? ' ' : '';
  if (spec.flags.includes('0') && !spec.flags.includes('-') && Number.isFinite(value)) {
    text = text.padStart(spec.width - sign.length, '0');
  }
  const whole = pad(sign + text, spec);
  return upper ? whole.toUpperCase() : whole;
}

/** C writes at least two digits of exponent. */
function exponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}
