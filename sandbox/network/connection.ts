import type { Kernel } from '../kernel/kernel.ts';
import type { Wire } from './capture.ts';
import { type Connection, type RestingConnection, type Segment, type SocketAddress, SocketError } from './socket.ts';
import type { Trace } from './trace.ts';

/** Bytes of a segment on the wire. */
export function segmentSize(segment: Segment): number {
  return segment.kind === 'bytes' ? segment.bytes.length : segment.size;
}

/** How the two ends of a new connection see it. */
export interface Path {
  client: { local: SocketAddress; remote: SocketAddress; originalDestination: SocketAddress };
  server: { local: SocketAddress; remote: SocketAddress; originalDestination: SocketAddress };
  /** One way, ms. */
  latency: number;
  /** Namespace and incarnation of the accepting program. */
  peer: { namespace: string; incarnation: string; keepAlive: number | undefined };
  trace: Trace | undefined;
  /** Shows what passes to whoever captures it. */
  wire: Wire;
  resumed?: RestingConnection;
  /** Told when an end is over: closed, reset or laid to rest. */
  onGone: (end: Connection) => void;
}

/** The two ends of an established connection. Segments take `latency`; FIN follows the last of them, RST travels at once. */
export function connectionPair(kernel: Kernel, path: Path): { client: Connection; server: Connection } {
  const client = new End(kernel, path, 'client');
  const server = new End(kernel, path, 'server');
  client.peer = server;
  server.peer = client;
  return { client, server };
}

class End implements Connection {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly originalDestination: SocketAddress;
  readonly trace: Trace | undefined;
  readonly resumed: RestingConnection | undefined;
  peer!: End;
  bytesRead = 0;
  bytesWritten = 0;
  atRest = false;
  readonly #kernel: Kernel;
  readonly #path: Path;
  readonly #role: 'client' | 'server';
  #arrived: Segment[] = [];
  #inFlight = 0;
  #finSent = false;
  #finReceived = false;
  #error: SocketError | undefined;
  #restable = false;
  #done = false;
  #reader: { resolve: (segment: Segment | null) => void; reject: (error: Error) => void } | undefined;
  #closeListeners: (() => void)[] = [];

  constructor(kernel: Kernel, path: Path, role: 'client' | 'server') {
    this.#kernel = kernel;
    this.#path = path;
    this.#role = role;
    ({ local: this.local, remote: this.remote, originalDestination: this.originalDestination } = path[role]);
    this.trace = path.trace;
    this.resumed = path.resumed;
    if (path.resumed) {
      const { bytesRead, bytesWritten } = path.resumed;
      [this.bytesRead, this.bytesWritten] = role === 'client' ? [bytesRead, bytesWritten] : [bytesWritten, bytesRead];
    }
  }

  read(): Promise<Segment | null> {
    const segment = this.#arrived.shift();
    if (segment) return Promise.resolve(segment);
    if (this.#error) return Promise.reject(this.#error);
    if (this.#finReceived || this.atRest || this.#done) return Promise.resolve(null);
    if (this.#reader) return Promise.reject(new Error('connection: two readers at once'));
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  peek(): Segment | undefined {
    return this.#arrived[0];
  }

  write(segment: Segment): void {
    if (this.#error) throw this.#error;
    if (this.#finSent || this.atRest) throw new SocketError('EPIPE', 'Broken pipe');
    const size = segmentSize(segment);
    const { latency, wire } = this.#path;
    wire.leave(this.#role, 'P.', this.#next, this.#expected, segment, size);
    this.bytesWritten += size;
    if (latency === 0) {
      this.peer.#receive(segment);
      return;
    }
    this.#inFlight++;
    this.#kernel.wakeAt(this.#kernel.now() + latency, () => {
      this.#inFlight--;
      this.peer.#receive(segment);
      if (this.#inFlight === 0 && this.#finSent) this.peer.#receiveFin();
    });
  }

  close(): void {
    if (this.#finSent || this.#error || this.atRest) return;
    this.#path.wire.leave(this.#role, 'F.', this.#next, this.#expected);
    this.#finSent = true;
    if (this.#inFlight === 0) this.peer.#receiveFin();
    this.#settle();
  }

  reset(): void {
    if (this.#error || this.#done || this.atRest) return;
    const { wire } = this.#path;
    wire.leave(this.#role, 'R.', this.#next, this.#expected);
    wire.arrive(this.#role, 'R.', this.#next, this.#expected);
    this.#break(new SocketError('ECONNRESET', 'Connection reset by peer'));
    this.peer.#break(new SocketError('ECONNRESET', 'Connection reset by peer'));
  }

  onClose(listener: () => void): void {
    if (this.#done) listener();
    else this.#closeListeners.push(listener);
  }

  mayRest(): void {
    this.#restable = true;
  }

  rest(): RestingConnection | undefined {
    const { peer } = this;
    const busy = this.#inFlight + peer.#inFlight + this.#arrived.length + peer.#arrived.length > 0;
    const over = this.#finSent || peer.#finSent || this.#error || this.atRest;
    if (this.#role === 'server' || !peer.#restable || busy || over) return undefined;
    this.#layDown();
    peer.#layDown();
    const { namespace, incarnation, keepAlive } = this.#path.peer;
    const since = this.#kernel.now();
    return {
      local: this.local,
      remote: this.remote,
      peer: {
        namespace,
        incarnation,
        local: peer.local,
        remote: peer.remote,
        originalDestination: peer.originalDestination,
      },
      latency: this.#path.latency,
      bytesRead: this.bytesRead,
      bytesWritten: this.bytesWritten,
      since,
      ...(keepAlive !== undefined && { until: since + keepAlive }),
    };
  }

  /** Sequence number of what is written next, and of what is read next: SYN and FIN count as one each. */
  get #next(): number {
    return 1 + this.bytesWritten + (this.#finSent ? 1 : 0);
  }

  get #expected(): number {
    return 1 + this.bytesRead + (this.#finReceived ? 1 : 0);
  }

  #layDown(): void {
    this.atRest = true;
    this.#path.onGone(this);
    this.#closeListeners = [];
    this.#reader?.resolve(null);
    this.#reader = undefined;
  }

  #receive(segment: Segment): void {
    if (this.#error || this.#done) return;
    const size = segmentSize(segment);
    const { wire } = this.#path;
    wire.arrive(this.peer.#role, 'P.', this.#expected, this.#next, segment, size);
    this.bytesRead += size;
    wire.acknowledge(this.#role, this.#next, this.#expected);
    const reader = this.#reader;
    if (reader) {
      this.#reader = undefined;
      reader.resolve(segment);
    } else this.#arrived.push(segment);
  }

  #receiveFin(): void {
    if (this.#finReceived || this.#error) return;
    const { wire } = this.#path;
    wire.arrive(this.peer.#role, 'F.', this.#expected, this.#next);
    this.#finReceived = true;
    wire.acknowledge(this.#role, this.#next, this.#expected);
    this.#reader?.resolve(null);
    this.#reader = undefined;
    this.#settle();
  }

  #break(error: SocketError): void {
    if (this.#error) return;
    this.#error = error;
    this.#arrived = [];
    this.#reader?.reject(error);
    this.#reader = undefined;
    this.#finish();
  }

  #settle(): void {
    if (this.#finSent && this.#finReceived) this.#finish();
  }

  #finish(): void {
    if (this.#done) return;
    this.#done = true;
    this.#path.onGone(this);
    for (const listener of this.#closeListeners.splice(0)) listener();
  }
}
