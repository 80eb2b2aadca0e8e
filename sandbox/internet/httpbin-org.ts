import { decode, encode } from '../kernel/streams.ts';
import { calendar } from '../kernel/time.ts';
import { type HttpRequest, header } from '../network/http.ts';
import { reasonPhrase } from '../network/status.ts';
import { httpDate, type Site, type SiteAnswer, type SiteContext, titleCase } from './site.ts';

/** httpbin.org: Kenneth Reitz' httpbin on gunicorn behind an AWS load balancer. */
export const httpbinOrg: Site = {
  id: 'httpbin.org',
  hosts: [
    { name: 'httpbin.org', ipv4: ['35.173.6.94', '44.195.190.188', '44.206.219.79', '52.44.182.178'] },
    { name: 'www.httpbin.org', cname: 'httpbin.org' },
  ],
  latency: 45,
  certificate: {
    subject: 'CN = httpbin.org',
    issuer: 'C = US, O = Amazon, CN = Amazon RSA 2048 M03',
    subjectAltNames: ['httpbin.org', '*.httpbin.org'],
    root: 'Amazon Root CA 1',
    age: 100,
    left: 290,
  },
  plaintextAnswer: plainHttp,
  handle,
};

const methods: Record<string, string> = { get: 'GET', post: 'POST', put: 'PUT', patch: 'PATCH', delete: 'DELETE' };

function handle(request: HttpRequest, context: SiteContext): SiteAnswer {
  const [path = '/', query = ''] = request.target.split('?');
  const [, first = '', second = ''] = path.split('/');
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  if (first === 'anything') return json(echo(request, context, query, true), context);
  if (first in methods)
    return methods[first] === method
      ? json(echo(request, context, query, first !== 'get'), context)
      : error(405, context);
  switch (first) {
    case 'headers':
      return json({ headers: headersOf(request, context) }, context);
    case 'ip':
      return json({ origin: origin(request, context) }, context);
    case 'user-agent':
      return json({ 'user-agent': header(request, 'user-agent') ?? null }, context);
    case 'uuid':
      return json({ uuid: context.hex(32).replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5') }, context);
    case 'status':
      return status(second, context);
    case 'delay': {
      const seconds = Number(second);
      if (!Number.isFinite(seconds)) return error(404, context);
      return {
        ...json(echo(request, context, query, true), context),
        delay: Math.min(10, Math.max(0, seconds)) * 1000 + 4,
      };
    }
    case 'redirect-to': {
      const target = query.split('&').find((pair) => pair.startsWith('url='));
      return answer(302, 'text/html; charset=utf-8', '', context, [['location', decodeQuery(target?.slice(4) ?? '')]]);
    }
    case 'html':
      return answer(
        200,
        'text/html; charset=utf-8',
        '<!DOCTYPE html>\n<html>\n  <head>\n  </head>\n  <body>\n      <h1>Herman Melville - Moby-Dick</h1>\n  </body>\n</html>',
        context,
      );
    case '':
      return answer(
        200,
        'text/html; charset=utf-8',
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n    <title>httpbin.org</title>\n</head>\n<body></body>\n</html>\n',
        context,
      );
    default:
      return error(404, context);
  }
}

/** A code, or several of which the first is taken, as `/status/418`. */
function status(text: string, context: SiteContext): SiteAnswer {
  const code = Number(text.split(/[,:]/)[0]);
  if (!Number.isInteger(code) || code < 100 || code > 599)
    return answer(400, 'text/html; charset=utf-8', 'Invalid status code', context);
  if ([301, 302, 303, 305, 307].includes(code))
    return answer(code, 'text/html; charset=utf-8', '', context, [['location', '/redirect/1']]);
  return answer(code, 'text/html; charset=utf-8', '', context);
}

function error(code: number, context: SiteContext): SiteAnswer {
  const words = reasonPhrase(code);
  const message =
    code === 404
      ? 'The requested URL was not found on the server.  If you entered the URL manually please check your spelling and try again.'
      : 'The method is not allowed for the requested URL.';
  const body = `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">\n<title>${code} ${words}</title>\n<h1>${words.replace(/\b\w/g, (letter) => letter.toUpperCase())}</h1>\n<p>${message}</p>\n`;
  return answer(code, 'text/html', body, context);
}

function answer(
  code: number,
  type: string,
  body: string,
  context: SiteContext,
  more: [string, string][] = [],
): SiteAnswer {
  return {
    status: code,
    headers: [
      ['date', httpDate(calendar(context.now))],
      ['content-type', type],
      ['content-length', String(encode(body).length)],
      ['connection', 'keep-alive'],
      ['server', 'gunicorn/19.9.0'],
      ...more,
      ['access-control-allow-origin', '*'],
      ['access-control-allow-credentials', 'true'],
    ],
    body,
    delay: 4,
  };
}

function json(value: object, context: SiteContext): SiteAnswer {
  return answer(200, 'application/json', `${JSON.stringify(sorted(value), undefined, 2)}\n`, context);
}

/** Flask sorts the keys of its JSON. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}

function echo(request: HttpRequest, context: SiteContext, query: string, body: boolean): object {
  const scheme = context.secure ? 'https' : 'http';
  const common = {
    args: parameters(query),
    headers: headersOf(request, context),
    origin: origin(request, context),
    url: `${scheme}://${request.authority}${request.target}`,
  };
  if (!body) return common;
  const data = decode(request.body);
  const type = header(request, 'content-type') ?? '';
  const form = type.startsWith('application/x-www-form-urlencoded') ? parameters(data) : {};
  let parsed: unknown = null;
  try {
    if (data !== '') parsed = JSON.parse(data);
  } catch {
    // Not JSON: the field stays null, as httpbin has it.
  }
  const isForm = Object.keys(form).length > 0;
  return { ...common, data: isForm ? '' : data, files: {}, form, json: isForm ? null : parsed, method: request.method };
}

function parameters(text: string): Record<string, string> {
  const pairs = text.split('&').filter((pair) => pair !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = '', value = ''] = pair.split('=');
      return [decodeQuery(name), decodeQuery(value)];
    }),
  );
}

function decodeQuery(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

/** WSGI knows header names in title case only; the load balancer adds its trace id. */
function headersOf(request: HttpRequest, context: SiteContext): Record<string, string> {
  const headers: Record<string, string> = { Host: request.authority };
  for (const [name, value] of request.headers) if (!hidden.has(name.toLowerCase())) headers[titleCase(name)] = value;
  const root = `Root=1-${Math.floor(context.now / 1000).toString(16)}-${context.hex(24)}`;
  const given = headers['X-Amzn-Trace-Id'];
  headers['X-Amzn-Trace-Id'] = given === undefined ? root : `${root.replace('Root', 'Self')};${given}`;
  return headers;
}

/** What httpbin leaves out because its hosters' proxies add it (helpers.py, ENV_HEADERS), and the connection's own field. */
const hidden = new Set([
  'connect-time',
  'connection',
  'total-route-time',
  'via',
  'x-forwarded-for',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-forwarded-protocol',
  'x-forwarded-ssl',
  'x-heroku-dynos-in-use',
  'x-heroku-queue-depth',
  'x-heroku-queue-wait-time',
  'x-real-ip',
  'x-request-id',
  'x-request-start',
  'x-varnish',
]);

/** What the load balancer says to HTTP without TLS on its HTTPS port. */
function plainHttp(now: number): string {
  const words = 'The plain HTTP request was sent to HTTPS port';
  const body = [
    '<html>',
    `<head><title>400 ${words}</title></head>`,
    '<body>',
    '<center><h1>400 Bad Request</h1></center>',
    `<center>${words}</center>`,
    '</body>',
    '</html>',
    '',
  ].join('\r\n');
  const head = [
    'HTTP/1.1 400 Bad Request',
    'Server: awselb/2.0',
    `Date: ${httpDate(calendar(now))}`,
    'Content-Type: text/html',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

function origin(request: HttpRequest, context: SiteContext): string {
  const forwarded = header(request, 'x-forwarded-for');
  return forwarded ? `${forwarded},${context.client}` : context.client;
}
