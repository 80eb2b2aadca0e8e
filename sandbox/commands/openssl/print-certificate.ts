import { elements, readObjectIdentifier } from '../../kernel/der.ts';
import { decode } from '../../kernel/streams.ts';
import { calendar } from '../../kernel/time.ts';
import { attributeTypes, type Certificate, type Extension, oids } from '../../kernel/x509.ts';

/** Certificates as `openssl x509 -text` of OpenSSL 3 prints them (crypto/x509/t_x509.c, crypto/x509/v3_prn.c). */

const algorithmNames: Record<string, string> = {
  [oids.ecdsaWithSha256]: 'ecdsa-with-SHA256',
  [oids.ecPublicKey]: 'id-ecPublicKey',
};

const extensionNames: Record<string, string> = {
  [oids.keyUsage]: 'X509v3 Key Usage',
  [oids.extKeyUsage]: 'X509v3 Extended Key Usage',
  [oids.basicConstraints]: 'X509v3 Basic Constraints',
  [oids.subjectKeyIdentifier]: 'X509v3 Subject Key Identifier',
  [oids.authorityKeyIdentifier]: 'X509v3 Authority Key Identifier',
  [oids.subjectAltName]: 'X509v3 Subject Alternative Name',
};

/** What `-ext` calls them. */
export const extensionShortNames: Record<string, string> = {
  keyUsage: oids.keyUsage,
  extendedKeyUsage: oids.extKeyUsage,
  basicConstraints: oids.basicConstraints,
  subjectKeyIdentifier: oids.subjectKeyIdentifier,
  authorityKeyIdentifier: oids.authorityKeyIdentifier,
  subjectAltName: oids.subjectAltName,
};

const usages = [
  'Digital Signature',
  'Non Repudiation',
  'Key Encipherment',
  'Data Encipherment',
  'Key Agreement',
  'Certificate Sign',
  'CRL Sign',
  'Encipher Only',
  'Decipher Only',
];

const purposes: Record<string, string> = {
  [oids.serverAuth]: 'TLS Web Server Authentication',
  [oids.clientAuth]: 'TLS Web Client Authentication',
};

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export function colonHex(bytes: Uint8Array, upper = false): string {
  const text = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
  return upper ? text.toUpperCase() : text;
}

/** `Jan 15 09:00:00 2026 GMT` */
export function certificateTime(at: number): string {
  const { year, month, day, hour, minute, second } = calendar(at);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${months[month - 1]} ${String(day).padStart(2)} ${two(hour)}:${two(minute)}:${two(second)} ${year} GMT`;
}

/** `O = cluster.local, CN = x` */
export function nameText(name: [oid: string, value: string][]): string {
  const short = new Map(Object.entries(attributeTypes).map(([type, oid]) => [oid as string, type]));
  return name.map(([oid, value]) => `${short.get(oid) ?? oid} = ${value}`).join(', ');
}

/** Bytes in hexadecimal, `perLine` a line. */
function block(bytes: Uint8Array, perLine: number, indent: string): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += perLine) lines.push(indent + colonHex(bytes.subarray(at, at + perLine)));
  return `${lines.join(':\n')}\n`;
}

/** The serial number without the byte that keeps it positive. */
export function serialBytes({ serial }: Certificate): Uint8Array {
  return serial.length > 1 && serial[0] === 0 ? serial.subarray(1) : serial;
}

function serialText(certificate: Certificate): string {
  const serial = serialBytes(certificate);
  if (serial.length > 8) return `        Serial Number:\n${block(serial, serial.length, ' '.repeat(12))}`;
  const value = serial.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  return `        Serial Number: ${value} (0x${value.toString(16)})\n`;
}

function generalName(tag: number, content: Uint8Array): string {
  switch (tag & 0x1f) {
    case 1:
      return `email:${decode(content)}`;
    case 2:
      return `DNS:${decode(content)}`;
    case 6:
      return `URI:${decode(content)}`;
    case 7:
      return content.length === 4 ? `IP Address:${[...content].join('.')}` : `IP Address:${colonHex(content, true)}`;
    default:
      return 'othername:<unsupported>';
  }
}

function extensionValue({ oid, value }: Extension): string {
  const [outer] = elements(value);
  if (!outer) return '';
  switch (oid) {
    case oids.keyUsage: {
      const bytes = outer.content.subarray(1);
      return usages.filter((_, bit) => ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0).join(', ');
    }
    case oids.extKeyUsage:
      return elements(outer.content)
        .map(({ content }) => readObjectIdentifier(content))
        .map((purpose) => purposes[purpose] ?? purpose)
        .join(', ');
    case oids.basicConstraints: {
      const [authority, pathLength] = elements(outer.content);
      const limit = pathLength ? `, pathlen:${pathLength.content.at(-1)}` : '';
      return authority?.content[0] === 0xff ? `CA:TRUE${limit}` : 'CA:FALSE';
    }
    case oids.subjectKeyIdentifier:
      return colonHex(outer.content, true);
    case oids.authorityKeyIdentifier:
      return elements(outer.content)
        .map(({ content }) => colonHex(content, true))
        .join('\n');
    case oids.subjectAltName:
      return elements(outer.content)
        .map(({ tag, content }) => generalName(tag, content))
        .join(', ');
    default:
      return colonHex(value);
  }
}

/** One extension, its head at `indent` and its value four deeper. */
export function extensionText(extension: Extension, indent: string): string {
  const critical = extension.critical ? 'critical' : '';
  const head = `${indent}${extensionNames[extension.oid] ?? extension.oid}: ${critical}\n`;
  return `${head}${indent}    ${extensionValue(extension)}\n`;
}

function keyText(certificate: Certificate): string {
  const name = algorithmNames[certificate.publicKeyAlgorithm] ?? certificate.publicKeyAlgorithm;
  const head = `        Subject Public Key Info:\n            Public Key Algorithm: ${name}\n`;
  if (certificate.publicKeyParameters !== oids.prime256v1) return `${head}            Unable to load Public Key\n`;
  const point = block(certificate.publicKey, 15, ' '.repeat(20));
  return (
    `${head}                Public-Key: (256 bit)\n                pub:\n${point}` +
    '                ASN1 OID: prime256v1\n                NIST CURVE: P-256\n'
  );
}

/** The whole of `-text`. */
export function certificateText(certificate: Certificate): string {
  const algorithm = algorithmNames[certificate.signatureAlgorithm] ?? certificate.signatureAlgorithm;
  const extensions = certificate.extensions.map((extension) => extensionText(extension, ' '.repeat(12))).join('');
  return [
    'Certificate:\n    Data:\n',
    `        Version: ${certificate.version} (0x${(certificate.version - 1).toString(16)})\n`,
    serialText(certificate),
    `        Signature Algorithm: ${algorithm}\n`,
    `        Issuer: ${nameText(certificate.issuer)}\n`,
    '        Validity\n',
    `            Not Before: ${certificateTime(certificate.notBefore)}\n`,
    `            Not After : ${certificateTime(certificate.notAfter)}\n`,
    `        Subject: ${nameText(certificate.subject)}\n`,
    keyText(certificate),
    extensions === '' ? '' : `        X509v3 extensions:\n${extensions}`,
    `    Signature Algorithm: ${algorithm}\n    Signature Value:\n`,
    block(certificate.signature, 18, ' '.repeat(8)),
  ].join('');
}
