import type { FilterChain, Listener, NamedAny } from '../../../envoy/xds/types.ts';
import type { Build } from '../build.ts';
import { envoyType } from '../filters/constants.ts';
import { socketAddress, unspecifiedAddress } from '../model/addresses.ts';
import { destinationCluster } from '../routes/destination.ts';
import { tcpProxy } from './tcp-filters.ts';

/** Where connections go that no listener or route is for. */
export function fallthroughCluster(build: Build): string {
  const { mode, egressProxy } = build.scope.outboundTrafficPolicy;
  if (mode !== 'ALLOW_ANY') return 'BlackHoleCluster';
  return egressProxy ? destinationCluster(egressProxy, undefined, 0) : 'PassthroughCluster';
}

export function fallthroughFilters(build: Build): NamedAny[] {
  const cluster = fallthroughCluster(build);
  return [...build.filters('outbound').metrics, tcpProxy(build, 'outbound', { statPrefix: cluster, cluster })];
}

/** A TCP proxy to nowhere, for connections to the proxy's own ports. It does not log. */
export function blackHole(): NamedAny {
  return {
    name: 'envoy.filters.network.tcp_proxy',
    typedConfig: {
      '@type': envoyType('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy'),
      statPrefix: 'BlackHoleCluster',
      cluster: 'BlackHoleCluster',
    },
  };
}

/** The listener to which iptables sends every outbound connection. */
export function virtualOutbound(build: Build): Listener {
  const { proxyListenPort } = build.push.mesh;
  const { metrics, accessLogs } = build.filters('outbound');
  const filterChains: FilterChain[] = [
    {
      filterChainMatch: { destinationPort: proxyListenPort },
      filters: [...metrics, blackHole()],
      name: 'virtualOutbound-blackhole',
    },
    { filters: fallthroughFilters(build), name: 'virtualOutbound-catchall-tcp' },
  ];
  return {
    name: 'virtualOutbound',
    address: socketAddress(unspecifiedAddress, proxyListenPort),
    filterChains,
    useOriginalDst: true,
    trafficDirection: 'OUTBOUND',
    ...(accessLogs.listener ? { accessLog: accessLogs.listener } : {}),
    maxConnectionsToAcceptPerSocketEvent: 1,
  };
}
