import type { CertificateChain } from '../../network/socket.ts';
import type { TlsClientOptions, TlsServerOptions } from '../../network/tls.ts';
import { stringMatches } from '../match/string-match.ts';
import type { Secrets } from '../secrets.ts';
import type { Any, StringMatcher, TransportSocket } from '../xds/types.ts';

interface SecretReference {
  name: string;
}

interface ValidationContext {
  matchSubjectAltNames?: StringMatcher[];
  matchTypedSubjectAltNames?: { sanType?: string; matcher: StringMatcher }[];
  trustedCa?: { filename?: string };
}

interface CommonTlsContext {
  tlsCertificateSdsSecretConfigs?: SecretReference[];
  validationContextSdsSecretConfig?: SecretReference;
  combinedValidationContext?: {
    defaultValidationContext?: ValidationContext;
    validationContextSdsSecretConfig?: SecretReference;
  };
  validationContext?: ValidationContext;
  alpnProtocols?: string[];
  tlsParams?: { tlsMinimumProtocolVersion?: string; tlsMaximumProtocolVersion?: string };
}

/** A TLS context whose secrets have not come (yet): connections fail. */
export class SecretMissing extends Error {
  override name = 'SecretMissing';
}

const versionNames = ['TLSv1.0', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

function versions(context: CommonTlsContext): string[] {
  const rank = (name: string | undefined, otherwise: number) => {
    const index = versionNames.indexOf((name ?? '').replace('_', '.'));
    return index < 0 ? otherwise : index;
  };
  const { tlsMinimumProtocolVersion, tlsMaximumProtocolVersion } = context.tlsParams ?? {};
  return versionNames.slice(rank(tlsMinimumProtocolVersion, 2), rank(tlsMaximumProtocolVersion, 3) + 1);
}

function ownCertificate(context: CommonTlsContext, secrets: Secrets): CertificateChain | undefined {
  const [reference] = context.tlsCertificateSdsSecretConfigs ?? [];
  if (!reference) return undefined;
  const chain = secrets.certificate(reference.name);
  if (!chain) throw new SecretMissing(reference.name);
  return chain;
}

/** What the peer must show; undefined: anything goes. */
function expectation(context: CommonTlsContext, secrets: Secrets, now: number) {
  const { combinedValidationContext: combined } = context;
  const own = combined?.defaultValidationContext ?? context.validationContext;
  const reference = combined?.validationContextSdsSecretConfig ?? context.validationContextSdsSecretConfig;
  if (!reference) return undefined;
  const roots = secrets.roots(reference.name);
  if (!roots) throw new SecretMissing(reference.name);
  const matchers = [
    ...(own?.matchSubjectAltNames ?? []),
    ...(own?.matchTypedSubjectAltNames ?? []).map(({ matcher }) => matcher),
  ];
  const acceptsName = (name: string) => matchers.some((matcher) => stringMatches(matcher, name));
  return { roots, now, ...(matchers.length > 0 && { acceptsName }) };
}

export interface UpstreamTlsChoice {
  /** Replaces the context's ALPN (istio.alpn). */
  alpn?: readonly string[] | undefined;
  /** Host header of the request, for auto_sni. */
  autoSni?: string | undefined;
  autoSanValidation?: boolean | undefined;
}

/** A transport socket of a cluster, taken apart. */
export interface UpstreamSocket {
  /** Undefined: plain text. */
  tls: ((choice: UpstreamTlsChoice, now: number) => TlsClientOptions) | undefined;
  /** Version of the PROXY protocol header sent first. */
  proxyProtocol: 'V1' | 'V2' | undefined;
}

/** What kind of socket a configuration means: its type decides, names are free. */
export function socketType(socket: TransportSocket): string {
  const type = socket.typedConfig?.['@type'] ?? socket.name;
  return /transport_sockets\.(?:upstream_)?([a-z_]+)/.exec(type)?.[1] ?? type;
}

/** `tls` throws `SecretMissing`. An unknown socket type throws at once. */
export function upstreamSocket(socket: TransportSocket | undefined, secrets: Secrets): UpstreamSocket {
  switch (socket && socketType(socket)) {
    case undefined:
    case 'raw_buffer':
      return { tls: undefined, proxyProtocol: undefined };
    case 'proxy_protocol': {
      const config = socket?.typedConfig as Any & {
        config?: { version?: 'V1' | 'V2' };
        transportSocket: TransportSocket;
      };
      const inner = upstreamSocket(config.transportSocket, secrets);
      return { ...inner, proxyProtocol: config.config?.version ?? 'V1' };
    }
    case 'tls': {
      const config = socket?.typedConfig as Any & { commonTlsContext?: CommonTlsContext; sni?: string };
      return { tls: (choice, now) => clientOptions(config, choice, secrets, now), proxyProtocol: undefined };
    }
    default:
      throw new Error(`Didn't find a registered implementation for '${socket?.name}'`);
  }
}

function clientOptions(
  config: { commonTlsContext?: CommonTlsContext; sni?: string },
  choice: UpstreamTlsChoice,
  secrets: Secrets,
  now: number,
): TlsClientOptions {
  const context = config.commonTlsContext ?? {};
  const sni = choice.autoSni ?? config.sni;
  const verify = expectation(context, secrets, now);
  const certificate = ownCertificate(context, secrets);
  return {
    ...(sni && { sni }),
    alpn: choice.alpn ?? context.alpnProtocols ?? [],
    versions: versions(context),
    ...(verify && { verify: { ...verify, ...(choice.autoSanValidation && sni && { name: sni }) } }),
    ...(certificate && { certificate }),
  };
}

/** A filter chain's TLS context. Throws `SecretMissing` when a connection comes before its secrets. */
export function serverOptions(config: Any, secrets: Secrets, now: number): TlsServerOptions {
  const context = (config.commonTlsContext ?? {}) as CommonTlsContext;
  const certificate = ownCertificate(context, secrets);
  const required = config.requireClientCertificate === true;
  const verify = expectation(context, secrets, now);
  return {
    certificate: () => certificate,
    alpn: context.alpnProtocols ?? [],
    versions: versions(context),
    ...((required || verify) && { clientCertificate: { required, verify: verify ?? { roots: [], now } } }),
  };
}
