import { HeaderMap } from '../headers.ts';
import type { HttpStream, Response } from '../http/stream.ts';
import { stringMatches } from '../match/string-match.ts';
import type { StringMatcher } from '../xds/types.ts';
import type { HttpFilterFactory } from './filter.ts';

interface CorsPolicy {
  allowOriginStringMatch?: StringMatcher[];
  allowMethods?: string;
  allowHeaders?: string;
  exposeHeaders?: string;
  maxAge?: string;
  allowCredentials?: boolean;
  filterEnabled?: { defaultValue?: { numerator?: number } };
  forwardNotMatchingPreflights?: boolean;
}

function policyOf(stream: HttpStream): CorsPolicy | undefined {
  const policy = stream.perFilterConfig('envoy.filters.http.cors') as CorsPolicy | undefined;
  return policy?.filterEnabled?.defaultValue?.numerator === 0 ? undefined : policy;
}

function allowedOrigin(policy: CorsPolicy, origin: string | undefined): origin is string {
  if (origin === undefined) return false;
  return (policy.allowOriginStringMatch ?? []).some(
    (matcher) => matcher.exact === '*' || stringMatches(matcher, origin),
  );
}

/** envoy.filters.http.cors: answers preflights itself and marks the answers to allowed origins. */
export const cors: HttpFilterFactory = () => ({
  onRequest(stream) {
    const policy = policyOf(stream);
    const { headers } = stream.head;
    const origin = headers.get('origin');
    if (!policy || !origin) return undefined;
    const preflight = stream.head.method === 'OPTIONS' && headers.get('access-control-request-method');
    if (!preflight) return undefined;
    const allowed = allowedOrigin(policy, origin);
    if (!allowed && (policy.forwardNotMatchingPreflights ?? true)) return undefined;
    const answer = new HeaderMap();
    if (allowed) answer.set('access-control-allow-origin', origin);
    if (policy.allowCredentials) answer.set('access-control-allow-credentials', 'true');
    if (policy.allowMethods) answer.set('access-control-allow-methods', policy.allowMethods);
    if (policy.allowHeaders) answer.set('access-control-allow-headers', policy.allowHeaders);
    if (policy.maxAge) answer.set('access-control-max-age', policy.maxAge);
    return preflightAnswer(stream, answer);
  },
  onResponse(stream, response) {
    const policy = policyOf(stream);
    const origin = stream.head.headers.get('origin');
    if (!policy || !allowedOrigin(policy, origin)) return;
    response.headers.set('access-control-allow-origin', origin);
    if (policy.allowCredentials) response.headers.set('access-control-allow-credentials', 'true');
    if (policy.exposeHeaders) response.headers.set('access-control-expose-headers', policy.exposeHeaders);
  },
});

function preflightAnswer(stream: HttpStream, headers: HeaderMap): Response {
  stream.info.responseCodeDetails = 'cors_response';
  return { status: 200, headers, body: new Uint8Array(0) };
}
