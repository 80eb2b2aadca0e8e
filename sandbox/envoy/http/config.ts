import { milliseconds } from '../duration.ts';
import type { Any, NamedAny, RouteConfiguration } from '../xds/types.ts';
import type { PathOptions } from './path.ts';

/** An HTTP connection manager's settings with Envoy's defaults filled in. */
export interface ManagerConfig {
  statPrefix: string;
  codec: 'AUTO' | 'HTTP1' | 'HTTP2';
  routeConfig: RouteConfiguration | undefined;
  rds: string | undefined;
  httpFilters: NamedAny[];
  accessLog: NamedAny[];
  serverName: string;
  serverHeader: 'OVERWRITE' | 'APPEND_IF_ABSENT' | 'PASS_THROUGH';
  useRemoteAddress: boolean;
  forwardClientCertDetails: string;
  setCurrentClientCertDetails: { subject?: boolean; uri?: boolean; dns?: boolean; cert?: boolean };
  /** Is there a `tracing` section? Decorators only work with one. */
  tracing: boolean;
  acceptHttp10: boolean;
  path: PathOptions;
  requestTimeout: number | undefined;
  streamIdleTimeout: number | undefined;
  via: string;
}

export function managerConfig(config: Any): ManagerConfig {
  const raw = config as Any & {
    statPrefix?: string;
    codecType?: 'AUTO' | 'HTTP1' | 'HTTP2';
    routeConfig?: RouteConfiguration;
    rds?: { routeConfigName: string };
    httpFilters?: NamedAny[];
    accessLog?: NamedAny[];
    serverName?: string;
    serverHeaderTransformation?: ManagerConfig['serverHeader'];
    useRemoteAddress?: boolean;
    forwardClientCertDetails?: string;
    setCurrentClientCertDetails?: ManagerConfig['setCurrentClientCertDetails'];
    tracing?: unknown;
    httpProtocolOptions?: { acceptHttp10?: boolean };
    normalizePath?: boolean;
    mergeSlashes?: boolean;
    pathWithEscapedSlashesAction?: PathOptions['escapedSlashes'];
    requestTimeout?: string;
    streamIdleTimeout?: string;
    via?: string;
  };
  return {
    statPrefix: raw.statPrefix ?? '',
    codec: raw.codecType ?? 'AUTO',
    routeConfig: raw.routeConfig,
    rds: raw.rds?.routeConfigName,
    httpFilters: raw.httpFilters ?? [],
    accessLog: raw.accessLog ?? [],
    serverName: raw.serverName || 'envoy',
    serverHeader: raw.serverHeaderTransformation ?? 'OVERWRITE',
    useRemoteAddress: raw.useRemoteAddress ?? false,
    forwardClientCertDetails: raw.forwardClientCertDetails ?? 'SANITIZE',
    setCurrentClientCertDetails: raw.setCurrentClientCertDetails ?? {},
    tracing: raw.tracing !== undefined,
    acceptHttp10: raw.httpProtocolOptions?.acceptHttp10 ?? false,
    path: {
      normalizePath: raw.normalizePath ?? false,
      mergeSlashes: raw.mergeSlashes ?? false,
      escapedSlashes: raw.pathWithEscapedSlashesAction ?? 'KEEP_UNCHANGED',
    },
    requestTimeout: milliseconds(raw.requestTimeout),
    streamIdleTimeout: milliseconds(raw.streamIdleTimeout),
    via: raw.via ?? '',
  };
}
