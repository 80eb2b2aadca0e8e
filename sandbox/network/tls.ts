import { type CertificateFault, certificateFault, type Expectation } from './certificates.ts';
import { segmentSize } from './connection.ts';
import { SegmentReader } from './segments.ts';
import type {
  CertificateChain,
  Connection,
  RestingConnection,
  Segment,
  SocketAddress,
  TlsRecord,
  TlsSession,
} from './socket.ts';
import type { Trace } from './trace.ts';

/** Why a handshake failed or a session broke. */
export class TlsError extends Error {
  override name = 'TlsError';
  /**
   * `not-tls`: the peer answered with something else (OpenSSL: wrong version number); `closed`: it hung up in the handshake;
   * `version`: none in common; `certificate`: ours to refuse (`fault` says why); `alert`: the peer sent one
   * (`alert` names it); `no-certificate`: a client certificate was required.
   */
  readonly code:
    | 'not-tls'
    | 'closed'
    | 'version'
    | 'certificate'
    | 'alert'
    | 'no-certificate'
    | 'no-server-certificate';
  readonly fault: CertificateFault | undefined;
  /** By its name in RFC 8446 section 6: `unknown_ca`, `certificate_required`, `handshake_failure` … */
  readonly alert: string | undefined;
  /** What the peer showed, where it did. */
  readonly certificate: CertificateChain | undefined;
  constructor(
    code: TlsError['code'],
    message: string,
    more: { fault?: CertificateFault; alert?: string; certificate?: CertificateChain } = {},
  ) {
    super(message);
    this.code = code;
    this.fault = more.fault;
    this.alert = more.alert;
    this.certificate = more.certificate;
  }
}

/** TLS record header, content type and authentication tag. */
const recordOverhead = 22;
const plainRecordHeader = 5;
const recordLimit = 16384;
const defaultVersions = ['TLSv1.2', 'TLSv1.3'];

export interface TlsClientOptions {
  /** No server_name extension without it (as for addresses). */
  sni?: string;
  alpn?: readonly string[];
  versions?: readonly string[];
  /** Undefined: whatever the server shows is taken (curl -k). */
  verify?: Expectation;
  certificate?: CertificateChain;
}

export interface TlsServerOptions {
  /** Chosen by SNI; undefined ends the handshake with `unrecognized_name`. */
  certificate: (sni: string | undefined) => CertificateChain | undefined;
  /** In the server's order of preference; none: no ALPN is negotiated. */
  alpn?: readonly string[];
  versions?: readonly string[];
  /** Sent to who speaks HTTP without TLS, before the connection is closed. */
  plaintextAnswer?: Uint8Array;
  clientCertificate?: { required: boolean; verify: Expectation };
}

/** A connection as TLS presents it to who is above: segments inside records. */
export interface TlsConnection extends Connection {
  readonly session: TlsSession;
}

/** What a connection's two sides agreed on, where it is one of TLS. */
export function tlsSession(connection: Connection): TlsSession | undefined {
  return connection instanceof TlsEnd ? connection.session : undefined;
}

/** About the length of a certificate chain in DER: key and signature, and its names. */
function certificateSize(chain: CertificateChain | undefined): number {
  if (!chain) return 8;
  const names = chain.subjectAltNames.reduce((size, name) => size + name.length + 2, 0);
  return 900 + chain.subject.length + chain.issuer.length + names;
}

/** Sizes as OpenSSL and BoringSSL make them for TLS 1.3 with X25519. */
function recordSize(record: Exclude<TlsRecord, { type: 'data' }>): number {
  switch (record.type) {
    case 'clientHello':
      return plainRecordHeader + 512;
    case 'serverHello':
      return 127 + 6 + 36 + recordOverhead + certificateSize(record.certificate) + 286 + 58;
    case 'finished':
      return 6 + 58 + (record.certificate ? recordOverhead + certificateSize(record.certificate) + 286 : 0);
    case 'alert':
      return 24;
  }
}

function send(connection: Connection, record: Exclude<TlsRecord, { type: 'data' }>): void {
  connection.write({ kind: 'tls', record, size: recordSize(record) });
}

/** Sends an alert and closes, as a side does that gives a handshake up. */
function refuse(connection: Connection, alert: string): void {
  send(connection, { type: 'alert', description: alert });
  connection.close();
}

const alerts: Record<CertificateFault, string> = {
  'unknown-ca': 'unknown_ca',
  'self-signed': 'unknown_ca',
  expired: 'certificate_expired',
  'not-yet-valid': 'bad_certificate',
  'name-mismatch': 'certificate_unknown',
  'uri-mismatch': 'certificate_unknown',
};

async function nextRecord(segments: SegmentReader): Promise<TlsRecord> {
  const segment = await segments.next();
  if (!segment) throw new TlsError('closed', 'connection closed during the handshake');
  if (segment.kind !== 'tls') throw new TlsError('not-tls', 'the peer does not speak TLS');
  const { record } = segment;
  if (record.type === 'alert') throw alertError(record.description);
  return record;
}

function alertError(description: string): TlsError {
  return new TlsError('alert', description, { alert: description });
}

/** Shakes hands as a client. Rejects with `TlsError` (or `SocketError` from below). */
export async function tlsConnect(connection: Connection, options: TlsClientOptions): Promise<TlsConnection> {
  const segments = new SegmentReader(connection);
  const versions = options.versions ?? defaultVersions;
  send(connection, { type: 'clientHello', sni: options.sni, alpn: options.alpn ?? [], versions });
  const hello = await nextRecord(segments);
  if (hello.type !== 'serverHello') throw new TlsError('not-tls', `unexpected ${hello.type}`);
  const fault = options.verify && certificateFault(hello.certificate, options.verify);
  if (fault) {
    refuse(connection, alerts[fault]);
    throw new TlsError('certificate', fault, { fault, certificate: hello.certificate });
  }
  const shown = hello.requestsClientCertificate ? options.certificate : undefined;
  send(connection, { type: 'finished', certificate: shown });
  return new TlsEnd(connection, segments, {
    ...(options.sni !== undefined && { sni: options.sni }),
    ...(options.alpn?.length && { offered: options.alpn }),
    ...(hello.alpn !== undefined && { alpn: hello.alpn }),
    version: hello.version,
    serverCertificate: hello.certificate,
    ...(shown && { clientCertificate: shown }),
  });
}

/** Shakes hands as a server. Rejects with `TlsError`; the client has its alert then. `segments`: what was sniffed before. */
export async function tlsAccept(
  connection: Connection,
  options: TlsServerOptions,
  segments = new SegmentReader(connection),
): Promise<TlsConnection> {
  const hello = await helloOf(connection, segments, options.plaintextAnswer);
  const version = pickVersion(hello.versions, options.versions ?? defaultVersions);
  if (!version) {
    refuse(connection, 'protocol_version');
    throw new TlsError('version', 'no protocol version in common');
  }
  const certificate = options.certificate(hello.sni);
  if (!certificate) {
    refuse(connection, 'unrecognized_name');
    throw new TlsError('no-server-certificate', 'no certificate for this name');
  }
  const alpn = options.alpn?.find((protocol) => hello.alpn.includes(protocol));
  const { clientCertificate } = options;
  const requestsClientCertificate = clientCertificate !== undefined;
  send(connection, { type: 'serverHello', alpn, version, certificate, requestsClientCertificate });
  const finished = await nextRecord(segments);
  if (finished.type !== 'finished') throw new TlsError('not-tls', `unexpected ${finished.type}`);
  checkClient(connection, finished.certificate, clientCertificate);
  return new TlsEnd(connection, segments, {
    ...(hello.sni !== undefined && { sni: hello.sni }),
    ...(hello.alpn.length > 0 && { offered: hello.alpn }),
    ...(alpn !== undefined && { alpn }),
    version,
    serverCertificate: certificate,
    ...(finished.certificate && { clientCertificate: finished.certificate }),
  });
}

async function helloOf(connection: Connection, segments: SegmentReader, plaintextAnswer: Uint8Array | undefined) {
  try {
    const hello = await nextRecord(segments);
    if (hello.type === 'clientHello') return hello;
    throw new TlsError('not-tls', `unexpected ${hello.type}`);
  } catch (error) {
    if (error instanceof TlsError && error.code === 'not-tls') {
      if (plaintextAnswer) connection.write({ kind: 'bytes', bytes: plaintextAnswer });
      connection.close();
    }
    throw error;
  }
}

function checkClient(
  connection: Connection,
  shown: CertificateChain | undefined,
  wanted: TlsServerOptions['clientCertificate'],
): void {
  if (!wanted) return;
  if (!shown) {
    if (!wanted.required) return;
    refuse(connection, 'certificate_required');
    throw new TlsError('no-certificate', 'peer did not return a certificate');
  }
  const fault = certificateFault(shown, wanted.verify);
  if (!fault) return;
  refuse(connection, alerts[fault]);
  throw new TlsError('certificate', fault, { fault, certificate: shown });
}

function pickVersion(offered: readonly string[], known: readonly string[]): string | undefined {
  return ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1.0'].find((name) => offered.includes(name) && known.includes(name));
}

/** Brings TLS back on a connection that came back from rest with its session. */
export function tlsResume(connection: Connection, session: TlsSession): TlsConnection {
  return new TlsEnd(connection, new SegmentReader(connection), session);
}

class TlsEnd implements TlsConnection {
  readonly session: TlsSession;
  readonly #below: Connection;
  readonly #segments: SegmentReader;
  bytesRead = 0;
  bytesWritten = 0;

  constructor(below: Connection, segments: SegmentReader, session: TlsSession) {
    this.#below = below;
    this.#segments = segments;
    this.session = session;
  }

  get local(): SocketAddress {
    return this.#below.local;
  }
  get remote(): SocketAddress {
    return this.#below.remote;
  }
  get originalDestination(): SocketAddress {
    return this.#below.originalDestination;
  }
  get trace(): Trace | undefined {
    return this.#below.trace;
  }
  get atRest(): boolean {
    return this.#below.atRest;
  }
  get resumed(): RestingConnection | undefined {
    return this.#below.resumed;
  }

  async read(): Promise<Segment | null> {
    const segment = await this.#segments.next();
    if (!segment) return null;
    if (segment.kind !== 'tls') throw new TlsError('not-tls', 'the peer does not speak TLS');
    const { record } = segment;
    if (record.type === 'alert') {
      if (record.description === 'close_notify') return null;
      throw alertError(record.description);
    }
    if (record.type !== 'data') throw new TlsError('not-tls', `unexpected ${record.type}`);
    this.bytesRead += segmentSize(record.inner);
    return record.inner;
  }

  peek(): Segment | undefined {
    const segment = this.#below.peek();
    return segment?.kind === 'tls' && segment.record.type === 'data' ? segment.record.inner : undefined;
  }

  write(segment: Segment): void {
    const size = segmentSize(segment);
    this.bytesWritten += size;
    const records = Math.max(1, Math.ceil(size / recordLimit));
    this.#below.write({
      kind: 'tls',
      record: { type: 'data', inner: segment },
      size: size + records * recordOverhead,
    });
  }

  close(): void {
    this.#below.close();
  }
  reset(): void {
    this.#below.reset();
  }
  onClose(listener: () => void): void {
    this.#below.onClose(listener);
  }
  mayRest(): void {
    this.#below.mayRest();
  }
  rest(): RestingConnection | undefined {
    const resting = this.#below.rest();
    return resting && { ...resting, tls: this.session };
  }
}
