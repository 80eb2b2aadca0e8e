import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keyPair, makeCertificate, parseCertificate, secretKeyDer, toPem } from '../../sandbox/kernel/x509.ts';

const seed = (byte: number) => new Uint8Array(32).fill(byte);
const root = keyPair(seed(1));
const leaf = keyPair(seed(2));
const issuer = [['O', 'cluster.local']] as const;
const day = 86_400_000;

const rootDer = makeCertificate({
  serial: seed(3).subarray(0, 16),
  subject: issuer,
  issuer,
  notBefore: 1_768_467_600_000,
  notAfter: 1_768_467_600_000 + 3650 * day,
  isCA: true,
  subjectPoint: root.point,
  signer: root,
  subjectKeyId: seed(4).subarray(0, 20),
});
const leafDer = makeCertificate({
  serial: seed(0x85).subarray(0, 16),
  subject: [],
  issuer,
  notBefore: 1_768_467_600_000,
  notAfter: 1_768_467_600_000 + day,
  uriNames: ['spiffe://cluster.local/ns/default/sa/curl'],
  isCA: false,
  subjectPoint: leaf.point,
  signer: root,
  authorityKeyId: seed(4).subarray(0, 20),
});

function openssl(args: string[], input: string): string | undefined {
  try {
    return execFileSync('openssl', args, { input, encoding: 'utf8' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    console.log('SKIPPED: no openssl on this machine');
    return undefined;
  }
}

test('what is made can be read', () => {
  const certificate = parseCertificate(leafDer);
  expect(certificate.version).toBe(3);
  expect(certificate.issuer).toEqual([['2.5.4.10', 'cluster.local']]);
  expect(certificate.subject).toEqual([]);
  expect(certificate.notAfter - certificate.notBefore).toBe(day);
  expect(certificate.extensions.map(({ oid, critical }) => [oid, critical])).toEqual([
    ['2.5.29.15', true],
    ['2.5.29.37', false],
    ['2.5.29.19', true],
    ['2.5.29.35', false],
    ['2.5.29.17', true],
  ]);
});

test('openssl reads it as Istio’s certificates read', () => {
  const text = openssl(['x509', '-text', '-noout'], toPem('CERTIFICATE', leafDer));
  if (text === undefined) return;
  expect(text).toContain(
    'X509v3 Subject Alternative Name: critical\n                URI:spiffe://cluster.local/ns/default/sa/curl',
  );
  expect(text).toContain('Issuer: O = cluster.local');
  expect(text).toContain('X509v3 Key Usage: critical\n                Digital Signature, Key Encipherment');
  expect(text).toContain('TLS Web Server Authentication, TLS Web Client Authentication');
});

test('openssl verifies the chain and accepts the key', () => {
  const folder = mkdtempSync(join(tmpdir(), 'x509-'));
  const [ca, file] = [join(folder, 'root.pem'), join(folder, 'leaf.pem')];
  writeFileSync(ca, toPem('CERTIFICATE', rootDer));
  writeFileSync(file, toPem('CERTIFICATE', leafDer));
  const verified = openssl(['verify', '-no_check_time', '-CAfile', ca, file], '');
  rmSync(folder, { recursive: true });
  if (verified === undefined) return;
  expect(verified).toContain(': OK');
  expect(openssl(['ec', '-check', '-noout'], toPem('EC PRIVATE KEY', secretKeyDer(leaf)))).toBeDefined();
});

test('one seed, one key, one certificate', () => {
  const template = {
    serial: seed(9).subarray(0, 16),
    subject: issuer,
    issuer,
    notBefore: 0,
    notAfter: day,
    isCA: true,
    subjectPoint: leaf.point,
    signer: root,
  };
  expect(keyPair(seed(2)).point).toEqual(leaf.point);
  expect(makeCertificate(template)).toEqual(makeCertificate(template));
});
