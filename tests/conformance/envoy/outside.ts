import { answerHttpbin } from '../../../sandbox/images/go-httpbin-answers.ts';
import { httpDate } from '../../../sandbox/images/go-time.ts';
import type { Kernel } from '../../../sandbox/kernel/kernel.ts';
import { encode } from '../../../sandbox/kernel/streams.ts';
import type { HttpResponse } from '../../../sandbox/network/http.ts';
import { httpClient } from '../../../sandbox/network/http-client.ts';
import { serveHttp } from '../../../sandbox/network/http-server.ts';
import type { Network } from '../../../sandbox/network/network.ts';
import { SegmentReader } from '../../../sandbox/network/segments.ts';
import type { CertificateChain, Connection, Segment } from '../../../sandbox/network/socket.ts';
import type { Namespace } from '../../../sandbox/network/stack.ts';
import { tlsAccept } from '../../../sandbox/network/tls.ts';
import { echo } from './echo.ts';

/** The recording's first page was the real one; only its size shows. */
const firstPage = {
  status: 200,
  headers: [
    ['Access-Control-Allow-Credentials', 'true'],
    ['Access-Control-Allow-Origin', '*'],
    [
      'Content-Security-Policy',
      "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' camo.githubusercontent.com",
    ],
    ['Content-Type', 'text/html; charset=utf-8'],
  ] as [string, string][],
  body: `<!DOCTYPE html>${' '.repeat(12_071 - 15)}`,
  delay: 0,
};

/** go-httpbin on a connection. */
export function serveHttpbin(kernel: Kernel, connection: Connection, http1Only = false, secure = false): void {
  void serveHttp(
    connection,
    async (given, { gone }) => {
      const request = { ...given, scheme: secure ? ('https' as const) : ('http' as const) };
      const client = `${connection.remote.address}:${connection.remote.port}`;
      const first = request.target === '/' && (request.method === 'GET' || request.method === 'HEAD');
      const { status, headers, body, delay } = first
        ? firstPage
        : answerHttpbin(request, { client, hostname: 'x', random: kernel.random });
      if (delay > 0) await kernel.sleep(delay, gone);
      const bytes = typeof body === 'string' ? encode(body) : body;
      const large = bytes.length > 2048;
      const date: [string, string] = ['Date', httpDate(kernel.now())];
      const length: [string, string] = ['Content-Length', String(bytes.length)];
      const framing: [string, string][] = large
        ? request.protocol === 'HTTP/2'
          ? [date]
          : [date, ['Transfer-Encoding', 'chunked']]
        : request.protocol === 'HTTP/2'
          ? [length, date]
          : [date, length];
      return { status, protocol: request.protocol, headers: [...headers, ...framing], body: bytes };
    },
    { http1Only },
  );
}

export function certificateFor(names: string[], root: string): CertificateChain {
  return {
    subject: `CN=${names[0]}`,
    issuer: `CN=${root}`,
    subjectAltNames: names,
    notBefore: 0,
    notAfter: 4_000_000_000_000,
    root,
  };
}

/** Reads a request and does something else than answer it. */
export function misbehave(kernel: Kernel, kind: Misbehaviour, connection: Connection): void {
  const act = {
    reset: () => connection.reset(),
    close: () => connection.close(),
    mute: () => {},
    garbage: () => {
      connection.write({ kind: 'bytes', bytes: encode('this is not HTTP\r\n\r\n') });
      connection.close();
    },
    half: () => {
      const text = 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npartial';
      connection.write({ kind: 'bytes', bytes: encode(text) });
      kernel.wakeAt(kernel.now() + 200, () => connection.close());
    },
  }[kind];
  void connection.read().then(act, () => {});
}

/** What a server may do instead of answering a request. */
export type Misbehaviour = 'reset' | 'close' | 'mute' | 'garbage' | 'half';

/** The hosts outside of the recording, ordinary and odd. */
export function addOutside(network: Network, names: string[], root: string): void {
  const { kernel } = network;
  const ordinary = network.addNamespace({
    id: 'outside',
    address: '192.0.2.1',
    aliases: Array.from({ length: 253 }, (_, index) => `192.0.2.${index + 2}`),
    latency: 0.1,
    outside: true,
  });
  const certificate = certificateFor(names, root);
  const plain = (connection: Connection) => serveHttpbin(kernel, connection, false);
  for (const port of [80, 8000, 8001, 8080]) ordinary.listen(port, plain);
  const overTls = (connection: Connection) => serveHttpbin(kernel, connection, false, true);
  ordinary.listen(443, (connection) => secure(connection, certificate, overTls));
  const json = (connection: Connection) => {
    void serveHttp(connection, echo('outside', httpDate(kernel.now())));
  };
  ordinary.listen(9999, json);
  ordinary.listen(3128, (connection) => connectProxy(kernel, ordinary, connection));

  const odd = (last: number): Namespace =>
    network.addNamespace({ id: `odd-${last}`, address: `198.51.100.${last}`, latency: 0.1, outside: true });
  const everyPort = (host: Namespace, kind: Misbehaviour) => {
    for (const port of [80, 443, 8080]) host.listen(port, (connection) => misbehave(kernel, kind, connection));
  };
  everyPort(odd(1), 'reset');
  everyPort(odd(2), 'close');
  everyPort(odd(3), 'mute');
  odd(4).listen(80, (connection) => misbehave(kernel, 'garbage', connection));
  odd(5).listen(80, (connection) => misbehave(kernel, 'half', connection));
  odd(6).listen(443, plain);
  odd(7).listen(80, (connection) => serveHttpbin(kernel, connection, true));
  odd(8).listen(443, (connection) => secure(connection, certificateFor(names, 'Another CA'), overTls));
  odd(9);
  const strict = odd(40);
  strict.listen(80, json);
  const clientCertificate = { required: true, verify: { roots: [root, `CN=${root}`], now: kernel.now() } };
  strict.listen(443, (connection) => {
    tlsAccept(connection, { certificate: () => certificate, alpn: ['http/1.1'], clientCertificate }).then(
      overTls,
      () => {},
    );
  });
}

function secure(connection: Connection, certificate: CertificateChain, serve: (connection: Connection) => void): void {
  // Go's net/http.
  const plaintextAnswer = encode('HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n');
  const options = { certificate: () => certificate, alpn: ['h2', 'http/1.1'], plaintextAnswer };
  tlsAccept(connection, options, new SegmentReader(connection)).then(serve, () => {});
}

/** A plain CONNECT proxy. */
export function connectProxy(kernel: Kernel, host: Namespace, connection: Connection): void {
  void serveHttp(connection, async (request) => {
    const absolute = /^http:\/\/([^/:]+)(?::(\d+))?(\/.*)?$/.exec(request.target);
    if (request.method !== 'CONNECT' && !absolute) return invalidUrl(httpDate(kernel.now()));
    const [name = '', port = ''] = absolute ? [absolute[1], absolute[2] ?? '80'] : request.target.split(':');
    try {
      const address = /^\d/.test(name) ? name : (await host.resolve(name)).ipv4[0];
      if (!address) throw new Error('no such name');
      const upstream = await host.connect({ destination: { address, port: Number(port) }, uid: 0 });
      if (absolute) {
        const headers: [string, string][] = [
          ...request.headers.map(([field, value]): [string, string] => [field, value]),
        ];
        headers.push(['Accept-Encoding', 'gzip']); // as Go's client asks
        const answer = await httpClient(upstream, 'HTTP/1.1').exchange({
          ...request,
          target: absolute[3] ?? '/',
          headers,
        });
        upstream.close();
        return answer;
      }
      return {
        tunnel: {
          status: 200,
          reason: 'Connection established',
          protocol: 'HTTP/1.1',
          headers: [],
          body: new Uint8Array(0),
        },
        take: (client, _rest, segments) => {
          void pump(() => segments.next(), upstream);
          void pump(() => upstream.read(), client);
        },
      };
    } catch {
      return { status: 503, protocol: 'HTTP/1.1', headers: [], body: new Uint8Array(0) };
    }
  });
}

/** What Go's net/http says to a path where it expects a URL. */
function invalidUrl(now: string): HttpResponse {
  return {
    status: 400,
    protocol: 'HTTP/1.1',
    headers: [
      ['Content-Type', 'text/plain; charset=utf-8'],
      ['X-Content-Type-Options', 'nosniff'],
      ['Date', now],
      ['Content-Length', '12'],
    ],
    body: encode('Invalid URL\n'),
  };
}

async function pump(next: () => Promise<Segment | null>, to: Connection): Promise<void> {
  try {
    for (let segment = await next(); segment; segment = await next()) to.write(segment);
    to.close();
  } catch {
    to.reset();
  }
}
