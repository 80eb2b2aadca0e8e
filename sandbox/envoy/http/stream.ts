import type { Cancellation } from '../../kernel/cancellation.ts';
import { encode } from '../../kernel/streams.ts';
import type { Trace } from '../../network/trace.ts';
import { type CompiledRoutes, note, originOf, type ProxyContext } from '../context.ts';
import { HeaderMap, type RequestHead, requestHeader } from '../headers.ts';
import { findRoute } from '../match/route.ts';
import { addFlag, type StreamInfo } from '../stream-info.ts';
import type { Any, Route, RouteAction, VirtualHost, WeightedCluster } from '../xds/types.ts';

/** A response on its way back through the filters. */
export interface Response {
  status: number;
  headers: HeaderMap;
  body: Uint8Array;
  /** The body broke off. */
  truncated?: boolean;
  /** It came before the request's body was read: an HTTP/1.1 connection is closed after it. */
  early?: boolean;
  /** The upstream framed it by chunks. */
  chunked?: boolean;
}

export interface MatchedRoute {
  host: VirtualHost;
  route: Route;
  /** Name of the chosen cluster, where the route leads to one. */
  cluster: string | undefined;
  /** The choice among weighted clusters. */
  weighted: WeightedCluster | undefined;
}

/** One request inside an HTTP connection manager: what filters read and change. */
export class HttpStream {
  readonly context: ProxyContext;
  readonly info: StreamInfo;
  readonly head: RequestHead;
  body: Uint8Array;
  readonly trace: Trace | undefined;
  /** Cancelled when the client gave up. */
  readonly gone: Cancellation;
  /** Protocol of the downstream codec. */
  readonly protocol: 'HTTP/1.1' | 'HTTP/2';
  readonly statPrefix: string;
  /** Has anybody waited for the body? An answer before that ends the connection of a client that still sends. */
  bodyRead = false;
  /** ALPN to offer upstream, by upstream protocol (istio.alpn). */
  alpnOverride: ((protocol: 'HTTP/1.1' | 'HTTP/2') => readonly string[] | undefined) | undefined;
  /** What its route is looked up in. */
  readonly routes: CompiledRoutes | undefined;
  #matched: MatchedRoute | undefined;
  #looked = false;

  constructor(fields: {
    context: ProxyContext;
    info: StreamInfo;
    head: RequestHead;
    body: Uint8Array;
    trace: Trace | undefined;
    gone: Cancellation;
    protocol: 'HTTP/1.1' | 'HTTP/2';
    statPrefix: string;
    routes: CompiledRoutes | undefined;
  }) {
    this.context = fields.context;
    this.info = fields.info;
    this.head = fields.head;
    this.body = fields.body;
    this.trace = fields.trace;
    this.gone = fields.gone;
    this.protocol = fields.protocol;
    this.statPrefix = fields.statPrefix;
    this.routes = fields.routes;
  }

  /** The route of this request, looked up once until `clearRoute`. */
  matched(): MatchedRoute | undefined {
    if (!this.#looked) {
      this.#looked = true;
      this.#matched = this.#find();
    }
    return this.#matched;
  }

  clearRoute(): void {
    this.#looked = false;
    this.#matched = undefined;
  }

  /** A filter's configuration at the most specific place that has one: route, then virtual host. */
  perFilterConfig(name: string): Any | undefined {
    const matched = this.matched();
    return matched?.route.typedPerFilterConfig?.[name] ?? matched?.host.typedPerFilterConfig?.[name];
  }

  #find(): MatchedRoute | undefined {
    const { routes, head, context } = this;
    const host = routes?.hosts.find(head.authority);
    if (host?.requireTls === 'ALL' && head.scheme !== 'https') {
      const route: Route = { match: {}, redirect: { httpsRedirect: true } };
      return { host, route, cluster: undefined, weighted: undefined };
    }
    const route =
      host &&
      findRoute(host, {
        path: head.path,
        method: head.method,
        header: (name) => requestHeader(head, name),
        dynamicMetadata: this.info.dynamicMetadata,
        random: () => context.kernel.random.float(),
      });
    if (!host || !route) {
      note(context, this.trace, 'route', host ? 'no-route-matched' : 'no-virtual-host-matched', {
        routeConfiguration: routes?.configuration.name ?? '-',
        authority: head.authority,
        path: head.path,
      });
      delete this.info.routeName;
      return undefined;
    }
    if (route.name) this.info.routeName = route.name;
    else delete this.info.routeName;
    this.info.virtualHostName = host.name;
    if (this.trace) {
      note(
        context,
        this.trace,
        'route',
        'route-matched',
        {
          routeConfiguration: routes?.configuration.name ?? '-',
          virtualHost: host.name,
          route: route.name ?? '-',
          match: JSON.stringify(route.match),
          authority: head.authority,
          path: head.path,
        },
        originOf(route.metadata),
      );
    }
    return { host, route, ...this.#chooseCluster(route.route) };
  }

  /** The cluster is known from here on, and logged even where a filter answers before the router. */
  #chooseCluster(action: RouteAction | undefined): Pick<MatchedRoute, 'cluster' | 'weighted'> {
    const weighted = action?.weightedClusters && drawCluster(action.weightedClusters.clusters, this.context);
    const name = weighted?.name ?? action?.cluster;
    const cluster = name === undefined ? undefined : this.context.clusters.get(name);
    if (cluster) this.info.upstreamCluster = { name: cluster.name, observability: cluster.observabilityName };
    else delete this.info.upstreamCluster;
    return { cluster: name, weighted };
  }
}

function drawCluster(clusters: readonly WeightedCluster[], context: ProxyContext): WeightedCluster | undefined {
  const total = clusters.reduce((sum, { weight = 0 }) => sum + weight, 0);
  let point = context.kernel.random.int(Math.max(1, total));
  return clusters.find(({ weight = 0 }) => {
    point -= weight;
    return point < 0;
  });
}

export interface LocalReplyOptions {
  flag?: string;
  details: string;
  headers?: [name: string, value: string][];
  /** Changes the headers before the body's own are added (sendLocalReply's modify_headers). */
  modify?: (headers: HeaderMap) => void;
}

/** An answer that this proxy makes itself (Utility::sendLocalReply). */
export function localReply(stream: HttpStream, status: number, body: string, options: LocalReplyOptions): Response {
  const { info } = stream;
  if (options.flag) addFlag(info, options.flag);
  info.responseCodeDetails = options.details;
  note(stream.context, stream.trace, 'response', 'local-reply', {
    status,
    details: options.details,
    flags: info.flags.join(),
  });
  const headers = new HeaderMap();
  const grpc = (stream.head.headers.get('content-type') ?? '').startsWith('application/grpc');
  if (grpc) {
    headers.add('content-type', 'application/grpc');
    headers.add('grpc-status', String(grpcStatus(status)));
    if (body) headers.add('grpc-message', encodeURI(body));
    for (const [name, value] of options.headers ?? []) headers.set(name, value);
    return { status: 200, headers, body: new Uint8Array(0) };
  }
  for (const [name, value] of options.headers ?? []) headers.set(name, value);
  options.modify?.(headers);
  const bytes = encode(body);
  if (bytes.length > 0) {
    headers.set('content-length', String(bytes.length));
    if (!headers.has('content-type')) headers.set('content-type', 'text/plain');
  }
  return { status, headers, body: bytes };
}

/** gRPC's status for an HTTP one (Grpc::Utility::httpToGrpcStatus). */
function grpcStatus(status: number): number {
  const known: Record<number, number> = { 400: 13, 401: 16, 403: 7, 404: 12, 429: 14, 502: 14, 503: 14, 504: 14 };
  return known[status] ?? 2;
}
