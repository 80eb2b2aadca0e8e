import { sha1 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { DerError, elements } from '../../kernel/der.ts';
import { FileError } from '../../kernel/files.ts';
import { readPath } from '../../kernel/open-path.ts';
import type { Process } from '../../kernel/process.ts';
import { decode } from '../../kernel/streams.ts';
import { type Certificate, fromPem, parseCertificate, toPem } from '../../kernel/x509.ts';
import {
  certificateText,
  certificateTime,
  colonHex,
  extensionShortNames,
  extensionText,
  nameText,
  serialBytes,
} from './print-certificate.ts';

interface Options {
  in: string | undefined;
  form: string | undefined;
  outform: string;
  noout: boolean;
  sha256: boolean;
  checkend: number | undefined;
  ext: string[];
  /** What to print, in the order asked for. */
  print: string[];
}

const printed = [
  'text',
  'subject',
  'issuer',
  'dates',
  'startdate',
  'enddate',
  'serial',
  'fingerprint',
  'pubkey',
  'ext',
];

/** Options of `openssl x509`, or what is wrong with them. */
function parse(args: readonly string[]): Options | string {
  const options: Options = {
    in: undefined,
    form: undefined,
    outform: 'PEM',
    noout: false,
    sha256: false,
    checkend: undefined,
    ext: [],
    print: [],
  };
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const name = arg.replace(/^--?/, '');
    const value = (): string => rest.shift() ?? '';
    if (!arg.startsWith('-')) return `Extra arguments given.\nx509: Use -help for summary.`;
    if (name === 'noout') options.noout = true;
    else if (name === 'sha256') options.sha256 = true;
    else if (name === 'sha1') options.sha256 = false;
    else if (name === 'in') options.in = value();
    else if (name === 'inform') options.form = value().toUpperCase();
    else if (name === 'outform') options.outform = value().toUpperCase();
    else if (name === 'checkend') options.checkend = Number(value());
    else if (name === 'ext') {
      options.ext = value().split(',');
      options.print.push('ext');
    } else if (printed.includes(name)) options.print.push(name);
    else return `x509: Unknown option: -${name}\nx509: Use -help for summary.`;
  }
  return options;
}

function section(certificate: Certificate, what: string, options: Options): string {
  switch (what) {
    case 'text':
      return certificateText(certificate);
    case 'subject':
      return `subject=${nameText(certificate.subject)}\n`;
    case 'issuer':
      return `issuer=${nameText(certificate.issuer)}\n`;
    case 'startdate':
      return `notBefore=${certificateTime(certificate.notBefore)}\n`;
    case 'enddate':
      return `notAfter=${certificateTime(certificate.notAfter)}\n`;
    case 'dates':
      return section(certificate, 'startdate', options) + section(certificate, 'enddate', options);
    case 'serial':
      return `serial=${colonHex(serialBytes(certificate), true).replaceAll(':', '')}\n`;
    case 'fingerprint': {
      const hash = options.sha256 ? sha256(certificate.der) : sha1(certificate.der);
      return `${options.sha256 ? 'sha256' : 'SHA1'} Fingerprint=${colonHex(hash, true)}\n`;
    }
    case 'pubkey':
      return toPem('PUBLIC KEY', publicKeyInfo(certificate));
    default: {
      const wanted = options.ext.map((name) => extensionShortNames[name]);
      const found = certificate.extensions.filter(({ oid }) => wanted.includes(oid));
      return found.map((extension) => extensionText(extension, '')).join('');
    }
  }
}

/** SubjectPublicKeyInfo: the seventh field of a version 3 certificate. */
function publicKeyInfo({ der }: Certificate): Uint8Array {
  const [outer] = elements(der);
  const [body] = elements(outer?.content ?? new Uint8Array());
  return elements(body?.content ?? new Uint8Array())[6]?.whole ?? new Uint8Array();
}

/** `openssl x509`: reads the first certificate of its input and prints what is asked for. */
export async function x509(process: Process, args: readonly string[]): Promise<number> {
  const options = parse(args);
  if (typeof options === 'string') {
    await process.write(2, `${options}\n`);
    return 1;
  }
  const certificate = await read(process, options);
  if (!certificate) return 1;
  let output = options.print.map((what) => section(certificate, what, options)).join('');
  if (options.print.includes('ext') && section(certificate, 'ext', options) === '') {
    await process.write(2, 'No extensions matching the given names\n');
  }
  let status = 0;
  if (options.checkend !== undefined) {
    const expires = certificate.notAfter < process.kernel.now() + options.checkend * 1000;
    output += expires ? 'Certificate will expire\n' : 'Certificate will not expire\n';
    status = expires ? 1 : 0;
  }
  await process.write(1, output);
  if (!options.noout)
    await process.write(1, options.outform === 'DER' ? certificate.der : toPem('CERTIFICATE', certificate.der));
  return status;
}

async function read(process: Process, options: Options): Promise<Certificate | undefined> {
  const source = options.in ?? '<stdin>';
  try {
    const bytes = options.in === undefined ? await process.readAll(0) : await readPath(process, options.in);
    const [pem] = fromPem('CERTIFICATE', decode(bytes));
    const der = options.form === 'DER' || (!pem && options.form !== 'PEM') ? bytes : pem;
    if (der && der.length > 0) return parseCertificate(der);
  } catch (error) {
    if (error instanceof FileError) {
      await process.write(2, `Could not open file or uri for loading certificate from ${source}: ${error.message}\n`);
      return undefined;
    }
    if (!(error instanceof DerError)) throw error;
  }
  await process.write(2, `Could not read certificate from ${source}\nUnable to load certificate\n`);
  return undefined;
}
