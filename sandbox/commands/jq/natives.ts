import type { Json, JsonObject } from '../../kernel/json.ts';
import { encode } from '../../kernel/streams.ts';
import { calendar, parseTime } from '../../kernel/time.ts';
import { formatDate } from '../small/date.ts';
import { arithmetic } from './arithmetic.ts';
import { type Closure, type Evaluator, type Item, plain, validPath } from './evaluate.ts';
import { deletePaths, getIndex, getPath, indicesOf, setPath } from './paths.ts';
import { ParseError, readValue } from './read.ts';
import { matches } from './regex.ts';
import { compare, described, equal, format, isObject, JqError, sortedKeys, truthy, typeOf } from './values.ts';

/** What natives need of the world. */
export interface Surroundings {
  /** Seconds since 1970. */
  now(): number;
  /** The next input. Throws `JqError` when there is none. */
  input(): Json;
  fileName(): string | null;
  /** Written to standard error. */
  message(text: string): void;
}

/** Thrown by `halt` and `halt_error`. */
export class Halt extends Error {
  readonly status: number;
  readonly output: string;
  constructor(status: number, output: string) {
    super('halt');
    this.status = status;
    this.output = output;
  }
}

type Native = (input: Item, args: Closure[], evaluator: Evaluator) => Iterable<Item>;

/** One value from one value. */
function simple(compute: (value: Json) => Json): Native {
  return (input) => [plain(input, compute(input.value))];
}

/** One value from one value and every combination of the arguments' values. */
function withArguments(compute: (value: Json, ...args: Json[]) => Json): Native {
  return function* (input, closures, evaluator) {
    for (const args of combinations(closures, input.value, evaluator))
      yield plain(input, compute(input.value, ...args));
  };
}

/** The last argument varies slowest, as in jq. */
function* combinations(closures: Closure[], input: Json, evaluator: Evaluator): Generator<Json[]> {
  const last = closures.at(-1);
  if (!last) {
    yield [];
    return;
  }
  for (const value of evaluator.values(last, input)) {
    for (const rest of combinations(closures.slice(0, -1), input, evaluator)) yield [...rest, value];
  }
}

function math(compute: (value: number) => number): Native {
  return simple((value) => {
    if (typeof value !== 'number') throw new JqError(`${described(value)} number required`);
    return compute(value);
  });
}

export function createNatives(world: Surroundings): Map<string, Native> {
  const natives = new Map<string, Native>(Object.entries(structure));
  for (const table of [strings, numbers, sorting, times])
    for (const [name, native] of Object.entries(table)) natives.set(name, native);
  natives.set(
    'now/0',
    simple(() => world.now()),
  );
  natives.set(
    'input/0',
    simple(() => world.input()),
  );
  natives.set(
    'input_filename/0',
    simple(() => world.fileName()),
  );
  natives.set('debug/0', (input) => {
    world.message(`${format(['DEBUG:', input.value])}\n`);
    return [input];
  });
  natives.set('stderr/0', (input) => {
    world.message(format(input.value));
    return [input];
  });
  return natives;
}

const structure: Record<string, Native> = {
  'empty/0': () => [],
  'not/0': simple((value) => !truthy(value)),
  'error/0': (input) => {
    throw new JqError(input.value);
  },
  'length/0': simple((value) => {
    if (value === null) return 0;
    if (typeof value === 'boolean') throw new JqError(`boolean (${value}) has no length`);
    if (typeof value === 'number') return Math.abs(value);
    if (typeof value === 'string') return [...value].length;
    return Array.isArray(value) ? value.length : Object.keys(value).length;
  }),
  'keys/0': simple((value) => keysOf(value, true)),
  'keys_unsorted/0': simple((value) => keysOf(value, false)),
  'has/1': withArguments((value, key) => {
    if (isObject(value) && typeof key === 'string') return Object.hasOwn(value, key);
    if (Array.isArray(value) && typeof key === 'number') return key >= 0 && key < value.length;
    throw new JqError(
      `Cannot check whether ${typeOf(value)} has a ${typeof key === 'string' ? 'string' : typeOf(key ?? null)} key`,
    );
  }),
  'contains/1': withArguments((value, part) => contains(value, part as Json)),
  'add/0': simple((value) => {
    if (!Array.isArray(value) && !isObject(value)) throw new JqError(`Cannot iterate over ${described(value)}`);
    let sum: Json = null;
    for (const item of Object.values(value)) sum = arithmetic('+', sum, item);
    return sum;
  }),
  'type/0': simple(typeOf),
  'path/1': function* (input, [filter], evaluator) {
    const { node, scope } = filter as Closure;
    for (const item of evaluator.run(node, { value: input.value, path: [] }, scope))
      yield plain(input, validPath(item));
  },
  'getpath/1': function* (input, [filter], evaluator) {
    for (const path of evaluator.values(filter as Closure, input.value)) {
      if (!Array.isArray(path)) throw new JqError('Path must be specified as an array');
      const value = getPath(input.value, path);
      yield input.path === undefined ? { value } : { value, path: [...validPath(input), ...path] };
    }
  },
  'setpath/2': withArguments((value, path, next) => setPath(value, pathOf(path), next as Json)),
  'delpaths/1': withArguments((value, paths) => {
    if (!Array.isArray(paths)) throw new JqError('Paths must be specified as an array');
    return deletePaths(value, paths.map(pathOf));
  }),
  'range/2': function* (input, closures, evaluator) {
    for (const [from, to] of combinations(closures, input.value, evaluator)) yield* range(input, from, to, 1);
  },
  'range/3': function* (input, closures, evaluator) {
    for (const [from, to, by] of combinations(closures, input.value, evaluator)) yield* range(input, from, to, by);
  },
  'flatten/1': withArguments((value, depth) => {
    if (!Array.isArray(value)) throw new JqError(`Cannot iterate over ${described(value)}`);
    return flatten(value, (depth as number) < 0 ? Number.POSITIVE_INFINITY : (depth as number));
  }),
  'indices/1': withArguments((value, part) => {
    if (value === null) return null;
    if (typeof value === 'string' && typeof part === 'string') {
      const found: Json[] = [];
      for (let at = value.indexOf(part); part !== '' && at >= 0; at = value.indexOf(part, at + 1))
        found.push([...value.slice(0, at)].length);
      return part === '' ? null : found;
    }
    if (Array.isArray(value)) return indicesOf(value, Array.isArray(part) ? part : [part as Json]);
    return getIndex(value, part as Json);
  }),
  'halt/0': () => {
    throw new Halt(0, '');
  },
  'halt_error/1': (input, [filter], evaluator) => {
    const [status] = evaluator.values(filter as Closure, input.value);
    throw new Halt(Number(status), typeof input.value === 'string' ? input.value : `${format(input.value)}\n`);
  },
  'tojson/0': simple((value) => format(value)),
  'fromjson/0': simple((value) => {
    if (typeof value !== 'string') throw new JqError(`${described(value)} cannot be parsed as JSON`);
    try {
      return readValue(value);
    } catch (error) {
      if (error instanceof ParseError) throw new JqError(`${error.message} (while parsing '${value}')`);
      throw error;
    }
  }),
};

function flatten(items: Json[], depth: number): Json[] {
  return items.flatMap((item) => (Array.isArray(item) && depth > 0 ? flatten(item, depth - 1) : [item]));
}

function pathOf(path: Json | undefined): Json[] {
  if (Array.isArray(path)) return path;
  throw new JqError('Path must be specified as an array');
}

function keysOf(value: Json, sorted: boolean): Json {
  if (Array.isArray(value)) return value.map((_, at) => at);
  if (isObject(value)) return sorted ? sortedKeys(value) : Object.keys(value);
  throw new JqError(`${described(value)} has no keys`);
}

function contains(value: Json, part: Json): boolean {
  if (isObject(value) && isObject(part)) {
    return Object.keys(part).every(
      (key) => Object.hasOwn(value, key) && contains(value[key] as Json, part[key] as Json),
    );
  }
  if (Array.isArray(value) && Array.isArray(part))
    return part.every((each) => value.some((item) => sameKind(item, each) && contains(item, each)));
  if (typeof value === 'string' && typeof part === 'string') return value.includes(part);
  if (typeOf(value) === typeOf(part)) return equal(value, part);
  throw new JqError(`${described(value)} and ${described(part)} cannot have their containment checked`);
}

const sameKind = (a: Json, b: Json) => typeOf(a) === typeOf(b);

function* range(input: Item, from: Json | undefined, to: Json | undefined, by: Json | undefined): Generator<Item> {
  if (typeof from !== 'number' || typeof to !== 'number' || typeof by !== 'number') {
    throw new JqError('Range bounds must be numeric');
  }
  if (by === 0) return;
  for (let value = from; by > 0 ? value < to : value > to; value += by) yield plain(input, value);
}

function stringOf(value: Json, name: string): string {
  if (typeof value === 'string') return value;
  throw new JqError(`${name}() requires string inputs`);
}

const trim = (name: string, pattern: RegExp): Native =>
  simple((value) => {
    if (typeof value !== 'string') throw new JqError(`${described(value)} cannot be trimmed`);
    return name === '' ? value : value.replace(pattern, '');
  });

const strings: Record<string, Native> = {
  'tostring/0': simple((value) => (typeof value === 'string' ? value : format(value))),
  'ascii/0': simple((value) => String.fromCharCode(Number(value))),
  'utf8bytelength/0': simple((value) => {
    if (typeof value !== 'string') throw new JqError(`${described(value)} only strings have UTF-8 byte length`);
    return encode(value).length;
  }),
  'startswith/1': withArguments((value, part) =>
    stringOf(value, 'startswith').startsWith(stringOf(part as Json, 'startswith')),
  ),
  'endswith/1': withArguments((value, part) =>
    stringOf(value, 'endswith').endsWith(stringOf(part as Json, 'endswith')),
  ),
  'explode/0': simple((value) => {
    if (typeof value !== 'string') throw new JqError(`${described(value)} cannot be exploded`);
    return [...value].map((symbol) => symbol.codePointAt(0) as number);
  }),
  'implode/0': simple((value) => {
    if (!Array.isArray(value)) throw new JqError(`${described(value)} cannot be imploded`);
    return value.map((point) => String.fromCodePoint(Number(point))).join('');
  }),
  'trim/0': trim('trim', /^\s+|\s+$/g),
  'ltrim/0': trim('ltrim', /^\s+/),
  'rtrim/0': trim('rtrim', /\s+$/),
  'split/1': withArguments((value, separator) => {
    if (typeof value !== 'string' || typeof separator !== 'string')
      throw new JqError('split input and separator must be strings');
    return value === '' ? [] : separator === '' ? [...value] : value.split(separator);
  }),
  'split/2': withArguments((value, pattern, flags) => {
    const text = stringOf(value, 'split');
    const parts: Json[] = [];
    let from = 0;
    for (const match of matches(text, pattern as Json, `g${flags ?? ''}`)) {
      parts.push(text.slice(from, match.start));
      from = match.start + match.text.length;
    }
    return [...parts, text.slice(from)];
  }),
  'test/2': withArguments((value, pattern, flags) => matches(value, pattern as Json, flags as Json).length > 0),
  'match/2': function* (input, closures, evaluator) {
    for (const [pattern, flags] of combinations(closures, input.value, evaluator)) {
      for (const match of matches(input.value, pattern as Json, flags as Json)) yield plain(input, match.value);
    }
  },
};

const numbers: Record<string, Native> = {
  'tonumber/0': simple((value) => {
    if (typeof value === 'number') return value;
    if (typeof value !== 'string') throw new JqError(`${described(value)} cannot be parsed as a number`);
    if (!/^\s*-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$/.test(value)) {
      throw new JqError(`${described(value)} cannot be parsed as a number`);
    }
    return Number(value);
  }),
  'infinite/0': simple(() => Number.POSITIVE_INFINITY),
  'nan/0': simple(() => Number.NaN),
  'isinfinite/0': simple((value) => value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY),
  'isnan/0': simple((value) => Number.isNaN(value)),
  'isnormal/0': simple((value) => typeof value === 'number' && Number.isFinite(value) && value !== 0),
  'floor/0': math(Math.floor),
  'ceil/0': math(Math.ceil),
  'round/0': math((value) => Math.sign(value) * Math.round(Math.abs(value))),
  'trunc/0': math(Math.trunc),
  'sqrt/0': math(Math.sqrt),
  'fabs/0': math(Math.abs),
  'exp/0': math(Math.exp),
  'exp2/0': math((value) => 2 ** value),
  'exp10/0': math((value) => 10 ** value),
  'log/0': math(Math.log),
  'log2/0': math(Math.log2),
  'log10/0': math(Math.log10),
  'sin/0': math(Math.sin),
  'cos/0': math(Math.cos),
  'tan/0': math(Math.tan),
  'pow/2': withArguments((_, base, exponent) => Number(base) ** Number(exponent)),
  'fmin/2': withArguments((_, a, b) => Math.min(Number(a), Number(b))),
  'fmax/2': withArguments((_, a, b) => Math.max(Number(a), Number(b))),
};

interface Keyed {
  key: Json;
  value: Json;
  at: number;
}

function keyed(value: Json, keys: Json | undefined, what: string): Keyed[] {
  if (!Array.isArray(value)) throw new JqError(`${described(value)} cannot be ${what}, as it is not an array`);
  return value.map((item, at) => ({ key: (keys as Json[])[at] as Json, value: item, at }));
}

const byKey = (a: Keyed, b: Keyed) => compare(a.key, b.key) || a.at - b.at;

const sorting: Record<string, Native> = {
  '_sort_by/1': withArguments((value, keys) =>
    keyed(value, keys, 'sorted')
      .sort(byKey)
      .map((each) => each.value),
  ),
  '_group_by/1': withArguments((value, keys) => {
    const groups: Json[][] = [];
    let last: Json | undefined;
    for (const each of keyed(value, keys, 'grouped').sort(byKey)) {
      if (last !== undefined && equal(last, each.key)) groups.at(-1)?.push(each.value);
      else groups.push([each.value]);
      last = each.key;
    }
    return groups;
  }),
  '_min_by/1': withArguments((value, keys) => keyed(value, keys, 'iterated over').sort(byKey)[0]?.value ?? null),
  '_max_by/1': withArguments((value, keys) => keyed(value, keys, 'iterated over').sort(byKey).at(-1)?.value ?? null),
};

/** jq's "broken down time": year, month from 0, day, hours, minutes, seconds, weekday, day of the year. */
function brokenDown(seconds: number): Json[] {
  const c = calendar(seconds * 1000);
  const start = (parseTime(`${String(c.year).padStart(4, '0')}-01-01T00:00:00Z`) ?? 0) / 86_400_000;
  const fraction = seconds - Math.floor(seconds);
  return [
    c.year,
    c.month - 1,
    c.day,
    c.hour,
    c.minute,
    c.second + fraction,
    c.weekday,
    Math.floor(seconds / 86_400) - start,
  ];
}

function fromBrokenDown(value: Json): number {
  if (!Array.isArray(value) || !value.every((part) => typeof part === 'number')) {
    throw new JqError('mktime requires array of 6 numbers');
  }
  const [year, month, day, hour, minute, second] = value.map((part) =>
    String(Math.floor(part as number)).padStart(2, '0'),
  );
  const text = `${year?.padStart(4, '0')}-${String(Number(month) + 1).padStart(2, '0')}-${day}T${hour}:${minute}:${second}Z`;
  return Math.floor((parseTime(text) ?? 0) / 1000);
}

const times: Record<string, Native> = {
  'gmtime/0': simple((value) => brokenDown(Number(value))),
  'localtime/0': simple((value) => brokenDown(Number(value))),
  'mktime/0': simple(fromBrokenDown),
  'strftime/1': withArguments((value, template) => {
    if (typeof value !== 'number' && !Array.isArray(value))
      throw new JqError('strftime/1 requires parsed datetime inputs');
    return formatDate(String(template), (typeof value === 'number' ? Math.floor(value) : fromBrokenDown(value)) * 1000);
  }),
  'strptime/1': withArguments((value, template) => {
    if (typeof value !== 'string') throw new JqError(`strptime/1 requires string inputs and arguments`);
    const seconds = parseWith(value, String(template));
    if (seconds === undefined) throw new JqError(`date "${value}" does not match format "${template}"`);
    return brokenDown(seconds);
  }),
};

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** The fields of strptime(3) that name a moment; undefined if the text is of another form. */
function parseWith(text: string, template: string): number | undefined {
  const fields: string[] = [];
  const plainTemplate = template.replaceAll('%T', '%H:%M:%S').replaceAll('%F', '%Y-%m-%d').replaceAll('%D', '%m/%d/%y');
  const source = plainTemplate.replace(
    /%([A-Za-z%])|([\^$\\.*+?()[\]{}|/])|\s+/g,
    (whole, field: string | undefined, special: string | undefined) => {
      if (special !== undefined) return `\\${special}`;
      if (field === undefined) return '\\s*';
      if (field === '%') return '%';
      fields.push(field);
      const patterns: Record<string, string> = {
        Y: '(\\d{4})',
        Z: '([A-Za-z]+)',
        z: '([-+]\\d{2}:?\\d{2}|Z)',
        b: '([A-Za-z]{3,9})',
        B: '([A-Za-z]{3,9})',
        h: '([A-Za-z]{3,9})',
        a: '([A-Za-z]+)',
        A: '([A-Za-z]+)',
        s: '(\\d+)',
        j: '(\\d{1,3})',
        e: '\\s*(\\d{1,2})',
      };
      return patterns[field] ?? (whole ? '(\\d{1,2})' : '');
    },
  );
  const match = new RegExp(`^${source}$`).exec(text);
  if (!match) return undefined;
  const value: JsonObject = {};
  fields.forEach((field, at) => {
    value[field] = match[at + 1] as string;
  });
  const number = (field: string, fallback: number) => (value[field] === undefined ? fallback : Number(value[field]));
  if (value.s !== undefined) return number('s', 0);
  const name = String(value.b ?? value.B ?? value.h ?? '')
    .slice(0, 3)
    .toLowerCase();
  const month = name === '' ? number('m', 1) : months.indexOf(name) + 1;
  const day = number('d', number('e', 1));
  return fromBrokenDown([
    number('Y', 1900 + number('y', 70)),
    month - 1,
    day,
    number('H', 0),
    number('M', 0),
    number('S', 0),
  ]);
}
