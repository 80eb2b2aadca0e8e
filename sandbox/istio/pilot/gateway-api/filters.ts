import type { CorsFilter, HeaderModifier, RequestRedirect, RouteFilter } from '../api/gateway-api.ts';
import type { CorsPolicy, HeaderOperations, HttpRedirect, HttpRoute, StringMatch } from '../api/networking.ts';
import { type BackendContext, backendDestination, InvalidRoute } from './backends.ts';

/** What filters of a rule add to its route, in their order. */
export function applyFilters(route: HttpRoute, filters: readonly RouteFilter[], context: BackendContext): void {
  for (const filter of filters) {
    switch (filter.type) {
      case 'RequestHeaderModifier':
      case 'ResponseHeaderModifier':
        applyHeaderModifier(route, filter);
        break;
      case 'RequestRedirect':
        if (filter.requestRedirect) route.redirect = redirect(filter.requestRedirect);
        break;
      case 'RequestMirror':
        applyMirror(route, filter, context);
        break;
      case 'URLRewrite':
        applyRewrite(route, filter);
        break;
      case 'CORS':
        if (filter.cors) route.corsPolicy = cors(filter.cors);
        break;
      default:
        throw new InvalidRoute(`unsupported filter type "${filter.type}"`);
    }
  }
}

/** Of a rule or of one of its backends. */
export function applyHeaderModifier(target: Pick<HttpRoute, 'headers'>, filter: RouteFilter): void {
  const { requestHeaderModifier: request, responseHeaderModifier: response } = filter;
  if (filter.type === 'RequestHeaderModifier' && request) {
    target.headers = { ...target.headers, request: headerOperations(request) };
  } else if (filter.type === 'ResponseHeaderModifier' && response) {
    target.headers = { ...target.headers, response: headerOperations(response) };
  }
}

function headerOperations({ set, add, remove }: HeaderModifier): HeaderOperations {
  return {
    ...(set?.length ? { set: headerMap(set) } : {}),
    ...(add?.length ? { add: headerMap(add) } : {}),
    ...(remove ? { remove } : {}),
  };
}

/** The first of those with the same name counts. */
function headerMap(headers: readonly { name: string; value: string }[]): Record<string, string> {
  const map: Record<string, string> = {};
  for (const { name, value } of headers) map[name.toLowerCase()] ??= value;
  return map;
}

function redirect({ statusCode, hostname, scheme, port, path }: RequestRedirect): HttpRedirect {
  const uri =
    path?.type === 'ReplaceFullPath'
      ? path.replaceFullPath
      : path?.type === 'ReplacePrefixMatch'
        ? `%PREFIX()%${path.replacePrefixMatch ?? ''}`
        : undefined;
  return {
    ...(statusCode === undefined ? {} : { redirectCode: statusCode }),
    ...(hostname === undefined ? {} : { authority: hostname }),
    ...(scheme === undefined ? {} : { scheme }),
    ...(port === undefined
      ? { derivePort: scheme === undefined ? 'FROM_REQUEST_PORT' : 'FROM_PROTOCOL_DEFAULT' }
      : { port }),
    ...(uri === undefined ? {} : { uri }),
  };
}

/** A mirror whose backend can't be used is left out. */
function applyMirror(route: HttpRoute, { requestMirror }: RouteFilter, context: BackendContext): void {
  if (!requestMirror) return;
  const { backendRef, fraction, percent } = requestMirror;
  const destination = backendDestination(backendRef, context);
  if (!destination.host) return;
  const value = fraction ? (100 * fraction.numerator) / (fraction.denominator ?? 100) : percent;
  const mirror = { destination, ...(value === undefined ? {} : { percentage: { value } }) };
  route.mirrors = [...(route.mirrors ?? []), mirror];
}

function applyRewrite(route: HttpRoute, { urlRewrite }: RouteFilter): void {
  const { path, hostname } = urlRewrite ?? {};
  const byPath: HttpRoute['rewrite'] =
    path?.type === 'ReplacePrefixMatch'
      ? { uri: (path.replacePrefixMatch ?? '').replace(/\/$/, '') || '/' }
      : path?.type === 'ReplaceFullPath'
        ? { uriRegexRewrite: { match: '/.*', rewrite: path.replaceFullPath ?? '' } }
        : {};
  const rewrite = { ...byPath, ...(hostname ? { authority: hostname } : {}) };
  if (Object.keys(rewrite).length > 0) route.rewrite = rewrite;
}

function cors(filter: CorsFilter): CorsPolicy {
  const list = (field: keyof CorsPolicy, values: readonly string[] | undefined) =>
    values?.length ? { [field]: values } : {};
  return {
    allowOrigins: (filter.allowOrigins ?? []).filter(Boolean).map(origin),
    ...(filter.allowCredentials ? { allowCredentials: true } : {}),
    ...list('allowMethods', filter.allowMethods),
    ...list('allowHeaders', filter.allowHeaders),
    ...list('exposeHeaders', filter.exposeHeaders),
    ...(filter.maxAge ? { maxAge: `${filter.maxAge}s` } : {}),
    unmatchedPreflights: 'IGNORE',
  };
}

/** An origin in which a star stands for anything. */
function origin(text: string): StringMatch {
  if (text === '*') return { regex: '^[a-zA-Z][a-zA-Z0-9+.-]*://[^/\\s?#]+$' };
  if (!text.includes('*')) return { exact: text };
  if (text.indexOf('*') === text.length - 1) return { prefix: text.slice(0, -1) };
  return { regex: `^${text.replace(/[.+?()|[\]{}^$\\]/g, '\\$&').replaceAll('*', '.*')}$` };
}
