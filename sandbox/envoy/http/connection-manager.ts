import { Cancellation } from '../../kernel/cancellation.ts';
import { encode } from '../../kernel/streams.ts';
import { calendar } from '../../kernel/time.ts';
import type { HttpRequest, HttpResponse } from '../../network/http.ts';
import { encodeResponse, Http1Reader, HttpError, hasBody } from '../../network/http1.ts';
import { isHttp2, serveHttp2 } from '../../network/http2.ts';
import type { SegmentReader } from '../../network/segments.ts';
import { type Connection, SocketError } from '../../network/socket.ts';
import { reasonPhrase } from '../../network/status.ts';
import type { Trace } from '../../network/trace.ts';
import { AccessLog } from '../access-log/access-log.ts';
import { type CompiledRoutes, note, type ProxyContext } from '../context.ts';
import type { Direction, HttpFilter } from '../filters/filter.ts';
import { httpFilters } from '../filters/registry.ts';
import { HeaderMap, type RequestHead } from '../headers.ts';
import { VirtualHosts } from '../match/virtual-host.ts';
import { forward } from '../router/router.ts';
import { addFlag, type Downstream, newStreamInfo, type StreamInfo } from '../stream-info.ts';
import type { Any } from '../xds/types.ts';
import { type ManagerConfig, managerConfig } from './config.ts';
import { normalize } from './path.ts';
import { mutateRequestHeaders } from './request-mutation.ts';
import { HttpStream, localReply, type Response } from './stream.ts';

/** The client went away before its answer. */
class Disconnected extends Error {
  override name = 'Disconnected';
}

/** envoy.filters.network.http_connection_manager: serves HTTP on downstream connections. */
export class HttpConnectionManager {
  readonly #context: ProxyContext;
  readonly #config: ManagerConfig;
  readonly #filters: HttpFilter[];
  readonly #log: AccessLog;
  readonly #direction: Direction;
  readonly #inline: CompiledRoutes | undefined;

  /** Throws what Envoy says of a configuration it refuses. */
  constructor(config: Any, context: ProxyContext, direction: Direction) {
    this.#context = context;
    this.#config = managerConfig(config);
    this.#direction = direction;
    this.#filters = httpFilters(this.#config.httpFilters, context, direction);
    this.#log = new AccessLog(this.#config.accessLog, (path, line) => context.writeAccessLog(path, line));
    const { routeConfig } = this.#config;
    this.#inline = routeConfig && { configuration: routeConfig, hosts: new VirtualHosts(routeConfig) };
  }

  /** Serves a connection until it is over or at rest. Never rejects for what a client does. */
  async serve(connection: Connection, segments: SegmentReader, downstream: Downstream): Promise<void> {
    connection.mayRest();
    try {
      const first = await segments.peek();
      if (!first) {
        if (!connection.atRest) connection.close();
      } else if (isHttp2(first) && this.#config.codec !== 'HTTP1') {
        await this.#serveHttp2(connection, segments, downstream);
      } else await this.#serveHttp1(connection, segments, downstream);
    } catch (error) {
      if (!(error instanceof HttpError) && !(error instanceof SocketError)) throw error;
      connection.reset();
    }
  }

  #serveHttp2(connection: Connection, segments: SegmentReader, downstream: Downstream): Promise<void> {
    return serveHttp2(connection, segments, (exchange) => {
      const gone = new Cancellation();
      exchange.onCancel(() => gone.cancel(new Disconnected()));
      const finished = this.#handle(exchange.request, 'HTTP/2', downstream, exchange.trace, gone);
      void finished.then((response) => {
        if (!response) return;
        exchange.respond(toHttp(response, 'HTTP/2'));
        if (response.truncated) exchange.reset('INTERNAL_ERROR');
      });
    });
  }

  async #serveHttp1(connection: Connection, segments: SegmentReader, downstream: Downstream): Promise<void> {
    const reader = new Http1Reader(segments);
    for (;;) {
      let request: HttpRequest | null;
      try {
        request = await reader.request();
      } catch (error) {
        if (!(error instanceof HttpError) || error.code === 'closed' || error.code === 'reset') throw error;
        this.#refuseBytes(connection, downstream);
        return;
      }
      if (connection.atRest) return;
      if (!request) return connection.close();
      const gone = new Cancellation();
      void segments.ended().then(() => {
        if (!connection.atRest) gone.cancel(new Disconnected());
      });
      const response = await this.#handle(request, request.protocol, downstream, reader.trace, gone);
      if (!response) return connection.reset();
      const closes =
        response.early === true ||
        response.truncated === true ||
        request.protocol === 'HTTP/1.0' ||
        /(^|,)\s*close\s*(,|$)/i.test(headerOf(request, 'connection') ?? '');
      if (closes && !response.truncated) response.headers.set('connection', 'close');
      frame(response, request.method);
      connection.write({ kind: 'bytes', bytes: encodeResponse(toHttp(response, 'HTTP/1.1'), request.method) });
      if (closes) return connection.close();
    }
  }

  /** Bytes that are not HTTP: answered by the codec itself. */
  #refuseBytes(connection: Connection, downstream: Downstream): void {
    const info = newStreamInfo(this.#context.kernel.now(), downstream);
    info.protocol = 'HTTP/1.1';
    info.responseCode = 400;
    info.responseCodeDetails = 'http1.codec_error';
    addFlag(info, 'DPE');
    const body = encode('Bad Request');
    info.bytesSent = body.length;
    const headers = new HeaderMap([
      ['content-length', String(body.length)],
      ['content-type', 'text/plain'],
    ]);
    this.#finalize(headers);
    headers.set('connection', 'close');
    const response = toHttp({ status: 400, headers, body }, 'HTTP/1.1');
    connection.write({ kind: 'bytes', bytes: encodeResponse(response, 'GET') });
    connection.close();
    this.#finish(info);
  }

  /** One request; undefined: nobody waits for the answer any more. */
  async #handle(
    request: HttpRequest,
    protocol: HttpRequest['protocol'],
    downstream: Downstream,
    trace: Trace | undefined,
    gone: Cancellation,
  ): Promise<Response | undefined> {
    const { kernel, stats } = this.#context;
    const info = newStreamInfo(kernel.now(), downstream);
    info.protocol = protocol;
    info.bytesReceived = request.body.length;
    stats.increment(`http.${this.#config.statPrefix}.downstream_rq_total`);
    const head = requestHead(request);
    info.request = head;
    const routes =
      this.#inline ?? (this.#config.rds === undefined ? undefined : this.#context.routes(this.#config.rds));
    const stream = new HttpStream({
      context: this.#context,
      info,
      head,
      body: request.body,
      trace,
      gone,
      protocol: protocol === 'HTTP/2' ? 'HTTP/2' : 'HTTP/1.1',
      statPrefix: this.#config.statPrefix,
      routes,
    });
    try {
      const early = this.#check(stream, request);
      const response = early ?? (await this.#throughFilters(stream));
      if (gone.cancelled) throw new Disconnected();
      return this.#complete(stream, response);
    } catch (error) {
      if (!(error instanceof Disconnected)) throw error;
      addFlag(info, 'DC');
      info.responseCode = 0;
      info.responseCodeDetails = 'downstream_remote_disconnect';
      note(this.#context, trace, 'response', 'client-gone', {});
      this.#finish(info);
      return undefined;
    }
  }

  /** What is refused or changed before any filter sees a request. */
  #check(stream: HttpStream, request: HttpRequest): Response | undefined {
    const { head, info } = stream;
    if (request.protocol === 'HTTP/1.0' && !this.#config.acceptHttp10) {
      return localReply(stream, 426, '', { flag: 'DPE', details: 'low_version' });
    }
    if (head.authority === '') return localReply(stream, 400, '', { details: 'missing_host_header' });
    if (head.method !== 'CONNECT') {
      const normal = normalize(head.path, this.#config.path);
      if (!normal) return localReply(stream, 400, '', { details: 'path_normalization_failed' });
      head.path = normal.path;
      if (normal.redirect) {
        const headers: [string, string][] = [['location', normal.path]];
        return localReply(stream, 307, '', { details: 'path_normalization_failed', headers });
      }
    }
    mutateRequestHeaders(head, this.#config, info.downstream, info, this.#context);
    return undefined;
  }

  async #throughFilters(stream: HttpStream): Promise<Response> {
    this.#decorateRequest(stream);
    for (const filter of this.#filters) {
      const answer = await filter.onRequest?.(stream);
      if (answer) return answer;
    }
    return forward(stream);
  }

  /** The operation's name, told to the next hop by a sidecar's outbound side, taken off by its inbound side. */
  #decorateRequest(stream: HttpStream): void {
    if (!this.#config.tracing) return;
    const { head } = stream;
    const operation = stream.matched()?.route.decorator?.operation;
    if (this.#direction !== 'INBOUND') {
      if (operation) head.headers.set('x-envoy-decorator-operation', operation);
    } else if (head.headers.has('x-envoy-decorator-operation')) {
      head.headers.remove('x-envoy-decorator-operation');
      stream.info.filterState.decorated = true;
    }
  }

  #decorateResponse(stream: HttpStream, response: Response): void {
    if (!this.#config.tracing) return;
    if (this.#direction !== 'INBOUND') {
      response.headers.remove('x-envoy-decorator-operation');
      return;
    }
    const operation = stream.matched()?.route.decorator?.operation;
    if (operation && !stream.info.filterState.decorated) {
      response.headers.set('x-envoy-decorator-operation', operation);
    }
  }

  #complete(stream: HttpStream, response: Response): Response {
    const { info } = stream;
    for (const filter of [...this.#filters].reverse()) filter.onResponse?.(stream, response);
    this.#finalize(response.headers);
    this.#decorateResponse(stream, response);
    info.response = response.headers;
    info.responseCode = response.status;
    if (!stream.bodyRead && stream.body.length > 0) {
      response.early = true;
      info.bytesReceived = 0;
    }
    info.bytesSent = hasBody(stream.head.method, response.status) ? response.body.length : 0;
    if (stream.trace) {
      note(this.#context, stream.trace, 'response', 'answered', {
        status: response.status,
        flags: info.flags.join() || '-',
        details: info.responseCodeDetails ?? '-',
      });
    }
    this.#finish(info);
    return response;
  }

  /** date and server, as every response has them. */
  #finalize(headers: HeaderMap): void {
    headers.remove('connection', 'keep-alive', 'proxy-connection', 'transfer-encoding');
    if (!headers.has('date')) headers.add('date', httpDate(this.#context.kernel.now()));
    const { serverHeader, serverName } = this.#config;
    if (serverHeader === 'OVERWRITE' || (serverHeader === 'APPEND_IF_ABSENT' && !headers.has('server'))) {
      headers.set('server', serverName);
    }
  }

  #finish(info: StreamInfo): void {
    info.endTime = this.#context.kernel.now();
    const family = info.responseCode === 0 ? undefined : Math.floor(info.responseCode / 100);
    if (family) this.#context.stats.increment(`http.${this.#config.statPrefix}.downstream_rq_${family}xx`);
    // Bytes that never became a request reach no filter.
    if (info.request) for (const filter of this.#filters) filter.onLog?.(info);
    this.#log.log(info);
  }
}

/** The request as filters see it: an absolute URL or CONNECT's target taken apart. */
function requestHead(request: HttpRequest): RequestHead {
  const headers = new HeaderMap(request.headers);
  const { method, target, scheme } = request;
  if (method === 'CONNECT') return { method, authority: target || request.authority, path: '', scheme, headers };
  const absolute = /^(https?):\/\/([^/?#]+)(.*)$/.exec(target);
  if (!absolute) return { method, authority: request.authority, path: target, scheme, headers };
  const [, , authority = '', rest = ''] = absolute;
  return { method, authority, path: rest.startsWith('/') ? rest : `/${rest}`, scheme, headers };
}

function headerOf(request: HttpRequest, name: string): string | undefined {
  return request.headers.find(([field]) => field.toLowerCase() === name)?.[1];
}

function toHttp(response: Response, protocol: 'HTTP/1.1' | 'HTTP/2'): HttpResponse {
  const { status, headers, body, truncated } = response;
  return {
    status,
    reason: reasonPhrase(status),
    protocol,
    headers: headers.fields(),
    body,
    ...(truncated && { truncated }),
  };
}

/** HTTP/1.1 framing, as Envoy's codec adds it (http1/codec_impl.cc). */
function frame(response: Response, method: string): void {
  const { status, headers, body } = response;
  if (headers.has('content-length') || status < 200 || status === 204 || status === 304) return;
  if (method === 'CONNECT' && status < 300) return;
  if (body.length > 0 || response.chunked) headers.add('transfer-encoding', 'chunked');
  else if (method !== 'HEAD') headers.add('content-length', '0');
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** RFC 9110 section 5.6.7. */
function httpDate(at: number): string {
  const { year, month, day, hour, minute, second, weekday } = calendar(at);
  const two = (value: number) => String(value).padStart(2, '0');
  const date = `${two(day)} ${months[month - 1]} ${year}`;
  return `${weekdays[weekday]}, ${date} ${two(hour)}:${two(minute)}:${two(second)} GMT`;
}
