import { Cancellation } from '../kernel/cancellation.ts';
import { encode } from '../kernel/streams.ts';
import { type HttpRequest, type HttpResponse, header } from './http.ts';
import { encodeResponse, Http1Reader, HttpError } from './http1.ts';
import { isHttp2, serveHttp2 } from './http2.ts';
import { SegmentReader } from './segments.ts';
import { type Connection, SocketError } from './socket.ts';
import type { Trace } from './trace.ts';

export interface HttpExchange {
  connection: Connection;
  trace: Trace | undefined;
  /** Cancelled when the client went away before the answer. */
  gone: Cancellation;
}

/**
 * Answers a request. `close` ends the connection without an answer, `reset` breaks it; raw bytes are sent as they are and the
 * connection is closed (a server that does not speak HTTP properly); `tunnel` answers a CONNECT and takes the connection over,
 * reading it only through `segments`, which has read ahead.
 */
export type HttpAnswer =
  | HttpResponse
  | 'close'
  | 'reset'
  | { raw: Uint8Array }
  | { tunnel: HttpResponse; take: (connection: Connection, rest: Uint8Array, segments: SegmentReader) => void };
export type HttpHandler = (request: HttpRequest, exchange: HttpExchange) => HttpAnswer | Promise<HttpAnswer>;

export interface ServeOptions {
  /** Speaks HTTP/1 only: HTTP/2 frames are garbage to it. */
  http1Only?: boolean;
  /** The answer to bytes that are not HTTP. Go's: 400 Bad Request. */
  badRequest?: Uint8Array | (() => Uint8Array);
}

const goBadRequest = encode(
  'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request',
);

/** Serves one connection (after TLS, if any), HTTP/1 or HTTP/2 as the client begins. Never rejects. */
export async function serveHttp(
  connection: Connection,
  handler: HttpHandler,
  options: ServeOptions = {},
): Promise<void> {
  connection.mayRest();
  const segments = new SegmentReader(connection);
  try {
    const first = await segments.peek();
    if (!first) {
      if (!connection.atRest) connection.close();
      return;
    }
    if (isHttp2(first) && !options.http1Only) await serveStreams(connection, segments, handler);
    else await serveHttp1(connection, segments, handler, options);
  } catch (error) {
    if (error instanceof HttpError || error instanceof SocketError) connection.reset();
    else throw error;
  }
}

function serveStreams(connection: Connection, segments: SegmentReader, handler: HttpHandler): Promise<void> {
  return serveHttp2(connection, segments, (exchange) => {
    const gone = new Cancellation();
    exchange.onCancel(() => gone.cancel(new HttpError('stream-reset', 'cancelled')));
    void Promise.resolve(handler(exchange.request, { connection, trace: exchange.trace, gone })).then((answer) => {
      if (gone.cancelled) return;
      if (answer === 'close' || answer === 'reset') connection.reset();
      else if ('raw' in answer || 'tunnel' in answer) exchange.reset('PROTOCOL_ERROR');
      else exchange.respond(answer);
    });
  });
}

async function serveHttp1(
  connection: Connection,
  segments: SegmentReader,
  handler: HttpHandler,
  options: ServeOptions,
): Promise<void> {
  const reader = new Http1Reader(segments);
  for (;;) {
    let request: HttpRequest | null;
    try {
      request = await reader.request();
    } catch (error) {
      if (!(error instanceof HttpError) || error.code === 'reset' || error.code === 'closed') throw error;
      const { badRequest = goBadRequest } = options;
      connection.write({ kind: 'bytes', bytes: typeof badRequest === 'function' ? badRequest() : badRequest });
      connection.close();
      return;
    }
    if (connection.atRest) return;
    if (!request) return connection.close();
    const gone = new Cancellation();
    const exchange = { connection, trace: reader.trace, gone };
    const ended = segments.ended().then(() => {
      if (!connection.atRest) gone.cancel(new SocketError('ECONNRESET', 'Connection reset by peer'));
      return 'reset' as const;
    });
    const answer = await Promise.race([handler(request, exchange), ended]);
    if (connection.atRest) return;
    if (answer === 'reset') return connection.reset();
    if (answer === 'close') return connection.close();
    if ('raw' in answer) {
      connection.write({ kind: 'bytes', bytes: answer.raw });
      return connection.close();
    }
    if ('tunnel' in answer) {
      connection.write({ kind: 'bytes', bytes: encodeResponse(answer.tunnel, request.method) });
      return answer.take(connection, reader.takeRest(), segments);
    }
    connection.write({ kind: 'bytes', bytes: encodeResponse(answer, request.method) });
    if (!keepsAlive(request, answer)) return connection.close();
  }
}

/** Does the connection live on after this exchange? RFC 9112 section 9.3. */
export function keepsAlive(request: HttpRequest, response: HttpResponse): boolean {
  const closes = (message: HttpRequest | HttpResponse) => header(message, 'connection')?.toLowerCase() === 'close';
  if (closes(request) || closes(response) || response.truncated) return false;
  return request.protocol !== 'HTTP/1.0' || header(request, 'connection')?.toLowerCase() === 'keep-alive';
}
