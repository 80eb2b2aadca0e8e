import type { Cluster } from '../../../envoy/xds/types.ts';
import type { Build } from '../build.ts';
import { metadataExchange } from '../filters/constants.ts';
import { inboundPassthroughAddress } from '../model/addresses.ts';
import { protoDuration } from '../model/duration.ts';
import { type ClusterSpec, finishCluster } from './cluster-spec.ts';
import { applyConnectionPool } from './traffic-policy.ts';

/** Options of HTTP/1 upstreams: empty, or such that header names keep their case. */
export function http1Options(build: Build): Record<string, unknown> {
  if (!build.proxyConfig.proxyHeaders?.preserveHttp1HeaderCase) return {};
  return {
    headerKeyFormat: {
      statefulFormatter: {
        name: 'preserve_case',
        typedConfig: {
          '@type':
            'type.googleapis.com/envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig',
        },
      },
    },
  };
}

/** A cluster without endpoints: connections end. */
export function blackHoleCluster(build: Build): Cluster {
  const name = 'BlackHoleCluster';
  return {
    name,
    altStatName: `${name};`,
    type: 'STATIC',
    connectTimeout: protoDuration(build.push.mesh.connectTimeout),
  };
}

function passthrough(build: Build, more: Partial<Cluster>): Cluster {
  const spec: ClusterSpec = {
    cluster: { name: '', altStatName: 'PassthroughCluster;', type: 'ORIGINAL_DST', lbPolicy: 'CLUSTER_PROVIDED' },
    http: { commonHttpProtocolOptions: { idleTimeout: '300s' }, upstream: 'downstream' },
  };
  applyConnectionPool(spec, build.push.mesh, {});
  return { ...finishCluster(spec, http1Options(build)), ...more };
}

/** Sends connections on to where the application was going. */
export function passthroughCluster(build: Build): Cluster {
  return passthrough(build, { name: 'PassthroughCluster', filters: [metadataExchange] });
}

/** Sends connections on to a port of the application that no service has. */
export function inboundPassthroughCluster(build: Build): Cluster {
  return passthrough(build, { name: 'InboundPassthroughCluster', upstreamBindConfig });
}

/** The application sees this address as its client, by which iptables knows the connection. */
export const upstreamBindConfig = { sourceAddress: { address: inboundPassthroughAddress, portValue: 0 } };
