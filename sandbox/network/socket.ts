import type { Sockets } from '../kernel/process.ts';

/** An IPv4 (or IPv6) address and a port. */
export interface SocketAddress {
  address: string;
  port: number;
}

/**
 * What travels on a connection. HTTP/1.1 and everything unknown are real bytes; TLS and HTTP/2 are records and frames as data
 * with the size they would have on the wire, so that byte counts, sniffing and captures come out right without cryptography.
 */
export type Segment = BytesSegment | TlsSegment | Http2Segment;

export interface BytesSegment {
  kind: 'bytes';
  bytes: Uint8Array;
  /** The trace of the request that these bytes carry, for whoever reads it. */
  trace?: import('./trace.ts').Trace;
}

export interface TlsSegment {
  kind: 'tls';
  record: TlsRecord;
  /** Bytes on the wire. */
  size: number;
}

export type TlsRecord =
  | { type: 'clientHello'; sni: string | undefined; alpn: readonly string[]; versions: readonly string[] }
  | {
      type: 'serverHello';
      alpn: string | undefined;
      version: string;
      certificate: CertificateChain;
      requestsClientCertificate: boolean;
    }
  | { type: 'finished'; certificate: CertificateChain | undefined }
  | { type: 'data'; inner: Segment }
  | { type: 'alert'; description: string };

/** What a peer sees of a certificate; `pem` only where somebody asks for it. */
export interface CertificateChain {
  subject: string;
  issuer: string;
  /** URI and DNS names. */
  subjectAltNames: readonly string[];
  /** ms since 1970. */
  notBefore: number;
  notAfter: number;
  /** Name of the root that signed it, as trust stores list them. */
  root: string;
  /** SHA-256 of the leaf in hexadecimal and its PEM text, where the certificate is a real one. */
  hash?: string;
  pem?: string;
}

export interface Http2Segment {
  kind: 'h2';
  frame:
    | { type: 'preface' | 'settings' | 'goaway' | 'windowUpdate' | 'ping' }
    | { type: 'headers'; stream: number; headers: readonly HeaderField[]; endStream: boolean }
    | { type: 'data'; stream: number; bytes: Uint8Array; endStream: boolean }
    | { type: 'rstStream'; stream: number; error: string };
  size: number;
  /** The trace of the request in a `headers` frame. */
  trace?: import('./trace.ts').Trace;
}

export type HeaderField = readonly [name: string, value: string];

/** Why a connection could not be made or broke, as errno names it. */
export class SocketError extends Error {
  override name = 'SocketError';
  readonly code: 'ECONNREFUSED' | 'ETIMEDOUT' | 'EHOSTUNREACH' | 'ENETUNREACH' | 'ECONNRESET' | 'EADDRINUSE' | 'EPIPE';
  /** Where the attempt came from, if it got as far as that. */
  readonly local: SocketAddress | undefined;
  constructor(code: SocketError['code'], message: string, local?: SocketAddress) {
    super(message);
    this.code = code;
    this.local = local;
  }
}

/** One end of an established TCP connection (or of what TLS makes of it). */
export interface Connection {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  /** Where the client wanted to go before iptables redirected it (SO_ORIGINAL_DST); `local` if nothing did. */
  readonly originalDestination: SocketAddress;
  /** The next segment, null when the peer closed, `SocketError` ECONNRESET when it reset. */
  read(): Promise<Segment | null>;
  /** What has arrived already, left where it is (MSG_PEEK); undefined if nothing has. */
  peek(): Segment | undefined;
  write(segment: Segment): void;
  /** FIN: no more will be written. */
  close(): void;
  /** RST. */
  reset(): void;
  /** Called once when both directions are closed or the connection was reset. */
  onClose(listener: () => void): void;
  /** Segment bytes carried so far. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** The trace of the request on behalf of which this connection was made, carried to whoever accepts it. */
  readonly trace: import('./trace.ts').Trace | undefined;
  /**
   * Client's end only: lays an idle connection down as data. Both ends read null and are `atRest`; nobody sees a FIN.
   * Undefined (nothing happens) where the peer did not say `mayRest` or something is still under way.
   */
  rest(): RestingConnection | undefined;
  /** Server's end: this connection may be laid to rest between two exchanges (`resumed` brings it back to the same listener). */
  mayRest(): void;
  readonly atRest: boolean;
  /** What was remembered, where this is a connection come back from rest. */
  readonly resumed: RestingConnection | undefined;
}

/** An idle connection as data: what its two ends and the NAT in between remember. */
export interface RestingConnection {
  local: SocketAddress;
  remote: SocketAddress;
  /** The accepting end: network namespace, the listening program's incarnation, and the addresses as seen from there. */
  peer: {
    namespace: string;
    incarnation: string;
    local: SocketAddress;
    remote: SocketAddress;
    originalDestination: SocketAddress;
  };
  /** One way, ms. */
  latency: number;
  bytesRead: number;
  bytesWritten: number;
  /** ms since 1970. */
  since: number;
  /** When the server will have closed it (its keep-alive time-out), ms since 1970. */
  until?: number;
  tls?: TlsSession;
}

/** What both ends know after a handshake. */
export interface TlsSession {
  sni?: string;
  /** What the client offered. */
  offered?: readonly string[];
  alpn?: string;
  version: string;
  serverCertificate: CertificateChain;
  clientCertificate?: CertificateChain;
}

export interface ConnectOptions {
  destination: SocketAddress;
  /** User of the connecting process: iptables lets Envoy's own (1337) pass. */
  uid: number;
  trace?: import('./trace.ts').Trace;
  /** SO_BINDTODEVICE and the like: the source address wanted (Envoy's 127.0.0.6 on inbound). */
  source?: SocketAddress;
  /** ms of cluster time; the kernel's own limit (about 127 s) otherwise. */
  timeout?: number;
}

export interface ListenOptions {
  /** One address only, such as 127.0.0.1. */
  address?: string;
  /**
   * Which run of the program listens (a container's id): connections at rest belong to one run and end with it.
   * Must be the same after a restore.
   */
  incarnation?: string;
  /** For how long (ms) this server keeps an idle connection; for ever if absent. */
  keepAlive?: number;
}

/** The network namespace of one pod or host. */
export interface NetworkStack extends Sockets {
  /** Shows every TCP packet on this namespace's interfaces from now on; the answer ends it. */
  capture(tap: import('./capture.ts').Tap): () => void;
  /** `namespace/pod`, or the name of a host. */
  readonly id: string;
  readonly address: string;
  /** Rejects with `SocketError`. */
  connect(options: ConnectOptions): Promise<Connection>;
  /** Brings a connection back from rest, or undefined if the peer has closed it meanwhile. */
  resume(resting: RestingConnection, trace?: import('./trace.ts').Trace): Connection | undefined;
  /** Starts the trace of a request made here; the network keeps the last ones. */
  startTrace(request: string): import('./trace.ts').Trace;
  /** Accepts on a port of all addresses of this namespace (or of one); the answer stops listening. EADDRINUSE throws. */
  listen(port: number, accept: (connection: Connection) => void, options?: ListenOptions): () => void;
  /** Is somebody listening there? For probes. */
  listening(port: number): boolean;
  /** A and AAAA records by the namespace's resolv.conf (search domains, ndots). Empty lists: NXDOMAIN, no data or no answer. */
  resolve(name: string, trace?: import('./trace.ts').Trace): Promise<{ ipv4: string[]; ipv6: string[] }>;
  /** The same without waiting, for who looks names up in the background; undefined: no name server answers. */
  lookup(name: string): { ipv4: string[]; ipv6: string[] } | undefined;
  /**
   * Would a connection to a host be swallowed on its way (a policy drops it, or what asks for its name)? For who connects in
   * the background. `address`: what the name stands for, if that is known. Undefined: it gets there, accepted or not.
   */
  swallows(host: string, port: number): { address?: string } | undefined;
  /** CNAME records from a name on, as the name server gives them: each name with what it is an alias of. */
  aliases(name: string): Promise<{ name: string; target: string }[]>;
}
