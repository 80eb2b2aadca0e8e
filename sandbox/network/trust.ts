/**
 * Names of the roots that a fresh machine trusts (some of Mozilla's list), as `CertificateChain.root` has them. Hosts of the
 * world outside are signed by one of these; a mesh's own root is not among them.
 */
export const publicRoots: readonly string[] = [
  'Amazon Root CA 1',
  'Amazon Root CA 3',
  'Baltimore CyberTrust Root',
  'DigiCert Global Root CA',
  'DigiCert Global Root G2',
  'DigiCert Global Root G3',
  'DigiCert High Assurance EV Root CA',
  'GTS Root R1',
  'GTS Root R4',
  'GlobalSign Root CA',
  'GlobalSign Root R46',
  'GlobalSign',
  'ISRG Root X1',
  'ISRG Root X2',
  'Sectigo Public Server Authentication Root E46',
  'USERTrust ECC Certification Authority',
  'USERTrust RSA Certification Authority',
];
