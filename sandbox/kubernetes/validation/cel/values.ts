import { quote } from '../../field.ts';

/** A CEL value. Integers are bigint, doubles number, lists arrays, maps and messages plain objects. */
export type CelValue = string | number | bigint | boolean | null | CelValue[] | CelMap | Duration | Url;
export interface CelMap {
  [key: string]: CelValue;
}

/** An evaluation that went wrong; the message is cel-go's. */
export class CelError extends Error {
  override name = 'CelError';
}

export const noOverload = () => new CelError('no such overload');

/** google.protobuf.Duration, in nanoseconds. */
export class Duration {
  readonly nanoseconds: bigint;
  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds;
  }
}

export class Url {
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  constructor(scheme: string, host: string, path: string) {
    this.scheme = scheme;
    this.host = host;
    this.path = path;
  }
}

export function isMap(value: CelValue | undefined): value is CelMap {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Duration) &&
    !(value instanceof Url)
  );
}

export function typeOf(value: CelValue): string {
  if (value === null) return 'null_type';
  if (Array.isArray(value)) return 'list';
  if (value instanceof Duration) return 'google.protobuf.Duration';
  if (value instanceof Url) return 'kubernetes.URL';
  const names: Record<string, string> = { bigint: 'int', number: 'double', boolean: 'bool', string: 'string' };
  return names[typeof value] ?? 'map';
}

const units: Record<string, bigint> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  ms: 1000_000n,
  s: 1000_000_000n,
  m: 60_000_000_000n,
  h: 3600_000_000_000n,
};

/** Go's time.ParseDuration. */
export function parseDuration(text: string): Duration {
  const match = /^([+-]?)((?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.exec(text);
  if (!match && !/^[+-]?0$/.test(text)) throw conversionError('string', 'google.protobuf.Duration');
  let sum = 0n;
  for (const [, digits, unit] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g)) {
    const scale = units[unit as string] as bigint;
    const [whole = '', fraction = ''] = (digits as string).split('.');
    sum += BigInt(whole || '0') * scale;
    if (fraction) sum += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length);
  }
  return new Duration(text.startsWith('-') ? -sum : sum);
}

export function conversionError(from: string, to: string): CelError {
  return new CelError(`type conversion error from '${from}' to '${to}'`);
}

/** Go's url.ParseRequestURI, as far as scheme, host and port go. */
export function parseUrl(text: string): Url {
  const fail = (why: string) =>
    new CelError(`URL parse error during conversion from string: parse ${quote(text)}: ${why}`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text)) throw fail('net/url: invalid control character in URL');
  if (text === '') throw fail('empty url');
  if (text.startsWith(':')) throw fail('missing protocol scheme');
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1] ?? '';
  const rest = scheme === '' ? text : text.slice(scheme.length + 1);
  if (!rest.startsWith('/')) {
    if (scheme !== '') return new Url(scheme.toLowerCase(), '', '');
    throw fail('invalid URI for request');
  }
  if (scheme === '' || !rest.startsWith('//')) return new Url(scheme.toLowerCase(), '', rest);
  const [, authority = '', path = ''] = /^\/\/([^/?]*)(.*)$/s.exec(rest) ?? [];
  const user = authority.slice(0, Math.max(0, authority.lastIndexOf('@')));
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user)) throw fail('net/url: invalid userinfo');
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  const port =
    /^(?:\[[^\]]*\]|[^:]*)(:.*)?$/.exec(host)?.[1] ?? (host.includes(':') ? host.slice(host.indexOf(':')) : '');
  if (port !== '' && !/^:\d*$/.test(port)) throw fail(`invalid port ${quote(port)} after host`);
  const wrongEscape = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(host);
  if (wrongEscape) throw fail(`invalid URL escape ${quote(wrongEscape[0])}`);
  const strange = /[^A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"%\u0080-\u{10ffff}]/u.exec(host);
  if (strange) throw fail(`invalid character ${quote(strange[0])} in host name`);
  return new Url(scheme.toLowerCase(), host, path);
}
