import type { Connection, Segment } from './socket.ts';

/** Reads a connection with look-ahead: sniffing waits for a first segment and leaves it there. */
export class SegmentReader {
  readonly connection: Connection;
  #unread: Segment[] = [];
  #pending: Promise<Segment | null> | undefined;
  #ended: Promise<void> | undefined;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** The next segment, null at the end; rejects with `SocketError` or `TlsError`. */
  async next(): Promise<Segment | null> {
    const first = this.#unread.shift();
    if (first) return first;
    const segment = await this.#fetch();
    this.#unread.shift();
    return segment;
  }

  /** The next segment, left where it is. */
  async peek(): Promise<Segment | null> {
    return this.#unread[0] ?? this.#fetch();
  }

  unread(segment: Segment): void {
    this.#unread.unshift(segment);
  }

  /**
   * Keeps reading ahead; resolves when the peer has closed or reset. What arrives stays to be read.
   * For whoever works on an answer and must know that nobody waits for it any more.
   */
  ended(): Promise<void> {
    this.#ended ??= this.#untilEnd();
    return this.#ended;
  }

  async #untilEnd(): Promise<void> {
    try {
      while ((await this.#fetch()) !== null);
    } catch {
      return;
    }
  }

  /** Reads one more segment from the connection into `#unread`; one read at a time, however many wait. */
  #fetch(): Promise<Segment | null> {
    this.#pending ??= this.connection.read().then(
      (segment) => {
        this.#pending = undefined;
        if (segment) this.#unread.push(segment);
        return segment;
      },
      (error: unknown) => {
        this.#pending = undefined;
        throw error;
      },
    );
    return this.#pending;
  }
}
