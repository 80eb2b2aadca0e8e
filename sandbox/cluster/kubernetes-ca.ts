import { Random } from '../kernel/random.ts';
import { keyPair, makeCertificate, toPem } from '../kernel/x509.ts';

const year = 365 * 86_400_000;

/**
 * The cluster's own root certificate, as kubeadm makes it (CN kubernetes, ten years): what every namespace gets in ConfigMap
 * `kube-root-ca.crt`. PEM; the same for the same seed and time (ms since 1970).
 */
export function kubernetesRootCertificate(seed: number, since: number): string {
  const random = new Random(seed ^ 0x6b756265);
  const key = keyPair(random.bytes(32));
  const name = [['CN', 'kubernetes']] as const;
  const certificate = makeCertificate({
    serial: random.bytes(8),
    subject: name,
    issuer: name,
    notBefore: since,
    notAfter: since + 10 * year,
    dnsNames: ['kubernetes'],
    isCA: true,
    subjectPoint: key.point,
    signer: key,
    subjectKeyId: random.bytes(20),
  });
  return toPem('CERTIFICATE', certificate);
}
