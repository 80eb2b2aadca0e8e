import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { openssl } from '../../sandbox/commands/openssl/index.ts';
import { Kernel } from '../../sandbox/kernel/kernel.ts';
import { MemoryFiles } from '../../sandbox/kernel/memory-files.ts';
import { readEnd, writeEnd } from '../../sandbox/kernel/open-files.ts';
import type { Machine } from '../../sandbox/kernel/process.ts';
import { spawn } from '../../sandbox/kernel/spawn.ts';
import { encode, Sink, Source } from '../../sandbox/kernel/streams.ts';
import { type CertificateTemplate, keyPair, makeCertificate, toPem } from '../../sandbox/kernel/x509.ts';

const seed = (byte: number) => new Uint8Array(32).fill(byte);
const root = keyPair(seed(1));
const base: CertificateTemplate = {
  serial: seed(0x85).subarray(0, 16),
  subject: [],
  issuer: [['O', 'cluster.local']],
  notBefore: 1_768_467_600_000,
  notAfter: 1_768_467_600_000 + 86_400_000,
  uriNames: ['spiffe://cluster.local/ns/default/sa/curl'],
  isCA: false,
  subjectPoint: keyPair(seed(2)).point,
  signer: root,
  authorityKeyId: seed(4).subarray(0, 20),
};
const certificates = {
  workload: base,
  authority: {
    ...base,
    isCA: true,
    serial: seed(5).subarray(0, 4),
    subject: base.issuer,
    uriNames: [],
    subjectKeyId: seed(6).subarray(0, 20),
  },
  server: {
    ...base,
    subject: [['CN', 'a.example']] as const,
    uriNames: [],
    dnsNames: ['a.example', '*.a.example'],
    notAfter: 2_768_467_600_000,
  },
};

async function ours(args: string[], input: string): Promise<{ stdout: string; status: number }> {
  const kernel = new Kernel({ epoch: 1_768_467_600_000, seed: 1 });
  const files = new MemoryFiles({ now: () => kernel.now() });
  const machine: Machine = { hostname: 'test', files, kernel, findProgram: () => undefined, programNames: () => [] };
  const stdout = new Sink();
  const fds = new Map([
    [0, readEnd(new Source(encode(input)))],
    [1, writeEnd(stdout)],
    [2, writeEnd(new Sink())],
  ]);
  const child = spawn(openssl, { machine, argv: ['openssl', ...args], env: new Map(), cwd: '/', uid: 0, fds });
  const status = await child.exited;
  return { stdout: stdout.text(), status };
}

function real(args: string[], input: string): { stdout: string; status: number } | undefined {
  try {
    return {
      stdout: execFileSync('openssl', args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] }),
      status: 0,
    };
  } catch (error) {
    const failure = error as { code?: string; status: number; stdout: string };
    if (failure.code !== 'ENOENT') return { stdout: failure.stdout, status: failure.status };
    console.log('SKIPPED: no openssl on this machine');
    return undefined;
  }
}

const commands = [
  '-text -noout',
  '-noout -subject -issuer -dates',
  '-serial -noout',
  '-ext subjectAltName,keyUsage -noout',
  '-fingerprint -noout',
  '-fingerprint -sha256 -noout',
  '-pubkey -noout',
  '',
  '-enddate',
];

test.each(Object.entries(certificates))('openssl prints a %s certificate as the real one does', async (_, template) => {
  const pem = toPem('CERTIFICATE', makeCertificate(template));
  for (const command of commands) {
    const args = ['x509', ...command.split(' ').filter(Boolean)];
    const expected = real(args, pem);
    if (expected) expect(await ours(args, pem), command).toEqual(expected);
  }
});

test('what is no certificate is refused', async () => {
  expect((await ours(['x509', '-noout'], 'junk')).status).toBe(1);
  expect(
    (await ours(['x509', '-noout'], '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n')).status,
  ).toBe(1);
  expect((await ours(['foo'], '')).status).toBe(1);
});
