import type { ProxyNode } from './xds/server.ts';
import type { Any, Cluster, Listener, VirtualHost } from './xds/types.ts';

/** The port of pilot-agent's own server (health, merged metrics). */
const agentPort = 15020;
const adminPort = 15000;

const http2 = {
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
    '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
    explicitHttpConfig: { http2ProtocolOptions: {} },
  },
};

function local(name: string, port: number): Cluster {
  return {
    name,
    altStatName: `${name};`,
    type: 'STATIC',
    connectTimeout: '0.250s',
    lbPolicy: 'ROUND_ROBIN',
    loadAssignment: {
      clusterName: name,
      endpoints: [
        { lbEndpoints: [{ endpoint: { address: { socketAddress: { address: '127.0.0.1', portValue: port } } } }] },
      ],
    },
  };
}

function overPipe(name: string, path: string): Cluster {
  return {
    name,
    altStatName: `${name};`,
    type: 'STATIC',
    connectTimeout: '1s',
    lbPolicy: 'ROUND_ROBIN',
    typedExtensionProtocolOptions: http2,
    loadAssignment: {
      clusterName: name,
      endpoints: [{ lbEndpoints: [{ endpoint: { address: { pipe: { path } } } }] }],
    },
  };
}

const clusters: Cluster[] = [
  local('prometheus_stats', adminPort),
  local('agent', agentPort),
  overPipe('sds-grpc', './var/run/secrets/workload-spiffe-uds/socket'),
  overPipe('xds-grpc', 'etc/istio/proxy/XDS'),
];

function listener(name: string, port: number, prefix: string, path: string, cluster: string): Listener {
  const host: VirtualHost = {
    name: 'backend',
    domains: ['*'],
    routes: [{ match: { prefix: path }, route: { cluster } }],
  };
  const manager: Any = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    codecType: 'AUTO',
    statPrefix: prefix,
    routeConfig: { virtualHosts: [host] },
    httpFilters: [
      {
        name: 'envoy.filters.http.router',
        typedConfig: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
      },
    ],
  };
  return {
    name,
    address: { socketAddress: { address: '0.0.0.0', portValue: port, protocol: 'TCP' } },
    filterChains: [{ filters: [{ name: 'envoy.filters.network.http_connection_manager', typedConfig: manager }] }],
  };
}

/** Istio's bootstrap leaves them without names; these are only for our own table. */
const listeners: Listener[] = [
  listener('stats', 15090, 'stats', '/stats/prometheus', 'prometheus_stats'),
  listener('agent', 15021, 'agent', '/healthz/ready', 'agent'),
];

/** Clusters of Istio's bootstrap (tools/packaging/common/envoy_bootstrap.json). */
export function bootstrapClusters(): readonly Cluster[] {
  return clusters;
}

export function bootstrapListeners(): readonly Listener[] {
  return listeners;
}

/** The bootstrap as a configuration dump shows it. */
export function bootstrap(node: ProxyNode, metadata: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const grpc = { envoyGrpc: { clusterName: 'xds-grpc' } };
  const overAds = { ads: {}, initialFetchTimeout: '0s', resourceApiVersion: 'V3' };
  return {
    node: { id: node.id, cluster: `${node.pod.replace(/-[^-]+-[^-]+$/, '')}.${node.namespace}`, metadata },
    staticResources: { listeners: listeners.map(({ name: _, ...rest }) => rest), clusters },
    dynamicResources: {
      ldsConfig: overAds,
      cdsConfig: overAds,
      adsConfig: {
        apiType: 'DELTA_GRPC',
        transportApiVersion: 'V3',
        grpcServices: [grpc],
        setNodeOnFirstMessageOnly: true,
      },
    },
    admin: { address: { socketAddress: { address: '127.0.0.1', portValue: adminPort } } },
  };
}
