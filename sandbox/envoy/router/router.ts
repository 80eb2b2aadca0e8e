import type { HttpResponse } from '../../network/http.ts';
import { tlsSession } from '../../network/tls.ts';
import { note } from '../context.ts';
import { milliseconds } from '../duration.ts';
import { HeaderMap } from '../headers.ts';
import { type Mutations, mutateRequest, mutateResponse, mutationsOf } from '../http/header-mutation.ts';
import { type HttpStream, localReply, type MatchedRoute, type Response } from '../http/stream.ts';
import { addFlag } from '../stream-info.ts';
import type { Cluster, Host } from '../upstream/cluster.ts';
import { UpstreamFailure } from '../upstream/failure.ts';
import type { WeightedCluster } from '../xds/types.ts';
import { requestHash } from './hash.ts';
import { mirror } from './mirror.ts';
import { redirectTo, rewritePath } from './redirect.ts';
import { RetryState, type RetryVerdict } from './retry.ts';
import { UpstreamRequest } from './upstream-request.ts';

/** A route's time-out where it names none. */
const defaultTimeout = 15_000;

const failureFlags: Partial<Record<UpstreamFailure['reason'], string>> = {
  'remote connection failure': 'UF',
  'connection timeout': 'UF',
  'connection termination': 'UC',
  'remote reset': 'UR',
  'remote refused stream reset': 'UR',
  'protocol error': 'UPE',
  overflow: 'UO',
  'local reset': 'LR',
};

/** The last filter: answers by the route, or forwards to a host of its cluster (source/common/router/router.cc). */
export async function forward(stream: HttpStream): Promise<Response> {
  const { context, head, info } = stream;
  const matched = stream.matched();
  if (!matched) return localReply(stream, 404, '', { flag: 'NR', details: 'route_not_found' });
  const { route, weighted } = matched;
  if (route.redirect || route.directResponse) return answerDirectly(stream, matched);
  const action = route.route ?? {};
  const name = matched.cluster ?? '';
  const cluster = context.clusters.get(name);
  if (!cluster) {
    note(context, stream.trace, 'cluster', 'cluster-not-found', { cluster: name });
    const status = action.clusterNotFoundResponseCode === 'INTERNAL_SERVER_ERROR' ? 500 : 503;
    const notFound = action.clusterNotFoundResponseCode === 'NOT_FOUND';
    return localReply(stream, notFound ? 404 : status, '', { flag: 'NC', details: 'cluster_not_found' });
  }
  const mutations = mutationsOf(matched, weighted as Mutations | undefined, stream.routes?.configuration);
  mutateRequest(mutations, head, info);
  rewrite(stream, matched, weighted);
  const response = await new Forwarding(stream, matched, cluster).run();
  mutateResponse(mutations, response.headers, info);
  return response;
}

function answerDirectly(stream: HttpStream, matched: MatchedRoute): Response {
  const { head, info } = stream;
  const { route } = matched;
  const mutations = mutationsOf(matched, undefined, stream.routes?.configuration);
  if (route.redirect) {
    info.responseCodeDetails = 'direct_response';
    const response = redirectTo(route, head);
    mutateResponse(mutations, response.headers, info);
    return response;
  }
  const { status = 200, body } = route.directResponse ?? {};
  return localReply(stream, status, body?.inlineString ?? '', {
    details: 'direct_response',
    modify: (headers) => mutateResponse(mutations, headers, info),
  });
}

/** Host and path as the upstream shall see them. */
function rewrite({ head }: HttpStream, { route }: MatchedRoute, weighted: WeightedCluster | undefined): void {
  const action = route.route ?? {};
  const literal = (weighted?.hostRewriteLiteral ?? action.hostRewriteLiteral) as string | undefined;
  if (literal) {
    head.headers.set('x-envoy-original-host', head.authority);
    head.authority = literal;
  }
  const path = rewritePath(action as Parameters<typeof rewritePath>[0], route.match, head.path);
  if (path === head.path) return;
  if (!head.headers.has('x-envoy-original-path')) head.headers.set('x-envoy-original-path', head.path);
  head.path = path;
}

type Outcome = HttpResponse | UpstreamFailure | 'timeout' | 'per-try-timeout';

/** One request on its way to a cluster: tries, time-outs, answer. */
class Forwarding {
  readonly #stream: HttpStream;
  readonly #matched: MatchedRoute;
  readonly #cluster: Cluster;
  readonly #retries: RetryState;
  readonly #timeout: number;
  readonly #startedAt: number;
  readonly #tried: string[] = [];
  #attempt = 0;
  #sent = false;
  #setCookie: string | undefined;
  #hash: number | undefined;

  constructor(stream: HttpStream, matched: MatchedRoute, cluster: Cluster) {
    this.#stream = stream;
    this.#matched = matched;
    this.#cluster = cluster;
    const action = matched.route.route ?? {};
    const { kernel } = stream.context;
    this.#retries = new RetryState(action.retryPolicy, kernel.random);
    this.#timeout = milliseconds(action.timeout) ?? defaultTimeout;
    this.#startedAt = kernel.now();
    const policies = action.hashPolicy as Parameters<typeof requestHash>[0] | undefined;
    if (policies) ({ hash: this.#hash, setCookie: this.#setCookie } = requestHash(policies, stream));
  }

  async run(): Promise<Response> {
    const { head, context } = this.#stream;
    const expected = this.#retries.perTryTimeout ?? this.#timeout;
    if (expected > 0) head.headers.set('x-envoy-expected-rq-timeout-ms', String(expected));
    for (;;) {
      this.#attempt++;
      if (this.#matched.host.includeRequestAttemptCount) {
        head.headers.set('x-envoy-attempt-count', String(this.#attempt));
      }
      if (this.#attempt === 1) mirror(this.#stream, this.#matched.route.route ?? {});
      const host = context.clusters.choose(this.#cluster, {
        downstream: this.#stream.info.downstream,
        hash: this.#hash,
        previous: this.#tried,
        attempts: this.#retries.hostAttempts,
      });
      if (!host) return this.#noHost();
      this.#stream.bodyRead = true;
      this.#tried.push(host.key);
      const outcome = await this.#try(host);
      const answer = this.#judge(host, outcome);
      if (answer !== 'retry') return answer;
      await context.kernel.sleep(this.#retries.backOff(), this.#stream.gone);
      if (this.#timeLeft() <= 0) return this.#timedOut();
    }
  }

  #noHost(): Response {
    note(this.#stream.context, this.#stream.trace, 'endpoint', 'no-healthy-upstream', { cluster: this.#cluster.name });
    return localReply(this.#stream, 503, 'no healthy upstream', { flag: 'UH', details: 'no_healthy_upstream' });
  }

  #timeLeft(): number {
    if (this.#timeout <= 0) return Number.POSITIVE_INFINITY;
    return this.#startedAt + this.#timeout - this.#stream.context.kernel.now();
  }

  /** One try, limited by the request's and the try's own time. */
  async #try(host: Host): Promise<Outcome> {
    const { context, info, trace, gone } = this.#stream;
    const { kernel } = context;
    info.upstreamHost = host.key;
    delete info.upstreamLocalAddress;
    delete info.upstreamTransportFailureReason;
    note(context, trace, 'endpoint', 'host-chosen', {
      cluster: this.#cluster.name,
      host: host.key,
      attempt: this.#attempt,
    });
    const request = new UpstreamRequest(this.#stream, this.#cluster, host);
    this.#sent = false;
    const cancels: (() => void)[] = [];
    try {
      return await new Promise<Outcome>((resolve, reject) => {
        const limit = (after: number, outcome: 'timeout' | 'per-try-timeout') => {
          if (!Number.isFinite(after)) return;
          const stop = () => {
            request.abort();
            resolve(outcome);
          };
          cancels.push(kernel.wakeAt(kernel.now() + Math.max(0, after), stop));
        };
        request.onReady = ({ connection }) => {
          this.#sent = true;
          info.upstreamLocalAddress = connection.local;
          const session = tlsSession(connection);
          if (session) info.upstreamTls = session;
          const { perTryTimeout } = this.#retries;
          if (perTryTimeout !== undefined) limit(perTryTimeout, 'per-try-timeout');
        };
        cancels.push(
          gone.onCancel((reason) => {
            request.abort();
            reject(reason);
          }),
        );
        limit(this.#timeLeft(), 'timeout');
        request.run().then(resolve, (error: unknown) => {
          if (error instanceof UpstreamFailure) resolve(error);
          else reject(error);
        });
      });
    } finally {
      for (const cancel of cancels) cancel();
    }
  }

  #judge(host: Host, outcome: Outcome): Response | 'retry' {
    const { context } = this.#stream;
    const { clusters, stats } = context;
    const name = `cluster.${this.#cluster.name}`;
    stats.increment(`${name}.upstream_rq_total`);
    if (outcome === 'timeout') {
      clusters.report(this.#cluster, host, { status: 504 });
      stats.increment(`${name}.upstream_rq_timeout`);
      return this.#timedOut();
    }
    if (outcome === 'per-try-timeout') {
      clusters.report(this.#cluster, host, { status: 504 });
      return this.#afterVerdict(this.#retries.afterPerTryTimeout(), () => this.#perTryTimedOut());
    }
    if (outcome instanceof UpstreamFailure) {
      clusters.report(this.#cluster, host, 'local-failure');
      return this.#afterVerdict(this.#retries.afterReset(outcome, this.#sent), () => this.#failed(outcome));
    }
    stats.increment(`${name}.upstream_rq_${Math.floor(outcome.status / 100)}xx`);
    clusters.report(this.#cluster, host, { status: outcome.status });
    const headers = new HeaderMap(outcome.headers);
    return this.#afterVerdict(this.#retries.afterResponse(outcome.status, headers), () =>
      this.#succeeded(outcome, headers),
    );
  }

  #afterVerdict(verdict: RetryVerdict, answer: () => Response): Response | 'retry' {
    if (verdict === 'retry') {
      note(this.#stream.context, this.#stream.trace, 'endpoint', 'retry', { attempt: this.#attempt });
      return 'retry';
    }
    if (verdict === 'exhausted') addFlag(this.#stream.info, 'URX');
    return answer();
  }

  #timedOut(): Response {
    return localReply(this.#stream, 504, 'upstream request timeout', { flag: 'UT', details: 'response_timeout' });
  }

  #perTryTimedOut(): Response {
    const options = { flag: 'UT', details: 'upstream_per_try_timeout' };
    return localReply(this.#stream, 504, 'upstream request timeout', options);
  }

  #failed(failure: UpstreamFailure): Response {
    const { info } = this.#stream;
    const { reason, transport } = failure;
    if (transport) info.upstreamTransportFailureReason = transport;
    const cause = transport ? `${reason}|${transport}` : reason;
    const latest = this.#attempt > 1 ? 'retried and the latest reset reason' : 'reset reason';
    const body = `upstream connect error or disconnect/reset before headers. ${latest}: ${reason}`;
    return localReply(this.#stream, reason === 'protocol error' ? 502 : 503, body, {
      flag: failureFlags[reason] ?? 'UF',
      details: `upstream_reset_before_response_started{${cause}}`,
      ...(reason === 'overflow' && { headers: [['x-envoy-overloaded', 'true']] }),
    });
  }

  #succeeded(upstream: HttpResponse, headers: HeaderMap): Response {
    const { context, info } = this.#stream;
    const chunked = headers.get('transfer-encoding') !== undefined;
    headers.remove('connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade');
    const elapsed = Math.floor(context.kernel.now() - this.#startedAt);
    headers.set('x-envoy-upstream-service-time', String(elapsed));
    if (this.#setCookie) headers.add('set-cookie', this.#setCookie);
    info.responseCodeDetails = 'via_upstream';
    const response: Response = { status: upstream.status, headers, body: upstream.body };
    if (chunked) response.chunked = true;
    if (upstream.truncated) {
      response.truncated = true;
      addFlag(info, 'UPE');
      info.responseCodeDetails = 'upstream_reset_after_response_started{protocol_error}';
    }
    return response;
  }
}
