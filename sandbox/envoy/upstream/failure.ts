import { SocketError } from '../../network/socket.ts';
import { TlsError } from '../../network/tls.ts';
import { SecretMissing } from './transport-socket.ts';

/** Why an upstream stream ended without (all of) a response: Envoy's StreamResetReason in its words. */
export type ResetReason =
  | 'remote connection failure'
  | 'connection timeout'
  | 'connection termination'
  | 'remote reset'
  | 'remote refused stream reset'
  | 'local reset'
  | 'protocol error'
  | 'overflow';

export class UpstreamFailure extends Error {
  override name = 'UpstreamFailure';
  readonly reason: ResetReason;
  /** UPSTREAM_TRANSPORT_FAILURE_REASON; empty: none. */
  readonly transport: string;
  constructor(reason: ResetReason, transport = '') {
    super(reason);
    this.reason = reason;
    this.transport = transport;
  }
}

const certificateWords: Record<string, string> = {
  'unknown-ca': 'X509_verify_cert: certificate verification error at depth 0: unable to get local issuer certificate',
  'self-signed': 'X509_verify_cert: certificate verification error at depth 0: self signed certificate',
  expired: 'X509_verify_cert: certificate verification error at depth 0: certificate has expired',
  'not-yet-valid': 'X509_verify_cert: certificate verification error at depth 0: certificate is not yet valid',
  'name-mismatch': 'verify SAN list',
  'uri-mismatch': 'verify SAN list',
};

/** TLS alerts by name, with their numbers (RFC 8446 section 6) and BoringSSL's prefixes. */
const alertNumbers: Record<string, [number: number, name: string]> = {
  handshake_failure: [40, 'SSLV3_ALERT_HANDSHAKE_FAILURE'],
  bad_certificate: [42, 'SSLV3_ALERT_BAD_CERTIFICATE'],
  certificate_expired: [45, 'SSLV3_ALERT_CERTIFICATE_EXPIRED'],
  certificate_unknown: [46, 'SSLV3_ALERT_CERTIFICATE_UNKNOWN'],
  unknown_ca: [48, 'TLSV1_ALERT_UNKNOWN_CA'],
  protocol_version: [70, 'TLSV1_ALERT_PROTOCOL_VERSION'],
  unrecognized_name: [112, 'TLSV1_ALERT_UNRECOGNIZED_NAME'],
  certificate_required: [116, 'TLSV1_ALERT_CERTIFICATE_REQUIRED'],
};

function sslError(code: number, text: string): string {
  return `TLS_error:|${code}:${text}:TLS_error_end`;
}

/** BoringSSL's words for a failed handshake. */
function tlsWords(error: TlsError): string {
  const library = 'SSL routines:OPENSSL_internal';
  if (error.code === 'not-tls') return sslError(268435703, `${library}:WRONG_VERSION_NUMBER`);
  if (error.code === 'certificate') {
    const words = certificateWords[error.fault ?? ''] ?? error.fault;
    return sslError(268435581, `${library}:CERTIFICATE_VERIFY_FAILED:verify cert failed: ${words}`);
  }
  if (error.code === 'alert') {
    const [number, name] = alertNumbers[error.alert ?? ''] ?? [0, 'TLSV1_ALERT'];
    return sslError(268436456 + number, `${library}:${name}`);
  }
  return '';
}

/** What went wrong while connecting, as Envoy puts it. `shaking`: the TCP connection stood already. */
export function connectFailure(error: unknown, shaking: boolean): UpstreamFailure {
  if (error instanceof UpstreamFailure) return error;
  if (error instanceof TlsError) return new UpstreamFailure('remote connection failure', tlsWords(error));
  if (error instanceof SecretMissing) {
    return new UpstreamFailure('remote connection failure', 'TLS_error: Secret is not supplied by SDS');
  }
  if (!(error instanceof SocketError)) throw error;
  if (shaking) {
    const words = sslError(33554536, `system library:OPENSSL_internal:${error.message}`);
    return new UpstreamFailure('remote connection failure', words);
  }
  if (error.code === 'ETIMEDOUT') return new UpstreamFailure('connection timeout');
  const when = error.code === 'ENETUNREACH' ? 'immediate' : 'delayed';
  return new UpstreamFailure('remote connection failure', `${when} connect error: ${error.message}`);
}
