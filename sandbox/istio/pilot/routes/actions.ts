import type { Any, Route } from '../../../envoy/xds/types.ts';
import type { CorsPolicy, HttpFaultInjection, HttpRedirect, HttpRoute, Percent } from '../api/networking.ts';
import { envoyType } from '../filters/constants.ts';
import { exactMatchers, stringMatcher } from '../filters/matchers.ts';
import { protoDuration, wholeSeconds } from '../model/duration.ts';

/** A share as parts of a million, as far as they are whole. */
export function percentage({ value = 0 }: Percent): Record<string, unknown> {
  const numerator = Math.trunc(value * 10000);
  return { ...(numerator ? { numerator } : {}), denominator: 'MILLION' };
}

const redirectCodes: Record<number, string | undefined> = {
  301: undefined,
  302: 'FOUND',
  303: 'SEE_OTHER',
  307: 'TEMPORARY_REDIRECT',
  308: 'PERMANENT_REDIRECT',
};

/** A code Envoy cannot send makes a route without an action. */
export function redirect(
  settings: HttpRedirect,
  context: { port: number; isTls: boolean },
  byGatewayApi: boolean,
): Partial<Route> {
  const code = settings.redirectCode || 301;
  if (!(code in redirectCodes)) return {};
  const uri = settings.uri ?? '';
  const prefix = '%PREFIX()%';
  const port = redirectPort(settings, context);
  const responseCode = redirectCodes[code];
  return {
    redirect: {
      ...(settings.authority ? { hostRedirect: settings.authority } : {}),
      ...(byGatewayApi && uri.startsWith(prefix) ? { prefixRewrite: uri.slice(prefix.length) } : { pathRedirect: uri }),
      ...(settings.scheme ? { schemeRedirect: settings.scheme } : {}),
      ...(port ? { portRedirect: port } : {}),
      ...(responseCode ? { responseCode } : {}),
    },
  };
}

/** The default port of the scheme is left out. */
function redirectPort({ port, derivePort, scheme }: HttpRedirect, context: { port: number; isTls: boolean }): number {
  const wanted = port ?? (derivePort === 'FROM_REQUEST_PORT' ? context.port : 0);
  const actual = scheme || (context.isTls ? 'https' : 'http');
  if ((wanted === 80 && actual === 'http') || (wanted === 443 && actual === 'https')) return 0;
  return wanted;
}

export function directResponse({ status, body }: NonNullable<HttpRoute['directResponse']>) {
  const content =
    body?.string !== undefined
      ? { inlineString: body.string }
      : body?.bytes !== undefined
        ? { inlineBytes: body.bytes }
        : undefined;
  return { status, ...(content ? { body: content } : {}) };
}

const grpcStatuses = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

export function faultFilter({ delay, abort }: HttpFaultInjection): Record<string, Any> {
  const percent = delay?.percent ? { numerator: delay.percent } : {};
  const delayed = delay?.fixedDelay
    ? {
        fixedDelay: protoDuration(delay.fixedDelay),
        percentage: delay.percentage ? percentage(delay.percentage) : percent,
      }
    : undefined;
  const share = abort?.percentage ? { percentage: percentage(abort.percentage) } : {};
  const aborted =
    abort?.httpStatus !== undefined
      ? { httpStatus: abort.httpStatus, ...share }
      : abort?.grpcStatus !== undefined
        ? { grpcStatus: Math.max(0, grpcStatuses.indexOf(abort.grpcStatus)), ...share }
        : undefined;
  return {
    'envoy.filters.http.fault': {
      '@type': envoyType('envoy.extensions.filters.http.fault.v3.HTTPFault'),
      ...(delayed ? { delay: delayed } : {}),
      ...(aborted ? { abort: aborted } : {}),
    },
  };
}

export function corsPolicy(policy: CorsPolicy): Record<string, Any> {
  const origins =
    policy.allowOrigins?.flatMap((origin) => stringMatcher(origin) ?? []) ?? exactMatchers(policy.allowOrigin);
  const joined = (field: string, items: readonly string[] | undefined) =>
    items?.length ? { [field]: items.join() } : {};
  return {
    'envoy.filters.http.cors': {
      '@type': envoyType('envoy.extensions.filters.http.cors.v3.CorsPolicy'),
      ...(origins?.length ? { allowOriginStringMatch: origins } : {}),
      ...joined('allowMethods', policy.allowMethods),
      ...joined('allowHeaders', policy.allowHeaders),
      ...joined('exposeHeaders', policy.exposeHeaders),
      ...(policy.maxAge === undefined ? {} : { maxAge: String(wholeSeconds(policy.maxAge) ?? 0) }),
      ...(policy.allowCredentials === undefined ? {} : { allowCredentials: policy.allowCredentials }),
      filterEnabled: { defaultValue: { numerator: 100 } },
      forwardNotMatchingPreflights: policy.unmatchedPreflights !== 'IGNORE',
    },
  };
}
