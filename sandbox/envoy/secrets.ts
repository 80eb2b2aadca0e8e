import { sha256 } from '@noble/hashes/sha2.js';
import { fromBase64 } from '../kernel/base64.ts';
import { elements } from '../kernel/der.ts';
import { decode } from '../kernel/streams.ts';
import { attributeTypes, type Certificate, fromPem, oids, parseCertificate, toPem } from '../kernel/x509.ts';
import type { CertificateChain } from '../network/socket.ts';
import type { Secret } from './xds/types.ts';

/** Secrets by SDS name, read once each time they change. */
export class Secrets {
  readonly #fetch: (name: string) => Secret | undefined;
  readonly #readFile: (path: string) => string | undefined;
  readonly #systemRoots: readonly string[];
  #chains = new Map<string, CertificateChain | undefined>();
  #roots = new Map<string, readonly string[] | undefined>();

  /** `fetch` asks istiod's SDS; `file-cert:` and `file-root:` names are answered by the agent from its files. */
  constructor(options: {
    fetch: (name: string) => Secret | undefined;
    readFile?: (path: string) => string | undefined;
    systemRoots?: readonly string[];
  }) {
    this.#fetch = options.fetch;
    this.#readFile = options.readFile ?? (() => undefined);
    this.#systemRoots = options.systemRoots ?? [];
  }

  /** Secrets may have changed: read them anew when they are next needed. */
  forget(): void {
    this.#chains.clear();
    this.#roots.clear();
  }

  /** The certificate chain of a secret, or undefined while there is none. */
  certificate(name: string): CertificateChain | undefined {
    if (!this.#chains.has(name)) {
      const pem = this.#pem(name, 'file-cert:');
      this.#chains.set(name, pem === undefined ? undefined : chainFromPem(pem));
    }
    return this.#chains.get(name);
  }

  /** Names of the roots in a validation context, or undefined while there is none. */
  roots(name: string): readonly string[] | undefined {
    if (name === 'file-root:system') return this.#systemRoots;
    if (!this.#roots.has(name)) {
      const pem = this.#pem(name, 'file-root:');
      this.#roots.set(name, pem === undefined ? undefined : rootsFromPem(pem));
    }
    return this.#roots.get(name);
  }

  #pem(name: string, prefix: string): string | undefined {
    if (name.startsWith(prefix)) return this.#readFile(name.slice(prefix.length).split('~')[0] ?? '');
    const secret = this.#fetch(name);
    const inline =
      secret?.tlsCertificate?.certificateChain.inlineBytes ?? secret?.validationContext?.trustedCa.inlineBytes;
    if (inline === undefined) return undefined;
    const bytes = fromBase64(inline);
    return bytes && decode(bytes);
  }
}

/** What a peer sees of the certificates in a PEM text; undefined if there is none. */
export function chainFromPem(pem: string): CertificateChain | undefined {
  const certificates = fromPem('CERTIFICATE', pem).map(parseCertificate);
  const [leaf] = certificates;
  const last = certificates.at(-1);
  if (!leaf || !last) return undefined;
  return {
    subject: nameText(leaf.subject),
    issuer: nameText(leaf.issuer),
    subjectAltNames: alternativeNames(leaf),
    notBefore: leaf.notBefore,
    notAfter: leaf.notAfter,
    root: nameText(last.issuer),
    hash: [...sha256(leaf.der)].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
    pem: toPem('CERTIFICATE', leaf.der),
  };
}

/** The names under which the roots of a PEM text are known: whole, and the common name alone as lists of public roots have it. */
export function rootsFromPem(pem: string): string[] {
  return fromPem('CERTIFICATE', pem)
    .map(parseCertificate)
    .flatMap(({ subject }) => {
      const common = subject.find(([oid]) => oid === attributeTypes.CN)?.[1];
      return common === undefined ? [nameText(subject)] : [nameText(subject), common];
    });
}

/** Attributes in their own order: `O=cluster.local,CN=x`. */
function nameText(name: readonly [oid: string, value: string][]): string {
  const types = new Map(Object.entries(attributeTypes).map(([type, oid]) => [oid as string, type]));
  return name.map(([oid, value]) => `${types.get(oid) ?? oid}=${value}`).join(',');
}

function alternativeNames(certificate: Certificate): string[] {
  const found = certificate.extensions.find(({ oid }) => oid === oids.subjectAltName);
  const [list] = found ? elements(found.value) : [];
  if (!list) return [];
  return elements(list.content)
    .filter(({ tag }) => tag === 0x82 || tag === 0x86 || tag === 0x87)
    .map(({ tag, content }) => (tag === 0x87 ? [...content].join('.') : decode(content)));
}
