import type { HttpRequest, HttpResponse } from './http.ts';
import { keepsAlive } from './http-server.ts';
import { encodeRequest, Http1Reader, HttpError } from './http1.ts';
import { Http2Client } from './http2.ts';
import type { Connection } from './socket.ts';
import { SocketError } from './socket.ts';
import type { Trace } from './trace.ts';

/** A client's end of an HTTP connection, whatever the version. */
export interface HttpClientConnection {
  readonly connection: Connection;
  readonly protocol: 'HTTP/1.1' | 'HTTP/2';
  /**
   * Sends a request and gives the whole response; rejects with `HttpError` (and `TlsError` from below). `onStream` tells how to give
   * the request up: HTTP/2 resets its stream, HTTP/1.1 the connection.
   */
  exchange(request: HttpRequest, trace?: Trace, onStream?: (cancel: () => void) => void): Promise<HttpResponse>;
  /** May another request be sent on it? */
  readonly reusable: boolean;
  /** HTTP/1.1: bytes after the last response, such as a tunnel's first. */
  takeRest(): Uint8Array;
  close(): void;
}

/** Speaks HTTP on an open connection (after TLS, if any). */
export function httpClient(connection: Connection, protocol: 'HTTP/1.1' | 'HTTP/2'): HttpClientConnection {
  return protocol === 'HTTP/2' ? new ClientOverHttp2(connection) : new ClientOverHttp1(connection);
}

class ClientOverHttp1 implements HttpClientConnection {
  readonly protocol = 'HTTP/1.1';
  readonly connection: Connection;
  readonly #reader: Http1Reader;
  reusable = true;

  constructor(connection: Connection) {
    this.connection = connection;
    this.#reader = new Http1Reader(connection);
  }

  async exchange(request: HttpRequest, trace?: Trace, onStream?: (cancel: () => void) => void): Promise<HttpResponse> {
    this.reusable = false;
    onStream?.(() => this.connection.reset());
    try {
      this.connection.write({ kind: 'bytes', bytes: encodeRequest(request), ...(trace && { trace }) });
    } catch (error) {
      if (error instanceof SocketError) throw new HttpError('reset', error.message);
      throw error;
    }
    const response = await this.#reader.response(request.method);
    this.reusable = keepsAlive(request, response);
    return response;
  }

  takeRest(): Uint8Array {
    return this.#reader.takeRest();
  }

  close(): void {
    this.connection.close();
  }
}

class ClientOverHttp2 implements HttpClientConnection {
  readonly protocol = 'HTTP/2';
  readonly connection: Connection;
  readonly #client: Http2Client;

  constructor(connection: Connection) {
    this.connection = connection;
    this.#client = new Http2Client(connection);
  }

  get reusable(): boolean {
    return this.#client.usable;
  }

  exchange(request: HttpRequest, trace?: Trace, onStream?: (cancel: () => void) => void): Promise<HttpResponse> {
    return this.#client.request(request, trace, onStream);
  }

  takeRest(): Uint8Array {
    return new Uint8Array(0);
  }

  close(): void {
    this.connection.close();
  }
}
