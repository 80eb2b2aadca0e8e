import { CurlError } from './errors.ts';

/** A URL as curl_url(3) takes it apart. */
export interface Url {
  scheme: string;
  user: string | undefined;
  password: string | undefined;
  /** Without the brackets of an IPv6 address. */
  host: string;
  /** As written, if it was. */
  port: number | undefined;
  path: string;
  query: string | undefined;
  fragment: string | undefined;
}

export const defaultPorts: Record<string, number> = { http: 80, https: 443 };

function rejected(reason: string): CurlError {
  return new CurlError(3, `URL rejected: ${reason}`);
}

/** Parses what the user wrote; without a scheme it is http. Throws `CurlError` 1 and 3. */
export function parseUrl(text: string, options: { asIs?: boolean; defaultScheme?: string } = {}): Url {
  const trimmed = text.trim();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\x00-\x20\x7f]/.test(trimmed)) throw rejected('Malformed input to a URL function');
  if (trimmed === '') throw rejected('Malformed input to a URL function');
  const [, given, afterScheme] = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/{1,3}(?!\/)(.*)$/.exec(trimmed) ?? [];
  const scheme = (given ?? options.defaultScheme ?? 'http').toLowerCase();
  if (defaultPorts[scheme] === undefined) throw new CurlError(1, `Protocol "${scheme}" not supported`);
  const rest = afterScheme ?? trimmed;
  const [, authority = '', tail = ''] = /^([^/?#]*)(.*)$/.exec(rest) ?? [];
  const at = authority.lastIndexOf('@');
  const [user, password] = at < 0 ? [] : splitOnce(authority.slice(0, at), ':');
  const place = authority.slice(at + 1);
  const [, bracketed, plain, portText] = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/.exec(place) ?? [];
  if (bracketed === undefined && plain === undefined)
    throw rejected('Port number was not a decimal number between 0 and 65535');
  const host = bracketed ?? (plain as string);
  if (host === '') throw rejected('No host part in the URL');
  if (portText !== undefined && portText !== '' && !(/^\d{1,5}$/.test(portText) && Number(portText) <= 65535)) {
    throw rejected('Port number was not a decimal number between 0 and 65535');
  }
  if (/[{}|\\^`<>"]/.test(host)) throw rejected('Bad hostname');
  const [, path = '', query, fragment] = /^([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/.exec(tail) ?? [];
  return {
    scheme,
    user: user === undefined ? undefined : decodeUrl(user),
    password: password === undefined ? undefined : decodeUrl(password),
    host,
    port: portText ? Number(portText) : undefined,
    path: options.asIs ? path || '/' : withoutDots(path || '/'),
    query,
    fragment,
  };
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const place = text.indexOf(separator);
  return place < 0 ? [text, undefined] : [text.slice(0, place), text.slice(place + 1)];
}

function decodeUrl(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex as string, 16)));
}

/** RFC 3986 section 5.2.4. */
function withoutDots(path: string): string {
  if (!/\/\.{1,2}(\/|$)/.test(path)) return path;
  const parts = path.split('/');
  const result: string[] = [];
  parts.forEach((part, at) => {
    const last = at === parts.length - 1;
    if (part === '..') {
      if (result.length > 1) result.pop();
      if (last) result.push('');
    } else if (part === '.') {
      if (last) result.push('');
    } else result.push(part);
  });
  return result.join('/');
}

export function portOf(url: Url): number {
  return url.port ?? (defaultPorts[url.scheme] as number);
}

const hostText = (url: Url) => (url.host.includes(':') ? `[${url.host}]` : url.host);

/** What the Host header says: the port only where it is not the scheme's own. */
export function authorityOf(url: Url): string {
  return url.port === undefined || url.port === defaultPorts[url.scheme]
    ? hostText(url)
    : `${hostText(url)}:${url.port}`;
}

export function targetOf(url: Url): string {
  return url.path + (url.query === undefined ? '' : `?${url.query}`);
}

/** Without user and fragment, as `%{url_effective}` and -v show it. */
export function formatUrl(url: Url): string {
  if (url.scheme === '') return '';
  return `${url.scheme}://${hostText(url)}${url.port === undefined ? '' : `:${url.port}`}${targetOf(url)}`;
}

/** A Location header against the URL it answered. */
export function resolveUrl(base: Url, location: string): Url {
  const reference = location.trim().replaceAll(' ', '%20');
  if (/^[a-zA-Z][a-zA-Z0-9+.-]*:\/\//.test(reference)) return parseUrl(reference);
  if (reference.startsWith('//')) return parseUrl(`${base.scheme}:${reference}`);
  const origin = `${base.scheme}://${hostText(base)}${base.port === undefined ? '' : `:${base.port}`}`;
  if (reference.startsWith('/')) return parseUrl(origin + reference);
  if (reference.startsWith('?')) return parseUrl(`${origin}${base.path}${reference}`);
  return parseUrl(`${origin}${base.path.replace(/[^/]*$/, '')}${reference}`);
}

/** One URL of a glob, with what each of its parts stood for (`#1` in -o). */
export interface Globbed {
  url: string;
  parts: string[];
}

/** `{a,b}` and `[1-3]`, `[a-c]`, `[01-10:2]`. Throws `CurlError` 3. */
export function expandGlob(pattern: string): Globbed[] {
  let results: Globbed[] = [{ url: '', parts: [] }];
  for (let at = 0; at < pattern.length; ) {
    const rest = pattern.slice(at);
    const set = /^\{([^{}]*)\}/.exec(rest);
    const range = /^\[(\d+|[a-zA-Z])-(\d+|[a-zA-Z])(?::(\d+))?\]/.exec(rest);
    if (set || range) {
      const choices = set ? (set[1] as string).split(',') : rangeValues(range as RegExpExecArray, pattern, at);
      results = results.flatMap(({ url, parts }) =>
        choices.map((choice) => ({ url: url + choice, parts: [...parts, choice] })),
      );
      at += (set ?? range)?.[0].length ?? 1;
      continue;
    }
    const symbol = rest[0] as string;
    if (symbol === '{') throw globError(pattern, at + 1, 'unmatched brace');
    if (symbol === '}') throw globError(pattern, at + 1, 'unmatched close brace/bracket');
    // Brackets around an IPv6 address are no range.
    const literal =
      symbol === '[' ? (/^\[[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(%25[^\]]*)?\]/.exec(rest)?.[0] ?? undefined) : symbol;
    if (literal === undefined) throw globError(pattern, at + 2, 'bad range');
    if (symbol === '\\' && /[{}[\]]/.test(rest[1] ?? '')) {
      results = results.map(({ url, parts }) => ({ url: url + rest[1], parts }));
      at += 2;
      continue;
    }
    results = results.map(({ url, parts }) => ({ url: url + literal, parts }));
    at += literal.length;
  }
  return results;
}

function rangeValues(range: RegExpExecArray, pattern: string, at: number): string[] {
  const [, from = '', to = '', stepText] = range;
  const step = Number(stepText ?? 1);
  const digits = /^\d/.test(from);
  const [first, last] = digits ? [Number(from), Number(to)] : [from.charCodeAt(0), to.charCodeAt(0)];
  if (digits !== /^\d/.test(to) || last < first || step < 1 || (last - first) / step > 100_000) {
    throw globError(pattern, at + 2, 'bad range');
  }
  const values: string[] = [];
  for (let value = first; value <= last; value += step) {
    values.push(
      digits ? String(value).padStart(from.startsWith('0') ? from.length : 0, '0') : String.fromCharCode(value),
    );
  }
  return values;
}

function globError(pattern: string, position: number, reason: string): CurlError {
  const long = pattern.length < 512;
  const where = `${reason} in URL position ${position}:`;
  return new CurlError(3, long ? `${where}\n${pattern}\n${' '.repeat(Math.max(0, position - 1))}^` : where);
}
