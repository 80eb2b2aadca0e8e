import { Kernel } from '../kernel/kernel.ts';
import { encode } from '../kernel/streams.ts';
import type { HttpRequest } from '../network/http.ts';
import { serveHttp } from '../network/http-server.ts';
import { istioRules } from '../network/iptables.ts';
import { Network, type NetworkState } from '../network/network.ts';
import { EnvoyProxy, type EnvoyState } from './proxy.ts';
import type { Listener, ProxyConfiguration, Route } from './xds/types.ts';

const manager = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const format =
  '%REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE% %RESPONSE_FLAGS% %UPSTREAM_LOCAL_ADDRESS% %DURATION% %REQ(X-REQUEST-ID)%';

function http(name: string, port: number, routes: Route[], more: Partial<Listener>): Listener {
  return {
    name,
    address: { socketAddress: { address: '0.0.0.0', portValue: port } },
    ...more,
    filterChains: [
      {
        filters: [
          {
            name: 'envoy.filters.network.http_connection_manager',
            typedConfig: {
              '@type': `type.googleapis.com/${manager}`,
              statPrefix: name,
              routeConfig: { name, virtualHosts: [{ name: 'all', domains: ['*'], routes }] },
              httpFilters: [{ name: 'envoy.filters.http.router' }],
              accessLog: [
                {
                  name: 'envoy.access_loggers.file',
                  typedConfig: {
                    '@type': 'type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog',
                    path: '/dev/stdout',
                    logFormat: { textFormatSource: { inlineString: `${format}\n` } },
                  },
                },
              ],
            },
          },
        ],
      },
    ],
  };
}

/** A client's sidecar, with `routes` on port 80, and the cluster `server` behind them. */
export function clientConfiguration(routes: Route[], endpoints: string[]): ProxyConfiguration {
  return {
    listeners: [
      http('0.0.0.0_80', 80, routes, { bindToPort: false, trafficDirection: 'OUTBOUND' }),
      http('virtualOutbound', 15001, [], { useOriginalDst: true, trafficDirection: 'OUTBOUND' }),
    ],
    clusters: [
      { name: 'server', type: 'EDS', connectTimeout: '1s', lbPolicy: 'LEAST_REQUEST' },
      { name: 'nobody', type: 'STATIC', connectTimeout: '1s' },
    ],
    routes: [],
    endpoints: [
      {
        clusterName: 'server',
        endpoints: [
          {
            lbEndpoints: endpoints.map((address) => ({
              endpoint: { address: { socketAddress: { address, portValue: 8080 } } },
            })),
          },
        ],
      },
    ],
  };
}

const serverConfiguration: ProxyConfiguration = {
  listeners: [
    http('virtualInbound', 15006, [{ name: 'default', match: { prefix: '/' }, route: { cluster: 'inbound' } }], {
      listenerFilters: [{ name: 'envoy.filters.listener.original_dst' }],
      trafficDirection: 'INBOUND',
    }),
  ],
  clusters: [
    {
      name: 'inbound',
      type: 'ORIGINAL_DST',
      connectTimeout: '1s',
      upstreamBindConfig: { sourceAddress: { address: '127.0.0.6', portValue: 0 } },
    },
  ],
  routes: [],
  endpoints: [],
};

export interface WorldState {
  kernel: ReturnType<Kernel['save']>;
  network: NetworkState;
  proxies: EnvoyState[];
}

/** For tests: a pod with a sidecar that calls another pod with a sidecar, on port 80 of any address. */
export class TestWorld {
  readonly kernel: Kernel;
  readonly network: Network;
  readonly proxies: EnvoyProxy[];
  lines: string[] = [];
  answer: (request: HttpRequest) => { status: number; delay?: number } = () => ({ status: 200 });

  constructor(routes: Route[], state?: WorldState) {
    this.kernel = new Kernel({ epoch: 1_800_000_000_000, seed: 5 });
    this.network = new Network(this.kernel);
    if (state) {
      this.kernel.load(state.kernel);
      this.network.load(state.network);
    }
    const client = this.network.addNamespace({ id: 'default/client', address: '10.244.0.8' });
    const server = this.network.addNamespace({ id: 'default/server', address: '10.244.0.9' });
    for (const { id } of [client, server]) this.network.setIptables(id, istioRules());
    server.listen(8080, (connection) => {
      void serveHttp(connection, async (request, { gone }) => {
        const { status, delay = 0 } = this.answer(request);
        if (delay > 0) await this.kernel.sleep(delay, gone);
        return { status, protocol: request.protocol, headers: [['Content-Length', '2']], body: encode('ok') };
      });
    });
    const configurations = [clientConfiguration(routes, [server.address]), serverConfiguration];
    this.proxies = [client, server].map((stack, index) => {
      const proxy = new EnvoyProxy({
        kernel: this.kernel,
        stack,
        incarnation: stack.id,
        node: {
          id: `sidecar~${stack.address}~x.default~x`,
          namespace: 'default',
          pod: stack.id.replace('default/', ''),
        },
        writeLog: (line) => this.lines.push(`${stack.id} ${line}`),
        xds: {
          connect: (_, receive) => {
            const configuration = configurations[index] as ProxyConfiguration;
            receive({ version: '1', nonce: '1', changed: ['CDS', 'EDS', 'LDS', 'RDS'], configuration });
            return { acknowledge: () => {}, secret: () => undefined, close: () => {} };
          },
        },
      });
      const saved = state?.proxies[index];
      if (saved) proxy.load(saved);
      proxy.start();
      return proxy;
    });
  }

  save(): WorldState {
    return {
      kernel: this.kernel.save(),
      network: this.network.save(),
      proxies: this.proxies.map((proxy) => proxy.save()),
    };
  }
}
