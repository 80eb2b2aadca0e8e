import type { PolicyTargetReference } from './policies.ts';

/** The spec of an EnvoyFilter as manifests hold it. */
export interface EnvoyFilter {
  workloadSelector?: { labels?: Record<string, string> };
  targetRefs?: PolicyTargetReference[];
  configPatches?: ConfigPatch[];
  priority?: number;
}

export interface ConfigPatch {
  applyTo?: ApplyTo;
  match?: PatchMatch;
  patch?: { operation?: PatchOperation; value?: Record<string, unknown> };
}

export type ApplyTo =
  | 'LISTENER'
  | 'LISTENER_FILTER'
  | 'FILTER_CHAIN'
  | 'NETWORK_FILTER'
  | 'HTTP_FILTER'
  | 'ROUTE_CONFIGURATION'
  | 'VIRTUAL_HOST'
  | 'HTTP_ROUTE'
  | 'CLUSTER'
  | 'EXTENSION_CONFIG'
  | 'BOOTSTRAP';

export type PatchOperation =
  | 'MERGE'
  | 'ADD'
  | 'REMOVE'
  | 'INSERT_BEFORE'
  | 'INSERT_AFTER'
  | 'INSERT_FIRST'
  | 'REPLACE'
  | 'INVALID';

/** What a resource is for. */
export type PatchContext = 'SIDECAR_INBOUND' | 'SIDECAR_OUTBOUND' | 'GATEWAY';

export interface PatchMatch {
  context?: PatchContext | 'ANY';
  proxy?: { proxyVersion?: string; metadata?: Record<string, string> };
  listener?: {
    portNumber?: number;
    name?: string;
    listenerFilter?: string;
    filterChain?: {
      name?: string;
      sni?: string;
      transportProtocol?: string;
      applicationProtocols?: string;
      destinationPort?: number;
      filter?: { name?: string; subFilter?: { name?: string } };
    };
  };
  routeConfiguration?: {
    portNumber?: number;
    portName?: string;
    gateway?: string;
    name?: string;
    vhost?: {
      name?: string;
      domainName?: string;
      route?: { name?: string; action?: 'ANY' | 'ROUTE' | 'REDIRECT' | 'DIRECT_RESPONSE' };
    };
  };
  cluster?: { portNumber?: number; service?: string; subset?: string; name?: string };
}
