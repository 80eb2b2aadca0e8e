import type { ConsistentHash, Destination, PortTrafficPolicy } from '../api/networking.ts';
import type { Build } from '../build.ts';
import { protoDuration } from '../model/duration.ts';
import type { Service } from '../registry/service.ts';

/** The hash a DestinationRule asks for on a service's port. */
export function hashForService(build: Build, service: Service, port: number): ConsistentHash | undefined {
  const policy = build.destinationRule(service.hostname)?.rule.spec.trafficPolicy;
  const ofPort = policy?.portLevelSettings?.find((settings) => settings.port?.number === port);
  return ofPort?.loadBalancer?.consistentHash ?? policy?.loadBalancer?.consistentHash;
}

/** The hash for a destination of a VirtualService: of its subset's port, its subset, the port, or the whole rule. */
export function hashForDestination(build: Build, destination: Destination): ConsistentHash | undefined {
  const rule = build.destinationRule(destination.host)?.rule.spec;
  if (!rule) return undefined;
  const subset = rule.subsets?.find(({ name }) => name === (destination.subset ?? ''));
  const ofPort = (settings: readonly PortTrafficPolicy[] | undefined) => {
    const number = destination.port?.number;
    if (number === undefined) return undefined;
    return settings?.find(({ port }) => port?.number === number)?.loadBalancer?.consistentHash;
  };
  return (
    ofPort(subset?.trafficPolicy?.portLevelSettings) ??
    subset?.trafficPolicy?.loadBalancer?.consistentHash ??
    ofPort(rule.trafficPolicy?.portLevelSettings) ??
    rule.trafficPolicy?.loadBalancer?.consistentHash
  );
}

/** Envoy's RouteAction.HashPolicy; undefined if the hash has no key of a request. */
export function hashPolicy(hash: ConsistentHash | undefined): Record<string, unknown> | undefined {
  if (!hash) return undefined;
  if (hash.httpHeaderName !== undefined) return { header: { headerName: hash.httpHeaderName } };
  if (hash.httpCookie) {
    const { name, path, ttl, attributes } = hash.httpCookie;
    return {
      cookie: {
        name,
        ...(ttl === undefined ? {} : { ttl: protoDuration(ttl) }),
        ...(path ? { path } : {}),
        ...(attributes?.length ? { attributes } : {}),
      },
    };
  }
  if (hash.useSourceIp !== undefined) return { connectionProperties: hash.useSourceIp ? { sourceIp: true } : {} };
  if (hash.httpQueryParameterName !== undefined) return { queryParameter: { name: hash.httpQueryParameterName } };
  return undefined;
}
