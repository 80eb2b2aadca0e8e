import type { Random } from '../../kernel/random.ts';
import { milliseconds } from '../duration.ts';
import type { HeaderMap } from '../headers.ts';
import { headerMatches } from '../match/string-match.ts';
import type { UpstreamFailure } from '../upstream/failure.ts';
import type { HeaderMatcher, RouteAction } from '../xds/types.ts';

interface RetryPolicy {
  retryOn?: string;
  numRetries?: number;
  perTryTimeout?: string;
  retriableStatusCodes?: number[];
  retriableHeaders?: HeaderMatcher[];
  retryBackOff?: { baseInterval?: string; maxInterval?: string };
  hostSelectionRetryMaxAttempts?: string | number;
  retryHostPredicate?: { name: string }[];
}

export type RetryVerdict = 'retry' | 'no' | 'exhausted';

/** What is left of a route's retries for one request (source/common/router/retry_state_impl.cc). */
export class RetryState {
  readonly perTryTimeout: number | undefined;
  /** How often host selection tries to avoid hosts tried before; 1 without the predicate. */
  readonly hostAttempts: number;
  readonly #policy: RetryPolicy;
  readonly #conditions: Set<string>;
  readonly #random: Random;
  #left: number;
  #interval: number;
  readonly #longest: number;

  constructor(policy: RouteAction['retryPolicy'], random: Random) {
    this.#policy = (policy ?? {}) as RetryPolicy;
    this.#conditions = new Set((this.#policy.retryOn ?? '').split(',').filter((word) => word !== ''));
    this.#random = random;
    this.#left = this.#conditions.size === 0 ? 0 : (this.#policy.numRetries ?? 1);
    this.perTryTimeout = milliseconds(this.#policy.perTryTimeout) || undefined;
    this.#interval = milliseconds(this.#policy.retryBackOff?.baseInterval) ?? 25;
    this.#longest = milliseconds(this.#policy.retryBackOff?.maxInterval) ?? this.#interval * 10;
    const avoids = this.#policy.retryHostPredicate?.some(({ name }) => name.endsWith('previous_hosts')) ?? false;
    this.hostAttempts = avoids ? Number(this.#policy.hostSelectionRetryMaxAttempts ?? 1) : 1;
  }

  afterResponse(status: number, headers: HeaderMap): RetryVerdict {
    return this.#decide(this.#retriableResponse(status, headers));
  }

  /** `sent`: had the request's first bytes gone out? */
  afterReset(failure: UpstreamFailure, sent: boolean): RetryVerdict {
    return this.#decide(this.#retriableReset(failure, sent));
  }

  afterPerTryTimeout(): RetryVerdict {
    return this.#decide(['5xx', 'gateway-error', 'reset'].some((condition) => this.#conditions.has(condition)));
  }

  /** How long to wait before the next try, ms: fully jittered, doubling. */
  backOff(): number {
    const wait = this.#random.float() * this.#interval;
    this.#interval = Math.min(this.#interval * 2, this.#longest);
    return Math.floor(wait);
  }

  #decide(retriable: boolean): RetryVerdict {
    if (!retriable) return 'no';
    if (this.#left <= 0) return 'exhausted';
    this.#left--;
    return 'retry';
  }

  #retriableResponse(status: number, headers: HeaderMap): boolean {
    const conditions = this.#conditions;
    if (conditions.size === 0 || headers.has('x-envoy-ratelimited')) return false;
    if (conditions.has('5xx') && status >= 500) return true;
    if (conditions.has('gateway-error') && status >= 502 && status <= 504) return true;
    if (conditions.has('retriable-4xx') && status === 409) return true;
    if (conditions.has('retriable-status-codes') && this.#policy.retriableStatusCodes?.includes(status)) return true;
    if (conditions.has('retriable-headers')) {
      const matchers = this.#policy.retriableHeaders ?? [];
      if (matchers.some((matcher) => headerMatches(matcher, (name) => headers.get(name)))) return true;
    }
    const grpc = grpcConditions[headers.get('grpc-status') ?? ''];
    return grpc !== undefined && conditions.has(grpc);
  }

  #retriableReset({ reason }: UpstreamFailure, sent: boolean): boolean {
    const conditions = this.#conditions;
    if (reason === 'overflow') return false;
    if (conditions.has('reset') || conditions.has('5xx') || conditions.has('gateway-error')) return true;
    if (conditions.has('reset-before-request') && !sent) return true;
    const connecting = reason === 'remote connection failure' || reason === 'connection timeout';
    if (conditions.has('connect-failure') && connecting) return true;
    return conditions.has('refused-stream') && reason === 'remote refused stream reset';
  }
}

const grpcConditions: Record<string, string> = {
  '1': 'cancelled',
  '4': 'deadline-exceeded',
  '8': 'resource-exhausted',
  '13': 'internal',
  '14': 'unavailable',
};
