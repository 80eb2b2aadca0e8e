import type { Process } from '../../kernel/process.ts';
import { certificateFault } from '../../network/certificates.ts';
import { type NetworkStack, SocketError } from '../../network/socket.ts';
import { type TlsConnection, TlsError, tlsConnect } from '../../network/tls.ts';
import { publicRoots } from '../../network/trust.ts';
import { certificateTime } from './time.ts';

const verifyErrors = {
  'unknown-ca': [20, 'unable to get local issuer certificate'],
  'self-signed': [18, 'self-signed certificate'],
  expired: [10, 'certificate has expired'],
  'not-yet-valid': [9, 'certificate is not yet valid'],
  'name-mismatch': [62, 'hostname mismatch'],
  'uri-mismatch': [62, 'hostname mismatch'],
} as const;

/** `s_client -connect HOST:PORT [-servername NAME] [-alpn LIST]`: the handshake, and the chain that was shown. */
export async function client(process: Process, args: string[]): Promise<number> {
  const value = (name: string) => args[args.indexOf(name) + 1];
  const target = args.includes('-connect') ? value('-connect') : args.find((arg) => !arg.startsWith('-'));
  const [, host = 'localhost', port = '4433'] = /^(.*?)(?::(\d+))?$/.exec(target ?? '') ?? [];
  const stack = process.machine.sockets as NetworkStack | undefined;
  if (!stack) {
    await process.write(2, 'connect:errno=101\n');
    return 1;
  }
  const address = /^\d+(\.\d+){3}$/.test(host);
  const addresses = address ? [host] : (await process.cancellation.guard(stack.resolve(host))).ipv4;
  const [first] = addresses;
  if (first === undefined) {
    await process.write(2, `BIO_lookup_ex: Name or service not known: ${host}:${port}\nconnect:errno=22\n`);
    return 1;
  }
  const sni = args.includes('-noservername')
    ? undefined
    : args.includes('-servername')
      ? value('-servername')
      : address
        ? undefined
        : host;
  const alpn = args.includes('-alpn') ? (value('-alpn') ?? '').split(',') : [];
  const trace = stack.startTrace(`TLS ${host}:${port}`);
  let tls: TlsConnection;
  try {
    const connection = await process.cancellation.guard(
      stack.connect({ destination: { address: first, port: Number(port) }, uid: process.uid, trace }),
    );
    await process.write(1, 'CONNECTED(00000003)\n');
    tls = await process.cancellation.guard(tlsConnect(connection, { alpn, ...(sni === undefined ? {} : { sni }) }));
  } catch (error) {
    if (error instanceof SocketError) {
      const number = {
        ECONNREFUSED: 111,
        ETIMEDOUT: 110,
        EHOSTUNREACH: 113,
        ENETUNREACH: 101,
        ECONNRESET: 104,
        EPIPE: 32,
        EADDRINUSE: 98,
      }[error.code];
      await process.write(
        2,
        error.code === 'ECONNRESET' || error.code === 'EPIPE' ? `write:errno=${number}\n` : `connect:errno=${number}\n`,
      );
      return 1;
    }
    if (!(error instanceof TlsError)) throw error;
    const reason =
      error.code === 'not-tls'
        ? '0A00010B:SSL routines:ssl3_get_record:wrong version number'
        : '0A000126:SSL routines:ssl3_read_n:unexpected eof while reading';
    await process.write(
      2,
      `error:${error.code === 'alert' ? `SSL routines:ssl3_read_bytes:alert ${error.alert}` : reason}\n`,
    );
    await process.write(1, '---\nno peer certificate available\n---\n');
    return 1;
  }
  await process.write(1, sessionText(process, tls));
  await process.write(2, 'DONE\n');
  tls.close();
  return 0;
}

function sessionText(process: Process, { session }: TlsConnection): string {
  const { serverCertificate: chain, alpn, version: protocol } = session;
  const spaced = (name: string) =>
    name
      .split(/,\s*(?=[A-Za-z]+=)/)
      .map((part) => part.replace('=', ' = '))
      .join(', ');
  const fault = certificateFault(chain, { roots: publicRoots, now: process.kernel.now() });
  const [code, words] = fault ? verifyErrors[fault] : [0, 'ok'];
  return [
    '---',
    'Certificate chain',
    ` 0 s:${spaced(chain.subject)}`,
    `   i:${spaced(chain.issuer)}`,
    `   v:NotBefore: ${certificateTime(chain.notBefore)}; NotAfter: ${certificateTime(chain.notAfter)}`,
    '---',
    'Server certificate',
    `subject=${spaced(chain.subject)}`,
    '',
    `issuer=${spaced(chain.issuer)}`,
    '',
    '---',
    'No client certificate CA names sent',
    '---',
    `New, ${protocol}, Cipher is TLS_AES_128_GCM_SHA256`,
    alpn === undefined ? 'No ALPN negotiated' : `ALPN protocol: ${alpn}`,
    `Verify return code: ${code} (${words})`,
    '---',
    '',
  ].join('\n');
}
