import type { GrpcMatch, HttpMatch, ValueMatch } from '../api/gateway-api.ts';
import type { HttpMatchRequest, HttpRoute, StringMatch } from '../api/networking.ts';
import { InvalidRoute } from './backends.ts';

/** The API server fills in "any path" where a rule says nothing. */
export function httpMatches(matches: readonly HttpMatch[]): HttpMatchRequest[] {
  return (matches.length > 0 ? matches : [{}]).map(httpMatch);
}

export function grpcMatches(matches: readonly GrpcMatch[]): HttpMatchRequest[] {
  return matches.map(grpcMatch);
}

function httpMatch({ path, headers, queryParams, method }: HttpMatch): HttpMatchRequest {
  return {
    uri: pathMatch(path ?? {}),
    ...(headers?.length ? { headers: valueMatches(headers) } : {}),
    ...(queryParams?.length ? { queryParams: valueMatches(queryParams) } : {}),
    ...(method ? { method: { exact: method } } : {}),
  };
}

function grpcMatch({ method, headers }: GrpcMatch): HttpMatchRequest {
  return {
    ...(method ? { uri: grpcPath(method) } : {}),
    ...(headers?.length ? { headers: valueMatches(headers) } : {}),
  };
}

function pathMatch({ type = 'PathPrefix', value = '/' }: NonNullable<HttpMatch['path']>): StringMatch {
  switch (type) {
    case 'Exact':
      return { exact: value };
    case 'RegularExpression':
      return { regex: value };
    default:
      return { prefix: value === '/' ? value : value.replace(/\/$/, '') };
  }
}

function grpcPath({ type = 'Exact', service, method }: NonNullable<GrpcMatch['method']>): StringMatch {
  if (!service && !method) throw new InvalidRoute('gRPC match must have method or service defined');
  if (!service) return { regex: `/[^/]+/${method}` };
  if (type === 'RegularExpression') return { regex: `/${service}/${method ?? '.+'}` };
  return method ? { exact: `/${service}/${method}` } : { prefix: `/${service}/` };
}

/** The last of those with the same name counts. */
function valueMatches(matches: readonly ValueMatch[]): Record<string, StringMatch> {
  return Object.fromEntries(
    matches.map(({ type, name, value }) => [name, type === 'RegularExpression' ? { regex: value } : { exact: value }]),
  );
}

/** The Gateway API's precedence: the more exact the path, the longer, the more else is asked for. */
export function byPrecedence(a: HttpRoute, b: HttpRoute): number {
  const [left] = a.match ?? [];
  const [right] = b.match ?? [];
  if (!left || !right) return Number(!left) - Number(!right);
  const count = (fields: object | undefined) => Object.keys(fields ?? {}).length;
  return (
    rank(right.uri) - rank(left.uri) ||
    length(right.uri) - length(left.uri) ||
    Number(right.method !== undefined) - Number(left.method !== undefined) ||
    count(right.headers) - count(left.headers) ||
    count(right.queryParams) - count(left.queryParams)
  );
}

function rank(uri: StringMatch | undefined): number {
  if (uri?.exact !== undefined) return 3;
  if (uri?.prefix !== undefined) return 2;
  return uri?.regex === undefined ? -1 : 1;
}

function length(uri: StringMatch | undefined): number {
  return (uri?.exact ?? uri?.prefix ?? uri?.regex ?? '').length;
}
