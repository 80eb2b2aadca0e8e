/** Which options a tool knows, in the form of getopt_long(3). */
export interface OptionSpec {
  /** Letters; `:` after one that takes an argument, `::` after one whose argument is optional and must be attached. */
  short: string;
  /** Long name → what it counts as: a letter of `short`, or a name of its own with `:` or `::` behind it. */
  long?: Readonly<Record<string, string>>;
  /** Options end at the first operand. */
  ordered?: boolean;
  /** `-5` is an option named `#` with value `5`. */
  digits?: boolean;
}

/** The command line is wrong, in getopt's words (without the program's name). */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** Parsed options in the order given, and what is left. */
export class Options {
  readonly given: (readonly [name: string, value: string])[] = [];
  readonly operands: string[] = [];

  has(...names: string[]): boolean {
    return this.given.some(([name]) => names.includes(name));
  }

  /** The last value of an option. */
  value(name: string): string | undefined {
    return this.given.findLast(([given]) => given === name)?.[1];
  }

  values(name: string): string[] {
    return this.given.filter(([given]) => given === name).map(([, value]) => value);
  }

  /** Which of several options was given last. */
  last(...names: string[]): string | undefined {
    return this.given.findLast(([given]) => names.includes(given))?.[0];
  }
}

type Arity = 'none' | 'required' | 'optional';

/** `args`: without the program's name. Throws `UsageError`. */
export function parseOptions(args: readonly string[], spec: OptionSpec): Options {
  const options = new Options();
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--') break;
    if (arg.startsWith('--')) parseLong(arg.slice(2), rest, spec, options);
    else if (spec.digits && /^-\d+$/.test(arg)) options.given.push(['#', arg.slice(1)]);
    else if (arg.startsWith('-') && arg.length > 1) parseLetters(arg.slice(1), rest, spec, options);
    else {
      options.operands.push(arg);
      if (spec.ordered) break;
    }
  }
  options.operands.push(...rest);
  return options;
}

function parseLetters(letters: string, rest: string[], spec: OptionSpec, options: Options): void {
  for (let index = 0; index < letters.length; index++) {
    const letter = letters[index] as string;
    const arity = letter === ':' ? undefined : letterArity(letter, spec);
    if (arity === undefined) {
      if (spec.digits && /\d/.test(letter)) {
        const digits = /^\d+/.exec(letters.slice(index))?.[0] ?? '';
        options.given.push(['#', digits]);
        index += digits.length - 1;
        continue;
      }
      throw new UsageError(`invalid option -- '${letter}'`);
    }
    const attached = letters.slice(index + 1);
    if (arity === 'none') options.given.push([letter, '']);
    else if (attached !== '' || arity === 'optional') {
      options.given.push([letter, attached]);
      return;
    } else {
      const value = rest.shift();
      if (value === undefined) throw new UsageError(`option requires an argument -- '${letter}'`);
      options.given.push([letter, value]);
    }
    if (arity === 'required') return;
  }
}

function letterArity(letter: string, spec: OptionSpec): Arity | undefined {
  const place = spec.short.indexOf(letter);
  if (place < 0) return undefined;
  return arityOf(spec.short.slice(place + 1, place + 3));
}

function arityOf(suffix: string): Arity {
  return suffix.startsWith('::') ? 'optional' : suffix.startsWith(':') ? 'required' : 'none';
}

function parseLong(text: string, rest: string[], spec: OptionSpec, options: Options): void {
  const split = text.indexOf('=');
  const name = split < 0 ? text : text.slice(0, split);
  const value = split < 0 ? undefined : text.slice(split + 1);
  const long: Readonly<Record<string, string>> = { help: 'help', version: 'version', ...spec.long };
  const full = fullName(name, long);
  const target = long[full] as string;
  const own = target.replace(/:+$/, '');
  const arity = own.length === 1 ? letterArity(own, spec) : arityOf(target.slice(own.length));
  if (arity === 'none' && value !== undefined) throw new UsageError(`option '--${full}' doesn't allow an argument`);
  if (arity === 'required' && value === undefined) {
    const next = rest.shift();
    if (next === undefined) throw new UsageError(`option '--${full}' requires an argument`);
    options.given.push([own, next]);
  } else options.given.push([own, value ?? '']);
}

function fullName(name: string, long: Readonly<Record<string, string>>): string {
  if (Object.hasOwn(long, name)) return name;
  const candidates = Object.keys(long).filter((known) => known.startsWith(name));
  if (candidates.length === 1) return candidates[0] as string;
  if (candidates.length === 0) throw new UsageError(`unrecognized option '--${name}'`);
  const same = new Set(candidates.map((candidate) => long[candidate]));
  if (same.size === 1) return candidates[0] as string;
  const list = candidates.map((candidate) => `'--${candidate}'`).join(' ');
  throw new UsageError(`option '--${name}' is ambiguous; possibilities: ${list}`);
}
