/** The decisions made on behalf of one request, hop by hop, as data (wall 8). */
export interface Trace {
  id: string;
  /** ms since 1970. */
  startedAt: number;
  /** `namespace/pod` or a host name. */
  from: string;
  /** What was asked for, in one line: `GET http://www.example.com/`. */
  request: string;
  hops: Hop[];
}

export interface Hop {
  at: number;
  /** Who decided: `namespace/pod` of a proxy or program, a host outside, or `node`. */
  where: string;
  layer:
    | 'program'
    | 'dns'
    | 'iptables'
    | 'service'
    | 'network-policy'
    | 'listener'
    | 'filter-chain'
    | 'tls'
    | 'http-filter'
    | 'route'
    | 'cluster'
    | 'endpoint'
    | 'connection'
    | 'response';
  /** A stable id of what was decided, such as `route-matched`, `no-healthy-upstream`; explanations are keyed by it. */
  decision: string;
  /** What was compared and what came out, by Envoy's or the kernel's own names. */
  details: Record<string, string | number | boolean>;
  /** The object that caused it. */
  object?: ObjectReference;
}

export interface ObjectReference {
  /** `networking.istio.io/v1`. */
  apiVersion: string;
  kind: string;
  namespace: string;
  name: string;
}
