import { Cancellation } from '../../kernel/cancellation.ts';
import type { HttpResponse } from '../../network/http.ts';
import { note } from '../context.ts';
import { milliseconds } from '../duration.ts';
import { HeaderMap } from '../headers.ts';
import { HttpStream, localReply, type Response } from '../http/stream.ts';
import { type MetadataMatcher, metadataMatches } from '../match/route.ts';
import { stringMatches } from '../match/string-match.ts';
import { UpstreamRequest } from '../router/upstream-request.ts';
import { addFlag } from '../stream-info.ts';
import { UpstreamFailure } from '../upstream/failure.ts';
import type { StringMatcher } from '../xds/types.ts';
import type { HttpFilterFactory } from './filter.ts';

interface Patterns {
  patterns?: StringMatcher[];
}

interface ExtAuthz {
  httpService?: {
    serverUri: { uri: string; cluster: string; timeout: string };
    pathPrefix?: string;
    authorizationRequest?: { headersToAdd?: { key: string; value: string }[] };
    authorizationResponse?: { allowedUpstreamHeaders?: Patterns; allowedClientHeaders?: Patterns };
  };
  failureModeAllow?: boolean;
  statusOnError?: { code?: string | number };
  allowedHeaders?: Patterns;
  filterEnabledMetadata?: MetadataMatcher;
}

/** Always shown to an HTTP authorization service. */
const alwaysAllowed = new Set(['authorization']);

function matches(patterns: Patterns | undefined, name: string): boolean {
  return patterns?.patterns?.some((matcher) => stringMatches(matcher, name)) ?? false;
}

/** envoy.filters.http.ext_authz over HTTP; a gRPC service is refused, for nothing here speaks it. */
export const extAuthz: HttpFilterFactory = (config) => {
  const settings = config as unknown as ExtAuthz;
  const { httpService } = settings;
  if (!httpService) throw new Error('ext_authz: only HTTP services can be asked');
  return {
    async onRequest(stream) {
      const { filterEnabledMetadata } = settings;
      if (filterEnabledMetadata && !metadataMatches(filterEnabledMetadata, stream.info.dynamicMetadata))
        return undefined;
      stream.bodyRead = true;
      const answer = await ask(stream, settings, httpService);
      note(stream.context, stream.trace, 'http-filter', 'ext-authz-asked', { answer: answer?.status ?? 'error' });
      if (!answer) return failed(stream, settings);
      if (answer.status !== 200) return denied(stream, answer, httpService.authorizationResponse?.allowedClientHeaders);
      for (const [name, value] of new HeaderMap(answer.headers).fields()) {
        if (matches(httpService.authorizationResponse?.allowedUpstreamHeaders, name))
          stream.head.headers.set(name, value);
      }
      return undefined;
    },
  };
};

/** The service's answer, or undefined if there is none in time. */
async function ask(
  stream: HttpStream,
  settings: ExtAuthz,
  service: NonNullable<ExtAuthz['httpService']>,
): Promise<HttpResponse | undefined> {
  const { context, head, info } = stream;
  const cluster = context.clusters.get(service.serverUri.cluster);
  const host = cluster && context.clusters.choose(cluster, { downstream: info.downstream });
  if (!cluster || !host) return undefined;
  const shown = head.headers
    .fields()
    .filter(([name]) => alwaysAllowed.has(name) || matches(settings.allowedHeaders, name));
  const headers = new HeaderMap(shown);
  headers.set('content-length', '0');
  for (const { key, value } of service.authorizationRequest?.headersToAdd ?? []) headers.set(key.toLowerCase(), value);
  headers.append('x-forwarded-for', context.stack.address);
  const gone = new Cancellation();
  const copy = new HttpStream({
    context,
    info: { ...info, flags: [] },
    head: { ...head, path: `${service.pathPrefix ?? ''}${head.path}`, headers },
    body: new Uint8Array(0),
    trace: undefined,
    gone,
    protocol: stream.protocol,
    statPrefix: stream.statPrefix,
    routes: undefined,
  });
  const request = new UpstreamRequest(copy, cluster, host);
  const { kernel } = context;
  const stop = kernel.wakeAt(kernel.now() + (milliseconds(service.serverUri.timeout) ?? 200), () => request.abort());
  const off = stream.gone.onCancel(() => request.abort());
  try {
    return await request.run();
  } catch (error) {
    if (stream.gone.reason) throw stream.gone.reason;
    if (error instanceof UpstreamFailure) return undefined;
    throw error;
  } finally {
    stop();
    off();
  }
}

function failed(stream: HttpStream, settings: ExtAuthz): Response | undefined {
  if (settings.failureModeAllow) return undefined;
  const { code = 403 } = settings.statusOnError ?? {};
  const status = typeof code === 'number' ? code : (statusNames[code] ?? 403);
  return localReply(stream, status, '', { flag: 'UAEX', details: 'ext_authz_error' });
}

/** Names of HTTP statuses as protobuf prints them, those that make sense here. */
const statusNames: Record<string, number> = { Forbidden: 403, ServiceUnavailable: 503, InternalServerError: 500 };

function denied(stream: HttpStream, answer: HttpResponse, allowed: Patterns | undefined): Response {
  const { info } = stream;
  addFlag(info, 'UAEX');
  info.responseCodeDetails = 'ext_authz_denied';
  const headers = new HeaderMap(
    answer.headers.filter(([name]) => !allowed?.patterns?.length || matches(allowed, name.toLowerCase())),
  );
  headers.set('content-length', String(answer.body.length));
  return { status: answer.status, headers, body: answer.body };
}
