import type { CertificateFault } from '../../network/certificates.ts';
import { certificateNames } from '../../network/certificates.ts';
import { type CertificateChain, type Connection, SocketError } from '../../network/socket.ts';
import { type TlsConnection, TlsError, tlsConnect } from '../../network/tls.ts';
import { certificateTime } from '../openssl/time.ts';
import { CurlError } from './errors.ts';
import type { Verbose } from './verbose.ts';

export interface HandshakeOptions {
  host: string;
  port: number;
  alpn: readonly string[];
  /** Undefined with -k. */
  roots: readonly string[] | undefined;
  caFile: string;
  now: number;
  certificate: CertificateChain | undefined;
  versions: readonly string[];
}

/** Shakes hands, telling what OpenSSL's message callback would tell. Throws `CurlError` 35 and 60. */
export async function handshake(
  connection: Connection,
  options: HandshakeOptions,
  verbose: Verbose | undefined,
): Promise<TlsConnection> {
  const { host, port, alpn, roots, now } = options;
  const address = /^[\d.]+$|:/.test(host);
  if (alpn.length > 0) await verbose?.info(`ALPN: curl offers ${alpn.join(',')}`);
  await records(verbose, 'OUT', [['TLS handshake, Client hello (1)', 512]], 'TLSv1.3');
  if (roots) {
    await verbose?.info(` CAfile: ${options.caFile}`);
    await verbose?.info(' CApath: /etc/ssl/certs');
  } else await verbose?.info('SSL Trust: peer verification disabled');
  let tls: TlsConnection;
  try {
    tls = await tlsConnect(connection, {
      ...(address ? {} : { sni: host }),
      alpn,
      versions: options.versions,
      ...(roots ? { verify: { roots, now, name: host } } : {}),
      ...(options.certificate ? { certificate: options.certificate } : {}),
    });
  } catch (error) {
    await tellFailure(error, verbose);
    throw handshakeError(error, host, port);
  }
  await tellServer(tls.session.version, verbose);
  const { session } = tls;
  const cipher = session.version === 'TLSv1.3' ? 'TLS_AES_128_GCM_SHA256' : 'ECDHE-RSA-AES128-GCM-SHA256';
  await verbose?.info(`SSL connection using ${session.version} / ${cipher} / x25519 / RSASSA-PSS`);
  if (alpn.length > 0) {
    const agreed =
      session.alpn === undefined
        ? 'server did not agree on a protocol. Uses default.'
        : `server accepted ${session.alpn}`;
    await verbose?.info(`ALPN: ${agreed}`);
  }
  await tellCertificate(session.serverCertificate, host, roots !== undefined, verbose);
  return tls;
}

async function records(
  verbose: Verbose | undefined,
  direction: 'IN' | 'OUT',
  messages: readonly (readonly [string, number])[],
  version: string,
): Promise<void> {
  if (!verbose) return;
  const kind = direction === 'IN' ? 'tlsIn' : 'tlsOut';
  for (const [message, size] of messages) {
    // The record's header goes by before its content.
    await verbose.show(kind, new Uint8Array(5));
    await verbose.info(`${version} (${direction}), ${message}:`);
    await verbose.show(kind, new Uint8Array(size));
  }
}

async function tellServer(version: string, verbose: Verbose | undefined): Promise<void> {
  if (version === 'TLSv1.3') {
    const server = [
      ['TLS handshake, Server hello (2)', 122],
      ['TLS change cipher, Change cipher spec (1)', 1],
      ['TLS handshake, Encrypted Extensions (8)', 19],
      ['TLS handshake, Certificate (11)', 2598],
      ['TLS handshake, CERT verify (15)', 264],
      ['TLS handshake, Finished (20)', 36],
    ] as const;
    await records(verbose, 'IN', server, version);
    const client = [
      ['TLS change cipher, Change cipher spec (1)', 1],
      ['TLS handshake, Finished (20)', 36],
    ] as const;
    await records(verbose, 'OUT', client, version);
    return;
  }
  const server = [
    ['TLS handshake, Server hello (2)', 91],
    ['TLS handshake, Certificate (11)', 2598],
    ['TLS handshake, Server key exchange (12)', 300],
    ['TLS handshake, Server finished (14)', 4],
  ] as const;
  await records(verbose, 'IN', server, version);
  const client = [
    ['TLS handshake, Client key exchange (16)', 37],
    ['TLS change cipher, Change cipher spec (1)', 1],
    ['TLS handshake, Finished (20)', 16],
  ] as const;
  await records(verbose, 'OUT', client, version);
  await records(verbose, 'IN', [['TLS handshake, Finished (20)', 16]], version);
}

const oneLine = (name: string) => name.split(/,\s*(?=[A-Za-z]+=)/).join('; ');

async function tellCertificate(
  certificate: CertificateChain,
  host: string,
  verified: boolean,
  verbose: Verbose | undefined,
): Promise<void> {
  if (!verbose) return;
  await verbose.info('Server certificate:');
  await verbose.info(` subject: ${oneLine(certificate.subject)}`);
  await verbose.info(` start date: ${certificateTime(certificate.notBefore)}`);
  await verbose.info(` expire date: ${certificateTime(certificate.notAfter)}`);
  if (verified) {
    const name = certificate.subjectAltNames.find((each) =>
      certificateNames({ ...certificate, subjectAltNames: [each] }, host),
    );
    await verbose.info(` subjectAltName: host "${host}" matched cert's "${name ?? host}"`);
  }
  await verbose.info(` issuer: ${oneLine(certificate.issuer)}`);
  if (verified) await verbose.info(' SSL certificate verify ok.');
}

/** X509_verify_cert_error_string. */
const faults: Record<Exclude<CertificateFault, 'name-mismatch' | 'uri-mismatch'>, string> = {
  'unknown-ca': 'unable to get local issuer certificate',
  'self-signed': 'self-signed certificate',
  expired: 'certificate has expired',
  'not-yet-valid': 'certificate is not yet valid',
};

/** OpenSSL's words for alerts: number and text (ssl/ssl_err.c). */
const alerts: Record<string, readonly [number, string]> = {
  unexpected_message: [10, 'ssl/tls alert unexpected message'],
  handshake_failure: [40, 'ssl/tls alert handshake failure'],
  bad_certificate: [42, 'ssl/tls alert bad certificate'],
  certificate_revoked: [44, 'ssl/tls alert certificate revoked'],
  certificate_expired: [45, 'ssl/tls alert certificate expired'],
  certificate_unknown: [46, 'ssl/tls alert certificate unknown'],
  illegal_parameter: [47, 'ssl/tls alert illegal parameter'],
  unknown_ca: [48, 'tlsv1 alert unknown ca'],
  access_denied: [49, 'tlsv1 alert access denied'],
  decode_error: [50, 'tlsv1 alert decode error'],
  protocol_version: [70, 'tlsv1 alert protocol version'],
  internal_error: [80, 'tlsv1 alert internal error'],
  unrecognized_name: [112, 'tlsv1 unrecognized name'],
  certificate_required: [116, 'tlsv13 alert certificate required'],
  no_application_protocol: [120, 'tlsv1 alert no application protocol'],
};

/** `error:0A000410:SSL routines::ssl/tls alert handshake failure` */
export function opensslAlert(alert: string): string {
  const [number, words] = alerts[alert] ?? [40, `alert ${alert}`];
  return `error:${(0x0a000000 + 1000 + number).toString(16).toUpperCase().padStart(8, '0')}:SSL routines::${words}`;
}

async function tellFailure(error: unknown, verbose: Verbose | undefined): Promise<void> {
  if (!(error instanceof TlsError)) return;
  if (error.code === 'alert')
    await records(
      verbose,
      'IN',
      [[`TLS alert, ${(error.alert ?? '').replaceAll('_', ' ')} (${alerts[error.alert ?? '']?.[0] ?? 40})`, 2]],
      'TLSv1.3',
    );
  if (error.code === 'certificate') await records(verbose, 'OUT', [['TLS alert, unknown CA (560)', 2]], 'TLSv1.3');
}

/** What curl 8.16 with OpenSSL 3.5 says of a handshake that failed. */
export function handshakeError(error: unknown, host: string, port: number): Error {
  if (error instanceof SocketError) {
    const words = error.code === 'EPIPE' ? 'Send failure: Broken pipe' : `Recv failure: ${error.message}`;
    return new CurlError(35, words);
  }
  if (!(error instanceof TlsError)) return error as Error;
  switch (error.code) {
    case 'not-tls':
      return new CurlError(35, 'TLS connect error: error:0A00010B:SSL routines::wrong version number');
    case 'closed':
      // A server that closes without having read the hello answers it with a reset.
      return new CurlError(35, 'Recv failure: Connection reset by peer');
    case 'certificate': {
      const { fault } = error;
      if (fault === 'name-mismatch' || fault === 'uri-mismatch' || fault === undefined) {
        const kind = /^[\d.]+$/.test(host) ? 'ipv4 address' : host.includes(':') ? 'ipv6 address' : 'hostname';
        return new CurlError(60, `SSL: no alternative certificate subject name matches target ${kind} '${host}'`);
      }
      return new CurlError(60, `SSL certificate problem: ${faults[fault]}`);
    }
    case 'alert':
      return new CurlError(35, `TLS connect error: ${opensslAlert(error.alert ?? '')}`);
    default:
      return new CurlError(35, `OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to ${host}:${port} `);
  }
}
