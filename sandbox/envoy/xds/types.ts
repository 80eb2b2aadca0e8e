/**
 * Envoy's configuration as its protobufs print in JSON (lowerCamelCase, defaults left out, durations as "10s"), as far as Istio
 * writes it. Names are those of envoy's `api/envoy/config/**`. istiod writes these; Envoy reads nothing else.
 */

/** A google.protobuf.Any in JSON: its type URL and the message's own fields. */
export interface Any {
  '@type': string;
  [field: string]: unknown;
}

/** "10s", "0.500s". */
export type Duration = string;

export interface Address {
  socketAddress?: { address: string; portValue: number; protocol?: 'TCP' | 'UDP' };
  pipe?: { path: string };
  envoyInternalAddress?: { serverListenerName: string; endpointId?: string };
}

export interface Metadata {
  filterMetadata?: Record<string, Record<string, unknown>>;
}

export interface NamedAny {
  name: string;
  typedConfig?: Any;
  configDiscovery?: unknown;
  disabled?: boolean;
}

export interface Listener {
  name: string;
  address: Address;
  additionalAddresses?: { address: Address }[];
  filterChains?: FilterChain[];
  defaultFilterChain?: FilterChain;
  listenerFilters?: ListenerFilter[];
  listenerFiltersTimeout?: Duration;
  continueOnListenerFiltersTimeout?: boolean;
  useOriginalDst?: boolean;
  trafficDirection?: 'INBOUND' | 'OUTBOUND';
  bindToPort?: boolean;
  accessLog?: NamedAny[];
  metadata?: Metadata;
  [field: string]: unknown;
}

export interface ListenerFilter extends NamedAny {
  filterDisabled?: unknown;
}

export interface FilterChain {
  name?: string;
  filterChainMatch?: FilterChainMatch;
  filters?: NamedAny[];
  transportSocket?: TransportSocket;
  transportSocketConnectTimeout?: Duration;
  metadata?: Metadata;
}

export interface FilterChainMatch {
  destinationPort?: number;
  prefixRanges?: CidrRange[];
  sourcePrefixRanges?: CidrRange[];
  directSourcePrefixRanges?: CidrRange[];
  serverNames?: string[];
  transportProtocol?: 'tls' | 'raw_buffer';
  applicationProtocols?: string[];
}

export interface CidrRange {
  addressPrefix: string;
  prefixLen?: number;
}

export interface TransportSocket {
  name: string;
  typedConfig?: Any;
}

export interface RouteConfiguration {
  name: string;
  virtualHosts?: VirtualHost[];
  validateClusters?: boolean;
  maxDirectResponseBodySizeBytes?: number;
  ignorePortInHostMatching?: boolean;
  [field: string]: unknown;
}

export interface VirtualHost {
  name: string;
  domains: string[];
  routes?: Route[];
  requireTls?: 'ALL' | 'EXTERNAL_ONLY';
  includeRequestAttemptCount?: boolean;
  includeAttemptCountInResponse?: boolean;
  typedPerFilterConfig?: Record<string, Any>;
  [field: string]: unknown;
}

export interface Route {
  name?: string;
  match: RouteMatch;
  route?: RouteAction;
  redirect?: Record<string, unknown>;
  directResponse?: { status: number; body?: { inlineString?: string; inlineBytes?: string } };
  nonForwardingAction?: Record<string, never>;
  decorator?: { operation: string };
  metadata?: Metadata;
  typedPerFilterConfig?: Record<string, Any>;
  [field: string]: unknown;
}

export interface RouteMatch {
  prefix?: string;
  path?: string;
  safeRegex?: { regex: string };
  pathSeparatedPrefix?: string;
  caseSensitive?: boolean;
  headers?: HeaderMatcher[];
  queryParameters?: Record<string, unknown>[];
  connectMatcher?: Record<string, never>;
  [field: string]: unknown;
}

export interface HeaderMatcher {
  name: string;
  invertMatch?: boolean;
  presentMatch?: boolean;
  stringMatch?: StringMatcher;
  treatMissingHeaderAsEmpty?: boolean;
  [field: string]: unknown;
}

export interface StringMatcher {
  exact?: string;
  prefix?: string;
  suffix?: string;
  contains?: string;
  safeRegex?: { regex: string };
  ignoreCase?: boolean;
}

export interface RouteAction {
  cluster?: string;
  weightedClusters?: { clusters: WeightedCluster[]; [field: string]: unknown };
  timeout?: Duration;
  retryPolicy?: Record<string, unknown>;
  maxGrpcTimeout?: Duration;
  [field: string]: unknown;
}

export interface WeightedCluster {
  name: string;
  weight: number;
  [field: string]: unknown;
}

export interface Cluster {
  name: string;
  type?: 'STATIC' | 'STRICT_DNS' | 'LOGICAL_DNS' | 'EDS' | 'ORIGINAL_DST';
  clusterType?: NamedAny;
  edsClusterConfig?: { edsConfig: unknown; serviceName?: string };
  connectTimeout?: Duration;
  lbPolicy?: string;
  loadAssignment?: ClusterLoadAssignment;
  circuitBreakers?: Record<string, unknown>;
  transportSocket?: TransportSocket;
  transportSocketMatches?: TransportSocketMatch[];
  filters?: NamedAny[];
  metadata?: Metadata;
  typedExtensionProtocolOptions?: Record<string, Any>;
  [field: string]: unknown;
}

export interface TransportSocketMatch {
  name: string;
  match?: Record<string, unknown>;
  transportSocket: TransportSocket;
}

export interface ClusterLoadAssignment {
  clusterName: string;
  endpoints?: LocalityLbEndpoints[];
  policy?: Record<string, unknown>;
}

export interface LocalityLbEndpoints {
  locality?: { region?: string; zone?: string; subZone?: string };
  lbEndpoints?: LbEndpoint[];
  loadBalancingWeight?: number;
  priority?: number;
  proximity?: number;
  [field: string]: unknown;
}

export interface LbEndpoint {
  endpoint?: { address: Address; hostname?: string; additionalAddresses?: unknown[]; [field: string]: unknown };
  healthStatus?: string;
  metadata?: Metadata;
  loadBalancingWeight?: number;
}

/** What SDS serves: a workload's certificate (`default`) and the roots (`ROOTCA`), by name. */
export interface Secret {
  name: string;
  tlsCertificate?: { certificateChain: { inlineBytes: string }; privateKey: { inlineBytes: string } };
  validationContext?: { trustedCa: { inlineBytes: string } };
}

/** All of one proxy's configuration, each list sorted by name. */
export interface ProxyConfiguration {
  listeners: Listener[];
  clusters: Cluster[];
  routes: RouteConfiguration[];
  endpoints: ClusterLoadAssignment[];
}
