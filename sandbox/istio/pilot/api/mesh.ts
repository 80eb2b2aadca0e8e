import type { ConnectionPoolSettings, HttpRetry, LocalityLbSetting } from './networking.ts';
import type { CustomTag } from './policies.ts';

/** istio.mesh.v1alpha1.MeshConfig as it stands in ConfigMap `istio`, key `mesh`: what is read of it. */
export interface MeshConfig {
  accessLogFile?: string;
  accessLogFormat?: string;
  accessLogEncoding?: 'TEXT' | 'JSON';
  enableEnvoyAccessLogService?: boolean;
  disableEnvoyListenerLog?: boolean;
  enableTracing?: boolean;
  enableAutoMtls?: boolean;
  rootNamespace?: string;
  trustDomain?: string;
  trustDomainAliases?: string[];
  caCertificates?: { trustDomains?: string[] }[];
  outboundTrafficPolicy?: { mode?: 'REGISTRY_ONLY' | 'ALLOW_ANY' };
  inboundTrafficPolicy?: { mode?: 'PASSTHROUGH' | 'LOCALHOST' };
  proxyListenPort?: number;
  proxyInboundListenPort?: number;
  proxyHttpPort?: number;
  connectTimeout?: string;
  dnsRefreshRate?: string;
  protocolDetectionTimeout?: string;
  tcpKeepalive?: NonNullable<ConnectionPoolSettings['tcp']>['tcpKeepalive'];
  h2UpgradePolicy?: 'DO_NOT_UPGRADE' | 'UPGRADE';
  localityLbSetting?: LocalityLbSetting;
  defaultServiceExportTo?: string[];
  defaultVirtualServiceExportTo?: string[];
  defaultDestinationRuleExportTo?: string[];
  defaultHttpRetryPolicy?: HttpRetry;
  inboundClusterStatName?: string;
  outboundClusterStatName?: string;
  pathNormalization?: { normalization?: 'DEFAULT' | 'NONE' | 'BASE' | 'MERGE_SLASHES' | 'DECODE_AND_MERGE_SLASHES' };
  meshMTLS?: { minProtocolVersion?: string; cipherSuites?: string[] };
  tlsDefaults?: { minProtocolVersion?: string; cipherSuites?: string[]; ecdhCurves?: string[] };
  defaultConfig?: ProxyConfig;
  defaultProviders?: { metrics?: string[]; tracing?: string[]; accessLogging?: string[] };
  extensionProviders?: ExtensionProvider[];
  [field: string]: unknown;
}

/** Mesh config with Istio's defaults filled in. */
export interface Mesh extends MeshConfig {
  rootNamespace: string;
  trustDomain: string;
  trustDomainAliases: string[];
  outboundTrafficPolicy: { mode?: 'REGISTRY_ONLY' | 'ALLOW_ANY' };
  proxyListenPort: number;
  proxyInboundListenPort: number;
  connectTimeout: string;
  dnsRefreshRate: string;
  protocolDetectionTimeout: string;
  defaultServiceExportTo: string[];
  defaultVirtualServiceExportTo: string[];
  defaultDestinationRuleExportTo: string[];
  defaultConfig: ProxyConfig;
  defaultProviders: { metrics?: string[]; tracing?: string[]; accessLogging?: string[] };
  extensionProviders: ExtensionProvider[];
}

interface Toggle {
  disabled?: boolean;
}

/** istio.mesh.v1alpha1.ProxyConfig. */
export interface ProxyConfig {
  discoveryAddress?: string;
  gatewayTopology?: {
    numTrustedProxies?: number;
    forwardClientCertDetails?: string;
    proxyProtocol?: Record<string, never>;
  };
  proxyHeaders?: {
    forwardedClientCert?: string;
    setCurrentClientCertDetails?: { subject?: boolean; cert?: boolean; chain?: boolean; dns?: boolean; uri?: boolean };
    requestId?: Toggle;
    server?: Toggle & { value?: string };
    attemptCount?: Toggle;
    envoyDebugHeaders?: Toggle;
    metadataExchangeHeaders?: { mode?: 'UNDEFINED' | 'IN_MESH' };
    preserveHttp1HeaderCase?: boolean;
    xForwardedHost?: { enabled?: boolean };
    xForwardedPort?: { enabled?: boolean };
  };
  tracing?: {
    sampling?: number;
    maxPathTagLength?: number;
    customTags?: Record<string, CustomTag>;
    enableIstioTags?: boolean;
  };
  [field: string]: unknown;
}

interface ProviderService {
  service?: string;
  port?: number;
}

/** One of the providers; which one is told by the field that is set. */
export interface ExtensionProvider {
  name: string;
  prometheus?: Record<string, never>;
  stackdriver?: Record<string, unknown>;
  envoyFileAccessLog?: FileAccessLogProvider;
  envoyOtelAls?: ProviderService & { logName?: string; logFormat?: { text?: string; labels?: Record<string, string> } };
  envoyHttpAls?: GrpcAccessLogProvider;
  envoyTcpAls?: GrpcAccessLogProvider;
  envoyExtAuthzHttp?: ExtAuthzHttpProvider;
  envoyExtAuthzGrpc?: ExtAuthzProvider;
  opentelemetry?: ProviderService & TracingProvider;
  zipkin?: ProviderService & TracingProvider & { enable64bitTraceId?: boolean; path?: string };
  skywalking?: ProviderService & { accessToken?: string };
  datadog?: ProviderService & TracingProvider;
  [provider: string]: unknown;
}

export interface FileAccessLogProvider {
  path?: string;
  logFormat?: { text?: string; labels?: Record<string, unknown> };
  omitEmptyValues?: boolean;
}

export interface GrpcAccessLogProvider extends ProviderService {
  logName?: string;
  filterStateObjectsToLog?: string[];
  additionalRequestHeadersToLog?: string[];
  additionalResponseHeadersToLog?: string[];
  additionalResponseTrailersToLog?: string[];
}

interface TracingProvider {
  maxTagLength?: number;
}

export interface ExtAuthzProvider extends ProviderService {
  timeout?: string;
  failOpen?: boolean;
  statusOnError?: string;
  includeRequestBodyInCheck?: { maxRequestBytes?: number; allowPartialMessage?: boolean; packAsBytes?: boolean };
}

export interface ExtAuthzHttpProvider extends ExtAuthzProvider {
  pathPrefix?: string;
  includeHeadersInCheck?: string[];
  includeRequestHeadersInCheck?: string[];
  includeAdditionalHeadersInCheck?: Record<string, string>;
  headersToUpstreamOnAllow?: string[];
  headersToDownstreamOnDeny?: string[];
  headersToDownstreamOnAllow?: string[];
}
