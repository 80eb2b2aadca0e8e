import { encodeRequest, Http1Reader, HttpError } from '../network/http1.ts';
import type { Connection } from '../network/socket.ts';
import { formatText } from './access-log/format.ts';
import type { StreamInfo } from './stream-info.ts';
import { UpstreamFailure } from './upstream/failure.ts';

/** Asks a forward proxy by CONNECT for a way to `hostname` (a format string). Rejects with `UpstreamFailure`. */
export async function openTunnel(connection: Connection, hostname: string, info: StreamInfo): Promise<void> {
  const target = formatText(hostname, info);
  const request = {
    method: 'CONNECT',
    authority: target,
    target,
    scheme: 'http' as const,
    protocol: 'HTTP/1.1' as const,
    headers: [],
    body: new Uint8Array(0),
  };
  try {
    connection.write({ kind: 'bytes', bytes: encodeRequest(request) });
    const response = await new Http1Reader(connection).response('CONNECT');
    if (response.status >= 200 && response.status < 300) return;
    connection.close();
    throw new UpstreamFailure('remote connection failure', `tunnel_response:${response.status}`);
  } catch (error) {
    if (error instanceof HttpError) throw new UpstreamFailure('remote connection failure');
    throw error;
  }
}
