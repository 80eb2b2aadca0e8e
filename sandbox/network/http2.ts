import { concat } from '../kernel/streams.ts';
import type { HttpRequest, HttpResponse } from './http.ts';
import { HttpError, hasBody } from './http1.ts';
import { SegmentReader } from './segments.ts';
import { type Connection, type HeaderField, type Http2Segment, type Segment, SocketError } from './socket.ts';
import type { Trace } from './trace.ts';

/** Frame header, RFC 9113 section 4.1. */
const frameHeader = 9;

/** Headers that HTTP/2 knows no more (RFC 9113 section 8.2.2). */
const connectionHeaders = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

function lower(headers: readonly HeaderField[]): HeaderField[] {
  return headers
    .map(([name, value]): HeaderField => [name.toLowerCase(), value])
    .filter(([name, value]) => !connectionHeaders.has(name) && !(name === 'te' && value !== 'trailers'));
}

/** About what HPACK makes of a header block: indexed names, Huffman-coded values. */
function blockSize(headers: readonly HeaderField[]): number {
  let size = frameHeader;
  for (const [name, value] of headers) size += name.startsWith(':') ? 1 + value.length * 0.75 : 2 + value.length * 0.8;
  return Math.ceil(size);
}

const prefaceSegment: Http2Segment = { kind: 'h2', frame: { type: 'preface' }, size: 24 };
const settings: Http2Segment = { kind: 'h2', frame: { type: 'settings' }, size: frameHeader + 18 };
const windowUpdate: Http2Segment = { kind: 'h2', frame: { type: 'windowUpdate' }, size: frameHeader + 4 };

function headersFrame(
  stream: number,
  headers: readonly HeaderField[],
  endStream: boolean,
  trace?: Trace,
): Http2Segment {
  const frame = { type: 'headers', stream, headers, endStream } as const;
  return { kind: 'h2', frame, size: blockSize(headers), ...(trace && { trace }) };
}

function dataFrame(stream: number, bytes: Uint8Array): Http2Segment {
  const frames = Math.max(1, Math.ceil(bytes.length / 16384));
  return {
    kind: 'h2',
    frame: { type: 'data', stream, bytes, endStream: true },
    size: frames * frameHeader + bytes.length,
  };
}

function resetFrame(stream: number, error: string): Http2Segment {
  return { kind: 'h2', frame: { type: 'rstStream', stream, error }, size: frameHeader + 4 };
}

/** Is this how an HTTP/2 client begins, or goes on after a rest? */
export function isHttp2(segment: Segment): boolean {
  return segment.kind === 'h2';
}

interface PendingResponse {
  method: string;
  head?: { status: number; headers: HeaderField[] };
  chunks: Uint8Array[];
  resolve: (response: HttpResponse) => void;
  reject: (error: Error) => void;
}

/** A client's end of an HTTP/2 connection. */
export class Http2Client {
  readonly connection: Connection;
  #streams = new Map<number, PendingResponse>();
  #nextStream = 1;
  #over: Error | undefined;

  /** On a connection come back from rest neither preface nor settings are sent again. */
  constructor(connection: Connection) {
    this.connection = connection;
    if (!connection.resumed) for (const segment of [prefaceSegment, settings, windowUpdate]) connection.write(segment);
    void this.#run(new SegmentReader(connection));
  }

  get activeStreams(): number {
    return this.#streams.size;
  }

  /** False once the peer has closed or said GOAWAY. */
  get usable(): boolean {
    return !this.#over;
  }

  /** Rejects with `HttpError` (or `TlsError` from below); `onStream` tells how to give the stream up (RST_STREAM). */
  request(request: HttpRequest, trace?: Trace, onStream?: (cancel: () => void) => void): Promise<HttpResponse> {
    if (this.#over) return Promise.reject(this.#over);
    const stream = this.#nextStream;
    this.#nextStream += 2;
    const headers: HeaderField[] = [
      [':method', request.method],
      [':scheme', request.scheme],
      [':authority', request.authority],
      [':path', request.target],
      ...lower(request.headers),
    ];
    return new Promise((resolve, reject) => {
      this.#streams.set(stream, { method: request.method, chunks: [], resolve, reject });
      onStream?.(() => this.#cancel(stream));
      const empty = request.body.length === 0;
      this.connection.write(headersFrame(stream, headers, empty, trace));
      if (!empty) this.connection.write(dataFrame(stream, request.body));
    });
  }

  close(): void {
    this.connection.close();
  }

  #cancel(stream: number): void {
    const pending = this.#streams.get(stream);
    if (!pending) return;
    this.#streams.delete(stream);
    if (!this.#over) this.connection.write(resetFrame(stream, 'CANCEL'));
    pending.reject(new HttpError('stream-reset', 'CANCEL'));
  }

  async #run(segments: SegmentReader): Promise<void> {
    try {
      for (let segment = await segments.next(); segment; segment = await segments.next()) this.#take(segment);
      this.#end(new HttpError('closed', 'connection closed'));
    } catch (error) {
      // What TLS has to say goes through as it is.
      this.#end(error instanceof SocketError ? new HttpError('reset', error.message) : (error as Error));
    }
    if (!this.connection.atRest) this.connection.close();
  }

  #take(segment: Segment): void {
    if (segment.kind !== 'h2') throw new HttpError('malformed', 'not HTTP/2');
    const { frame } = segment;
    if (frame.type === 'goaway') {
      this.#over = new HttpError('goaway', 'GOAWAY');
      return;
    }
    if (!('stream' in frame)) return;
    const pending = this.#streams.get(frame.stream);
    if (!pending) return;
    if (frame.type === 'rstStream') {
      this.#streams.delete(frame.stream);
      pending.reject(new HttpError('stream-reset', frame.error));
      return;
    }
    if (frame.type === 'headers') {
      const status = Number(frame.headers.find(([name]) => name === ':status')?.[1] ?? 0);
      pending.head = { status, headers: frame.headers.filter(([name]) => !name.startsWith(':')) };
    } else pending.chunks.push(frame.bytes);
    if (!frame.endStream || !pending.head) return;
    this.#streams.delete(frame.stream);
    pending.resolve({ ...pending.head, protocol: 'HTTP/2', body: concat(pending.chunks) });
  }

  #end(error: Error): void {
    this.#over ??= error;
    for (const [stream, pending] of this.#streams) {
      this.#streams.delete(stream);
      if (pending.head) {
        pending.resolve({ ...pending.head, protocol: 'HTTP/2', body: concat(pending.chunks), truncated: true });
      } else pending.reject(error);
    }
  }
}

/** A request that came on a stream, and how to answer it. */
export interface Http2Exchange {
  request: HttpRequest;
  trace: Trace | undefined;
  respond: (response: HttpResponse) => void;
  reset: (error: string) => void;
  /** Called when the client gives the stream up or the connection ends before the answer. */
  onCancel: (listener: () => void) => void;
}

/** A server's end of an HTTP/2 connection: tells each whole request. Resolves when the connection is over or at rest. */
export async function serveHttp2(
  connection: Connection,
  segments: SegmentReader,
  accept: (exchange: Http2Exchange) => void,
): Promise<void> {
  const open = new Map<number, { headers: readonly HeaderField[]; chunks: Uint8Array[]; trace: Trace | undefined }>();
  const active = new Map<number, () => void>();
  if (!connection.resumed) connection.write(settings);

  const start = (stream: number) => {
    const half = open.get(stream);
    if (!half) return;
    open.delete(stream);
    let cancelled: (() => void) | undefined;
    active.set(stream, () => cancelled?.());
    const request = toRequest(half.headers, concat(half.chunks));
    accept({
      request,
      trace: half.trace,
      respond: (response) => {
        if (!active.delete(stream) || connection.atRest) return;
        const headers: HeaderField[] = [[':status', String(response.status)], ...lower(response.headers)];
        const empty = response.body.length === 0 || !hasBody(request.method, response.status);
        connection.write(headersFrame(stream, headers, empty && !response.truncated));
        if (!empty) connection.write(dataFrame(stream, response.body));
      },
      reset: (error) => {
        if (active.delete(stream)) connection.write(resetFrame(stream, error));
      },
      onCancel: (listener) => {
        cancelled = listener;
      },
    });
  };

  try {
    for (let segment = await segments.next(); segment; segment = await segments.next()) {
      if (segment.kind !== 'h2') throw new HttpError('malformed', 'not HTTP/2');
      const { frame } = segment;
      if (frame.type === 'headers') {
        open.set(frame.stream, { headers: frame.headers, chunks: [], trace: segment.trace });
        if (frame.endStream) start(frame.stream);
      } else if (frame.type === 'data') {
        open.get(frame.stream)?.chunks.push(frame.bytes);
        if (frame.endStream) start(frame.stream);
      } else if (frame.type === 'rstStream') {
        const cancel = active.get(frame.stream);
        active.delete(frame.stream);
        cancel?.();
      }
    }
  } finally {
    if (!connection.atRest) {
      connection.close();
      for (const cancel of active.values()) cancel();
      active.clear();
    }
  }
}

function toRequest(headers: readonly HeaderField[], body: Uint8Array): HttpRequest {
  const pseudo = (name: string) => headers.find(([field]) => field === name)?.[1] ?? '';
  return {
    method: pseudo(':method'),
    authority: pseudo(':authority'),
    target: pseudo(':path'),
    scheme: pseudo(':scheme') === 'https' ? 'https' : 'http',
    protocol: 'HTTP/2',
    headers: headers.filter(([name]) => !name.startsWith(':')),
    body,
  };
}
