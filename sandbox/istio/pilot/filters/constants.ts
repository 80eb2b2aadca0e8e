import type { Any, ListenerFilter, NamedAny, TransportSocket } from '../../../envoy/xds/types.ts';

const type = (name: string): string => `type.googleapis.com/${name}`;

function named(name: string, typeName: string, config: Record<string, unknown> = {}): NamedAny & { typedConfig: Any } {
  return { name, typedConfig: { '@type': type(typeName), ...config } };
}

/** A configuration of one of Istio's own filters, which Envoy's API does not know. */
function istioFilter(name: string, typeName: string, value: Record<string, unknown>): NamedAny {
  return named(name, 'udpa.type.v1.TypedStruct', { typeUrl: type(typeName), value });
}

/** Filters that are the same in every listener; shared, never changed (xds/filters/filters.go). */
export const metadataExchange = istioFilter(
  'istio.metadata_exchange',
  'envoy.tcp.metadataexchange.config.MetadataExchange',
  { enable_discovery: true, protocol: 'istio-peer-exchange' },
);

const discovery = [{ istio_headers: {} }, { workload_discovery: {} }];

export const inboundPeerMetadata = istioFilter('istio.metadata_exchange', 'io.istio.http.peer_metadata.Config', {
  downstream_discovery: discovery,
  downstream_propagation: [{ istio_headers: {} }],
});

export const outboundPeerMetadata = istioFilter('istio.metadata_exchange', 'io.istio.http.peer_metadata.Config', {
  upstream_discovery: discovery,
  upstream_propagation: [{ istio_headers: {} }],
});

/** For `proxyHeaders.metadataExchangeHeaders.mode: IN_MESH`. */
export const outboundPeerMetadataInMesh = istioFilter('istio.metadata_exchange', 'io.istio.http.peer_metadata.Config', {
  upstream_discovery: discovery,
  upstream_propagation: [{ istio_headers: { skip_external_clusters: true } }],
});

export const grpcStats = named(
  'envoy.filters.http.grpc_stats',
  'envoy.extensions.filters.http.grpc_stats.v3.FilterConfig',
  { emitFilterState: true, statsForAllMethods: false },
);

export const grpcWeb = named('envoy.filters.http.grpc_web', 'envoy.extensions.filters.http.grpc_web.v3.GrpcWeb');

export const alpn = named('istio.alpn', 'istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig', {
  alpnOverride: [
    { alpnOverride: ['istio-http/1.0', 'istio', 'http/1.0'] },
    { upstreamProtocol: 'HTTP11', alpnOverride: ['istio-http/1.1', 'istio', 'http/1.1'] },
    { upstreamProtocol: 'HTTP2', alpnOverride: ['istio-h2', 'istio', 'h2'] },
  ],
});

export const fault = named('envoy.filters.http.fault', 'envoy.extensions.filters.http.fault.v3.HTTPFault');
export const cors = named('envoy.filters.http.cors', 'envoy.extensions.filters.http.cors.v3.Cors');
export const router = named('envoy.filters.http.router', 'envoy.extensions.filters.http.router.v3.Router');
export const routerWithoutDebugHeaders = named(
  'envoy.filters.http.router',
  'envoy.extensions.filters.http.router.v3.Router',
  { suppressEnvoyHeaders: true },
);

export const tlsInspector: ListenerFilter = named(
  'envoy.filters.listener.tls_inspector',
  'envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector',
  { initialReadBufferSize: 512 },
);
export const httpInspector: ListenerFilter = named(
  'envoy.filters.listener.http_inspector',
  'envoy.extensions.filters.listener.http_inspector.v3.HttpInspector',
);
export const originalDestination: ListenerFilter = named(
  'envoy.filters.listener.original_dst',
  'envoy.extensions.filters.listener.original_dst.v3.OriginalDst',
);
export const proxyProtocolListener: ListenerFilter = named(
  'envoy.filters.listener.proxy_protocol',
  'envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol',
);

export const rawBuffer: TransportSocket = named(
  'envoy.transport_sockets.raw_buffer',
  'envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer',
);

/** Where a resource comes from over the same stream. */
export const aggregatedDiscovery = { ads: {}, initialFetchTimeout: '0s', resourceApiVersion: 'V3' } as const;

export function tlsSocket(direction: 'Upstream' | 'Downstream', context: Record<string, unknown>): TransportSocket {
  return named(
    'envoy.transport_sockets.tls',
    `envoy.extensions.transport_sockets.tls.v3.${direction}TlsContext`,
    context,
  );
}

export const envoyType = type;
