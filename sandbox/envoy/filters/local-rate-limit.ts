import { milliseconds } from '../duration.ts';
import { addHeader } from '../http/header-mutation.ts';
import { localReply } from '../http/stream.ts';
import { type Fraction, share } from '../match/route.ts';
import type { Any } from '../xds/types.ts';
import { type HttpFilterFactory, settings } from './filter.ts';

interface RateLimit {
  stat_prefix?: string;
  statPrefix?: string;
  token_bucket?: { max_tokens?: number; tokens_per_fill?: number; fill_interval?: string };
  tokenBucket?: { maxTokens?: number; tokensPerFill?: number; fillInterval?: string };
  filter_enabled?: { default_value?: Fraction };
  filterEnabled?: { defaultValue?: Fraction };
  filter_enforced?: { default_value?: Fraction };
  filterEnforced?: { defaultValue?: Fraction };
  response_headers_to_add?: { header: { key: string; value: string }; append?: boolean }[];
  responseHeadersToAdd?: { header: { key: string; value: string }; append?: boolean }[];
  status?: { code?: number | string };
}

/** envoy.filters.http.local_ratelimit, over protobuf JSON or a TypedStruct in protobuf's own field names. */
export const localRateLimit: HttpFilterFactory = (config, context) => ({
  onRequest(stream) {
    const specific = stream.perFilterConfig('envoy.filters.http.local_ratelimit');
    const limit = settings((specific ?? config) as Any) as RateLimit;
    const enabled = limit.filter_enabled?.default_value ?? limit.filterEnabled?.defaultValue;
    const enforced = limit.filter_enforced?.default_value ?? limit.filterEnforced?.defaultValue;
    const bucket = bucketOf(limit);
    if (!bucket || context.kernel.random.float() >= share(enabled)) return undefined;
    const key = `${specific ? `${stream.info.virtualHostName}/${stream.info.routeName}` : 'filter'}`;
    if (context.takeToken(key, bucket)) return undefined;
    if (context.kernel.random.float() >= share(enforced)) return undefined;
    return localReply(stream, Number(limit.status?.code ?? 429), 'local_rate_limited', {
      flag: 'RL',
      details: 'local_rate_limited',
      modify: (headers) => {
        for (const entry of limit.response_headers_to_add ?? limit.responseHeadersToAdd ?? []) {
          addHeader(headers, entry, stream.info);
        }
      },
    });
  },
});

/** A token bucket that fills in steps. */
export interface TokenBucket {
  maximum: number;
  perFill: number;
  /** ms. */
  interval: number;
}

function bucketOf(limit: RateLimit): TokenBucket | undefined {
  const { token_bucket: snake, tokenBucket: camel } = limit;
  const maximum = snake?.max_tokens ?? camel?.maxTokens;
  const interval = milliseconds(snake?.fill_interval ?? camel?.fillInterval);
  if (maximum === undefined || interval === undefined) return undefined;
  return { maximum, perFill: snake?.tokens_per_fill ?? camel?.tokensPerFill ?? 1, interval };
}
