import type { ProxyContext } from '../context.ts';
import { milliseconds } from '../duration.ts';
import type {
  Any,
  Cluster as ClusterConfiguration,
  ClusterLoadAssignment,
  LbEndpoint,
  LocalityLbEndpoints,
} from '../xds/types.ts';
import { type UpstreamSocket, upstreamSocket } from './transport-socket.ts';

/** One upstream host as a load balancer sees it. */
export interface Host {
  address: string;
  port: number;
  /** `address:port`. */
  key: string;
  /** Host name of a DNS endpoint. */
  hostname: string;
  weight: number;
  priority: number;
  locality: string;
  localityWeight: number;
  healthy: boolean;
  metadata: Record<string, Record<string, unknown>>;
}

interface HttpProtocolOptions {
  commonHttpProtocolOptions?: {
    idleTimeout?: string;
    maxRequestsPerConnection?: number;
    maxConnectionDuration?: string;
  };
  explicitHttpConfig?: { httpProtocolOptions?: unknown; http2ProtocolOptions?: unknown };
  useDownstreamProtocolConfig?: unknown;
  autoConfig?: unknown;
  upstreamHttpProtocolOptions?: { autoSni?: boolean; autoSanValidation?: boolean };
}

export interface Thresholds {
  maxConnections: number;
  maxPendingRequests: number;
  maxRequests: number;
  maxRetries: number;
}

const defaultIdleTimeout = 3_600_000;

/** One cluster, compiled when a push brings it. */
export class Cluster {
  readonly name: string;
  readonly config: ClusterConfiguration;
  readonly connectTimeout: number;
  readonly idleTimeout: number;
  readonly maxRequestsPerConnection: number | undefined;
  readonly maxConnectionDuration: number | undefined;
  readonly thresholds: Thresholds;
  readonly autoSni: boolean;
  readonly autoSanValidation: boolean;
  readonly bindAddress: string | undefined;
  readonly #http: HttpProtocolOptions | undefined;
  readonly #sockets: { match: Record<string, unknown> | undefined; socket: UpstreamSocket }[];

  constructor(config: ClusterConfiguration, context: ProxyContext) {
    this.config = config;
    this.name = config.name;
    const options = config.typedExtensionProtocolOptions?.['envoy.extensions.upstreams.http.v3.HttpProtocolOptions'];
    this.#http = options as (Any & HttpProtocolOptions) | undefined;
    const common = this.#http?.commonHttpProtocolOptions;
    this.connectTimeout = milliseconds(config.connectTimeout) ?? 5000;
    this.idleTimeout = milliseconds(common?.idleTimeout) ?? defaultIdleTimeout;
    this.maxRequestsPerConnection = common?.maxRequestsPerConnection;
    this.maxConnectionDuration = milliseconds(common?.maxConnectionDuration);
    this.autoSni = this.#http?.upstreamHttpProtocolOptions?.autoSni ?? false;
    this.autoSanValidation = this.#http?.upstreamHttpProtocolOptions?.autoSanValidation ?? false;
    const bind = config.upstreamBindConfig as { sourceAddress?: { address: string } } | undefined;
    this.bindAddress = bind?.sourceAddress?.address;
    this.thresholds = thresholds(config);
    this.#sockets = [
      ...(config.transportSocketMatches ?? []).map(({ match, transportSocket }) => ({
        match: match ?? {},
        socket: upstreamSocket(transportSocket, context.secrets),
      })),
      { match: undefined, socket: upstreamSocket(config.transportSocket, context.secrets) },
    ];
  }

  /** `altStatName` where set (with Istio's trailing `;`). */
  get observabilityName(): string {
    return (this.config.altStatName as string | undefined) ?? this.name;
  }

  /** The protocol to speak upstream. */
  protocol(downstream: string): 'HTTP/1.1' | 'HTTP/2' {
    if (this.#http?.useDownstreamProtocolConfig) return downstream === 'HTTP/2' ? 'HTTP/2' : 'HTTP/1.1';
    return this.#http?.explicitHttpConfig?.http2ProtocolOptions ? 'HTTP/2' : 'HTTP/1.1';
  }

  /** The first transport socket match that fits the endpoint's metadata; the cluster's own otherwise. */
  socketFor(host: Host): UpstreamSocket {
    const labels = host.metadata['envoy.transport_socket_match'] ?? {};
    const found = this.#sockets.find(
      ({ match }) => match === undefined || Object.entries(match).every(([key, value]) => labels[key] === value),
    );
    return (found as { socket: UpstreamSocket }).socket;
  }
}

function thresholds(config: ClusterConfiguration): Thresholds {
  const list = (config.circuitBreakers?.thresholds ?? []) as (Partial<Thresholds> & { priority?: string })[];
  const usual = list.find(({ priority }) => priority === undefined || priority === 'DEFAULT');
  return {
    maxConnections: usual?.maxConnections ?? 1024,
    maxPendingRequests: usual?.maxPendingRequests ?? 1024,
    maxRequests: usual?.maxRequests ?? 1024,
    maxRetries: usual?.maxRetries ?? 3,
  };
}

/** The hosts of an assignment; `resolve` gives the addresses of an endpoint that is a name. */
export function hostsOf(
  assignment: ClusterLoadAssignment | undefined,
  resolve: (name: string) => readonly string[],
): Host[] {
  const hosts: Host[] = [];
  for (const group of assignment?.endpoints ?? []) {
    for (const endpoint of group.lbEndpoints ?? []) {
      const socket = endpoint.endpoint?.address.socketAddress;
      if (!socket) continue;
      const { address, portValue } = socket;
      for (const ip of resolve(address)) hosts.push(hostOf(endpoint, group, ip, portValue, address));
    }
  }
  return hosts;
}

function hostOf(endpoint: LbEndpoint, group: LocalityLbEndpoints, address: string, port: number, name: string): Host {
  const { region = '', zone = '', subZone = '' } = group.locality ?? {};
  const health = endpoint.healthStatus ?? 'UNKNOWN';
  return {
    address,
    port,
    key: `${address}:${port}`,
    hostname: endpoint.endpoint?.hostname ?? name,
    weight: endpoint.loadBalancingWeight ?? 1,
    priority: group.priority ?? 0,
    locality: `${region}/${zone}/${subZone}`,
    localityWeight: group.loadBalancingWeight ?? 1,
    healthy: health === 'UNKNOWN' || health === 'HEALTHY',
    metadata: endpoint.metadata?.filterMetadata ?? {},
  };
}
