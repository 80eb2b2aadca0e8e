import type { Cluster } from '../../../envoy/xds/types.ts';
import type { ConnectionPoolSettings, IstioIngressListener } from '../api/networking.ts';
import type { Build } from '../build.ts';
import { isUnixAddress, localhostAddress, socketAddress } from '../model/addresses.ts';
import { configPath } from '../model/config.ts';
import { isHttp2, isSniffed, parseProtocol } from '../model/protocol.ts';
import { policyForPort } from '../model/traffic-policy.ts';
import { inboundKey, type Service, type ServicePort } from '../registry/service.ts';
import { statName } from '../stat-names.ts';
import { type ClusterSpec, finishCluster, httpOptions } from './cluster-spec.ts';
import { http1Options, upstreamBindConfig } from './passthrough.ts';
import { applyConnectionPool } from './traffic-policy.ts';

/** What a sidecar's inbound cluster leads to. */
interface InboundPort {
  /** Port of the cluster's name. */
  number: number;
  port: ServicePort;
  /** Services with this port; the first gives the policy. None: a port only a Sidecar knows. */
  services: readonly Service[];
  /** '' sends connections to where they were going. */
  address: string;
  targetPort: number;
}

/** Envoy never forgets a host of these clusters: about 292 years. */
const forever = '9223372035s';

/** Clusters of the ports a sidecar's application serves. */
export function inboundClusters(build: Build): Cluster[] {
  const { sidecar } = build.scope;
  if (sidecar?.ingress?.length) return sidecar.ingress.flatMap((listener) => sidecarCluster(build, listener) ?? []);
  const localhost = build.push.mesh.inboundTrafficPolicy?.mode === 'LOCALHOST';
  const ports = new Map<number, InboundPort>();
  for (const { service, port, targetPort } of build.targets) {
    const known = ports.get(targetPort);
    if (!known) {
      const address = localhost ? localhostAddress : '';
      ports.set(targetPort, { number: targetPort, port, services: [service], address, targetPort });
    } else if (port.port === known.port.port && !known.services.some(({ hostname }) => hostname === service.hostname)) {
      known.services = [...known.services, service];
    }
  }
  return [...ports.values()].map((port) => inboundCluster(build, port));
}

function sidecarCluster(build: Build, { port, defaultEndpoint = '' }: IstioIngressListener): Cluster | undefined {
  const endpoint = endpointOf(build, defaultEndpoint);
  if (!endpoint) return undefined;
  const real = build.targets.find(({ targetPort }) => targetPort === port.number);
  return inboundCluster(build, {
    number: port.number,
    port: { port: port.number, name: port.name ?? '', protocol: parseProtocol(port.protocol) },
    services: real ? [real.service] : [],
    ...endpoint,
  });
}

/** `127.0.0.1:PORT`, `0.0.0.0:PORT` (the pod's address) or `unix://PATH`; undefined if it cannot be read. */
function endpointOf(build: Build, text: string): { address: string; targetPort: number } | undefined {
  if (text === '' || isUnixAddress(text)) return { address: text, targetPort: 0 };
  const colon = text.lastIndexOf(':');
  const targetPort = Number(text.slice(colon + 1));
  if (colon < 0 || !Number.isInteger(targetPort)) return undefined;
  const host = text.slice(0, colon);
  const address = host === '0.0.0.0' ? build.proxy.address || localhostAddress : host === localhostAddress ? host : '';
  return { address, targetPort };
}

function inboundCluster(build: Build, inbound: InboundPort): Cluster {
  const { port, services, address, targetPort } = inbound;
  const { mesh } = build.push;
  const [service] = services;
  const name = inboundKey(inbound.number);
  const stat = service && statName(mesh.inboundClusterStatName, service, port.port, '', inbound.number);
  const endpoint = { endpoint: { address: socketAddress(address, targetPort) } };
  const spec: ClusterSpec = {
    cluster: {
      name,
      altStatName: `${stat ?? name};`,
      commonLbConfig: {},
      ...(address === ''
        ? { type: 'ORIGINAL_DST' as const, lbPolicy: 'CLUSTER_PROVIDED', cleanupInterval: forever }
        : {
            type: 'STATIC' as const,
            loadAssignment: { clusterName: name, endpoints: [{ lbEndpoints: [endpoint] }] },
          }),
    },
  };
  if (isHttp2(port.protocol)) httpOptions(spec).upstream = 'http2';
  else if (isSniffed(port.protocol)) httpOptions(spec).upstream = 'downstream';
  const rule = service && build.destinationRule(service.hostname, 'inbound')?.rule;
  const policy = rule?.spec.trafficPolicy && policyForPort(rule.spec.trafficPolicy, port.port).policy;
  applyConnectionPool(
    spec,
    mesh,
    sidecarPool(build, inbound.number) ?? policy?.connectionPool ?? {},
    policy?.retryBudget,
  );
  const { cluster } = spec;
  if (services.length > 0) {
    cluster.metadata = {
      filterMetadata: {
        istio: {
          ...(policy && rule ? { config: configPath(rule) } : {}),
          services: services.map(({ hostname, name, namespace }) => ({ host: hostname, name, namespace })),
        },
      },
    };
  }
  if (address !== localhostAddress) cluster.upstreamBindConfig = upstreamBindConfig;
  return finishCluster(spec, http1Options(build));
}

function sidecarPool(build: Build, port: number): ConnectionPoolSettings | undefined {
  const { sidecar } = build.scope;
  const own = sidecar?.ingress?.find((listener) => listener.port.number === port)?.connectionPool;
  return own ?? sidecar?.inboundConnectionPool;
}
