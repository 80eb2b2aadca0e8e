import { calendar, parseTime } from '../../kernel/time.ts';
import { UsageError } from '../lib/options.ts';
import { Failure, tool } from '../lib/tool.ts';

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = 'January February March April May June July August September October November December'.split(' ');
const isoFormats: Record<string, string> = {
  '': '%Y-%m-%d',
  date: '%Y-%m-%d',
  hours: '%Y-%m-%dT%H%:z',
  minutes: '%Y-%m-%dT%H:%M%:z',
  seconds: '%Y-%m-%dT%H:%M:%S%:z',
  ns: '%Y-%m-%dT%H:%M:%S,%N%:z',
};

/** date(1) in cluster time; the zone is always UTC. */
export const date = tool(
  {
    usage: '[OPTION]... [+FORMAT]',
    short: 'd:uI::Rr:s:',
    long: {
      date: 'd',
      utc: 'u',
      universal: 'u',
      'iso-8601': 'I',
      'rfc-3339': 'rfc-3339:',
      'rfc-email': 'R',
      reference: 'r',
    },
  },
  async (run) => {
    const { options, operands, process } = run;
    let at = process.kernel.now();
    const given = options.value('d');
    const reference = options.value('r');
    if (given !== undefined) {
      const parsed = parseDate(given, at);
      if (parsed === undefined) throw new Failure(`invalid date '${given}'`);
      at = parsed;
    } else if (reference !== undefined) at = process.machine.files.stat(process.resolve(reference)).modified;
    if (options.has('s')) throw new Failure('cannot set date: Operation not permitted');
    const [format, extra] = operands;
    if (extra !== undefined) throw new UsageError(`extra operand '${extra}'`);
    if (format !== undefined && !format.startsWith('+')) throw new Failure(`invalid date '${format}'`);
    run.print(`${formatDate(format?.slice(1) ?? presetFormat(run.options), at)}\n`);
    return 0;
  },
);

function presetFormat(options: { has(name: string): boolean; value(name: string): string | undefined }): string {
  if (options.has('I')) {
    const kind = options.value('I') ?? '';
    const format = isoFormats[kind] ?? isoFormats[Object.keys(isoFormats).find((name) => name.startsWith(kind)) ?? ''];
    return format as string;
  }
  if (options.has('R')) return '%a, %d %b %Y %H:%M:%S %z';
  if (options.has('rfc-3339')) {
    return (
      { date: '%Y-%m-%d', seconds: '%Y-%m-%d %H:%M:%S%:z', ns: '%Y-%m-%d %H:%M:%S.%N%:z' }[
        options.value('rfc-3339') as 'ns'
      ] ?? ''
    );
  }
  return '%a %b %e %H:%M:%S UTC %Y';
}

const units: Record<string, number> = {
  sec: 1,
  second: 1,
  min: 60,
  minute: 60,
  hour: 3600,
  day: 86400,
  week: 604800,
  fortnight: 1209600,
};

/** The forms of `date -d` that people use: RFC 3339, `@seconds`, `now`, `yesterday`, `2 hours ago`, and their sums. */
function parseDate(input: string, now: number): number | undefined {
  let rest = input.trim();
  let at = now;
  const epoch = /^@(-?\d+(?:\.\d+)?)/.exec(rest);
  const absolute = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?\s*(?:Z|UTC|[-+]\d\d:?\d\d)?/.exec(rest);
  if (epoch) at = Number(epoch[1]) * 1000;
  else if (absolute) {
    const [, day, clock = '00:00:00', zone = 'Z'] =
      /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?\s*(Z|UTC|[-+]\d\d:?\d\d)?/.exec(rest) ?? [];
    const offset = zone === 'UTC' ? 'Z' : zone.replace(/^([-+]\d\d):?(\d\d)$/, '$1:$2');
    const parsed = parseTime(`${day}T${clock.length === 5 ? `${clock}:00` : clock}${offset}`);
    if (parsed === undefined) return undefined;
    at = parsed;
  }
  rest = rest.slice((epoch ?? absolute)?.[0].length ?? 0).trim();
  while (rest !== '') {
    const word = /^(now|today|yesterday|tomorrow|UTC)\b\s*/i.exec(rest);
    const relative = /^(?:([-+]?)\s*(\d+)|(next|last))\s*([a-z]+?)s?\b(\s+ago\b)?\s*/i.exec(rest);
    if (word) at += { yesterday: -86400e3, tomorrow: 86400e3 }[word[1]?.toLowerCase() as 'tomorrow'] ?? 0;
    else if (relative) {
      const unit = (relative[4] as string).toLowerCase();
      const sign = (relative[1] === '-' || relative[3] === 'last' ? -1 : 1) * (relative[5] ? -1 : 1);
      const count = sign * Number(relative[2] ?? 1);
      const seconds = units[unit];
      if (seconds !== undefined) at += count * seconds * 1000;
      else if (unit === 'month' || unit === 'year') at = addMonths(at, unit === 'year' ? count * 12 : count);
      else return undefined;
    } else return undefined;
    rest = rest.slice((word ?? relative)?.[0].length ?? rest.length);
  }
  return at;
}

function addMonths(at: number, count: number): number {
  const { year, month, day } = calendar(at);
  const months = year * 12 + month - 1 + count;
  const first =
    parseTime(`${String(Math.floor(months / 12)).padStart(4, '0')}-${pad((months % 12) + 1)}-01T00:00:00Z`) ?? at;
  return first + (day - 1) * 86400e3 + (((at % 86400e3) + 86400e3) % 86400e3);
}

const pad = (value: number, width = 2) => String(value).padStart(width, '0');

/** strftime(3) with GNU's flags `-`, `_`, `0`, `^`. */
export function formatDate(format: string, at: number): string {
  const c = calendar(at);
  const start = parseTime(`${pad(c.year, 4)}-01-01T00:00:00Z`) ?? 0;
  const yearDay = Math.floor((at - start) / 86400e3);
  const nanos = Math.round((at - Math.floor(at / 1000) * 1000) * 1e6);
  const iso = isoWeek(at);
  const twelve = c.hour % 12 || 12;
  const numbers: Record<string, [value: number, width: number, fill: '0' | ' ']> = {
    C: [Math.floor(c.year / 100), 2, '0'],
    d: [c.day, 2, '0'],
    e: [c.day, 2, ' '],
    G: [iso.year, 4, '0'],
    g: [iso.year % 100, 2, '0'],
    H: [c.hour, 2, '0'],
    I: [twelve, 2, '0'],
    j: [yearDay + 1, 3, '0'],
    k: [c.hour, 2, ' '],
    l: [twelve, 2, ' '],
    M: [c.minute, 2, '0'],
    m: [c.month, 2, '0'],
    S: [c.second, 2, '0'],
    s: [Math.floor(at / 1000), 1, '0'],
    U: [Math.floor((yearDay + 7 - c.weekday) / 7), 2, '0'],
    u: [c.weekday || 7, 1, '0'],
    V: [iso.week, 2, '0'],
    W: [Math.floor((yearDay + 7 - ((c.weekday + 6) % 7)) / 7), 2, '0'],
    w: [c.weekday, 1, '0'],
    Y: [c.year, 4, '0'],
    y: [c.year % 100, 2, '0'],
    q: [Math.ceil(c.month / 3), 1, '0'],
  };
  const composed: Record<string, string> = {
    c: '%a %b %e %H:%M:%S %Y',
    D: '%m/%d/%y',
    F: '%Y-%m-%d',
    h: '%b',
    R: '%H:%M',
    r: '%I:%M:%S %p',
    T: '%H:%M:%S',
    X: '%H:%M:%S',
    x: '%m/%d/%y',
  };
  const texts: Record<string, string> = {
    A: days[c.weekday] ?? '',
    a: (days[c.weekday] ?? '').slice(0, 3),
    B: months[c.month - 1] ?? '',
    b: (months[c.month - 1] ?? '').slice(0, 3),
    n: '\n',
    P: c.hour < 12 ? 'am' : 'pm',
    p: c.hour < 12 ? 'AM' : 'PM',
    t: '\t',
    Z: 'UTC',
    z: '+0000',
    ':z': '+00:00',
    '%': '%',
  };
  return format.replace(/%([-_0^#]*)(\d*)(:z|[A-Za-z%])/g, (whole, flags: string, width: string, letter: string) => {
    if (letter === 'N') return pad(nanos, 9).slice(0, Number(width) || 9);
    const number = numbers[letter];
    if (number) {
      if (flags.includes('-')) return String(number[0]);
      const fill = flags.includes('_') ? ' ' : flags.includes('0') ? '0' : number[2];
      return String(number[0]).padStart(Number(width) || number[1], fill);
    }
    const text = composed[letter] !== undefined ? formatDate(composed[letter], at) : texts[letter];
    if (text === undefined) return whole;
    return (flags.includes('^') ? text.toUpperCase() : text).padStart(Number(width) || 0);
  });
}

/** ISO 8601 week and the year it belongs to. */
function isoWeek(at: number): { year: number; week: number } {
  const day = Math.floor(at / 86400e3);
  const thursday = day - (((day + 3) % 7) - 3);
  const { year } = calendar(thursday * 86400e3);
  const first = Math.floor((parseTime(`${pad(year, 4)}-01-01T00:00:00Z`) ?? 0) / 86400e3);
  return { year, week: Math.floor((thursday - first) / 7) + 1 };
}
