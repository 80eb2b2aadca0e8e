import type { TransportSocketMatch } from '../../../envoy/xds/types.ts';
import type { Mesh } from '../api/mesh.ts';
import type { ClientTlsSettings } from '../api/networking.ts';
import { envoyType, rawBuffer, tlsSocket } from '../filters/constants.ts';
import { exactMatchers } from '../filters/matchers.ts';
import { credential, fileSecret, meshRoots, workloadCertificate } from '../filters/secrets-config.ts';
import type { MutualTlsMode } from '../policies/peer-authentication.ts';
import { type ClusterSpec, httpOptions, isHttp2Cluster } from './cluster-spec.ts';

/** What an upstream's TLS depends on beside the rule's settings. */
export interface UpstreamTlsOptions {
  mesh: Mesh;
  serviceAccounts: readonly string[];
  sni: string;
  meshExternal: boolean;
  external: boolean;
  /** The mode servers are expected to be in; undefined: not known. */
  serverMode: MutualTlsMode | undefined;
  /** Sidecars fetch no Secrets, unless a rule is for them alone. */
  mayUseSecrets: boolean;
}

const tlsParams = { tlsMinimumProtocolVersion: 'TLSv1_2', tlsMaximumProtocolVersion: 'TLSv1_3' };

/** TLS towards a cluster: as a rule says, else mutual TLS with every endpoint that can (networking/core/cluster_tls.go). */
export function applyUpstreamTls(
  spec: ClusterSpec,
  rule: ClientTlsSettings | undefined,
  options: UpstreamTlsOptions,
): void {
  const { settings, detected } = settingsFor(rule, options);
  const context = settings && tlsContext(spec, settings, options);
  const { cluster } = spec;
  if (!context) return;
  const socket = tlsSocket('Upstream', context);
  if (detected && cluster.type !== 'ORIGINAL_DST') {
    const matches: TransportSocketMatch[] = [
      { name: 'tlsMode-istio', match: { tlsMode: 'istio' }, transportSocket: socket },
      { name: 'tlsMode-disabled', match: {}, transportSocket: rawBuffer },
    ];
    cluster.transportSocketMatches = matches;
  } else {
    cluster.transportSocket = socket;
  }
}

function settingsFor(
  rule: ClientTlsSettings | undefined,
  options: UpstreamTlsOptions,
): { settings?: ClientTlsSettings; detected: boolean } {
  const mutual = (own?: ClientTlsSettings): ClientTlsSettings => ({
    mode: 'ISTIO_MUTUAL',
    subjectAltNames: own?.subjectAltNames ?? [...options.serviceAccounts],
    sni: own?.sni || options.sni,
  });
  if (rule) return { settings: rule.mode === 'ISTIO_MUTUAL' ? mutual(rule) : rule, detected: false };
  const { meshExternal, mesh, serverMode } = options;
  if (meshExternal || mesh.enableAutoMtls === false || !serverMode || serverMode === 'DISABLE')
    return { detected: false };
  return { settings: mutual(), detected: true };
}

function tlsContext(
  spec: ClusterSpec,
  settings: ClientTlsSettings,
  options: UpstreamTlsOptions,
): Record<string, unknown> | undefined {
  const mode = settings.mode ?? 'DISABLE';
  const secret = settings.credentialName && !settings.credentialName.startsWith('configmap://');
  if (secret && !options.mayUseSecrets && (mode === 'SIMPLE' || mode === 'MUTUAL')) return undefined;
  if (mode === 'ISTIO_MUTUAL') return meshContext(spec, settings);
  return mode === 'DISABLE' ? undefined : externalContext(spec, settings, options, mode === 'MUTUAL');
}

function meshContext(spec: ClusterSpec, { subjectAltNames, sni }: ClientTlsSettings): Record<string, unknown> {
  const matchSubjectAltNames = exactMatchers(subjectAltNames);
  return {
    commonTlsContext: {
      tlsParams,
      tlsCertificateSdsSecretConfigs: [workloadCertificate],
      combinedValidationContext: {
        defaultValidationContext: matchSubjectAltNames ? { matchSubjectAltNames } : {},
        validationContextSdsSecretConfig: meshRoots,
      },
      alpnProtocols: ['istio-peer-exchange', 'istio', ...(isHttp2Cluster(spec) ? ['h2'] : [])],
    },
    sni: sni || spec.cluster.name,
  };
}

function externalContext(
  spec: ClusterSpec,
  settings: ClientTlsSettings,
  options: UpstreamTlsOptions,
  mutual: boolean,
): Record<string, unknown> | undefined {
  const skipVerify = settings.insecureSkipVerify ?? false;
  const { sni } = settings;
  const own = settings.subjectAltNames ?? [];
  const autoSanValidation = !sni && own.length === 0 && !skipVerify;
  if (!sni || autoSanValidation) {
    httpOptions(spec).upstreamHttpProtocolOptions = {
      ...(sni ? {} : { autoSni: true }),
      ...(autoSanValidation ? { autoSanValidation: true } : {}),
    };
  }
  const names = own.length === 0 && options.external ? options.serviceAccounts : own;
  const certificates = settings.credentialName
    ? fromCredential(settings.credentialName, names, mutual, skipVerify)
    : fromFiles(settings, names, mutual, skipVerify);
  if (!certificates) return undefined;
  const defaults = options.mesh.tlsDefaults;
  return {
    commonTlsContext: {
      tlsParams: {
        ...tlsParams,
        ...(defaults?.cipherSuites?.length ? { cipherSuites: defaults.cipherSuites } : {}),
        ...(defaults?.ecdhCurves?.length ? { ecdhCurves: defaults.ecdhCurves } : {}),
      },
      ...certificates,
      ...(isHttp2Cluster(spec) ? { alpnProtocols: ['h2'] } : {}),
    },
    ...(sni ? { sni } : {}),
  };
}

function validation(names: readonly string[], more: Record<string, unknown> = {}): Record<string, unknown> {
  const matchSubjectAltNames = exactMatchers(names);
  return { ...(matchSubjectAltNames ? { matchSubjectAltNames } : {}), ...more };
}

function fromCredential(name: string, names: readonly string[], mutual: boolean, skipVerify: boolean) {
  return {
    ...(mutual ? { tlsCertificateSdsSecretConfigs: [credential(name)] } : {}),
    ...(skipVerify
      ? {}
      : {
          combinedValidationContext: {
            defaultValidationContext: validation(names),
            validationContextSdsSecretConfig: credential(`${name}-cacert`),
          },
        }),
  };
}

/** Undefined: mutual TLS without a certificate of one's own, which Istio refuses to make. */
function fromFiles(
  { clientCertificate, privateKey, caCertificates, caCrl }: ClientTlsSettings,
  names: readonly string[],
  mutual: boolean,
  skipVerify: boolean,
): Record<string, unknown> | undefined {
  if (mutual && !(clientCertificate && privateKey)) return undefined;
  return {
    ...(mutual ? { tlsCertificateSdsSecretConfigs: [fileSecret(`file-cert:${clientCertificate}~${privateKey}`)] } : {}),
    ...(skipVerify
      ? { validationContext: {} }
      : {
          combinedValidationContext: {
            defaultValidationContext: validation(names, caCrl ? { crl: { filename: caCrl } } : {}),
            validationContextSdsSecretConfig: fileSecret(`file-root:${caCertificates || 'system'}`),
          },
        }),
  };
}

/** A PROXY protocol header before whatever else is spoken. */
export function applyProxyProtocol(spec: ClusterSpec, version: 'V1' | 'V2' | undefined): void {
  const { cluster } = spec;
  const wrap = (transportSocket: unknown) => ({
    name: 'envoy.transport_sockets.upstream_proxy_protocol',
    typedConfig: {
      '@type': envoyType('envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport'),
      config: version === 'V2' ? { version } : {},
      transportSocket,
    },
  });
  if (cluster.transportSocketMatches) {
    cluster.transportSocketMatches = cluster.transportSocketMatches.map((match) => ({
      ...match,
      transportSocket: wrap(match.transportSocket),
    }));
  } else {
    cluster.transportSocket = wrap(cluster.transportSocket ?? { ...rawBuffer, name: 'raw_buffer' });
  }
}
