import type { RouteConfiguration } from '../../../envoy/xds/types.ts';
import { hostAndPort } from '../model/addresses.ts';
import { isGrpc, type Protocol } from '../model/protocol.ts';

/** Routes of an inbound port: everything goes to the application (networking/core/httproute.go). */
export function inboundRoutes(port: {
  cluster: string;
  servicePort: number;
  hostname: string;
  protocol: Protocol;
}): RouteConfiguration {
  return {
    name: port.cluster,
    virtualHosts: [
      {
        name: `inbound|http|${port.servicePort}`,
        domains: ['*'],
        routes: [
          {
            name: 'default',
            match: { prefix: '/' },
            route: {
              cluster: port.cluster,
              timeout: '0s',
              ...(isGrpc(port.protocol) ? {} : { retryPolicy: { retryOn: 'reset-before-request', numRetries: 2 } }),
              maxStreamDuration: { maxStreamDuration: '0s', grpcTimeoutHeaderMax: '0s' },
            },
            decorator: { operation: `${hostAndPort(port.hostname, port.servicePort)}/*` },
          },
        ],
      },
    ],
    validateClusters: false,
  };
}
