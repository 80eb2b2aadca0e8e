import type { JsonObject } from '../../kernel/json.ts';
import { Findings } from './findings.ts';
import { headerValueProblem } from './header-value.ts';
import { durationProblem, isLabel, labelsFindings, nanoseconds, portProblem, quote } from './names.ts';
import { matchRegexProblem } from './regex.ts';
import { destinationFindings } from './route-destination.ts';
import { isRecord, labelsOf, numberOf, objectsOf, recordOf, textOf, textsOf } from './spec.ts';
import { gatewayNames } from './virtual-service.ts';

/** One HTTP route of a VirtualService; `delegate`: the VirtualService has no hosts (upstream validateHTTPRoute). */
export function httpRouteFindings(http: JsonObject, delegate: boolean): Findings {
  const findings = new Findings().add(conflicts(http, delegate));
  const match = matchFindings(http);
  match.warnings.length = 0;
  findings.add(match).add(headerOperations(http.headers));
  findings.add(corsPolicy(http.corsPolicy)).add(faultInjection(http.fault));
  findings.add(mirroring(http));
  findings.error(redirectProblem(http.redirect));
  findings.add(directResponse(http.directResponse)).add(retries(http.retries));
  findings.error(rewriteProblem(http.rewrite)).error(authorityProblem(http));
  findings.add(routeDestinations(objectsOf(http.route)));
  if (http.timeout !== undefined) findings.error(durationProblem(textOf(http.timeout)));
  return findings;
}

/** `@request.auth.claims.group`, `@request.auth.claims[group]`. */
export function isJwtClaim(header: string): boolean {
  return /^@request\.auth\.claims(\..+|\[.+\])$/i.test(header);
}

function conflicts(http: JsonObject, delegate: boolean): Findings {
  const findings = new Findings();
  const has = (field: string) => http[field] !== undefined;
  const routes = objectsOf(http.route).length > 0;
  if (!delegate && has('delegate')) {
    const name = textOf(http.name);
    if (has('redirect')) findings.error(`root HTTP route ${name} must not specify redirect`);
    if (has('route')) findings.error(`root HTTP route ${name} must not specify route`);
    return findings;
  }
  if (has('delegate')) findings.error('delegate HTTP route cannot contain delegate');
  if (has('redirect')) {
    if (routes) findings.error('HTTP route cannot contain both route and redirect');
    if (has('fault')) findings.error('HTTP route cannot contain both fault and redirect');
    if (has('rewrite')) findings.error('HTTP route rule cannot contain both rewrite and redirect');
    if (has('directResponse')) findings.error('HTTP route rule cannot contain both direct_response and redirect');
  } else if (has('directResponse')) {
    if (routes) findings.error('HTTP route cannot contain both route and direct_response');
    if (has('fault')) findings.error('HTTP route cannot contain both fault and direct_response');
    if (has('rewrite')) findings.error('HTTP route rule cannot contain both rewrite and direct_response');
  } else if (!routes) findings.error('HTTP route, redirect or direct_response is required');
  if (has('mirror') && objectsOf(http.mirrors).length > 0) {
    findings.error('HTTP route cannot contain both mirror and mirrors');
  }
  return findings;
}

const headerName = /^[!#$%&'*+\-.^_`|~A-Za-z0-9]+$/;
const pseudoHeaders = [':method', ':scheme', ':authority', ':path', ':status'];

function matchNameProblem(name: string): string | undefined {
  if (name === '') return 'header name cannot be empty';
  if (isJwtClaim(name) || pseudoHeaders.includes(name) || headerName.test(name)) return undefined;
  return `header name ${name} is not a valid header name`;
}

/** A string match in field `where`: prefixes and regular expressions must say something. */
function stringProblem(match: unknown, where: string): string | undefined {
  if (isRecord(match) && match.prefix === '') return `${quote(where)}: prefix string match should not be empty`;
  return regexOf(match, where);
}

function regexOf(match: unknown, where: string): string | undefined {
  if (!isRecord(match) || typeof match.regex !== 'string') return undefined;
  if (match.regex === '') return `${quote(where)}: regex string match should not be empty`;
  return matchRegexProblem(match.regex, where);
}

function matchFindings(http: JsonObject): Findings {
  const findings = new Findings();
  const matches = objectsOf(http.match);
  for (const match of matches) {
    const [headers, without] = [recordOf(match.headers), recordOf(match.withoutHeaders)];
    for (const name of Object.keys(headers).sort()) {
      if (headers[name] === null) findings.error(`header match ${name} cannot be null`);
      findings.error(matchNameProblem(name)).error(stringProblem(headers[name], 'headers'));
    }
    for (const name of Object.keys(without).sort()) {
      findings.error(matchNameProblem(name));
      const value = without[name];
      // Here a lone star means that the header is there.
      if (isRecord(value) && value.regex !== '*') findings.error(stringProblem(value, 'withoutHeaders'));
    }
    findings.error(regexOf(match.uri, 'uri'));
    for (const field of ['scheme', 'method', 'authority']) findings.error(stringProblem(match[field], field));
    const parameters = recordOf(match.queryParams);
    for (const name of Object.keys(parameters).sort()) findings.error(stringProblem(parameters[name], 'queryParams'));
  }
  for (const match of matches) {
    const port = numberOf(match.port);
    if (port !== 0) findings.error(portProblem(port));
    findings.add(labelsFindings(labelsOf(match.sourceLabels))).add(gatewayNames(textsOf(match.gateways)));
    const namespace = textOf(match.sourceNamespace);
    if (namespace !== '' && !isLabel(namespace)) findings.error(`sourceNamespace match ${namespace} is invalid`);
  }
  return findings;
}

const isAuthority = (name: string) => [':authority', 'host'].includes(name.toLowerCase());

function operationProblem(name: string, authorityToo: boolean): string | undefined {
  if (name === '') return 'header name cannot be empty';
  if (authorityToo && isAuthority(name)) return undefined;
  if (name.toLowerCase() === 'host') return `invalid header ${quote(name)}: cannot set Host header`;
  return name.startsWith(':') ? `invalid header ${quote(name)}: header cannot have ":" prefix` : undefined;
}

function headerOperations(headers: unknown): Findings {
  const findings = new Findings();
  for (const side of ['request', 'response']) {
    const operations = recordOf(recordOf(headers)[side]);
    for (const operation of ['add', 'set']) {
      const values = recordOf(operations[operation]);
      for (const name of Object.keys(values).sort()) {
        findings.error(operationProblem(name, side === 'request'));
        findings.error(headerValueProblem(String(values[name])));
      }
    }
    for (const name of textsOf(operations.remove)) findings.error(operationProblem(name, false));
  }
  return findings;
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', '*'];

function corsPolicy(policy: unknown): Findings {
  const findings = new Findings();
  if (!isRecord(policy)) return findings;
  for (const origin of objectsOf(policy.allowOrigins)) {
    const value = textOf(origin.exact) || textOf(origin.prefix) || textOf(origin.regex);
    if (value === '') findings.error("'' is not a valid match type for CORS allow origins");
    else findings.error(regexOf(origin, 'corsPolicy.allowOrigins'));
  }
  for (const method of textsOf(policy.allowMethods)) {
    if (!methods.includes(method)) findings.error(`${quote(method)} is not a supported HTTP method`);
  }
  for (const name of [...textsOf(policy.allowHeaders), ...textsOf(policy.exposeHeaders)]) {
    if (name === '') findings.error('header name cannot be empty');
    else if (name !== '*' && !headerName.test(name)) findings.error(`header name ${name} is not a valid header name`);
  }
  if (policy.maxAge !== undefined) {
    findings.error(durationProblem(textOf(policy.maxAge)));
    if ((nanoseconds(textOf(policy.maxAge)) ?? 0) % 1e9 !== 0) {
      findings.listed('max_age duration is accurate only to seconds precision');
    }
  }
  return findings;
}

function percentageProblem(percentage: unknown): string | undefined {
  if (!isRecord(percentage)) return undefined;
  const value = numberOf(percentage.value);
  const fine = value === 0 || (value >= 0.0001 && value <= 100);
  return fine ? undefined : `percentage ${value} is neither 0.0, nor in range [0.0001, 100.0]`;
}

const grpcStatuses =
  'OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED'.split(
    ' ',
  );
const statusProblem = (status: number) =>
  status < 200 || status > 600 ? `HTTP status ${status} is not in range 200-599` : undefined;

function faultInjection(fault: unknown): Findings {
  const findings = new Findings();
  if (!isRecord(fault)) return findings;
  const { abort, delay } = fault;
  if (!isRecord(abort) && !isRecord(delay)) findings.listed('HTTP fault injection must have an abort and/or a delay');
  if (isRecord(abort)) {
    findings.error(percentageProblem(abort.percentage));
    if (abort.grpcStatus !== undefined) {
      const status = textOf(abort.grpcStatus);
      if (!grpcStatuses.includes(status)) {
        findings.error(
          `gRPC status ${quote(status)} is not supported. See https://github.com/grpc/grpc/blob/master/doc/statuscodes.md for a list of supported codes, for example 'NOT_FOUND'`,
        );
      }
    } else if (abort.http2Error !== undefined) findings.error('HTTP/2 abort fault injection not supported yet');
    else if (abort.httpStatus !== undefined) findings.error(statusProblem(numberOf(abort.httpStatus)));
  }
  if (isRecord(delay)) {
    findings.error(percentageProblem(delay.percentage));
    if (delay.fixedDelay !== undefined) findings.error(durationProblem(textOf(delay.fixedDelay)));
    else if (delay.exponentialDelay !== undefined) {
      findings.error(durationProblem(textOf(delay.exponentialDelay)));
      findings.listed('exponentialDelay not supported yet');
    }
  }
  return findings;
}

function mirroring(http: JsonObject): Findings {
  const findings = new Findings();
  if (http.mirrorPercent !== undefined) {
    const value = numberOf(http.mirrorPercent);
    if (value > 100) findings.error(`mirror_percent must have a max value of 100 (it has ${value})`);
    findings.warn('using deprecated setting "mirrorPercent", use "mirrorPercentage" instead');
  }
  findings.error(mirrorPercentProblem(http.mirrorPercentage, 'mirror_percentage'));
  findings.add(destinationFindings(http.mirror));
  for (const mirror of objectsOf(http.mirrors)) {
    if (!isRecord(mirror.destination)) findings.error('destination is required for mirrors');
    else {
      findings.add(destinationFindings(mirror.destination));
      findings.error(mirrorPercentProblem(mirror.percentage, 'mirror percentage'));
    }
  }
  return findings;
}

function mirrorPercentProblem(percentage: unknown, name: string): string | undefined {
  if (!isRecord(percentage)) return undefined;
  const value = numberOf(percentage.value);
  if (value > 100) return `${name} must have a max value of 100 (it has ${value.toFixed(6)})`;
  return value < 0 ? `${name} must have a min value of 0 (it has ${value.toFixed(6)})` : undefined;
}

function redirectProblem(redirect: unknown): string | undefined {
  if (!isRecord(redirect)) return undefined;
  const { uri, authority, scheme, port, derivePort } = redirect;
  if (!uri && !authority && !scheme && port === undefined && derivePort === undefined) {
    return 'redirect must specify URI, authority, scheme, or port';
  }
  const code = numberOf(redirect.redirectCode);
  if (code !== 0 && (code < 300 || code > 399)) return `${code} is not a valid redirect code, must be 3xx`;
  if (scheme && scheme !== 'http' && scheme !== 'https') return 'invalid redirect scheme, must be "http" or "https"';
  return numberOf(port) > 0 ? portProblem(numberOf(port)) : undefined;
}

function directResponse(response: unknown): Findings {
  const findings = new Findings();
  if (!isRecord(response)) return findings;
  const body = recordOf(response.body);
  const size = (textOf(body.string) || textOf(body.bytes)).length;
  if (size > 1024 * 1024) {
    findings.error('large direct_responses may impact control plane performance, must be less than 1MB');
  } else if (size > 100 * 1024) findings.warn('large direct_responses may impact control plane performance');
  return findings.error(statusProblem(numberOf(response.status)));
}

const retryPolicies = new Set(
  '5xx gateway-error reset reset-before-request connect-failure envoy-ratelimited retriable-4xx refused-stream retriable-status-codes retriable-headers http3-post-connect-failure cancelled deadline-exceeded internal resource-exhausted unavailable'.split(
    ' ',
  ),
);

/** Codes that Go's net/http has a text for. */
function isHttpStatus(text: string): boolean {
  if (!/^\d+$/.test(text)) return false;
  const code = Number(text);
  const ranges: [number, number][] = [
    [100, 103],
    [200, 208],
    [226, 226],
    [300, 305],
    [307, 308],
    [400, 418],
    [421, 426],
    [428, 429],
    [431, 431],
    [451, 451],
    [500, 508],
    [510, 511],
  ];
  return ranges.some(([low, high]) => code >= low && code <= high);
}

function retries(policy: unknown): Findings {
  const findings = new Findings();
  if (!isRecord(policy)) return findings;
  const attempts = numberOf(policy.attempts);
  if (attempts < 0) findings.listed('attempts cannot be negative');
  const more = policy.perTryTimeout !== undefined || policy.retryOn || policy.retryRemoteLocalities !== undefined;
  if (attempts === 0 && more) {
    findings.error('http retry policy configured when attempts are set to 0 (disabled)');
  }
  if (policy.perTryTimeout !== undefined) findings.error(durationProblem(textOf(policy.perTryTimeout)));
  for (const name of textOf(policy.retryOn).split(',')) {
    if (policy.retryOn && !isHttpStatus(name) && !retryPolicies.has(name)) {
      findings.error(`${quote(name)} is not a valid retryOn policy`);
    }
  }
  if (policy.backoff !== undefined) findings.error(durationProblem(textOf(policy.backoff)));
  return findings;
}

function rewriteProblem(rewrite: unknown): string | undefined {
  if (!isRecord(rewrite)) return undefined;
  const { uri, authority, uriRegexRewrite: regex } = rewrite;
  if (uri && regex !== undefined) return 'rewrite may only contain one of URI or UriRegexRewrite';
  if (!uri && !authority && regex === undefined) {
    return 'rewrite must specify at least one of URI, UriRegexRewrite, or authority. Only one of URI or UriRegexRewrite may be specified';
  }
  if (!isRecord(regex)) return undefined;
  const problem =
    !regex.match || !regex.rewrite
      ? 'UriRegexRewrite requires both Rewrite and Match fields to be specified'
      : matchRegexProblem(textOf(regex.match), 'HTTPRewrite.UriRegexRewrite.Match');
  return problem && `UriRegexRewrite has errors\n${problem}`;
}

/** The authority can be set in one place only. */
function authorityProblem(http: JsonObject): string | undefined {
  let current = textOf(recordOf(http.rewrite).authority);
  const request = recordOf(recordOf(http.headers).request);
  for (const operation of ['set', 'add']) {
    const values = recordOf(request[operation]);
    for (const name of Object.keys(values).sort()) {
      if (!isAuthority(name)) continue;
      const value = String(values[name]);
      if (current !== '') {
        return `authority header cannot be set multiple times: have ${quote(current)}, attempting to set ${quote(value)}`;
      }
      current = value;
    }
  }
  return undefined;
}

function routeDestinations(destinations: readonly JsonObject[]): Findings {
  const findings = new Findings();
  let total = 0;
  for (const { destination, headers, weight } of destinations) {
    if (!isRecord(destination)) findings.listed('destination is required');
    findings.add(headerOperations(headers)).add(destinationFindings(destination));
    const share = numberOf(weight);
    if (share < 0) findings.error(`weight ${share} < 0`);
    total += share;
  }
  if (destinations.length > 1 && total === 0) findings.error('total destination weight = 0');
  return findings;
}
