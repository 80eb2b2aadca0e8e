import type { NamedAny } from '../../../envoy/xds/types.ts';
import type { ExtensionProvider, FileAccessLogProvider, GrpcAccessLogProvider, Mesh } from '../api/mesh.ts';
import { providerCluster } from '../policies/provider-cluster.ts';
import type { LogProvider } from '../policies/telemetries.ts';
import type { PushContext } from '../push-context.ts';

const textFormat =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% ' +
  '%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% ' +
  '%BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" ' +
  '"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% ' +
  '%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n';

const jsonFormat = {
  start_time: '%START_TIME%',
  route_name: '%ROUTE_NAME%',
  method: '%REQ(:METHOD)%',
  path: '%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%',
  protocol: '%PROTOCOL%',
  response_code: '%RESPONSE_CODE%',
  response_flags: '%RESPONSE_FLAGS%',
  response_code_details: '%RESPONSE_CODE_DETAILS%',
  connection_termination_details: '%CONNECTION_TERMINATION_DETAILS%',
  bytes_received: '%BYTES_RECEIVED%',
  bytes_sent: '%BYTES_SENT%',
  duration: '%DURATION%',
  upstream_service_time: '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%',
  x_forwarded_for: '%REQ(X-FORWARDED-FOR)%',
  user_agent: '%REQ(USER-AGENT)%',
  request_id: '%REQ(X-REQUEST-ID)%',
  authority: '%REQ(:AUTHORITY)%',
  upstream_host: '%UPSTREAM_HOST%',
  upstream_cluster: '%UPSTREAM_CLUSTER_RAW%',
  upstream_local_address: '%UPSTREAM_LOCAL_ADDRESS%',
  downstream_local_address: '%DOWNSTREAM_LOCAL_ADDRESS%',
  downstream_remote_address: '%DOWNSTREAM_REMOTE_ADDRESS%',
  requested_server_name: '%REQUESTED_SERVER_NAME%',
  upstream_transport_failure_reason: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
};

/** The log of a listener itself tells only of connections no filter chain took. */
const noRouteFilter = { responseFlagFilter: { flags: ['NR'] } };

type AccessLog = NamedAny & { filter?: unknown };

function fileLog(path: string, logFormat: Record<string, unknown>): AccessLog {
  return {
    name: 'envoy.access_loggers.file',
    typedConfig: {
      '@type': 'type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog',
      path,
      logFormat,
    },
  };
}

function text(format: string | undefined): Record<string, unknown> {
  const inlineString = format ? (format.endsWith('\n') ? format : `${format}\n`) : textFormat;
  return { textFormatSource: { inlineString }, ...formatters([inlineString]) };
}

function json(format: Record<string, unknown>): Record<string, unknown> {
  return { jsonFormat: format, jsonFormatOptions: {}, ...formatters(Object.values(format)) };
}

function formatters(values: readonly unknown[]): Record<string, unknown> {
  if (!values.some((value) => typeof value === 'string' && value.includes('%REQ_WITHOUT_QUERY'))) return {};
  return {
    formatters: [
      {
        name: 'envoy.formatter.req_without_query',
        typedConfig: { '@type': 'type.googleapis.com/envoy.extensions.formatter.req_without_query.v3.ReqWithoutQuery' },
      },
    ],
  };
}

/** A log in the form the mesh config asks for. */
function meshFileLog(mesh: Mesh, path: string): AccessLog {
  if (mesh.accessLogEncoding !== 'JSON') return fileLog(path, text(mesh.accessLogFormat));
  return fileLog(path, json(parseJsonFormat(mesh.accessLogFormat) ?? jsonFormat));
}

/** An unreadable format is ignored, as istiod does. */
function parseJsonFormat(format: string | undefined): Record<string, unknown> | undefined {
  if (!format) return undefined;
  try {
    const parsed: unknown = JSON.parse(format);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The access logs of one class of listeners of one proxy (networking/core/accesslog.go). */
export class AccessLogs {
  readonly connections: AccessLog[] | undefined;
  readonly listener: AccessLog[] | undefined;

  constructor(push: PushContext, chosen: readonly LogProvider[] | undefined) {
    const known = (chosen ?? []).flatMap((choice) => {
      const log = providerLog(push, choice.provider);
      return log ? [{ choice, log }] : [];
    });
    const { mesh } = push;
    if (known.length > 0) {
      const active = known.filter(({ choice }) => !choice.disabled);
      this.connections = nonEmpty(active.map(({ choice, log }) => filtered(log, celFilter(choice))));
      this.listener = nonEmpty(active.map(({ choice, log }) => filtered(log, noRouteFilter, celFilter(choice))));
    } else if (mesh.accessLogFile) {
      const log = push.memo('mesh access log', () => meshFileLog(mesh, mesh.accessLogFile ?? ''));
      this.connections = [log];
      this.listener = [push.memo('mesh listener log', () => filtered(log, noRouteFilter))];
    }
    if (mesh.disableEnvoyListenerLog) this.listener = undefined;
  }
}

function nonEmpty<T>(items: T[]): T[] | undefined {
  return items.length > 0 ? items : undefined;
}

function celFilter({ filter }: LogProvider): unknown {
  if (filter === undefined) return undefined;
  return {
    extensionFilter: {
      name: 'envoy.access_loggers.extension_filters.cel',
      typedConfig: {
        '@type': 'type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter',
        expression: filter,
      },
    },
  };
}

function filtered(log: AccessLog, ...filters: unknown[]): AccessLog {
  const present = filters.filter((filter) => filter !== undefined);
  if (present.length === 0) return log;
  return { ...log, filter: present.length === 1 ? present[0] : { andFilter: { filters: present } } };
}

/** Undefined: the provider is none for access logs, or its service is not there. */
function providerLog(push: PushContext, provider: ExtensionProvider): AccessLog | undefined {
  const file = provider.envoyFileAccessLog;
  if (file) {
    const builtin = provider.name === 'envoy' && !file.logFormat && !file.omitEmptyValues;
    return builtin ? meshFileLog(push.mesh, file.path || '/dev/stdout') : providerFileLog(file);
  }
  if (provider.envoyOtelAls) return openTelemetryLog(push, provider.envoyOtelAls);
  if (provider.envoyHttpAls) {
    const headers = provider.envoyHttpAls;
    return grpcLog(push, provider.envoyHttpAls, 'envoy.access_loggers.http_grpc', 'HttpGrpcAccessLogConfig', {
      ...list('additionalRequestHeadersToLog', headers.additionalRequestHeadersToLog),
      ...list('additionalResponseHeadersToLog', headers.additionalResponseHeadersToLog),
      ...list('additionalResponseTrailersToLog', headers.additionalResponseTrailersToLog),
    });
  }
  if (provider.envoyTcpAls) {
    return grpcLog(push, provider.envoyTcpAls, 'envoy.tcp_grpc_access_log', 'TcpGrpcAccessLogConfig', {});
  }
  return undefined;
}

function list(name: string, items: readonly string[] | undefined): Record<string, unknown> {
  return items?.length ? { [name]: items } : {};
}

function providerFileLog({ path, logFormat, omitEmptyValues }: FileAccessLogProvider): AccessLog {
  const labels = logFormat?.labels;
  const format =
    labels !== undefined ? json(Object.keys(labels).length > 0 ? labels : jsonFormat) : text(logFormat?.text);
  return fileLog(path || '/dev/stdout', { ...format, ...(omitEmptyValues ? { omitEmptyValues } : {}) });
}

function grpcLog(
  push: PushContext,
  config: GrpcAccessLogProvider,
  name: string,
  type: 'HttpGrpcAccessLogConfig' | 'TcpGrpcAccessLogConfig',
  more: Record<string, unknown>,
): AccessLog | undefined {
  const found = providerCluster(push, config.service, config.port);
  if (!found) return undefined;
  const friendly = type === 'HttpGrpcAccessLogConfig' ? 'http_envoy_accesslog' : 'tcp_envoy_accesslog';
  const states = config.filterStateObjectsToLog?.length
    ? config.filterStateObjectsToLog
    : ['upstream_peer', 'downstream_peer'];
  return {
    name,
    typedConfig: {
      '@type': `type.googleapis.com/envoy.extensions.access_loggers.grpc.v3.${type}`,
      commonConfig: {
        logName: config.logName || friendly,
        grpcService: { envoyGrpc: { clusterName: found.cluster, authority: found.hostname } },
        transportApiVersion: 'V3',
        filterStateObjectsToLog: states,
      },
      ...more,
    },
  };
}

function openTelemetryLog(
  push: PushContext,
  config: NonNullable<ExtensionProvider['envoyOtelAls']>,
): AccessLog | undefined {
  const found = providerCluster(push, config.service, config.port);
  if (!found) return undefined;
  const labels = Object.entries(config.logFormat?.labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const body = config.logFormat?.text || textFormat;
  return {
    name: 'envoy.access_loggers.open_telemetry',
    typedConfig: {
      '@type': 'type.googleapis.com/envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig',
      commonConfig: {
        logName: config.logName || 'otel_envoy_accesslog',
        grpcService: { envoyGrpc: { clusterName: found.cluster, authority: found.hostname } },
        transportApiVersion: 'V3',
        filterStateObjectsToLog: [
          'upstream_peer',
          'downstream_peer',
          'wasm.upstream_peer',
          'wasm.upstream_peer_id',
          'wasm.downstream_peer',
          'wasm.downstream_peer_id',
        ],
      },
      disableBuiltinLabels: true,
      body: { stringValue: body },
      ...(labels.length > 0
        ? { attributes: { values: labels.map(([key, value]) => ({ key, value: { stringValue: value } })) } }
        : {}),
      ...formatters([body, ...labels.map(([, value]) => value)]),
    },
  };
}
