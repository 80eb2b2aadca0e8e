import { sha256 } from '@noble/hashes/sha2.js';
import { encode } from '../../../kernel/streams.ts';
import { type KeyPair, keyPair, makeCertificate, secretKeyDer, toPem } from '../../../kernel/x509.ts';

const day = 24 * 3600_000;

export interface WorkloadCertificate {
  certificateChain: string;
  privateKey: string;
}

export interface AuthorityOptions {
  seed: number;
  /** When the root was made, ms since 1970. */
  since: number;
  trustDomain: string;
}

/**
 * istiod's own authority: a self-signed root for ten years, workload certificates for a day that name a SPIFFE id. Keys and
 * serial numbers follow from the cluster's seed, so the same cluster has the same certificates.
 */
export class CertificateAuthority {
  readonly options: AuthorityOptions;
  #root: { key: KeyPair; keyId: Uint8Array; pem: string } | undefined;

  constructor(options: AuthorityOptions) {
    this.options = options;
  }

  /** PEM. */
  rootCertificate(): string {
    return this.#authority().pem;
  }

  /** The certificate that was issued at `since` for an id. */
  issue(spiffeId: string, since: number): WorkloadCertificate {
    const root = this.#authority();
    const key = keyPair(this.#derive(`key ${spiffeId} ${since}`));
    const der = makeCertificate({
      serial: this.#serial(`serial ${spiffeId} ${since}`),
      subject: [],
      issuer: this.#name(),
      notBefore: since - 120_000,
      notAfter: since + day,
      uriNames: [spiffeId],
      isCA: false,
      subjectPoint: key.point,
      signer: root.key,
      authorityKeyId: root.keyId,
    });
    return {
      certificateChain: toPem('CERTIFICATE', der) + root.pem,
      privateKey: toPem('EC PRIVATE KEY', secretKeyDer(key)),
    };
  }

  #authority() {
    if (!this.#root) {
      const key = keyPair(this.#derive('root key'));
      const keyId = sha256(key.point).slice(0, 20);
      const name = this.#name();
      const { since } = this.options;
      const der = makeCertificate({
        serial: this.#serial('root serial'),
        subject: name,
        issuer: name,
        notBefore: since,
        notAfter: since + 3650 * day,
        isCA: true,
        subjectPoint: key.point,
        signer: key,
        subjectKeyId: keyId,
      });
      this.#root = { key, keyId, pem: toPem('CERTIFICATE', der) };
    }
    return this.#root;
  }

  #name() {
    return [['O', this.options.trustDomain]] as const;
  }

  #derive(purpose: string): Uint8Array {
    return sha256(encode(`istiod ${this.options.seed} ${purpose}`));
  }

  /** 16 bytes, positive. */
  #serial(purpose: string): Uint8Array {
    const serial = this.#derive(purpose).slice(0, 16);
    serial[0] = ((serial[0] as number) & 0x7f) | 0x40;
    return serial;
  }
}

/** Certificates are renewed when half of their life is over. */
export function isDue(issued: number, now: number): boolean {
  return now >= issued + day / 2;
}
