import { elements } from '../../kernel/der.ts';
import { decode } from '../../kernel/streams.ts';
import { attributeTypes, type Certificate, fromPem, oids, parseCertificate } from '../../kernel/x509.ts';

export { fromPem, parseCertificate };

const shortNames = new Map<string, string>(Object.entries(attributeTypes).map(([name, oid]) => [oid, name]));
shortNames.set('1.2.840.113549.1.9.1', 'emailAddress');
shortNames.set('2.5.4.5', 'serialNumber');
shortNames.set('0.9.2342.19200300.100.1.25', 'DC');

/** A distinguished name with its attributes joined: `O = cluster.local` with ` = ` and `, `. */
export function formatName(
  name: readonly (readonly [oid: string, value: string])[],
  equals = '=',
  separator = ',',
): string {
  return name.map(([oid, value]) => `${shortNames.get(oid) ?? oid}${equals}${value}`).join(separator);
}

/** The subject alternative names with what they are: `{kind: 'URI', name: 'spiffe://…'}`. */
export function alternativeNames(certificate: Certificate): { kind: string; name: string }[] {
  const extension = certificate.extensions.find(({ oid }) => oid === oids.subjectAltName);
  const [list] = extension ? elements(extension.value) : [];
  return (list ? elements(list.content) : []).map(({ tag, content }) => {
    if (tag === 0x87) return { kind: 'IP Address', name: formatIp(content) };
    return { kind: { 129: 'email', 130: 'DNS', 134: 'URI' }[tag] ?? 'othername', name: decode(content) };
  });
}

function formatIp(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: bytes.length / 2 }, (_, at) =>
    ((bytes[2 * at] ?? 0) * 256 + (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  return groups.join(':').toUpperCase();
}
