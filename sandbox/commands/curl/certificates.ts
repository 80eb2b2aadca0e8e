import { FileError } from '../../kernel/files.ts';
import { readPath } from '../../kernel/open-path.ts';
import type { Process } from '../../kernel/process.ts';
import type { CertificateChain } from '../../network/socket.ts';
import { publicRoots } from '../../network/trust.ts';
import { text } from '../lib/input.ts';
import { CurlError } from './errors.ts';

/** Certificates of a PEM file by the names that the simulated network compares. */
async function readCertificates(process: Process, path: string): Promise<CertificateChain[]> {
  const x509 = await process.kernel.hold(import('../openssl/names.ts'));
  const blocks = x509.fromPem('CERTIFICATE', text(await readPath(process, path)));
  return blocks.map((der) => {
    const certificate = x509.parseCertificate(der);
    const issuer = x509.formatName(certificate.issuer);
    return {
      subject: x509.formatName(certificate.subject),
      issuer,
      subjectAltNames: x509.alternativeNames(certificate).map(({ name }) => name),
      notBefore: certificate.notBefore,
      notAfter: certificate.notAfter,
      root: issuer,
    };
  });
}

/** Names under which the certificates of --cacert, or of the machine's own bundle, are known as roots. */
export async function trustedRoots(process: Process, file: string | undefined): Promise<readonly string[]> {
  if (file === undefined) return publicRoots;
  let certificates: CertificateChain[] = [];
  try {
    certificates = await readCertificates(process, file);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
  }
  if (certificates.length === 0) throw new CurlError(77, `error adding trust anchors from file: ${file}`);
  return certificates.flatMap(({ subject }) => [subject, /(?:^|,)CN=([^,]*)/.exec(subject)?.[1] ?? subject]);
}

/** What --cert and --key show to a server that asks. */
export async function clientCertificate(process: Process, file: string, key: string): Promise<CertificateChain> {
  const problem = (what: string) => new CurlError(58, what);
  let certificates: CertificateChain[];
  try {
    certificates = await readCertificates(process, file);
    await readPath(process, key);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const missing = !process.machine.files.exists(process.resolve(file));
    throw problem(
      missing
        ? `could not load PEM client certificate from ${file}, OpenSSL error error:80000002:system library::No such file or directory, (no key found, wrong pass phrase, or wrong file format?)`
        : `unable to set private key file: '${key}' type PEM`,
    );
  }
  const [leaf] = certificates;
  if (!leaf) {
    throw problem(
      `could not load PEM client certificate from ${file}, OpenSSL error error:0480006C:PEM routines::no start line, (no key found, wrong pass phrase, or wrong file format?)`,
    );
  }
  return { ...leaf, root: certificates.at(-1)?.issuer ?? leaf.issuer };
}
