import type { HttpRetry } from '../api/networking.ts';
import { protoDuration } from '../model/duration.ts';

type RetryPolicy = Record<string, unknown>;

const defaultRetryOn = 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes';

const otherHosts = [
  {
    name: 'envoy.retry_host_predicates.previous_hosts',
    typedConfig: {
      '@type': 'type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
    },
  },
];

/** With consistent hashing a retry may go to the same host again. */
const byDefault: RetryPolicy = {
  retryOn: defaultRetryOn,
  numRetries: 2,
  retryHostPredicate: otherHosts,
  hostSelectionRetryMaxAttempts: '5',
};
const byDefaultHashed: RetryPolicy = { retryOn: defaultRetryOn, numRetries: 2, hostSelectionRetryMaxAttempts: '5' };

/** Undefined: no retries (networking/core/route/retry). */
export function retryPolicy(retry: HttpRetry | undefined, hashed: boolean): RetryPolicy | undefined {
  if (!retry) return hashed ? byDefaultHashed : byDefault;
  if (!retry.attempts || retry.attempts <= 0) return undefined;
  const { retryOn, codes } = retry.retryOn ? parseRetryOn(retry.retryOn) : { retryOn: defaultRetryOn, codes: [] };
  const avoid = retry.retryIgnorePreviousHosts ?? !hashed;
  return {
    retryOn,
    numRetries: retry.attempts,
    ...(retry.perTryTimeout ? { perTryTimeout: protoDuration(retry.perTryTimeout) } : {}),
    ...(retry.retryRemoteLocalities ? { retryPriority: previousPriorities } : {}),
    ...(avoid ? { retryHostPredicate: otherHosts } : {}),
    hostSelectionRetryMaxAttempts: '5',
    ...(codes.length > 0 ? { retriableStatusCodes: codes } : {}),
    ...(retry.backoff ? { retryBackOff: { baseInterval: protoDuration(retry.backoff) } } : {}),
  };
}

const previousPriorities = {
  name: 'envoy.retry_priorities.previous_priorities',
  typedConfig: {
    '@type': 'type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig',
    updateFrequency: 2,
  },
};

/** Status codes of `retryOn` are a list of their own for Envoy. */
function parseRetryOn(text: string): { retryOn: string; codes: number[] } {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
  const isCode = (part: string) => /^[1-5]\d\d$/.test(part);
  const codes = parts.filter(isCode).map(Number);
  const conditions = parts.filter((part) => !isCode(part)).join();
  const needed = codes.length > 0 && !conditions.includes('retriable-status-codes');
  return { retryOn: needed ? `${conditions},retriable-status-codes` : conditions, codes };
}
