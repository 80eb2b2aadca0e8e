import type { ServerTlsSettings } from '../api/networking.ts';
import { exactMatchers } from '../filters/matchers.ts';
import { credential, fileSecret, meshRoots, workloadCertificate } from '../filters/secrets-config.ts';
import type { PushContext } from '../push-context.ts';

type TlsContext = Record<string, unknown> & { commonTlsContext: { alpnProtocols?: readonly string[] } };

const http = ['h2', 'http/1.1'];
const withPeerExchange = ['istio-peer-exchange', ...http];
const cipherSuites = [
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-GCM-SHA256',
];

/** Mutual TLS of the mesh, as a sidecar takes it (security/authn/utils). */
export function inboundTlsContext(push: PushContext, protocol: 'http' | 'tcp'): TlsContext {
  return push.memo(`inbound tls ${protocol}`, () => {
    const { meshMTLS, trustDomain, trustDomainAliases, caCertificates = [] } = push.mesh;
    const domains = [trustDomain, ...trustDomainAliases, ...caCertificates.flatMap((each) => each.trustDomains ?? [])];
    const trusted = [...new Set(domains.filter(Boolean))].map((domain) => ({ prefix: `spiffe://${domain}/` }));
    return {
      commonTlsContext: {
        tlsParams: {
          tlsMinimumProtocolVersion: meshMTLS?.minProtocolVersion === 'TLSV1_3' ? 'TLSv1_3' : 'TLSv1_2',
          tlsMaximumProtocolVersion: 'TLSv1_3',
          cipherSuites: meshMTLS?.cipherSuites ?? cipherSuites,
        },
        tlsCertificateSdsSecretConfigs: [workloadCertificate],
        combinedValidationContext: {
          defaultValidationContext: trusted.length > 0 ? { matchSubjectAltNames: trusted } : {},
          validationContextSdsSecretConfig: meshRoots,
        },
        alpnProtocols: protocol === 'tcp' ? withPeerExchange : http,
      },
      requireClientCertificate: true,
    };
  });
}

/** TLS of a Gateway's server (networking/core/listener.go, BuildListenerTLSContext). `tcp`: what is inside is not HTTP. */
export function serverTlsContext(push: PushContext, settings: ServerTlsSettings, tcp: boolean): TlsContext {
  const mode = settings.mode ?? 'PASSTHROUGH';
  const required = mode === 'MUTUAL' || mode === 'ISTIO_MUTUAL';
  const validates = required || mode === 'OPTIONAL_MUTUAL';
  const certificates =
    mode === 'ISTIO_MUTUAL'
      ? fromFiles({}, settings, validates)
      : settings.credentialName || settings.credentialNames?.length
        ? fromCredentials(settings, validates)
        : fromFiles(settings, settings, validates);
  const ownParams = mode === 'SIMPLE' || mode === 'MUTUAL' || mode === 'OPTIONAL_MUTUAL';
  return {
    commonTlsContext: {
      ...(ownParams ? tlsParams(push, settings) : {}),
      ...certificates,
      alpnProtocols: mode === 'ISTIO_MUTUAL' && tcp ? withPeerExchange : http,
    },
    requireClientCertificate: required,
  };
}

const versions: Record<string, string> = {
  TLSV1_0: 'TLSv1_0',
  TLSV1_1: 'TLSv1_1',
  TLSV1_2: 'TLSv1_2',
  TLSV1_3: 'TLSv1_3',
};

function tlsParams(push: PushContext, settings: ServerTlsSettings): Record<string, unknown> {
  const defaults = push.mesh.tlsDefaults;
  const ciphers = settings.cipherSuites?.length ? settings.cipherSuites : defaults?.cipherSuites;
  const own = settings.minProtocolVersion && versions[settings.minProtocolVersion];
  const meshMinimum = defaults?.minProtocolVersion && defaults.minProtocolVersion !== 'TLS_AUTO';
  const minimum =
    own ?? (meshMinimum ? (defaults.minProtocolVersion === 'TLSV1_3' ? 'TLSv1_3' : 'TLSv1_2') : undefined);
  const maximum = settings.maxProtocolVersion && versions[settings.maxProtocolVersion];
  const params = {
    ...(minimum ? { tlsMinimumProtocolVersion: minimum } : {}),
    ...(maximum ? { tlsMaximumProtocolVersion: maximum } : {}),
    ...(ciphers?.length ? { cipherSuites: ciphers } : {}),
    ...(defaults?.ecdhCurves?.length ? { ecdhCurves: defaults.ecdhCurves } : {}),
  };
  return Object.keys(params).length > 0 ? { tlsParams: params } : {};
}

/** Files of the gateway's own file system; without any, the workload's certificate. */
function fromFiles(
  files: ServerTlsSettings,
  { subjectAltNames, caCrl }: ServerTlsSettings,
  validates: boolean,
): Record<string, unknown> {
  const pair = ({ serverCertificate, privateKey }: { serverCertificate?: string; privateKey?: string }) =>
    serverCertificate && privateKey ? fileSecret(`file-cert:${serverCertificate}~${privateKey}`) : workloadCertificate;
  const certificates = files.tlsCertificates?.length ? files.tlsCertificates.map(pair) : [pair(files)];
  const matchSubjectAltNames = exactMatchers(subjectAltNames);
  return {
    tlsCertificateSdsSecretConfigs: certificates,
    ...(validates
      ? {
          combinedValidationContext: {
            defaultValidationContext: {
              ...(matchSubjectAltNames ? { matchSubjectAltNames } : {}),
              ...(caCrl ? { crl: { filename: caCrl } } : {}),
            },
            validationContextSdsSecretConfig: files.caCertificates
              ? fileSecret(`file-root:${files.caCertificates}`)
              : meshRoots,
          },
        }
      : {}),
  };
}

function fromCredentials(settings: ServerTlsSettings, validates: boolean): Record<string, unknown> {
  const names = settings.credentialNames?.length ? settings.credentialNames : [settings.credentialName ?? ''];
  const matchSubjectAltNames = exactMatchers(settings.subjectAltNames);
  const roots = settings.caCertCredentialName || `${names[0]}-cacert`;
  const list = (name: string, items: readonly string[] | undefined) => (items?.length ? { [name]: items } : {});
  return {
    tlsCertificateSdsSecretConfigs: names.map(credential),
    ...(validates
      ? {
          combinedValidationContext: {
            defaultValidationContext: {
              ...(matchSubjectAltNames ? { matchSubjectAltNames } : {}),
              ...list('verifyCertificateSpki', settings.verifyCertificateSpki),
              ...list('verifyCertificateHash', settings.verifyCertificateHash),
            },
            validationContextSdsSecretConfig: credential(roots),
          },
        }
      : matchSubjectAltNames
        ? { validationContext: { matchSubjectAltNames } }
        : {}),
  };
}
