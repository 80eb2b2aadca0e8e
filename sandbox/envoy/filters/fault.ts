import { note } from '../context.ts';
import { milliseconds } from '../duration.ts';
import { requestHeader } from '../headers.ts';
import { type HttpStream, localReply, type Response } from '../http/stream.ts';
import { type Fraction, share } from '../match/route.ts';
import { headerMatches } from '../match/string-match.ts';
import { addFlag } from '../stream-info.ts';
import type { HeaderMatcher } from '../xds/types.ts';
import type { HttpFilterFactory } from './filter.ts';

interface Fault {
  delay?: { fixedDelay?: string; percentage?: Fraction };
  abort?: { httpStatus?: number; grpcStatus?: number; percentage?: Fraction };
  headers?: HeaderMatcher[];
}

/** envoy.filters.http.fault. The route's own settings replace the filter's. */
export const fault: HttpFilterFactory = (config) => ({
  async onRequest(stream) {
    const settings = (stream.perFilterConfig('envoy.filters.http.fault') ?? config) as Fault;
    const { delay, abort, headers } = settings;
    if (headers && !headers.every((matcher) => headerMatches(matcher, (name) => requestHeader(stream.head, name)))) {
      return undefined;
    }
    const { kernel } = stream.context;
    const duration = milliseconds(delay?.fixedDelay) ?? 0;
    if (delay && duration > 0 && kernel.random.float() < share(delay.percentage)) {
      addFlag(stream.info, 'DI');
      note(stream.context, stream.trace, 'http-filter', 'delay-injected', { milliseconds: duration });
      stream.bodyRead = true;
      await kernel.sleep(duration, stream.gone);
    }
    if (abort && kernel.random.float() < share(abort.percentage)) return abortWith(stream, abort);
    return undefined;
  },
});

function abortWith(stream: HttpStream, abort: NonNullable<Fault['abort']>): Response {
  const options = { flag: 'FI', details: 'fault_filter_abort' };
  if (abort.grpcStatus === undefined) return localReply(stream, abort.httpStatus ?? 503, 'fault filter abort', options);
  const response = localReply(stream, 200, '', options);
  response.headers.set('content-type', 'application/grpc');
  response.headers.set('grpc-status', String(abort.grpcStatus));
  response.headers.set('grpc-message', 'fault filter abort');
  return response;
}
