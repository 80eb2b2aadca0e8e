import { concat, decode, encode } from '../kernel/streams.ts';
import { type HttpProtocol, type HttpRequest, type HttpResponse, header } from './http.ts';
import { SegmentReader } from './segments.ts';
import { type Connection, type HeaderField, type Segment, SocketError } from './socket.ts';
import { reasonPhrase } from './status.ts';
import type { Trace } from './trace.ts';

/** What is wrong with the bytes of a peer. */
export class HttpError extends Error {
  override name = 'HttpError';
  /**
   * `closed`: the connection ended before a first byte; `reset`: broken off; `malformed`: not HTTP/1 (`bytes` are what came);
   * `not-bytes`: TLS or HTTP/2 where HTTP/1 was expected; `stream-reset`, `goaway`: HTTP/2.
   */
  readonly code: 'closed' | 'reset' | 'malformed' | 'not-bytes' | 'stream-reset' | 'goaway';
  readonly bytes: Uint8Array | undefined;
  constructor(code: HttpError['code'], message: string, bytes?: Uint8Array) {
    super(message);
    this.code = code;
    this.bytes = bytes;
  }
}

/** Most of Envoy's and Go's limits allow more; nothing real needs more. */
const maximalHead = 60 * 1024;

interface Head {
  startLine: string;
  headers: HeaderField[];
}

/** Does a response to this carry a body? RFC 9112 section 6.3. */
export function hasBody(method: string, status: number): boolean {
  if (method === 'HEAD' || status === 204 || status === 304 || (status >= 100 && status < 200)) return false;
  return !(method === 'CONNECT' && status >= 200 && status < 300);
}

export function encodeRequest(request: HttpRequest): Uint8Array {
  const lines = [`${request.method} ${request.target} ${request.protocol === 'HTTP/1.0' ? 'HTTP/1.0' : 'HTTP/1.1'}`];
  lines.push(`Host: ${request.authority}`);
  const framing = frame(request.headers, request.body, request.body.length > 0);
  return message(lines, framing.headers, framing.body);
}

/** `method`: of the request it answers (HEAD has no body). Adds `content-length` where nothing else frames the body. */
export function encodeResponse(response: HttpResponse, method: string): Uint8Array {
  const version = response.protocol === 'HTTP/1.0' ? 'HTTP/1.0' : 'HTTP/1.1';
  const lines = [`${version} ${response.status} ${response.reason ?? reasonPhrase(response.status)}`];
  if (!hasBody(method, response.status)) return message(lines, response.headers, new Uint8Array(0));
  const untilClose = header(response, 'connection')?.toLowerCase() === 'close' && response.truncated;
  const framing = frame(response.headers, response.body, !untilClose, response.truncated);
  return message(lines, framing.headers, framing.body);
}

function frame(headers: readonly HeaderField[], body: Uint8Array, lengthNeeded: boolean, truncated = false) {
  if (isChunked(headers)) {
    const head = encode(`${body.length.toString(16)}\r\n`);
    const chunks = body.length > 0 ? [head, body, encode('\r\n')] : [];
    return { headers, body: concat(truncated ? chunks : [...chunks, encode('0\r\n\r\n')]) };
  }
  if (!lengthNeeded || headers.some(([name]) => name.toLowerCase() === 'content-length')) return { headers, body };
  return { headers: [...headers, ['Content-Length', String(body.length)] as const], body };
}

function message(lines: string[], headers: readonly HeaderField[], body: Uint8Array): Uint8Array {
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  lines.push('', '');
  const head = encode(lines.join('\r\n'));
  return body.length > 0 ? concat([head, body]) : head;
}

function isChunked(headers: readonly HeaderField[]): boolean {
  return headers.some(([name, value]) => name.toLowerCase() === 'transfer-encoding' && /chunked\s*$/i.test(value));
}

/** Reads HTTP/1 messages from a connection. */
export class Http1Reader {
  readonly segments: SegmentReader;
  /** Of the message read last. */
  trace: Trace | undefined;
  #buffer: Uint8Array = new Uint8Array(0);

  constructor(connection: Connection | SegmentReader) {
    this.segments = connection instanceof SegmentReader ? connection : new SegmentReader(connection);
  }

  /** Bytes that came after the last message (a tunnel's first). */
  takeRest(): Uint8Array {
    const rest = this.#buffer;
    this.#buffer = new Uint8Array(0);
    return rest;
  }

  /** The next request, or null where the peer closed between two. Throws `HttpError`. */
  async request(): Promise<HttpRequest | null> {
    const head = await this.#head();
    if (!head) return null;
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) (HTTP\/1\.[01])$/.exec(head.startLine);
    if (!match) throw new HttpError('malformed', 'malformed request line', encode(head.startLine));
    const [, method = '', target = '', protocol = ''] = match;
    const body = await this.#body(head.headers, false);
    return {
      method,
      target,
      protocol: protocol as HttpProtocol,
      authority: head.headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? '',
      scheme: 'http',
      headers: head.headers.filter(([name]) => name.toLowerCase() !== 'host'),
      body: body.bytes,
    };
  }

  /** The response to a request of `method`; 1xx are skipped. Throws `HttpError`, code `closed` for an empty reply. */
  async response(method: string): Promise<HttpResponse> {
    for (;;) {
      const head = await this.#head();
      if (!head) throw new HttpError('closed', 'connection closed before a response');
      const match = /^(HTTP\/1\.[01]) (\d{3})(?: (.*))?$/.exec(head.startLine);
      if (!match) throw new HttpError('malformed', 'malformed status line', encode(head.startLine));
      const [, protocol = '', code = '', reason = ''] = match;
      const status = Number(code);
      if (status < 200 && status !== 101) continue;
      const response: HttpResponse = {
        status,
        reason,
        protocol: protocol as HttpProtocol,
        headers: head.headers,
        body: new Uint8Array(0),
      };
      if (!hasBody(method, status)) return response;
      const body = await this.#body(head.headers, true);
      response.body = body.bytes;
      if (body.truncated) response.truncated = true;
      return response;
    }
  }

  async #head(): Promise<Head | null> {
    this.trace = undefined;
    for (;;) {
      const end = headEnd(this.#buffer);
      if (end >= 0) {
        const text = decode(this.#buffer.subarray(0, end));
        this.#buffer = this.#buffer.subarray(end + 4);
        return parseHead(text);
      }
      if (this.#buffer.length > 0 && !startsLikeHttp(this.#buffer)) {
        throw new HttpError('malformed', 'not HTTP', this.takeRest());
      }
      if (this.#buffer.length > maximalHead) throw new HttpError('malformed', 'headers too large', this.#buffer);
      const empty = this.#buffer.length === 0;
      if (!(await this.#more())) {
        if (empty) return null;
        throw new HttpError('closed', 'connection closed in the middle of the headers', this.takeRest());
      }
    }
  }

  async #body(headers: readonly HeaderField[], response: boolean): Promise<{ bytes: Uint8Array; truncated: boolean }> {
    if (isChunked(headers)) return this.#chunks();
    const field = headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1];
    if (field !== undefined) {
      if (!/^\d+$/.test(field)) throw new HttpError('malformed', `invalid content-length: ${field}`);
      return this.#exactly(Number(field));
    }
    if (!response) return { bytes: new Uint8Array(0), truncated: false };
    while (await this.#more());
    return { bytes: this.takeRest(), truncated: false };
  }

  async #exactly(count: number): Promise<{ bytes: Uint8Array; truncated: boolean }> {
    while (this.#buffer.length < count) {
      if (!(await this.#more(true))) return { bytes: this.takeRest(), truncated: true };
    }
    const bytes = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return { bytes, truncated: false };
  }

  async #chunks(): Promise<{ bytes: Uint8Array; truncated: boolean }> {
    const chunks: Uint8Array[] = [];
    for (;;) {
      const line = await this.#line();
      if (line === undefined) return { bytes: concat(chunks), truncated: true };
      const size = /^([0-9a-fA-F]+)\s*(?:;.*)?$/.exec(line)?.[1];
      if (size === undefined) throw new HttpError('malformed', 'invalid chunk size');
      const count = Number.parseInt(size, 16);
      if (count === 0) {
        for (let trailer = await this.#line(); trailer; trailer = await this.#line());
        return { bytes: concat(chunks), truncated: false };
      }
      const chunk = await this.#exactly(count);
      chunks.push(chunk.bytes);
      if (chunk.truncated || (await this.#line()) === undefined) return { bytes: concat(chunks), truncated: true };
    }
  }

  async #line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#buffer.indexOf(0x0a);
      if (end >= 0) {
        const line = decode(this.#buffer.subarray(0, end)).replace(/\r$/, '');
        this.#buffer = this.#buffer.subarray(end + 1);
        return line;
      }
      if (!(await this.#more(true))) return undefined;
    }
  }

  /** Takes in one more segment; false at the end. A reset counts as the end where `lenient` (the rest of a body). */
  async #more(lenient = false): Promise<boolean> {
    let segment: Segment | null;
    try {
      segment = await this.segments.next();
    } catch (error) {
      if (!(error instanceof SocketError)) throw error;
      if (lenient) return false;
      throw new HttpError('reset', error.message);
    }
    if (!segment) return false;
    if (segment.kind !== 'bytes') throw new HttpError('not-bytes', `${segment.kind} where HTTP/1 was expected`);
    this.trace ??= segment.trace;
    this.#buffer = this.#buffer.length === 0 ? segment.bytes : concat([this.#buffer, segment.bytes]);
    return true;
  }
}

/** Where the head ends (at its last line's CR), or -1. */
function headEnd(bytes: Uint8Array): number {
  for (let index = bytes.indexOf(0x0d); index >= 0; index = bytes.indexOf(0x0d, index + 1)) {
    if (bytes[index + 1] === 0x0a && bytes[index + 2] === 0x0d && bytes[index + 3] === 0x0a) return index;
  }
  return -1;
}

/** A request's method or a status line begins with a letter. */
function startsLikeHttp(bytes: Uint8Array): boolean {
  const first = (bytes[0] ?? 0) | 0x20;
  return first >= 0x61 && first <= 0x7a;
}

function parseHead(text: string): Head {
  const [startLine = '', ...lines] = text.split('\r\n');
  const headers = lines.map((line): HeaderField => {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    if (colon <= 0 || /[\s\0]/.test(name)) throw new HttpError('malformed', 'malformed header', encode(line));
    return [name, line.slice(colon + 1).trim()];
  });
  return { startLine, headers };
}
