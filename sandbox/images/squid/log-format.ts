import { calendar } from '../../kernel/time.ts';
import { type HttpRequest, header } from '../../network/http.ts';

/** What the access log knows of a transaction that is over. */
export interface Transaction {
  request: HttpRequest;
  url: string;
  client: string;
  /** ms since 1970. */
  begun: number;
  ended: number;
  /** `TCP_MISS`, `TCP_TUNNEL`, `TCP_DENIED`, `TAG_NONE`. */
  result: string;
  status: number;
  /** Sent to the client. */
  bytes: number;
  /** `HIER_DIRECT`, `HIER_NONE`. */
  hierarchy: string;
  /** Address that was asked. */
  peer: string | undefined;
  /** Media type of the answer without parameters. */
  type: string | undefined;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const two = (value: number) => String(value).padStart(2, '0');

function localTime(at: number): string {
  const { year, month, day, hour, minute, second } = calendar(at);
  return `${two(day)}/${months[month - 1]}/${year}:${two(hour)}:${two(minute)}:${two(second)} +0000`;
}

type Value = string | number | undefined;

/** The codes of `logformat` that a plain proxy has values for (format/Token.cc). */
const codes: Record<string, (transaction: Transaction, argument: string) => Value> = {
  '>a': ({ client }) => client,
  '>A': ({ client }) => client,
  '<a': ({ peer }) => peer,
  '<A': ({ url, peer }) => (peer === undefined ? undefined : url.replace(/^\w+:\/\//, '').replace(/[:/].*$/, '')),
  ts: ({ ended }) => Math.floor(ended / 1000),
  tu: ({ ended }) => String(Math.floor(ended % 1000)).padStart(3, '0'),
  tl: ({ ended }) => localTime(ended),
  tg: ({ ended }) => localTime(ended),
  tr: ({ begun, ended }) => Math.floor(ended - begun),
  '>Hs': ({ status }) => status,
  Hs: ({ status }) => status,
  Ss: ({ result }) => result,
  Sh: ({ hierarchy }) => hierarchy,
  '<st': ({ bytes }) => bytes,
  rm: ({ request }) => request.method,
  '>rm': ({ request }) => request.method,
  ru: ({ url }) => url,
  '>ru': ({ url }) => url,
  rv: ({ request }) => request.protocol.replace('HTTP/', ''),
  '>rv': ({ request }) => request.protocol.replace('HTTP/', ''),
  mt: ({ type }) => type,
  un: () => undefined,
  ul: () => undefined,
  ui: () => undefined,
  '>h': ({ request }, name) => (name === '' ? undefined : header(request, name)),
};

interface Token {
  literal: string;
  value?: (transaction: Transaction) => Value;
  width: number;
  zero: boolean;
  left: boolean;
}

/** A `logformat`: text with `%[-][0][width][{argument}]code`, quoting flags before it taken as they come. */
export class LogFormat {
  readonly #tokens: Token[];

  private constructor(tokens: Token[]) {
    this.#tokens = tokens;
  }

  /** `fail` is told of a code that does not exist, in squid's words. */
  static parse(text: string, fail: (message: string) => never): LogFormat {
    const found: Token[] = [];
    let rest = text;
    while (rest !== '') {
      const literal = /^(?:[^%]|%%)+/.exec(rest)?.[0] ?? '';
      rest = rest.slice(literal.length);
      const plain = { literal: literal.replaceAll('%%', '%'), width: 0, zero: false, left: false };
      if (rest === '') {
        found.push(plain);
        break;
      }
      const match = /^%["'[#/]?(-)?(0)?(\d+)?(?:\.\d+)?(?:\{([^}]*)\})?([<>]?(?:st|Hs|ha|[a-zA-Z]{2}|[aAh]))/.exec(
        rest,
      );
      const [whole = rest, left, zero, width = '0', argument = '', code = ''] = match ?? [];
      const value = Object.hasOwn(codes, code) ? codes[code] : undefined;
      if (!value) return fail(`FATAL: Can't parse configuration token: '${rest}'`);
      found.push({
        ...plain,
        value: (transaction) => value(transaction, argument),
        width: Number(width),
        zero: zero !== undefined,
        left: left !== undefined,
      });
      rest = rest.slice(whole.length);
    }
    return new LogFormat(found);
  }

  line(transaction: Transaction): string {
    let line = '';
    for (const { literal, value, width, zero, left } of this.#tokens) {
      line += literal;
      if (!value) continue;
      const text = String(value(transaction) ?? '-');
      line += left ? text.padEnd(width) : text.padStart(width, zero ? '0' : ' ');
    }
    return line;
  }
}

const standard = (text: string) =>
  LogFormat.parse(text, (message) => {
    throw new Error(message);
  });

/** The formats that need no `logformat` line. */
export const standardFormats: Readonly<Record<string, LogFormat>> = {
  squid: standard('%9ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt'),
  common: standard('%>a %[ui %[un [%tl] "%rm %ru HTTP/%rv" %>Hs %<st %Ss:%Sh'),
  combined: standard('%>a %[ui %[un [%tl] "%rm %ru HTTP/%rv" %>Hs %<st "%{Referer}>h" "%{User-Agent}>h" %Ss:%Sh'),
  referrer: standard('%9ts.%03tu %>a %{Referer}>h %ru'),
  useragent: standard('%>a [%tl] "%{User-Agent}>h"'),
};
