import { segmentSize } from '../../network/connection.ts';
import type { SegmentReader } from '../../network/segments.ts';
import { type Connection, type Segment, SocketError } from '../../network/socket.ts';

/**
 * Copies both ways between client and server until one side ends, then ends the other one too (tunnel.cc). `over` is told once, with
 * the bytes that went to the client.
 */
export function shovel(
  client: Connection,
  fromClient: SegmentReader,
  rest: Uint8Array,
  server: Connection,
  over: (bytes: number) => void,
): void {
  let [bytes, ended] = [0, false];
  const end = (how: 'close' | 'reset') => {
    if (ended) return;
    ended = true;
    for (const side of [client, server]) {
      if (how === 'close') side.close();
      else side.reset();
    }
    over(bytes);
  };
  const copy = async (read: () => Promise<Segment | null>, write: (segment: Segment) => void) => {
    try {
      for (let segment = await read(); segment && !ended; segment = await read()) write(segment);
      end('close');
    } catch (error) {
      if (!(error instanceof SocketError)) throw error;
      end('reset');
    }
  };
  if (rest.length > 0) server.write({ kind: 'bytes', bytes: rest });
  void copy(
    () => fromClient.next(),
    (segment) => server.write(segment),
  );
  void copy(
    () => server.read(),
    (segment) => {
      client.write(segment);
      bytes += segmentSize(segment);
    },
  );
}
