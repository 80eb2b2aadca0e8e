/** Command line flags by the rules of Go's pflag: the same syntax, the same words when something is wrong. */

export type FlagKind = 'bool' | 'string' | 'slice' | 'array' | 'int' | 'int32' | 'int64' | 'duration';

export interface Flag {
  name: string;
  short?: string;
  kind: FlagKind;
  /** Text of the default; absent: false, "", [], 0. */
  default?: string;
  /** Value of the flag when it stands without one (`--dry-run`); booleans have "true". */
  bare?: string;
  usage: string;
  /** Not printed by --help. */
  hidden?: boolean;
  /** Words printed when the flag is used. */
  deprecated?: string;
}

/** A command line that cannot be parsed. */
export class FlagError extends Error {
  override name = 'FlagError';
}

/** The values of a parsed command line. */
export class Flags {
  readonly #values = new Map<string, string[]>();
  readonly #flags: ReadonlyMap<string, Flag>;
  /** What is no flag, in order. */
  readonly args: string[] = [];
  /** How many arguments stood before `--`, or -1. */
  dash = -1;
  /** Deprecation notes, one a line. */
  readonly notes: string[] = [];

  constructor(flags: ReadonlyMap<string, Flag>) {
    this.#flags = flags;
  }

  set(flag: Flag, text: string, written: string): void {
    const values = parseValue(flag, text, written);
    const before = this.#values.get(flag.name);
    const list = flag.kind === 'slice' || flag.kind === 'array';
    this.#values.set(flag.name, list && before ? [...before, ...values] : values);
    if (flag.deprecated && !before) this.notes.push(`Flag --${flag.name} has been deprecated, ${flag.deprecated}`);
  }

  changed(name: string): boolean {
    return this.#values.has(name);
  }

  text(name: string): string {
    return this.#values.get(name)?.[0] ?? this.#flags.get(name)?.default ?? '';
  }

  bool(name: string): boolean {
    return this.text(name) === 'true';
  }

  int(name: string): number {
    return Number(this.text(name) || '0');
  }

  list(name: string): string[] {
    const preset = this.#flags.get(name)?.default;
    return this.#values.get(name) ?? (preset ? [preset] : []);
  }

  /** Milliseconds. */
  duration(name: string): number {
    return parseDuration(this.text(name) || '0s') ?? 0;
  }
}

/** Parses `argv` (without the command's own words). */
export function parseFlags(argv: readonly string[], flags: readonly Flag[]): Flags {
  const byName = new Map(flags.map((flag) => [flag.name, flag]));
  const byShort = new Map(flags.flatMap((flag) => (flag.short ? [[flag.short, flag] as const] : [])));
  const parsed = new Flags(byName);
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] as string;
    if (word === '--') {
      parsed.dash = parsed.args.length;
      parsed.args.push(...argv.slice(index + 1));
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      parsed.args.push(word);
    } else if (word.startsWith('--')) {
      const body = word.slice(2);
      if (body.startsWith('-') || body.startsWith('=')) throw new FlagError(`bad flag syntax: ${word}`);
      const equal = body.indexOf('=');
      const name = (equal < 0 ? body : body.slice(0, equal)).replaceAll('_', '-');
      const flag = byName.get(name) ?? (name === 'help' ? helpFlag : undefined);
      if (!flag) throw new FlagError(`unknown flag: --${equal < 0 ? body : body.slice(0, equal)}`);
      if (equal >= 0) parsed.set(flag, body.slice(equal + 1), `--${flag.name}`);
      else if (bareValue(flag) !== undefined) parsed.set(flag, bareValue(flag) as string, `--${flag.name}`);
      else {
        const value = argv[++index];
        if (value === undefined) throw new FlagError(`flag needs an argument: --${name}`);
        parsed.set(flag, value, '');
      }
    } else {
      for (let rest = word.slice(1); rest !== ''; ) {
        const short = rest[0] as string;
        const flag = byShort.get(short) ?? (short === 'h' ? helpFlag : undefined);
        if (!flag) throw new FlagError(`unknown shorthand flag: '${short}' in -${rest}`);
        if (rest.length > 2 && rest[1] === '=') {
          parsed.set(flag, rest.slice(2), '');
          break;
        }
        const bare = bareValue(flag);
        if (bare !== undefined) {
          parsed.set(flag, bare, '');
          rest = rest.slice(1);
          continue;
        }
        if (rest.length > 1) {
          parsed.set(flag, rest.slice(1), '');
          break;
        }
        const value = argv[++index];
        if (value === undefined) throw new FlagError(`flag needs an argument: '${short}' in -${rest}`);
        parsed.set(flag, value, '');
        break;
      }
    }
  }
  return parsed;
}

export const helpFlag: Flag = { name: 'help', short: 'h', kind: 'bool', usage: '', hidden: true };

/** The first word of `argv` that is no flag nor a flag's value, and its place; undefined if there is none (cobra's Find). */
export function firstArgument(argv: readonly string[], flags: readonly Flag[]): number | undefined {
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] as string;
    if (word === '--') return undefined;
    if (!word.startsWith('-') || word === '-') return index;
    const long = word.startsWith('--');
    if (word.includes('=') && long) continue;
    const flag = long
      ? flags.find((candidate) => candidate.name === word.slice(2))
      : word.length === 2
        ? flags.find((candidate) => candidate.short === word[1])
        : undefined;
    const takesNext = long || word.length === 2;
    if (takesNext && (!flag || bareValue(flag) === undefined) && !/^(?:--help|-h)$/.test(word)) index++;
  }
  return undefined;
}

function bareValue(flag: Flag): string | undefined {
  return flag.kind === 'bool' ? (flag.bare ?? 'true') : flag.bare;
}

function parseValue(flag: Flag, text: string, _written: string): string[] {
  const wrong = (reason: string) => {
    const shown = flag.short ? `-${flag.short}, --${flag.name}` : `--${flag.name}`;
    return new FlagError(`invalid argument ${goQuote(text)} for ${goQuote(shown)} flag: ${reason}`);
  };
  switch (flag.kind) {
    case 'bool':
      if (/^(?:1|t|T|true|TRUE|True)$/.test(text)) return ['true'];
      if (/^(?:0|f|F|false|FALSE|False)$/.test(text)) return ['false'];
      throw wrong(`strconv.ParseBool: parsing ${goQuote(text)}: invalid syntax`);
    case 'int':
    case 'int32':
    case 'int64': {
      if (!/^[-+]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO]?[0-7_]*|[1-9][0-9_]*)$/.test(text)) {
        throw wrong(`strconv.ParseInt: parsing ${goQuote(text)}: invalid syntax`);
      }
      const value = Number(text.replaceAll('_', '').replace(/^([-+]?)0([0-7]+)$/, '$10o$2'));
      const limit = flag.kind === 'int32' ? 2 ** 31 : 2 ** 63;
      if (value >= limit || value < -limit) {
        throw wrong(`strconv.ParseInt: parsing ${goQuote(text)}: value out of range`);
      }
      return [String(value)];
    }
    case 'duration':
      if (parseDuration(text) === undefined) {
        const unit = /^[-+]?[0-9.]+$/.test(text) ? 'missing unit in duration' : 'invalid duration';
        throw wrong(`time: ${unit} ${goQuote(text)}`);
      }
      return [text];
    case 'slice':
      return text === '' ? [] : splitCsv(text);
    default:
      return [text];
  }
}

/** One line of comma separated values, as encoding/csv reads it. */
function splitCsv(text: string): string[] {
  if (!text.includes('"')) return text.split(',');
  const values: string[] = [];
  for (const match of text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)) {
    values.push(match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"'));
  }
  return values;
}

const units: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** A Go duration (`1m30s`) in milliseconds, or undefined if it is none. */
export function parseDuration(text: string): number | undefined {
  const match = /^([-+]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+|0)$/.exec(text);
  if (!match) return undefined;
  let total = 0;
  for (const part of (match[2] as string).matchAll(/([\d.]+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    total += Number(part[1]) * (units[part[2] as string] as number);
  }
  return match[1] === '-' ? -total : total;
}

/** Milliseconds as Go's time.Duration prints them: `1m30s`, `1.5s`, `300ms`, `0s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return '0s';
  const sign = milliseconds < 0 ? '-' : '';
  const value = Math.abs(milliseconds);
  if (value < 1000) return value < 1 ? `${sign}${+(value * 1000).toFixed(3)}µs` : `${sign}${+value.toFixed(6)}ms`;
  const hours = Math.floor(value / 3_600_000);
  const minutes = Math.floor(value / 60_000) % 60;
  const seconds = +((value % 60_000) / 1000).toFixed(9);
  const tail = hours > 0 ? `${hours}h${minutes}m${seconds}s` : minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
  return sign + tail;
}

/** A text as Go's %q prints it. */
export function goQuote(text: string): string {
  let quoted = '"';
  for (const rune of text) {
    const code = rune.codePointAt(0) as number;
    if (rune === '"' || rune === '\\') quoted += `\\${rune}`;
    else if (rune === '\n') quoted += '\\n';
    else if (rune === '\t') quoted += '\\t';
    else if (rune === '\r') quoted += '\\r';
    else if (code < 0x20 || code === 0x7f) quoted += `\\x${code.toString(16).padStart(2, '0')}`;
    else quoted += rune;
  }
  return `${quoted}"`;
}
