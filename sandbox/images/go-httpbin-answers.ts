import { fromBase64, toBase64 } from '../kernel/base64.ts';
import type { Random } from '../kernel/random.ts';
import { decode, encode } from '../kernel/streams.ts';
import { type HttpRequest, header } from '../network/http.ts';
import type { HeaderField } from '../network/socket.ts';
import { reasonPhrase } from '../network/status.ts';

/** What go-httpbin 2.15 answers (github.com/mccutchen/go-httpbin, httpbin/handlers.go). */

export interface HttpbinContext {
  /** `address:port` of the client. */
  client: string;
  hostname: string;
  random: Random;
}

export interface HttpbinAnswer {
  status: number;
  headers: HeaderField[];
  body: string | Uint8Array;
  /** ms */
  delay: number;
}

interface Exchange extends HttpbinContext {
  request: HttpRequest;
  path: string;
  query: string;
  args: Record<string, string[]>;
}

type Reply = { status?: number; type?: string; headers?: HeaderField[]; body?: string | Uint8Array; delay?: number };
type Handler = (exchange: Exchange, parts: string[]) => Reply;

const json = 'application/json; charset=utf-8';
const text = 'text/plain; charset=utf-8';
const html = 'text/html; charset=utf-8';
const longest = 10_000;

export function answerHttpbin(request: HttpRequest, context: HttpbinContext): HttpbinAnswer {
  const [path = '/', query = ''] = request.target.replace(/^https?:\/\/[^/]*/, '').split(/\?(.*)/s);
  const exchange: Exchange = { ...context, request, path, query, args: parseQuery(query) };
  const reply = request.method === 'OPTIONS' ? preflight(request) : dispatch(exchange);
  const { status = 200, type, headers = [], body = '', delay = 0 } = reply;
  const origin = header(request, 'origin') ?? '*';
  return {
    status,
    headers: [
      ['Access-Control-Allow-Credentials', 'true'],
      ['Access-Control-Allow-Origin', origin],
      ...(type ? [['Content-Type', type] as HeaderField] : []),
      ...headers,
    ],
    body: request.method === 'HEAD' ? '' : body,
    delay,
  };
}

function preflight(request: HttpRequest): Reply {
  const asked = header(request, 'access-control-request-headers');
  return {
    headers: [
      ['Access-Control-Allow-Methods', 'GET, POST, HEAD, PUT, DELETE, PATCH, OPTIONS'],
      ['Access-Control-Max-Age', '3600'],
      ...(asked ? [['Access-Control-Allow-Headers', asked] as HeaderField] : []),
    ],
  };
}

/** Endpoints that take one method only. */
const single: Record<string, [method: string, handler: Handler]> = {
  '/': ['GET', () => ({ type: html, body: index })],
  '/delete': ['DELETE', withBody],
  '/get': ['GET', get],
  '/head': ['HEAD', get],
  '/patch': ['PATCH', withBody],
  '/post': ['POST', withBody],
  '/put': ['PUT', withBody],
};

/** The others, by first path element and number of elements after it. */
const any: Record<string, Handler> = {
  'absolute-redirect/1': (exchange, [count]) => redirects(exchange, count, false),
  'anything/0': anything,
  'base64/1': (_, [data = '']) => base64('decode', data),
  'base64/2': (_, [operation = '', data = '']) => base64(operation, data),
  'basic-auth/2': basicAuth,
  'bearer/0': bearer,
  'bytes/1': bytes,
  'cache/0': (exchange) => cached(exchange),
  'cache/1': (exchange, [seconds]) => ({
    ...get(exchange),
    headers: [['Cache-Control', `public, max-age=${seconds}`]],
  }),
  'cookies/0': (exchange) => ok(cookies(exchange.request)),
  'delay/1': delay,
  'deny/0': () => ({ type: text, body: "YOU SHOULDN'T BE HERE" }),
  'headers/0': (exchange) => ok({ headers: headersOf(exchange.request) }),
  'hostname/0': ({ hostname }) => ok({ hostname }),
  'html/0': () => ({ type: html, body: page }),
  'ip/0': (exchange) => ok({ origin: originOf(exchange) }),
  'json/0': () => ({ type: json, body: slides }),
  'redirect/1': (exchange, [count]) =>
    redirects(exchange, count, first(exchange, 'absolute')?.toLowerCase() !== 'true'),
  'redirect-to/0': redirectTo,
  'relative-redirect/1': (exchange, [count]) => redirects(exchange, count, true),
  'response-headers/0': responseHeaders,
  'robots.txt/0': () => ({ type: 'text/plain', body: 'User-agent: *\nDisallow: /deny\n' }),
  'status/1': status,
  'unstable/0': unstable,
  'user-agent/0': ({ request }) => ok({ 'user-agent': header(request, 'user-agent') ?? '' }),
  'uuid/0': ({ random }) => ok({ uuid: random.uuid() }),
};

function dispatch(exchange: Exchange): Reply {
  const { path, request } = exchange;
  const only = single[path];
  if (only) {
    const [method, handler] = only;
    if (request.method === method || (method === 'GET' && request.method === 'HEAD')) return handler(exchange, []);
    const allow = method === 'GET' ? 'GET, HEAD' : method;
    return { status: 405, ...plainError('Method Not Allowed'), headers: [['Allow', allow], nosniff] };
  }
  const [name = '', ...parts] = path.slice(1).split('/').map(percentDecoded);
  if (name === 'anything') return anything(exchange);
  const handler = any[`${name}/${parts.length}`];
  if (handler && parts.every((part) => part !== '')) return handler(exchange, parts);
  return { status: 404, ...plainError('404 page not found'), headers: [nosniff] };
}

const nosniff: HeaderField = ['X-Content-Type-Options', 'nosniff'];

function plainError(message: string): Reply {
  return { type: text, body: `${message}\n` };
}

function ok(value: unknown, code = 200): Reply {
  return { status: code, type: json, body: `${JSON.stringify(value, undefined, 2)}\n` };
}

function failure(code: number, detail?: string): Reply {
  return ok({ status_code: code, error: reasonPhrase(code), ...(detail && { detail }) }, code);
}

function get(exchange: Exchange): Reply {
  return ok(describe(exchange));
}

/** The members every echo begins with. */
function describe(exchange: Exchange) {
  const { request, args } = exchange;
  return {
    args: sorted(args),
    headers: headersOf(request),
    method: request.method,
    origin: originOf(exchange),
    url: urlOf(exchange),
  };
}

function anything(exchange: Exchange): Reply {
  return exchange.request.method === 'HEAD' ? get(exchange) : withBody(exchange);
}

function withBody(exchange: Exchange): Reply {
  const { request } = exchange;
  const [type = ''] = (header(request, 'content-type') ?? '').split(';');
  const raw = decode(request.body);
  const body = { data: raw, files: {}, form: {} as Record<string, string[]>, json: null as unknown };
  if (request.body.length > 0) {
    if (type === 'application/x-www-form-urlencoded') body.form = sorted(parseQuery(raw));
    else if (type === 'application/json') {
      try {
        body.json = JSON.parse(raw);
      } catch {
        return failure(400, 'error parsing request body: invalid character in JSON');
      }
    } else if (type !== 'text/html' && type !== 'text/plain' && type !== 'multipart/form-data') {
      body.data = `data:${type || 'application/octet-stream'};base64,${urlSafe(toBase64(request.body))}`;
    }
  }
  return ok({ ...describe(exchange), ...body });
}

function urlSafe(base: string): string {
  return base.replace(/\+/g, '-').replace(/\//g, '_');
}

/** Header names in Go's canonical form, values as lists, sorted; Host among them. */
function headersOf(request: HttpRequest): Record<string, string[]> {
  const headers: Record<string, string[]> = { Host: [request.authority] };
  for (const [name, value] of request.headers) {
    const canonical = name.toLowerCase().replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
    headers[canonical] = [...(headers[canonical] ?? []), value];
  }
  return sorted(headers);
}

function sorted<T>(map: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

function originOf({ request, client }: Exchange): string {
  for (const name of ['fly-client-ip', 'cf-connecting-ip', 'fastly-client-ip', 'true-client-ip']) {
    const value = header(request, name);
    if (value) return value;
  }
  return header(request, 'x-forwarded-for')?.split(',')[0]?.trim() ?? client;
}

function urlOf({ request, path, query }: Exchange): string {
  const forwarded = header(request, 'x-forwarded-proto') ?? header(request, 'x-forwarded-protocol');
  const scheme = forwarded ?? (header(request, 'x-forwarded-ssl') === 'on' ? 'https' : request.scheme);
  return `${scheme}://${request.authority}${path}${query ? `?${query}` : ''}`;
}

function first({ args }: Exchange, name: string): string | undefined {
  return args[name]?.[0];
}

function delay(exchange: Exchange, [duration = '']: string[]): Reply {
  const milliseconds = parseDuration(duration);
  if (milliseconds === undefined) {
    return failure(400, `invalid duration: strconv.ParseFloat: parsing ${JSON.stringify(duration)}: invalid syntax`);
  }
  if (milliseconds > longest)
    return failure(400, `invalid duration: duration ${goDuration(milliseconds)} longer than 10s`);
  if (milliseconds < 0) return failure(400, `invalid duration: duration ${goDuration(milliseconds)} shorter than 0s`);
  const timing = `initial_delay;dur=${milliseconds.toFixed(2)};desc="initial delay"`;
  return { ...withBody(exchange), headers: [['Server-Timing', timing]], delay: milliseconds };
}

/** Go's `1.5s`, `200ms`, or seconds as a number; in ms. */
function parseDuration(value: string): number | undefined {
  const units: Record<string, number> = { ns: 1e-6, us: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  const match = /^(-?\d*\.?\d+)(ns|us|ms|s|m|h)?$/.exec(value);
  return match ? Number(match[1]) * (units[match[2] ?? 's'] ?? 1000) : undefined;
}

function goDuration(milliseconds: number): string {
  const minutes = Math.trunc(milliseconds / 60_000);
  const seconds = (milliseconds - minutes * 60_000) / 1000;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}

function status({ random }: Exchange, [code = '']: string[]): Reply {
  const choices = code.split(',');
  const chosen = choices.length > 1 ? random.pick(choices).split(':')[0] : code;
  const value = /^[+-]?\d+$/.test(chosen ?? '') ? Number(chosen) : undefined;
  if (value === undefined) {
    return failure(
      400,
      `invalid status code: ${JSON.stringify(code)}: strconv.Atoi: parsing ${JSON.stringify(code)}: invalid syntax`,
    );
  }
  if (value < 100 || value > 599) return failure(400, `invalid status code: ${value} not in range [100, 599]`);
  return { status: value, type: text, ...special(value) };
}

function special(code: number): Reply {
  if ([301, 302, 303, 305, 307].includes(code)) return { headers: [['Location', '/redirect/1']] };
  if (code === 300 || code === 308) return { headers: [['Location', '/image/jpeg']] };
  if (code === 401) return { headers: [['Www-Authenticate', 'Basic realm="Fake Realm"']] };
  if (code === 407) return { headers: [['Proxy-Authenticate', 'Basic realm="Fake Realm"']] };
  if (code === 418) return { body: "I'm a teapot!", headers: [['X-More-Info', 'http://tools.ietf.org/html/rfc2324']] };
  return {};
}

function unstable(exchange: Exchange): Reply {
  const rate = Number(first(exchange, 'failure_rate') ?? 0.5);
  return { status: exchange.random.float() < rate ? 500 : 200, type: text };
}

function redirects(exchange: Exchange, count: string | undefined, relative: boolean): Reply {
  const left = Number(count) - 1;
  if (!Number.isInteger(left))
    return failure(400, `invalid redirect count: strconv.Atoi: parsing "${count}": invalid syntax`);
  if (left < 0) return failure(400, 'redirect count must be > 0');
  const path = left < 1 ? '/get' : `/${relative ? 'relative' : 'absolute'}-redirect/${left}`;
  const base = relative ? '' : urlOf({ ...exchange, path: '', query: '' });
  return { status: 302, headers: [['Location', `${base}${path}`]] };
}

function redirectTo(exchange: Exchange): Reply {
  const url = first(exchange, 'url');
  if (!url) return failure(400, 'missing required query parameter: url');
  const code = Number(first(exchange, 'status_code') ?? 302);
  if (!(code >= 300 && code <= 399)) return failure(400, `invalid status code: ${code} not in range [300, 399]`);
  return { status: code, headers: [['Location', url]] };
}

function responseHeaders({ args }: Exchange): Reply {
  const headers = Object.entries(args).flatMap(([name, values]) =>
    values.map(
      (value): HeaderField => [name.toLowerCase().replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase()), value],
    ),
  );
  const typed = headers.some(([name]) => name === 'Content-Type');
  const reply = ok(sorted(args));
  const { type: _, ...untyped } = reply;
  return { ...(typed ? untyped : reply), headers };
}

function basicAuth({ request }: Exchange, [user = '', password = '']: string[]): Reply {
  const [scheme, credentials = ''] = (header(request, 'authorization') ?? '').split(' ');
  const plain = scheme === 'Basic' ? decode(fromBase64(credentials) ?? new Uint8Array()) : '';
  const colon = plain.indexOf(':');
  const given = colon < 0 ? '' : plain.slice(0, colon);
  if (colon >= 0 && given === user && plain.slice(colon + 1) === password) return ok({ authorized: true, user });
  return {
    ...ok({ authorized: false, user: given }, 401),
    headers: [['Www-Authenticate', 'Basic realm="Fake Realm"']],
  };
}

function bearer({ request }: Exchange): Reply {
  const [scheme, token, more] = (header(request, 'authorization') ?? '').split(/\s+/);
  if (scheme === 'Bearer' && token && more === undefined) return ok({ authenticated: true, token });
  return { ...failure(401), headers: [['Www-Authenticate', 'Bearer']] };
}

function base64(operation: string, data: string): Reply {
  if (operation === 'encode') return { type: text, body: urlSafe(toBase64(encode(data))) };
  if (operation !== 'decode') return failure(400, `invalid operation: ${operation}`);
  const standard = data.replace(/-/g, '+').replace(/_/g, '/');
  const plain = fromBase64(standard.padEnd(Math.ceil(standard.length / 4) * 4, '='));
  return plain ? { type: text, body: plain } : failure(400, `base64 decode failed: illegal base64 data`);
}

function bytes({ random }: Exchange, [count = '']: string[]): Reply {
  const size = Number(count);
  if (!Number.isInteger(size))
    return failure(400, `invalid byte count: strconv.Atoi: parsing "${count}": invalid syntax`);
  const body = random.bytes(Math.min(Math.max(size, 1), 100 * 1024));
  return { type: 'application/octet-stream', body };
}

function cached(exchange: Exchange): Reply {
  const { request } = exchange;
  if (header(request, 'if-modified-since') || header(request, 'if-none-match')) return { status: 304 };
  return get(exchange);
}

function cookies(request: HttpRequest): Record<string, string> {
  const jar: Record<string, string> = {};
  for (const pair of (header(request, 'cookie') ?? '').split(/;\s*/)) {
    const equals = pair.indexOf('=');
    if (equals > 0) jar[pair.slice(0, equals)] = pair.slice(equals + 1);
  }
  return sorted(jar);
}

function parseQuery(query: string): Record<string, string[]> {
  const args: Record<string, string[]> = {};
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const [name = '', value = ''] = pair.split(/=(.*)/s).map((part) => percentDecoded(part.replace(/\+/g, ' ')));
    args[name] = [...(args[name] ?? []), value];
  }
  return args;
}

/** %XX sequences decoded; what is none stays. */
function percentDecoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const index = `<!DOCTYPE html>
<html>
<head><title>go-httpbin</title></head>
<body><h1>go-httpbin</h1><p>A reasonably complete golang port of httpbin.org.</p></body>
</html>
`;

const page = `<!DOCTYPE html>
<html>
  <head>
  </head>
  <body>
      <h1>Herman Melville - Moby-Dick</h1>

      <div>
        <p>
          Availing himself of the mild, summer-cool weather that now reigned in these latitudes, and in preparation for the peculiarly active pursuits shortly to be anticipated, Perth, the begrimed, blistered old blacksmith, had not removed his portable forge to the hold again.
        </p>
      </div>
  </body>
</html>
`;

const slides = `${JSON.stringify(
  {
    slideshow: {
      author: 'Yours Truly',
      date: 'date of publication',
      slides: [
        { title: 'Wake up to WonderWidgets!', type: 'all' },
        {
          items: ['Why <em>WonderWidgets</em> are great', 'Who <em>buys</em> WonderWidgets'],
          title: 'Overview',
          type: 'all',
        },
      ],
      title: 'Sample Slide Show',
    },
  },
  undefined,
  2,
)}\n`;
