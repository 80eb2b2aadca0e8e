import { cidrContains, isAddress, parseCidr } from '../../network/addresses.ts';
import type { Packet } from '../../network/capture.ts';

export type Matches = (packet: Packet) => boolean;

/** The filter expression is wrong, in libpcap's words. */
export class FilterError extends Error {
  override name = 'FilterError';
}

type Direction = 'src' | 'dst' | 'src or dst' | 'src and dst';
type Kind = 'host' | 'net' | 'port' | 'portrange';

interface Qualifiers {
  direction: Direction;
  kind: Kind;
}

/** Service names that stand for ports without a services(5) file to look in. */
const services: Record<string, number> = { http: 80, https: 443, domain: 53, ssh: 22, 'http-alt': 8080 };
const tcpFlags: Record<string, string> = {
  'tcp-syn': 'S',
  'tcp-fin': 'F',
  'tcp-rst': 'R',
  'tcp-push': 'P',
  'tcp-ack': '.',
};

/** Compiles pcap-filter(7): hosts, nets, ports, lengths and TCP flags, joined by and, or, not. Throws `FilterError`. */
export function compileFilter(text: string, resolve: (name: string) => readonly string[]): Matches {
  const tokens = text.match(/[()!]|&&|\|\||tcp\[[^\]]*\]\s*&\s*\(?[\w|+ -]+\)?\s*!?==?\s*[\w-]+|[^\s()!]+/g) ?? [];
  if (tokens.length === 0) return () => true;
  const parser = new Parser(tokens, resolve);
  return parser.parse();
}

class Parser {
  readonly #tokens: string[];
  readonly #resolve: (name: string) => readonly string[];
  /** Qualifiers of the primitive before, which a bare id inherits. */
  #last: Qualifiers = { direction: 'src or dst', kind: 'host' };

  constructor(tokens: readonly string[], resolve: (name: string) => readonly string[]) {
    this.#tokens = [...tokens];
    this.#resolve = resolve;
  }

  parse(): Matches {
    const all = this.#either();
    if (this.#tokens.length > 0) throw syntaxError();
    return all;
  }

  /** `and` and `or` bind equally and group from the left. */
  #either(): Matches {
    let left = this.#not();
    for (let next = this.#tokens[0]; next !== undefined && next !== ')'; next = this.#tokens[0]) {
      const or = next === 'or' || next === '||';
      if (!or && next !== 'and' && next !== '&&') throw syntaxError();
      this.#tokens.shift();
      const [before, after] = [left, this.#not()];
      left = or ? (packet) => before(packet) || after(packet) : (packet) => before(packet) && after(packet);
    }
    return left;
  }

  #not(): Matches {
    const token = this.#tokens.shift();
    if (token === undefined) throw syntaxError();
    if (token === 'not' || token === '!') {
      const inner = this.#not();
      return (packet) => !inner(packet);
    }
    if (token === '(') {
      const inner = this.#either();
      if (this.#tokens.shift() !== ')') throw syntaxError();
      return inner;
    }
    return this.#primitive(token);
  }

  #primitive(first: string): Matches {
    const flags = /^tcp\[(tcpflags|13)\]\s*&\s*\(?([\w|+ -]+?)\)?\s*(!=|==?)\s*([\w-]+)$/.exec(first);
    if (flags) return flagTest(flags[2] ?? '', flags[3] ?? '', flags[4] ?? '');
    if (first.includes('[')) throw syntaxError();
    if (first === 'greater' || first === 'less') {
      const limit = this.#number(this.#tokens.shift());
      return (packet) => (first === 'less' ? frameLength(packet) <= limit : frameLength(packet) >= limit);
    }
    let protocol: string | undefined;
    let token: string | undefined = first;
    if (/^(tcp|udp|icmp|ip|ip6|arp)$/.test(token)) {
      protocol = token;
      if (!/^(src|dst|host|net|port|portrange)$/.test(this.#tokens[0] ?? '')) return byProtocol(protocol);
      token = this.#tokens.shift();
    }
    const direction = this.#direction(token);
    if (direction) token = this.#tokens.shift();
    let kind: Kind | undefined;
    if (token !== undefined && /^(host|net|port|portrange)$/.test(token)) {
      kind = token as Kind;
      token = this.#tokens.shift();
    }
    if (token === undefined) throw syntaxError();
    const bare = !direction && !kind;
    const qualifiers: Qualifiers = bare ? this.#last : { direction: direction ?? 'src or dst', kind: kind ?? 'host' };
    this.#last = qualifiers;
    const matches = this.#address(token, qualifiers);
    const carries = protocol === undefined ? () => true : byProtocol(protocol);
    return (packet) => carries(packet) && matches(packet);
  }

  #direction(token: string | undefined): Direction | undefined {
    if (token !== 'src' && token !== 'dst') return undefined;
    const [word, other] = this.#tokens;
    if ((word === 'or' || word === 'and') && (other === 'src' || other === 'dst') && other !== token) {
      this.#tokens.splice(0, 2);
      return `src ${word} dst`;
    }
    return token;
  }

  #address(id: string, { direction, kind }: Qualifiers): Matches {
    const test = this.#test(id, kind);
    return ({ source, destination }) => {
      if (direction === 'src') return test(source);
      if (direction === 'dst') return test(destination);
      return direction === 'src and dst' ? test(source) && test(destination) : test(source) || test(destination);
    };
  }

  #test(id: string, kind: Kind): (address: { address: string; port: number }) => boolean {
    if (kind === 'port') {
      const port = this.#number(id, services);
      return (address) => address.port === port;
    }
    if (kind === 'portrange') {
      const [low = '', high = low] = id.split('-');
      const [from, to] = [this.#number(low), this.#number(high)];
      return ({ port }) => port >= from && port <= to;
    }
    if (kind === 'net' || id.includes('/')) {
      const range = parseCidr(id.replace(/^(\d+(?:\.\d+)*)(?:\/(\d+))?$/, fullNet));
      if (!range) throw new FilterError(`unknown network '${id}'`);
      return ({ address }) => cidrContains(range, address);
    }
    const addresses = isAddress(id) ? [id] : this.#resolve(id);
    if (addresses.length === 0) throw new FilterError(`unknown host '${id}'`);
    return ({ address }) => addresses.includes(address);
  }

  #number(text: string | undefined, names: Record<string, number> = {}): number {
    if (text === undefined) throw syntaxError();
    const value = names[text] ?? Number(text);
    if (!Number.isInteger(value)) throw new FilterError(`unknown port '${text}'`);
    if (value < 0 || value > 65_535) throw new FilterError(`illegal port number ${text} > 65535`);
    return value;
  }
}

/** `10.244` is 10.244.0.0/16. */
function fullNet(_whole: string, address: string, length: string | undefined): string {
  const parts = address.split('.');
  return `${[...parts, '0', '0', '0'].slice(0, 4).join('.')}/${length ?? parts.length * 8}`;
}

function byProtocol(protocol: string): Matches {
  // What is captured is TCP on IPv4, and on the loopback interface on IPv6.
  return ({ source }) => {
    const ipv6 = source.address.includes(':');
    return protocol === 'tcp' || (protocol === 'ip6' ? ipv6 : protocol === 'ip' && !ipv6);
  };
}

/** `tcp[tcpflags] & (tcp-syn|tcp-fin) != 0`. */
function flagTest(names: string, operator: string, value: string): Matches {
  const letters = names.split(/[|+]/).map((name) => tcpFlags[name.trim()]);
  const wanted = value === '0' ? 0 : tcpFlags[value];
  if (wanted === undefined || letters.includes(undefined)) throw syntaxError();
  return ({ flags }) => {
    const present = letters.filter((letter) => letter !== undefined && flags.includes(letter));
    const equal = wanted === 0 ? present.length === 0 : present.length === 1 && present[0] === wanted;
    return equal === (operator !== '!=');
  };
}

/** With the Ethernet header. */
function frameLength({ length, flags, timestamps }: Packet): number {
  return 14 + 40 + (timestamps ? (flags.startsWith('S') ? 20 : 12) : 0) + length;
}

function syntaxError(): FilterError {
  return new FilterError("can't parse filter expression: syntax error");
}
