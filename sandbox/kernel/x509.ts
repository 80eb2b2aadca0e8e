import { p256 } from '@noble/curves/nist.js';
import { fromBase64, toBase64 } from './base64.ts';
import {
  bits,
  boolean,
  DerError,
  type Element,
  elements,
  integer,
  objectIdentifier,
  octets,
  readObjectIdentifier,
  readTime,
  sequence,
  set,
  tags,
  time,
  tlv,
} from './der.ts';
import { decode, encode } from './streams.ts';
import { parseTime } from './time.ts';

/** X.509 certificates (RFC 5280) with ECDSA P-256 keys, made and read. */

export const oids = {
  ecPublicKey: '1.2.840.10045.2.1',
  prime256v1: '1.2.840.10045.3.1.7',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  subjectKeyIdentifier: '2.5.29.14',
  extKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** Attributes of a distinguished name, in order: `[['O', 'cluster.local']]`. */
export type DistinguishedName = readonly (readonly [type: keyof typeof attributeTypes, value: string])[];

export const attributeTypes = {
  C: '2.5.4.6',
  ST: '2.5.4.8',
  L: '2.5.4.7',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  CN: '2.5.4.3',
} as const;

export interface KeyPair {
  /** 32 bytes. */
  secret: Uint8Array;
  /** Uncompressed point, 65 bytes. */
  point: Uint8Array;
}

// A small table of multiples: certificates are few, and the default table takes longer to make than it saves.
p256.Point.BASE.precompute(2, true);

/** The key pair that follows from 32 bytes of seed; always the same for the same seed. */
export function keyPair(seed: Uint8Array): KeyPair {
  const secret = p256.utils.isValidSecretKey(seed) ? seed : seed.map((byte, index) => (index === 0 ? 0x3f : byte || 1));
  return { secret, point: p256.getPublicKey(secret, false) };
}

export interface CertificateTemplate {
  /** Big-endian, at most 20 bytes. */
  serial: Uint8Array;
  subject: DistinguishedName;
  issuer: DistinguishedName;
  /** ms since 1970. */
  notBefore: number;
  notAfter: number;
  uriNames?: readonly string[];
  dnsNames?: readonly string[];
  isCA: boolean;
  /** Public point of the certificate's key. */
  subjectPoint: Uint8Array;
  /** The issuer's key. */
  signer: KeyPair;
  /** Key identifiers, 20 bytes each, where wanted. */
  subjectKeyId?: Uint8Array;
  authorityKeyId?: Uint8Array;
}

/** A signed certificate in DER. The signature is deterministic (RFC 6979). */
export function makeCertificate(template: CertificateTemplate): Uint8Array {
  const algorithm = sequence(objectIdentifier(oids.ecdsaWithSha256));
  const body = sequence(
    tlv(0xa0, integer(2)),
    integer(template.serial),
    algorithm,
    distinguishedName(template.issuer),
    sequence(time(template.notBefore), time(template.notAfter)),
    distinguishedName(template.subject),
    sequence(
      sequence(objectIdentifier(oids.ecPublicKey), objectIdentifier(oids.prime256v1)),
      bits(template.subjectPoint),
    ),
    tlv(0xa3, sequence(...extensions(template))),
  );
  const signature = p256.sign(body, template.signer.secret, { format: 'der' });
  return sequence(body, algorithm, bits(signature));
}

function distinguishedName(name: DistinguishedName): Uint8Array {
  const attribute = ([type, value]: DistinguishedName[number]) =>
    set(sequence(objectIdentifier(attributeTypes[type]), tlv(tags.printableString, encode(value))));
  return sequence(...name.map(attribute));
}

function extension(oid: string, critical: boolean, value: Uint8Array): Uint8Array {
  return sequence(objectIdentifier(oid), ...(critical ? [boolean(true)] : []), octets(value));
}

/** In the order of Go's crypto/x509, which istiod signs with. */
function extensions(template: CertificateTemplate): Uint8Array[] {
  const { isCA, subjectKeyId, authorityKeyId, uriNames = [], dnsNames = [] } = template;
  // digitalSignature + keyEncipherment of a leaf, keyCertSign of an authority.
  const usage = isCA ? bits(Uint8Array.of(0x04), 2) : bits(Uint8Array.of(0xa0), 5);
  const purposes = sequence(objectIdentifier(oids.serverAuth), objectIdentifier(oids.clientAuth));
  const names = [
    ...dnsNames.map((name) => tlv(0x82, encode(name))),
    ...uriNames.map((name) => tlv(0x86, encode(name))),
  ];
  return [
    extension(oids.keyUsage, true, usage),
    ...(isCA ? [] : [extension(oids.extKeyUsage, false, purposes)]),
    extension(oids.basicConstraints, true, isCA ? sequence(boolean(true)) : sequence()),
    ...(subjectKeyId ? [extension(oids.subjectKeyIdentifier, false, octets(subjectKeyId))] : []),
    ...(authorityKeyId ? [extension(oids.authorityKeyIdentifier, false, sequence(tlv(0x80, authorityKeyId)))] : []),
    // Critical where the subject is empty: then the names are all there is (RFC 5280 4.2.1.6).
    ...(names.length > 0 ? [extension(oids.subjectAltName, template.subject.length === 0, sequence(...names))] : []),
  ];
}

/** The secret key as SEC 1 has it (`EC PRIVATE KEY`). */
export function secretKeyDer({ secret, point }: KeyPair): Uint8Array {
  return sequence(integer(1), octets(secret), tlv(0xa0, objectIdentifier(oids.prime256v1)), tlv(0xa1, bits(point)));
}

/** RFC 7468, lines of 64. */
export function toPem(label: string, der: Uint8Array): string {
  const lines = toBase64(der).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** The blocks of a label in a text, in order. */
export function fromPem(label: string, text: string): Uint8Array[] {
  const pattern = new RegExp(`-----BEGIN ${label}-----([\\s\\S]*?)-----END ${label}-----`, 'g');
  return [...text.matchAll(pattern)].flatMap((match) => fromBase64((match[1] as string).replace(/\s/g, '')) ?? []);
}

export interface Extension {
  oid: string;
  critical: boolean;
  value: Uint8Array;
}

export interface Certificate {
  version: number;
  serial: Uint8Array;
  signatureAlgorithm: string;
  issuer: [oid: string, value: string][];
  subject: [oid: string, value: string][];
  /** ms since 1970. */
  notBefore: number;
  notAfter: number;
  publicKeyAlgorithm: string;
  publicKeyParameters: string | undefined;
  publicKey: Uint8Array;
  extensions: Extension[];
  signature: Uint8Array;
  der: Uint8Array;
}

function required(element: Element | undefined): Element {
  if (!element) throw new DerError('missing element');
  return element;
}

function readName(element: Element): [string, string][] {
  return elements(element.content).flatMap((relative) =>
    elements(relative.content).map((attribute): [string, string] => {
      const [type, value] = elements(attribute.content);
      return [readObjectIdentifier(required(type).content), decode(required(value).content)];
    }),
  );
}

/** Reads a certificate; throws `DerError` if it is none. */
export function parseCertificate(der: Uint8Array): Certificate {
  const [outer] = elements(der);
  const [body, algorithm, signature] = elements(required(outer).content);
  const fields = elements(required(body).content);
  const versioned = fields[0]?.tag === 0xa0;
  const [serial, , issuer, validity, subject, key, ...rest] = versioned ? fields.slice(1) : fields;
  const [notBefore, notAfter] = elements(required(validity).content).map(
    (element) => parseTime(readTime(element)) ?? Number.NaN,
  );
  const [keyAlgorithm, keyBits] = elements(required(key).content);
  const [keyType, parameters] = elements(required(keyAlgorithm).content);
  const wrapped = rest.find((element) => element.tag === 0xa3);
  const [list] = wrapped ? elements(wrapped.content) : [];
  const [signatureType] = elements(required(algorithm).content);
  return {
    version: versioned ? (fields[0]?.content.at(-1) ?? 0) + 1 : 1,
    serial: required(serial).content,
    signatureAlgorithm: readObjectIdentifier(required(signatureType).content),
    issuer: readName(required(issuer)),
    subject: readName(required(subject)),
    notBefore: notBefore ?? Number.NaN,
    notAfter: notAfter ?? Number.NaN,
    publicKeyAlgorithm: readObjectIdentifier(required(keyType).content),
    publicKeyParameters:
      parameters?.tag === tags.objectIdentifier ? readObjectIdentifier(parameters.content) : undefined,
    publicKey: required(keyBits).content.subarray(1),
    extensions: list ? elements(list.content).map(readExtension) : [],
    signature: required(signature).content.subarray(1),
    der: required(outer).whole,
  };
}

function readExtension(element: Element): Extension {
  const [oid, ...rest] = elements(element.content);
  return {
    oid: readObjectIdentifier(required(oid).content),
    critical: rest.length > 1 && rest[0]?.content[0] === 0xff,
    value: required(rest.at(-1)).content,
  };
}
