import type { Cluster } from '../../../envoy/xds/types.ts';

/** HttpProtocolOptions while a cluster is being made. */
export interface HttpOptions {
  commonHttpProtocolOptions?: Record<string, unknown>;
  upstreamHttpProtocolOptions?: { autoSni?: boolean; autoSanValidation?: boolean };
  /** How the upstream is spoken to; `http1` is what remains if nothing else is said. */
  upstream?: 'http1' | 'http2' | 'downstream';
  http2ProtocolOptions?: Record<string, unknown>;
}

/** A cluster while it is being made. */
export interface ClusterSpec {
  cluster: Cluster;
  http?: HttpOptions;
}

const optionsType = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

export function httpOptions(spec: ClusterSpec): HttpOptions {
  spec.http ??= {};
  return spec.http;
}

export function isHttp2Cluster({ http }: ClusterSpec): boolean {
  return http?.upstream === 'http2';
}

/** The cluster with its HTTP options written out. `http1`: options of HTTP/1 (header case), {} by default. */
export function finishCluster(spec: ClusterSpec, http1: Record<string, unknown>): Cluster {
  const { cluster, http } = spec;
  if (!http) return cluster;
  const {
    upstream = 'http1',
    http2ProtocolOptions = {},
    commonHttpProtocolOptions,
    upstreamHttpProtocolOptions,
  } = http;
  return {
    ...cluster,
    typedExtensionProtocolOptions: {
      [optionsType]: {
        '@type': `type.googleapis.com/${optionsType}`,
        ...(commonHttpProtocolOptions ? { commonHttpProtocolOptions } : {}),
        ...(upstreamHttpProtocolOptions ? { upstreamHttpProtocolOptions } : {}),
        ...(upstream === 'downstream'
          ? { useDownstreamProtocolConfig: { httpProtocolOptions: http1, http2ProtocolOptions } }
          : { explicitHttpConfig: upstream === 'http2' ? { http2ProtocolOptions } : { httpProtocolOptions: http1 } }),
      },
    },
  };
}
