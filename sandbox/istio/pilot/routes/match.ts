import type { HeaderMatcher, RouteMatch } from '../../../envoy/xds/types.ts';
import type { HttpMatchRequest, StringMatch } from '../api/networking.ts';
import { claimMatcher, stringMatcher } from '../filters/matchers.ts';
import { compareText } from '../model/config.ts';

/** A match of a VirtualService as Envoy's (networking/core/route/route.go). `separated`: prefixes end at a slash. */
export function routeMatch(match: HttpMatchRequest | undefined, separated: boolean): RouteMatch {
  if (!match) return { prefix: '/' };
  const headers: HeaderMatcher[] = [];
  const dynamicMetadata: unknown[] = [];
  for (const [name, value] of Object.entries(match.headers ?? {})) {
    const claims = routingClaims(name);
    if (claims) dynamicMetadata.push(claimMatcher(claims, { stringMatch: stringMatcher(value) ?? {} }));
    else headers.push(headerMatcher(name, value));
  }
  for (const [name, value] of Object.entries(match.withoutHeaders ?? {})) {
    const claims = routingClaims(name);
    if (claims) {
      dynamicMetadata.push({ ...claimMatcher(claims, { stringMatch: stringMatcher(value) ?? {} }), invert: true });
    } else {
      const emptyCounts = isPresence(value) ? {} : { treatMissingHeaderAsEmpty: true };
      headers.push({ ...headerMatcher(name, value), invertMatch: true, ...emptyCounts });
    }
  }
  headers.sort((a, b) => compareText(a.name, b.name));
  if (match.method) headers.push(headerMatcher(':method', match.method));
  if (match.authority) headers.push(headerMatcher(':authority', match.authority));
  if (match.scheme) headers.push(headerMatcher(':scheme', match.scheme));
  const queryParameters = Object.entries(match.queryParams ?? {})
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, value]) =>
      isPresence(value) ? { name, presentMatch: true } : { name, stringMatch: stringMatcher(value) },
    );
  return {
    ...path(match.uri, separated),
    caseSensitive: !match.ignoreUriCase,
    ...(headers.length > 0 ? { headers } : {}),
    ...(queryParameters.length > 0 ? { queryParameters } : {}),
    ...(dynamicMetadata.length > 0 ? { dynamicMetadata } : {}),
  };
}

function path(uri: StringMatch | undefined, separated: boolean): RouteMatch {
  if (uri?.exact !== undefined) return { path: uri.exact };
  if (uri?.prefix !== undefined) {
    const { prefix } = uri;
    return separated && prefix !== '/' ? { pathSeparatedPrefix: prefix.replace(/\/$/, '') } : { prefix };
  }
  if (uri?.regex !== undefined) return { safeRegex: { regex: uri.regex } };
  return { prefix: '/' };
}

/** Whether a match only asks that there is a value. */
function isPresence(match: StringMatch | undefined): boolean {
  return stringMatcher(match) === undefined || match?.regex === '*';
}

function headerMatcher(name: string, match: StringMatch): HeaderMatcher {
  if (isPresence(match)) return { name, presentMatch: true };
  const matcher = stringMatcher(match);
  return matcher ? { name, stringMatch: matcher } : { name };
}

/** `@request.auth.claims.group` or `@request.auth.claims[a][b]`: claims of the token instead of a header. */
function routingClaims(name: string): string[] | undefined {
  const prefix = '@request.auth.claims';
  if (!name.toLowerCase().startsWith(prefix) || name.length <= prefix.length + 1) return undefined;
  const rest = name.slice(prefix.length);
  if (rest.startsWith('.')) return rest.slice(1).split('.');
  return /^(\[[^[\]]+\])+$/.test(rest) ? rest.slice(1, -1).split('][') : undefined;
}

/** Whether every request fits: routes after such a one are never reached. */
export function isCatchAll({ prefix, pathSeparatedPrefix, safeRegex, ...rest }: RouteMatch): boolean {
  const everyPath = prefix === '/' || pathSeparatedPrefix === '/' || safeRegex?.regex === '.*';
  return everyPath && !rest.headers?.length && !rest.queryParameters?.length && !rest.dynamicMetadata;
}
