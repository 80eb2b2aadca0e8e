import type { HeaderField } from './socket.ts';

export type HttpProtocol = 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2';

/** A request between programs and proxies. Bodies are whole: nothing in this cluster streams a request. */
export interface HttpRequest {
  method: string;
  /** `:authority` or Host. */
  authority: string;
  /** Path and query; a whole URL where a proxy is asked; host:port for CONNECT. */
  target: string;
  scheme: 'http' | 'https';
  protocol: HttpProtocol;
  /** In order, names as written; without Host and pseudo headers. */
  headers: HeaderField[];
  body: Uint8Array;
}

export interface HttpResponse {
  status: number;
  /** HTTP/1.1 only; the code's usual words where empty. */
  reason?: string;
  protocol: HttpProtocol;
  headers: HeaderField[];
  body: Uint8Array;
  /** The body broke off (connection closed early). */
  truncated?: boolean;
}

/** First value of a header, names compared without case. */
export function header(message: { headers: readonly HeaderField[] }, name: string): string | undefined {
  const wanted = name.toLowerCase();
  return message.headers.find(([field]) => field.toLowerCase() === wanted)?.[1];
}
