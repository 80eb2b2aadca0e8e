import { isAddress } from './addresses.ts';
import type { CertificateChain } from './socket.ts';

/** Why a chain is not accepted; named after OpenSSL's X509_V_ERR_*. */
export type CertificateFault =
  | 'unknown-ca'
  | 'self-signed'
  | 'expired'
  | 'not-yet-valid'
  | 'name-mismatch'
  | 'uri-mismatch';

/** What a peer must show. */
export interface Expectation {
  /** Names of the roots that are trusted. */
  roots: readonly string[];
  /** ms since 1970. */
  now: number;
  /** Host name or address the certificate must be for (RFC 9525). */
  name?: string;
  /** One of its alternative names must be accepted (Envoy's match_typed_subject_alt_names). */
  acceptsName?: (name: string) => boolean;
}

/** The first fault of a chain, in the order OpenSSL finds them, or undefined. */
export function certificateFault(chain: CertificateChain, expected: Expectation): CertificateFault | undefined {
  if (!expected.roots.includes(chain.root)) {
    return chain.subject === chain.issuer ? 'self-signed' : 'unknown-ca';
  }
  if (expected.now < chain.notBefore) return 'not-yet-valid';
  if (expected.now > chain.notAfter) return 'expired';
  if (expected.name !== undefined && !certificateNames(chain, expected.name)) return 'name-mismatch';
  if (expected.acceptsName && !chain.subjectAltNames.some(expected.acceptsName)) return 'uri-mismatch';
  return undefined;
}

/** Is the certificate for this host? A wildcard stands for one leftmost label; addresses only match exactly. */
export function certificateNames(chain: CertificateChain, host: string): boolean {
  const wanted = host.toLowerCase().replace(/\.$/, '');
  return chain.subjectAltNames.some((entry) => {
    const name = entry.toLowerCase();
    if (name === wanted) return true;
    if (!name.startsWith('*.') || isAddress(wanted)) return false;
    return wanted.slice(wanted.indexOf('.')) === name.slice(1) && wanted.indexOf('.') > 0;
  });
}
