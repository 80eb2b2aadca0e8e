import { calendar } from '../../kernel/time.ts';
import { cidrContains, isIPv6, parseCidr, parseIPv4 } from '../../network/addresses.ts';
import { type HttpRequest, header } from '../../network/http.ts';

/** What an access rule may look at. */
export interface AclContext {
  client: string;
  /** Address and port that the client connected to. */
  local: { address: string; port: number };
  /** `name=` of the http_port, or its own words. */
  portName: string;
  request: HttpRequest;
  /** Of the request: `http://host/path`, `host:443` for CONNECT. */
  url: string;
  protocol: string;
  host: string;
  port: number;
  path: string;
  /** Addresses behind `host`. */
  destinations: readonly string[];
  /** Open connections of this client. */
  connections: number;
  now: number;
  random: () => number;
}

export interface Acl {
  name: string;
  type: string;
  test: ((context: AclContext) => boolean)[];
  /** Must the host's addresses be known? */
  needsAddresses: boolean;
}

/** `!name` or `name`, all of which must hold. */
export interface AclTerm {
  acl: Acl;
  negated: boolean;
}

/** A word that squid cannot take; `log` is what it says before it dies of the line. */
export class AclError extends Error {
  override name = 'AclError';
  readonly log: readonly string[];
  constructor(log: readonly string[]) {
    super(log[0] ?? '');
    this.log = log;
  }
}

export function matches(terms: readonly AclTerm[], context: AclContext): boolean {
  return terms.every(({ acl, negated }) => acl.test.some((test) => test(context)) !== negated);
}

type Parser = (words: string[], warn: (line: string) => void) => (context: AclContext) => boolean;

/** The types of squid 3.5's acls that a request's own properties decide; others are answered as an image built without them. */
export const aclTypes: Readonly<Record<string, Parser>> = {
  src: (words, warn) => addresses(words, ({ client }) => [client], warn),
  dst: (words, warn) => addresses(words, ({ destinations }) => destinations, warn),
  localip: (words, warn) => addresses(words, ({ local }) => [local.address], warn),
  dstdomain: (words) => {
    const wanted = words.filter((word) => word !== '-n').map((word) => word.toLowerCase());
    return ({ host }) => wanted.some((domain) => inDomain(host, domain));
  },
  // Nobody answers reverse look-ups here, and then the name is "none".
  srcdomain: (words) => () => words.some((word) => word.toLowerCase() === 'none'),
  dstdom_regex: (words, warn) =>
    pattern(
      words.filter((word) => word !== '-n'),
      ({ host }) => host,
      warn,
    ),
  url_regex: (words, warn) => pattern(words, ({ url }) => url, warn),
  urlpath_regex: (words, warn) => pattern(words, ({ path }) => path, warn),
  port: (words) => ranges(words, ({ port }) => port),
  localport: (words) => ranges(words, ({ local }) => local.port),
  myportname:
    (words) =>
    ({ portName }) =>
      words.includes(portName),
  proto:
    (words) =>
    ({ protocol }) =>
      words.some((word) => word.toLowerCase() === protocol),
  method:
    (words) =>
    ({ request }) =>
      words.includes(request.method),
  browser: (words, warn) => pattern(words, ({ request }) => header(request, 'user-agent'), warn),
  referer_regex: (words, warn) => pattern(words, ({ request }) => header(request, 'referer'), warn),
  req_mime_type: (words, warn) => pattern(words, ({ request }) => header(request, 'content-type') ?? '', warn),
  req_header: ([name = '', ...words], warn) => pattern(words, ({ request }) => header(request, name), warn),
  maxconn: ([limit = '0']) => {
    const most = number(limit);
    return ({ connections }) => connections > most;
  },
  random: ([text = '0']) => {
    const [left = '0', right] = text.split(/[:/]/);
    const chance =
      right === undefined
        ? Number(left)
        : Number(left) / (text.includes(':') ? Number(left) + Number(right) : Number(right));
    return ({ random }) => random() < chance;
  },
  time,
};

/** `.example.com` is the domain and all below it; without the dot the very name. */
function inDomain(host: string, domain: string): boolean {
  return domain.startsWith('.') ? host === domain.slice(1) || host.endsWith(domain) : host === domain;
}

const everything = ['0/0', '0.0.0.0/0', '0.0.0.0/0.0.0.0', '0.0.0.0-255.255.255.255', '0.0.0.0-0.0.0.0/0'];

function addresses(
  words: string[],
  of: (context: AclContext) => readonly string[],
  warn: (line: string) => void,
): (context: AclContext) => boolean {
  const tests = words.filter((word) => word !== '-n').map((word) => addressTest(word, warn));
  return (context) => of(context).some((address) => tests.some((test) => test(address)));
}

/** One word of src and dst: an address, a range, a network with length or netmask, `all`, `ipv4`, `ipv6` (acl/Ip.cc). */
function addressTest(word: string, warn: (line: string) => void): (address: string) => boolean {
  if (word === 'all') return () => true;
  if (word === 'ipv4') return (address) => !isIPv6(address);
  if (word === 'ipv6') return isIPv6;
  if (everything.includes(word)) {
    warn(`ERROR: '${word}' needs to be replaced by the term 'all'.`);
    warn("SECURITY NOTICE: Overriding config setting. Using 'all' instead.");
    return () => true;
  }
  const bad = () =>
    new AclError([`aclIpParseIpData: Bad host/IP: '${word}' in '${word}', flags=0 : (-2) Name or service not known`]);
  const [range = '', mask] = word.split('/');
  const [first = '', last] = range.includes(':') ? [range] : range.split('-');
  if (last !== undefined) {
    const [low, high] = [parseIPv4(first), parseIPv4(last)];
    if (low === undefined || high === undefined) throw bad();
    return (address) => {
      const value = parseIPv4(address);
      return value !== undefined && value >= low && value <= high;
    };
  }
  const length = mask === undefined ? undefined : maskLength(mask);
  const cidr = parseCidr(length === undefined ? first : `${first}/${length}`);
  if (!cidr) {
    if (mask !== undefined && parseCidr(first))
      throw new AclError([`aclParseIpData: unknown netmask '${mask}' in '${word}'`]);
    throw bad();
  }
  if (mask?.includes('.')) warn('WARNING: Netmasks are deprecated. Please use CIDR masks instead.');
  return (address) => cidrContains(cidr, address);
}

function maskLength(mask: string): string {
  const value = parseIPv4(mask);
  return value === undefined ? mask : String(value.toString(2).replace(/0+$/, '').length);
}

/** What xatos says of a word that is no number from 0 to 65535 (Parsing.cc). */
function number(word: string): number {
  if (!/^\s*[+-]?\d/.test(word)) throw new AclError([`ERROR: No digits were found in the input value '${word}'.`]);
  if (!/^[+-]?\d+$/.test(word)) throw new AclError([`ERROR: Invalid value: '${word}' is supposed to be a number.`]);
  const value = Number(word);
  if (value < 0) throw new AclError([`ERROR: The value '${word}' cannot be less than 0.`]);
  if (value > 65535) throw new AclError([`ERROR: The value '${word}' is larger than the type 'short'.`]);
  return value;
}

/** A port as directives take it. */
export const portNumber = number;

function ranges(words: string[], of: (context: AclContext) => number): (context: AclContext) => boolean {
  const all = words.map((word) => {
    const [, low = word, high] = /^([^-]*)-(.*)$/.exec(word) ?? [];
    const range = { low: number(low), high: number(high ?? low) };
    if (range.high < range.low) throw new AclError(['ACLIntRange::parse: Invalid port value']);
    return range;
  });
  return (context) => all.some(({ low, high }) => of(context) >= low && of(context) <= high);
}

/** Regular expressions, `-i` and `+i` between them. */
function pattern(
  words: string[],
  of: (context: AclContext) => string | undefined,
  warn: (line: string) => void,
): (context: AclContext) => boolean {
  let flags = '';
  const all: RegExp[] = [];
  for (const word of words) {
    if (word === '-i' || word === '+i') flags = word === '-i' ? 'i' : '';
    else {
      try {
        all.push(new RegExp(word, flags));
      } catch {
        warn(`aclParseRegexList: Invalid regular expression '${word}': Invalid preceding regular expression`);
      }
    }
  }
  return (context) => {
    const text = of(context);
    return text !== undefined && all.some((regex) => regex.test(text));
  };
}

/** `[SMTWHFA] [h1:m1-h2:m2]` in UTC, as the image's clock. */
function time(words: string[]): (context: AclContext) => boolean {
  const letters = 'SMTWHFA';
  let days: Set<number> | undefined;
  let hours: { from: number; to: number } | undefined;
  for (const word of words) {
    const span = /^(\d+):(\d+)-(\d+):(\d+)$/.exec(word);
    if (span) {
      const [from = 0, m1 = 0, to = 0, m2 = 0] = span.slice(1).map(Number);
      hours = { from: from * 60 + m1, to: to * 60 + m2 };
      if (hours.to < hours.from) throw new AclError(['aclParseTimeSpec: Reversed time range']);
    } else {
      days ??= new Set();
      for (const letter of word) {
        if (letter === 'D') for (const day of [1, 2, 3, 4, 5]) days.add(day);
        else if (letters.includes(letter)) days.add(letters.indexOf(letter));
        else throw new AclError([`aclParseTimeSpec: Bad Day '${letter}'`]);
      }
    }
  }
  return ({ now }) => {
    const { weekday, hour, minute } = calendar(now);
    const at = hour * 60 + minute;
    return (!days || days.has(weekday)) && (!hours || (at >= hours.from && at <= hours.to));
  };
}
