import { encode } from '../kernel/streams.ts';
import { formatMillis } from '../kernel/time.ts';
import type { HttpRequest, HttpResponse } from '../network/http.ts';
import { header } from '../network/http.ts';
import type { HttpExchange } from '../network/http-server.ts';
import { serveHttp } from '../network/http-server.ts';
import type { HeaderField } from '../network/socket.ts';
import { answerHttpbin } from './go-httpbin-answers.ts';
import { httpDate } from './go-time.ts';
import type { Daemon, DaemonContainer, Image } from './image.ts';

function start(container: DaemonContainer): Daemon {
  const port = portOf(container);
  if (container.fresh) {
    container.log(
      `time=${formatMillis(container.kernel.now())} level=INFO msg="go-httpbin listening on http://0.0.0.0:${port}"`,
      'stderr',
    );
  }
  const stop = container.network.listen(
    port,
    (connection) => {
      void serveHttp(connection, (request, exchange) => answer(container, request, exchange), { http1Only: true });
    },
    { incarnation: container.id },
  );
  return {
    terminate: () => {
      container.log(`time=${formatMillis(container.kernel.now())} level=INFO msg="shutting down ..."`, 'stderr');
      container.exit(0);
    },
    http: (asked, path) => (asked === port ? probe(container, path) : undefined),
    dispose: stop,
  };
}

function portOf(container: DaemonContainer): number {
  const flag = container.argv.findIndex((word) => /^--?port$/.test(word));
  const inline = container.argv.find((word) => /^--?port=/.test(word));
  return Number(inline?.split('=')[1] ?? (flag > 0 ? container.argv[flag + 1] : container.env.get('PORT'))) || 8080;
}

async function answer(
  container: DaemonContainer,
  request: HttpRequest,
  { connection, gone, trace }: HttpExchange,
): Promise<HttpResponse | 'close'> {
  const { kernel } = container;
  const begun = kernel.now();
  const client = `${connection.remote.address}:${connection.remote.port}`;
  const { status, headers, body, delay } = answerHttpbin(request, {
    client,
    hostname: container.pod.hostname,
    random: kernel.random,
  });
  try {
    if (delay > 0) await kernel.sleep(delay, gone);
  } catch {
    return 'close';
  }
  const bytes = typeof body === 'string' ? encode(body) : body;
  log(container, request, status, bytes.length, kernel.now() - begun, client);
  trace?.hops.push({
    at: kernel.now(),
    where: `${container.pod.namespace}/${container.pod.name}`,
    layer: 'program',
    decision: 'answered',
    details: {
      program: 'go-httpbin',
      status,
      method: request.method,
      authority: request.authority,
      target: request.target,
    },
  });
  return { status, protocol: request.protocol, headers: framed(headers, bytes, kernel.now()), body: bytes };
}

/** Go's net/http sorts what the handler set, then adds date and length; above 2 KiB it streams chunks. */
function framed(headers: HeaderField[], body: Uint8Array, now: number): HeaderField[] {
  const sorted = [...headers].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const length: HeaderField =
    body.length > 2048 ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(body.length)];
  return [...sorted, ['Date', httpDate(now)], length];
}

function log(
  container: DaemonContainer,
  request: HttpRequest,
  status: number,
  size: number,
  took: number,
  client: string,
): void {
  const level = status >= 500 ? 'ERROR' : status >= 400 ? 'WARN' : 'INFO';
  // The handler itself takes a moment that the cluster's clock does not show.
  const milliseconds = took + 0.05 + container.kernel.random.int(100) / 1000;
  const quote = (text: string) => (/^[\w./:@-]+$/.test(text) ? text : JSON.stringify(text));
  const agent = header(request, 'user-agent') ?? '';
  const forwarded = header(request, 'x-forwarded-for')?.split(',')[0]?.trim();
  container.log(
    `time=${formatMillis(container.kernel.now())} level=${level} msg="${status} ${request.method} ${request.target} ${milliseconds.toFixed(1)}ms" status=${status} method=${request.method} uri=${quote(request.target)} size_bytes=${size} duration_ms=${milliseconds.toFixed(6).replace(/0+$/, '')} user_agent=${quote(agent)} client_ip=${forwarded ?? client}`,
    'stderr',
  );
}

function probe(container: DaemonContainer, path: string): number {
  const request: HttpRequest = {
    method: 'GET',
    authority: '',
    target: path,
    scheme: 'http',
    protocol: 'HTTP/1.1',
    headers: [],
    body: new Uint8Array(),
  };
  const { hostname, ip } = container.pod;
  return answerHttpbin(request, { client: ip, hostname, random: container.kernel.random }).status;
}

const repository = 'docker.io/mccutchen/go-httpbin';

export const goHttpbin: Image = {
  references: [`${repository}:v2.15.0`, `${repository}:2.15.0`, `${repository}:latest`],
  bytes: 15_912_448,
  pullTime: 2900,
  cmd: ['/bin/go-httpbin'],
  daemons: { 'go-httpbin': start },
};
