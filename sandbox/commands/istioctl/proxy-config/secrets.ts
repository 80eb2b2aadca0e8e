import { fromBase64 } from '../../../kernel/base64.ts';
import { elements } from '../../../kernel/der.ts';
import type { JsonObject } from '../../../kernel/json.ts';
import { decode } from '../../../kernel/streams.ts';
import { formatSeconds } from '../../../kernel/time.ts';
import { type Certificate, fromPem, oids, parseCertificate } from '../../../kernel/x509.ts';
import { TabWriter } from '../../kubectl/tab-writer.ts';
import { type ConfigDump, section } from './config-dump.ts';
import { dump, objects, text } from './output.ts';

/** `istioctl proxy-config secret`. `now`: ms since 1970, for what is valid. */
export function printSecrets(
  config: ConfigDump,
  format: 'short' | 'json' | 'yaml',
  now: number,
  typed = false,
): string {
  const { '@type': _, ...secrets } = section(config, 'SecretsConfigDump');
  if (format !== 'short') return dump(secrets, format);
  const rows = [
    ...objects(secrets.dynamicWarmingSecrets).map((secret) => row(secret, 'WARMING', now)),
    ...objects(secrets.dynamicActiveSecrets).map((secret) => row(secret, 'ACTIVE', now)),
  ];
  if (rows.length === 0) return 'No active or warming secrets found.\n';
  const trusted = rows.every(({ trustDomain }) => trustDomain !== '');
  const table = new TabWriter(0, 5);
  const header = ['RESOURCE NAME', 'TYPE', 'STATUS', 'VALID CERT', 'SERIAL NUMBER', 'NOT AFTER', 'NOT BEFORE'];
  table.line(trusted ? [...header, 'TRUST DOMAIN'] : header);
  for (const { cells, trustDomain } of rows) {
    const named = typed ? [`secret/${cells[0]}`, ...cells.slice(1)] : cells;
    table.line(trusted ? [...named, trustDomain] : named);
  }
  return table.flush();
}

function row(secret: JsonObject, state: string, now: number): { cells: string[]; trustDomain: string } {
  const content = (secret.secret ?? {}) as JsonObject;
  const inline = (message: unknown, field: string): string =>
    text((((message ?? {}) as JsonObject)[field] as JsonObject | undefined)?.inlineBytes);
  const encoded = inline(content.tlsCertificate, 'certificateChain') || inline(content.validationContext, 'trustedCa');
  const der = fromPem('CERTIFICATE', decode(fromBase64(encoded) ?? new Uint8Array()))[0];
  const name = text(secret.name);
  if (!der) return { cells: [name, '', state, 'false', '', '', ''], trustDomain: '' };
  const certificate = parseCertificate(der);
  const { notBefore, notAfter } = certificate;
  return {
    cells: [
      name,
      isAuthority(certificate) ? 'CA' : 'Cert Chain',
      state,
      String(notBefore < now && now < notAfter),
      [...certificate.serial]
        .map((byte) => byte.toString(16).padStart(2, '0'))
        .join('')
        .replace(/^0+/, '')
        .padStart(32, '0'),
      formatSeconds(notAfter),
      formatSeconds(notBefore),
    ],
    trustDomain: trustDomainOf(certificate),
  };
}

function isAuthority({ extensions }: Certificate): boolean {
  const constraints = extensions.find(({ oid }) => oid === oids.basicConstraints);
  const [outer] = constraints ? elements(constraints.value) : [];
  const flag = outer ? elements(outer.content)[0] : undefined;
  return flag?.tag === 0x01 && flag.content[0] !== 0;
}

/** The host of the certificate's SPIFFE identity. */
function trustDomainOf({ extensions }: Certificate): string {
  const names = extensions.find(({ oid }) => oid === oids.subjectAltName);
  const [outer] = names ? elements(names.value) : [];
  for (const name of outer ? elements(outer.content) : []) {
    const match = /^spiffe:\/\/([^/]+)/.exec(decode(name.content));
    if (match) return match[1] as string;
  }
  return '';
}
