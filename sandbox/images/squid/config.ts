import { parseCidr } from '../../network/addresses.ts';
import { type Acl, AclError, type AclTerm, aclTypes, portNumber } from './acl.ts';
import { directives } from './directives.ts';
import { LogFormat, standardFormats } from './log-format.ts';

export interface SquidPort {
  /** One address only. */
  address: string | undefined;
  port: number;
  name: string;
}

export interface AccessRule {
  allow: boolean;
  terms: AclTerm[];
}

export interface AccessLog {
  /** As written: `daemon:/var/log/squid/access.log`; undefined for `none`. */
  destination: string | undefined;
  format: LogFormat;
  terms: AclTerm[];
}

/** What of squid.conf decides how this proxy behaves. */
export interface SquidConfig {
  ports: SquidPort[];
  /** http_access, in order. */
  access: AccessRule[];
  logs: AccessLog[];
  hostname: string | undefined;
  manager: string;
  coredumpDirectory: string | undefined;
  via: boolean;
  forwardedFor: string;
  v4First: boolean;
  /** ms */
  connectTimeout: number;
  /** ms */
  shutdownLifetime: number;
  stripQuery: boolean;
}

/** What came of reading a configuration: `log` are squid's lines without date, `fatal` why it ends. */
export interface SquidReading {
  config: SquidConfig;
  log: string[];
  fatal: string | undefined;
  /** Lines with directives that do not exist. */
  errors: number;
}

const predefined = [
  'acl all src all',
  'acl manager url_regex -i ^cache_object:// +i ^https?://[^/]+/squid-internal-mgr/',
  'acl localhost src 127.0.0.1/32 ::1',
  'acl to_localhost dst 127.0.0.0/8 0.0.0.0/32 ::1',
];

const defaultLog = 'daemon:/var/log/squid/access.log';

class Fatal extends Error {}

/** Reads squid.conf as squid 3.5 does (cache_cf.cc, acl/Acl.cc, acl/Gadgets.cc). */
export function readConfig(file: string, read: (path: string) => string | undefined): SquidReading {
  const reader = new Reader(read);
  try {
    for (const line of predefined) reader.directive(line.split(' '), 'predefined', 0, line);
    reader.file(file, 0);
    reader.finish();
  } catch (error) {
    if (!(error instanceof Fatal)) throw error;
    reader.reading.fatal = error.message;
  }
  return reader.reading;
}

class Reader {
  readonly reading: SquidReading;
  readonly #read: (path: string) => string | undefined;
  readonly #acls = new Map<string, Acl>();
  readonly #formats = new Map(Object.entries(standardFormats));

  constructor(read: (path: string) => string | undefined) {
    this.#read = read;
    const config: SquidConfig = {
      ports: [],
      access: [],
      logs: [],
      hostname: undefined,
      manager: 'webmaster',
      coredumpDirectory: undefined,
      via: true,
      forwardedFor: 'on',
      v4First: false,
      connectTimeout: 60_000,
      shutdownLifetime: 30_000,
      stripQuery: true,
    };
    this.reading = { config, log: [], fatal: undefined, errors: 0 };
  }

  file(path: string, depth: number): void {
    if (depth > 16) throw new Fatal(`WARNING: can't include ${path}: includes are nested too deeply (>16)!\n`);
    const text = this.#read(path);
    if (text === undefined) {
      throw new Fatal(`Unable to open configuration file: ${path}: (2) No such file or directory`);
    }
    let pending = '';
    for (const [index, raw] of text.split('\n').entries()) {
      const line = pending + raw.replace(/\r$/, '').trim();
      pending = '';
      if (line.endsWith('\\')) {
        pending = line.slice(0, -1);
        continue;
      }
      if (line === '' || line.startsWith('#')) continue;
      const words = tokens(line);
      if (words[0] === 'include') for (const each of words.slice(1)) this.file(each, depth + 1);
      else if (!directives.has(words[0] ?? '')) {
        this.reading.log.push(`cache_cf.cc(537) parseOneConfigFile: ${path}:${index + 1} unrecognized: '${line}'`);
        this.reading.errors++;
      } else this.directive(words, path, index + 1, line);
    }
  }

  /** One directive; what squid dies of ends in its "Bungled" line. */
  directive(words: string[], path: string, number: number, line: string): void {
    try {
      this.#apply(words, path, number, line);
    } catch (error) {
      if (!(error instanceof AclError)) throw error;
      this.reading.log.push(...error.log);
      throw new Fatal(`Bungled ${path} line ${number}: ${line}`);
    }
  }

  #apply([name = '', ...words]: string[], path: string, number: number, line: string): void {
    const { config, log } = this.reading;
    const [first = ''] = words;
    const place = `${path} line ${number}: ${line}`;
    switch (name) {
      case 'acl':
        this.#acl(words, place);
        return;
      case 'http_access':
        this.#access(words, place);
        return;
      case 'http_port':
      case 'ascii_port':
        config.ports.push(port(words));
        return;
      case 'access_log':
      case 'cache_access_log':
        config.logs.push(this.#accessLog(words));
        return;
      case 'logformat':
        this.#formats.set(first, LogFormat.parse(line.replace(/^\S+\s+\S+\s*/, ''), fail));
        return;
      case 'visible_hostname':
        config.hostname = first;
        return;
      case 'cache_mgr':
        config.manager = first;
        return;
      case 'coredump_dir':
        config.coredumpDirectory = first === 'none' ? undefined : first;
        return;
      case 'via':
        config.via = onOff(first, log);
        return;
      case 'strip_query_terms':
        config.stripQuery = onOff(first, log);
        return;
      case 'dns_v4_first':
        config.v4First = onOff(first, log);
        return;
      case 'forwarded_for':
        if (!['on', 'off', 'transparent', 'truncate', 'delete'].includes(first)) fail();
        config.forwardedFor = first;
        return;
      case 'connect_timeout':
        config.connectTimeout = duration(words, log);
        return;
      case 'shutdown_lifetime':
        config.shutdownLifetime = duration(words, log);
        return;
      case 'auth_param':
        fail(`Parsing Config File: Unknown authentication scheme '${first}'.`);
    }
  }

  #acl([name, type, ...words]: string[], place: string): void {
    const { log } = this.reading;
    if (name === undefined) fail('aclParseAclLine: missing ACL name.');
    if (name.length >= 32) {
      fail(`aclParseAclLine: aclParseAclLine: ACL name '${name}' too long, max 31 characters supported`);
    }
    if (type === undefined) fail('aclParseAclLine: missing ACL type.');
    if (type === 'proto' && name === 'manager') {
      log.push("UPGRADE: ACL 'manager' is now a built-in ACL. Remove it from your config file.");
      return;
    }
    const known = this.#acls.get(name);
    const arranged = type === 'any-of' || type === 'all-of';
    const parse = Object.hasOwn(aclTypes, type) ? aclTypes[type] : undefined;
    if (!parse && !arranged) fail(`FATAL: Invalid ACL type '${type}'`);
    if (known && known.type !== type) {
      fail(`aclParseAclLine: ACL '${name}' already exists with different type.`);
    }
    const acl = known ?? { name, type, test: [], needsAddresses: type === 'dst' };
    const values = words.flatMap((word) => this.#value(word));
    if (values.length === 0) log.push(`Warning: empty ACL: ${place.replace(/^.*? line \d+: /, '')}`);
    else if (parse) acl.test.push(parse(values, (line) => log.push(line)));
    else this.#arrange(acl, values);
    this.#acls.set(name, acl);
  }

  /** `any-of` and `all-of`: acls made of acls. */
  #arrange(acl: Acl, words: string[]): void {
    const terms = this.#terms(words);
    acl.needsAddresses ||= terms.some((term) => term.acl.needsAddresses);
    for (const group of acl.type === 'all-of' ? [terms] : terms.map((term) => [term])) {
      acl.test.push((context) => group.every((term) => term.acl.test.some((test) => test(context)) !== term.negated));
    }
  }

  /** A word in quotation marks names a file with one value a line. */
  #value(word: string): string[] {
    const path = /^"(.*)"$/.exec(word)?.[1];
    if (path === undefined) return [word];
    const text = this.#read(path);
    if (text === undefined) {
      this.reading.log.push(`strtokFile: ${path} not found`);
      return [];
    }
    const lines = text.split('\n').map((line) => line.trim());
    return lines.filter((line) => line !== '' && !line.startsWith('#'));
  }

  #terms(words: string[]): AclTerm[] {
    return words.map((word) => {
      const negated = word.startsWith('!');
      const acl = this.#acls.get(negated ? word.slice(1) : word);
      if (!acl) throw new AclError([`ACL not found: ${negated ? word.slice(1) : word}`]);
      return { acl, negated };
    });
  }

  #access([action, ...words]: string[], place: string): void {
    const { log, config } = this.reading;
    let why = action === undefined ? "missing 'allow' or 'deny'." : undefined;
    if (action !== 'allow' && action !== 'deny') why ??= `expecting 'allow' or 'deny', got '${action}'.`;
    const terms = why === undefined ? this.#terms(words) : [];
    if (why === undefined && terms.length === 0) why = "Access line contains no ACL's, skipping";
    if (why === undefined) config.access.push({ allow: action === 'allow', terms });
    else log.push(`aclParseAccessLine: ${place}`, `aclParseAccessLine: ${why}`);
  }

  #accessLog([destination, ...words]: string[]): AccessLog {
    if (destination === undefined) throw new AclError([]);
    const squid = standardFormats.squid as LogFormat;
    if (destination === 'none') return { destination: undefined, format: squid, terms: this.#terms(words) };
    let format: LogFormat | undefined;
    const rest = [...words];
    if (rest[0] !== undefined && !rest[0].includes('=')) {
      format = this.#formats.get(rest[0]);
      if (format) rest.shift();
    }
    while (rest[0]?.includes('=')) {
      const [option = '', value = ''] = (rest.shift() as string).split('=');
      if (option === 'logformat') {
        format = this.#formats.get(value) ?? fail(`Log format '${value}' is not defined`);
      } else if (option === 'on-error') {
        if (value !== 'die' && value !== 'drop')
          fail(`Unknown value for on-error '${option}=${value}' expected 'drop' or 'die'`);
      } else if (option !== 'buffer-size') fail(`Unknown access_log option ${option}=${value}`);
    }
    return { destination, format: format ?? squid, terms: this.#terms(rest) };
  }

  /** Defaults of what was not said, and what cannot be done without. */
  finish(): void {
    const { config } = this.reading;
    if (config.logs.length === 0) config.logs.push(this.#accessLog([defaultLog, 'squid']));
    if (config.access.length === 0) config.access.push({ allow: false, terms: this.#terms(['all']) });
  }
}

function fail(...log: string[]): never {
  throw new AclError(log);
}

/** Words up to a comment; quotation marks stay on. */
function tokens(line: string): string[] {
  const words = line.match(/"[^"]*"|\S+/g) ?? [];
  const comment = words.findIndex((word) => word.startsWith('#'));
  return comment < 0 ? words : words.slice(0, comment);
}

function port([place = '', ...options]: string[]): SquidPort {
  if (place === '') fail();
  const name = options.find((option) => option.startsWith('name='))?.slice('name='.length) ?? place;
  const [, bracketed, plain, after] = /^(?:\[([^\]]*)\]|([^:]*)):(.*)$/.exec(place) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) {
    if (!/^\d+$/.test(place) || Number(place) === 0) fail(`FATAL: http_port: missing Port: ${place}`);
    return { address: undefined, port: portNumber(place), name };
  }
  const number = portNumber(after ?? '');
  if (number === 0) fail(`FATAL: http_port: Port cannot be 0: ${host}`);
  if (!parseCidr(host)) fail(`FATAL: http_port: failed to resolve Host/IP: ${host}`);
  return { address: host === '0.0.0.0' || host === '::' ? undefined : host, port: number, name };
}

function onOff(word: string, log: string[]): boolean {
  if (word === 'enable' || word === 'disable') {
    log.push(`WARNING: '${word}' is deprecated. Please update to use '${word === 'enable' ? 'on' : 'off'}'.`);
  } else if (word !== 'on' && word !== 'off') {
    fail("ERROR: Invalid option: Boolean options can only be 'on' or 'off'.");
  }
  return word === 'on' || word === 'enable';
}

const units: Record<string, number> = {
  millisecond: 1,
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

/** `30 seconds`; without a unit seconds, and squid says so. */
function duration([amount = '', unit]: string[], log: string[]): number {
  const value = Number(amount);
  if (amount === '' || !Number.isFinite(value)) fail();
  if (unit === undefined) {
    log.push(`WARNING: No units on '${amount}', assuming ${value.toFixed(6)} second`);
    return value * 1000;
  }
  const scale = units[unit.replace(/s$/, '')];
  return scale === undefined ? fail(`parseTimeUnits: unknown time unit '${unit}'`) : value * scale;
}
