import type { Kernel } from '../kernel/kernel.ts';
import type { NetworkStack } from '../network/socket.ts';
import type { Hop, ObjectReference, Trace } from '../network/trace.ts';
import type { TokenBucket } from './filters/local-rate-limit.ts';
import type { VirtualHosts } from './match/virtual-host.ts';
import type { Secrets } from './secrets.ts';
import type { Stats } from './stats.ts';
import type { ClusterManager } from './upstream/cluster-manager.ts';
import type { Metadata, RouteConfiguration } from './xds/types.ts';

/** A route configuration ready for use. */
export interface CompiledRoutes {
  configuration: RouteConfiguration;
  hosts: VirtualHosts;
}

/** What the parts of one proxy share. */
export interface ProxyContext {
  readonly kernel: Kernel;
  readonly stack: NetworkStack;
  /** `namespace/pod`. */
  readonly where: string;
  readonly clusters: ClusterManager;
  readonly secrets: Secrets;
  readonly stats: Stats;
  /** Metadata of the bootstrap's node. */
  readonly nodeMetadata: Readonly<Record<string, unknown>>;
  /** `nodeId` of the bootstrap. */
  readonly nodeId: string;
  /** By RDS name. */
  routes(name: string): CompiledRoutes | undefined;
  /** One line for an access log file, buffered as Envoy does. */
  writeAccessLog(path: string, line: string): void;
  /** Takes a token out of a rate limiter's bucket, if one is left. */
  takeToken(name: string, bucket: TokenBucket): boolean;
  /** Names each downstream connection of this proxy. */
  nextConnectionId(): number;
}

/** Leaves a decision in the request's trace. */
export function note(
  context: ProxyContext,
  trace: Trace | undefined,
  layer: Hop['layer'],
  decision: string,
  details: Hop['details'],
  object?: ObjectReference,
): void {
  trace?.hops.push({
    at: context.kernel.now(),
    where: context.where,
    layer,
    decision,
    details,
    ...(object && { object }),
  });
}

/** The object istiod names as the origin of a resource: `/apis/networking.istio.io/v1/namespaces/x/virtual-service/y`. */
export function originOf(metadata: Metadata | undefined): ObjectReference | undefined {
  const config = metadata?.filterMetadata?.istio?.config;
  const match = /^\/apis\/([^/]+)\/([^/]+)\/namespaces\/([^/]+)\/([^/]+)\/(.+)$/.exec(String(config ?? ''));
  if (!match) return undefined;
  const [, group, version, namespace = '', kind = '', name = ''] = match;
  const words = kind.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return { apiVersion: `${group}/${version}`, kind: words.join(''), namespace, name };
}
