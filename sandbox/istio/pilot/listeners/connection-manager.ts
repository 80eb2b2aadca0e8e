import type { NamedAny, RouteConfiguration } from '../../../envoy/xds/types.ts';
import type { Build } from '../build.ts';
import {
  aggregatedDiscovery,
  alpn,
  cors,
  envoyType,
  fault,
  grpcStats,
  grpcWeb,
  inboundPeerMetadata,
  outboundPeerMetadata,
  outboundPeerMetadataInMesh,
  router,
  routerWithoutDebugHeaders,
} from '../filters/constants.ts';
import type { Protocol } from '../model/protocol.ts';
import { isHttp2 } from '../model/protocol.ts';
import type { ListenerClass } from '../policies/telemetries.ts';

export interface ConnectionManagerOptions {
  listener: ListenerClass;
  statPrefix: string;
  protocol: Protocol;
  /** Name of a route configuration served over RDS, or the configuration itself. */
  routes: string | RouteConfiguration;
}

const headerCase = {
  headerKeyFormat: {
    statefulFormatter: {
      name: 'preserve_case',
      typedConfig: {
        '@type': envoyType('envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig'),
      },
    },
  },
};

/** The HTTP connection manager of a filter chain (networking/core/listener_builder.go). */
export function connectionManager(build: Build, options: ConnectionManagerOptions): NamedAny {
  const { listener, routes } = options;
  const { accessLogs, tracing } = build.filters(listener);
  const headers = build.proxyConfig.proxyHeaders ?? {};
  const gateway = listener === 'gateway';
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typedConfig: {
      '@type': envoyType('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
      statPrefix: options.statPrefix,
      ...(typeof routes === 'string'
        ? { rds: { configSource: aggregatedDiscovery, routeConfigName: routes } }
        : { routeConfig: routes }),
      httpFilters: httpFilters(build, options),
      ...(tracing.tracing ? { tracing: tracing.tracing } : {}),
      ...httpProtocolOptions(build, options),
      ...serverHeader(build, listener),
      streamIdleTimeout: '0s',
      ...(accessLogs.connections ? { accessLog: accessLogs.connections } : {}),
      useRemoteAddress: gateway,
      ...clientCertificate(build, listener),
      ...(headers.requestId?.disabled ? { generateRequestId: false } : {}),
      ...(headers.xForwardedPort?.enabled ? { appendXForwardedPort: true } : {}),
      proxy100Continue: true,
      upgradeConfigs: [{ upgradeType: 'websocket' }],
      ...pathNormalization(build),
      requestIdExtension: {
        typedConfig: {
          '@type': envoyType('envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig'),
          useRequestIdForTraceSampling: tracing.requestIdForSampling,
        },
      },
    },
  };
}

function httpFilters(build: Build, { listener, protocol }: ConnectionManagerOptions): NamedAny[] {
  const { http, metrics } = build.filters(listener);
  const headers = build.proxyConfig.proxyHeaders;
  const outbound =
    headers?.metadataExchangeHeaders?.mode === 'IN_MESH' ? outboundPeerMetadataInMesh : outboundPeerMetadata;
  return [
    listener === 'inbound' ? inboundPeerMetadata : outbound,
    ...http,
    ...(protocol === 'GRPC-Web' ? [grpcWeb] : []),
    grpcStats,
    ...(listener === 'inbound' ? [] : [alpn]),
    fault,
    cors,
    ...metrics,
    headers?.envoyDebugHeaders?.disabled ? routerWithoutDebugHeaders : router,
  ];
}

function httpProtocolOptions(build: Build, { listener, protocol }: ConnectionManagerOptions): Record<string, unknown> {
  const preserve = build.proxyConfig.proxyHeaders?.preserveHttp1HeaderCase ? headerCase : undefined;
  return {
    ...(listener === 'inbound' && isHttp2(protocol) ? { http2ProtocolOptions: {} } : {}),
    ...(listener === 'gateway' || preserve ? { httpProtocolOptions: preserve ?? {} } : {}),
  };
}

/** Clients of the own application see Envoy's default name. */
function serverHeader(build: Build, listener: ListenerClass): Record<string, unknown> {
  const server = build.proxyConfig.proxyHeaders?.server;
  if (server?.disabled) return { serverHeaderTransformation: 'PASS_THROUGH' };
  const name = server?.value || (listener === 'outbound' ? '' : 'istio-envoy');
  return name ? { serverName: name } : {};
}

function clientCertificate(build: Build, listener: ListenerClass): Record<string, unknown> {
  if (listener === 'outbound') return {};
  const { proxyHeaders, gatewayTopology } = build.proxyConfig;
  if (listener === 'inbound') {
    const set = proxyHeaders?.setCurrentClientCertDetails;
    return {
      ...forwarding(proxyHeaders?.forwardedClientCert ?? 'APPEND_FORWARD'),
      setCurrentClientCertDetails: {
        subject: set?.subject ?? true,
        ...((set?.dns ?? true) ? { dns: true } : {}),
        ...((set?.uri ?? true) ? { uri: true } : {}),
        ...(set?.cert ? { cert: true } : {}),
        ...(set?.chain ? { chain: true } : {}),
      },
    };
  }
  const details = gatewayTopology?.forwardClientCertDetails ?? 'SANITIZE_SET';
  const shown = details === 'APPEND_FORWARD' || details === 'SANITIZE_SET';
  return {
    ...(gatewayTopology?.numTrustedProxies ? { xffNumTrustedHops: gatewayTopology.numTrustedProxies } : {}),
    ...forwarding(details),
    ...(shown ? { setCurrentClientCertDetails: { subject: true, cert: true, dns: true, uri: true } } : {}),
  };
}

/** SANITIZE is Envoy's default. */
function forwarding(details: string): Record<string, unknown> {
  return details === 'SANITIZE' || details === 'UNDEFINED' ? {} : { forwardClientCertDetails: details };
}

function pathNormalization(build: Build): Record<string, unknown> {
  const mode = build.push.mesh.pathNormalization?.normalization ?? 'DEFAULT';
  const decodes = mode === 'DECODE_AND_MERGE_SLASHES';
  return {
    normalizePath: mode !== 'NONE',
    ...(decodes || mode === 'MERGE_SLASHES' ? { mergeSlashes: true } : {}),
    pathWithEscapedSlashesAction: decodes ? 'UNESCAPE_AND_FORWARD' : 'KEEP_UNCHANGED',
  };
}
