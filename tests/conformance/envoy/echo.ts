import { decode, encode } from '../../../sandbox/kernel/streams.ts';
import type { HttpRequest, HttpResponse } from '../../../sandbox/network/http.ts';
import type { Connection } from '../../../sandbox/network/socket.ts';

/** The JSON server of the recording's services: names itself and shows the request. */
export function echo(name: string, now: string) {
  return (request: HttpRequest): HttpResponse => {
    const headers: Record<string, string[]> = {};
    for (const [field, value] of request.headers) {
      const canonical = field.toLowerCase().replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
      headers[canonical] = [...(headers[canonical] ?? []), value];
    }
    const sorted = Object.fromEntries(Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1)));
    const body = encode(
      `${JSON.stringify({
        headers: sorted,
        host: request.authority,
        method: request.method,
        path: request.target,
        proto: request.protocol === 'HTTP/2' ? 'HTTP/2.0' : request.protocol,
        server: name,
      })}\n`,
    );
    return {
      status: 200,
      protocol: request.protocol,
      headers: [
        ['X-Server', name],
        ['Date', now],
        ['Content-Length', String(body.length)],
        ['Content-Type', 'text/plain; charset=utf-8'],
      ],
      body,
    };
  };
}

/** Istio's tcp-echo: each line comes back behind a word. */
export async function tcpEcho(connection: Connection, word: string): Promise<void> {
  try {
    for (let segment = await connection.read(); segment; segment = await connection.read()) {
      if (segment.kind !== 'bytes') return connection.close();
      for (const line of decode(segment.bytes).split('\n').slice(0, -1)) {
        connection.write({ kind: 'bytes', bytes: encode(`${word} ${line}\n`) });
      }
    }
    connection.close();
  } catch {
    return;
  }
}
