import { discovery } from './discovery.ts';
import { ApiError, noSuchPath } from './errors.ts';
import type { ApiRequest, ApiResponse } from './http.ts';
import { openApi } from './openapi.ts';
import { handlePodPath, handleToken } from './pod-paths.ts';
import { parseResourcePath, type Query, type ResourcePath, splitUrl } from './request.ts';
import { type Exchange, handleResource } from './resources.ts';
import { json, plain, refuse } from './respond.ts';
import { handleReview } from './reviews.ts';
import { handleScale } from './scale.ts';
import type { ApiServer, VersionInfo } from './server.ts';

/** Finds who answers a request. Throws `ApiError`. */
export function route(server: ApiServer, request: ApiRequest): ApiResponse {
  const { path, query } = splitUrl(request);
  const fixed = fixedPath(server, request, path);
  if (fixed) return fixed;
  const target = parseResourcePath(path);
  if (!target) throw noSuchPath();
  const review = handleReview(server, request, target);
  if (review) return review;
  return resource(server, request, withoutWatchPrefix(target), query);
}

function fixedPath(server: ApiServer, request: ApiRequest, path: string): ApiResponse | undefined {
  switch (path) {
    case '/healthz':
    case '/livez':
    case '/readyz':
      return plain(200, 'ok');
    case '/version':
    case '/version/':
      return json(200, versionInfo(server));
    case '/':
      return json(200, {
        paths: ['/api', '/api/v1', '/apis', '/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/readyz', '/version'],
      });
  }
  if (path.startsWith('/openapi/')) return openApi(server, request, path);
  return discovery(server, request, path);
}

function versionInfo({ build, version }: ApiServer): VersionInfo {
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
  return build ?? { major, minor, gitVersion: version, platform: 'linux/amd64' };
}

/** `/api/v1/watch/…`, the old form of watches, is not served. */
function withoutWatchPrefix(target: ResourcePath): ResourcePath {
  if (target.resource === 'watch') throw noSuchPath();
  return target;
}

function resource(server: ApiServer, request: ApiRequest, path: ResourcePath, query: Query): ApiResponse {
  const served = server.kinds.byResource(path);
  if (!served) throw noSuchPath();
  const { kind } = served;
  if (kind.namespaced ? path.name !== undefined && path.namespace === undefined : path.namespace !== undefined) {
    throw noSuchPath();
  }
  const warnings: string[] = [];
  const user = request.user ?? 'kubernetes-admin';
  const dryRun = query.all('dryRun').includes('All');
  const caller = { user, dryRun, warn: (sentence: string) => void warnings.push(sentence) };
  const exchange: Exchange = { server, request, query, path, served, caller, warnings };
  const { deprecated } = served.version;
  if (deprecated !== undefined) warnings.push(deprecated || `${served.apiVersion} ${kind.kind} is deprecated`);
  try {
    return subresource(exchange);
  } catch (error) {
    if (error instanceof ApiError) return refuse(error, warnings);
    throw error;
  }
}

function subresource(exchange: Exchange): ApiResponse {
  const { path, served } = exchange;
  const { kind } = served;
  switch (path.subresource) {
    case undefined:
      return handleResource(exchange);
    case 'status':
      if (kind.status) return handleResource(exchange, 'status');
      break;
    case 'scale':
      if (kind.scale) return handleScale(exchange, kind.scale);
      break;
    case 'finalize':
      if (kind.kind === 'Namespace') return handleResource(exchange, 'finalize');
      break;
    case 'token':
      if (kind.kind === 'ServiceAccount') return handleToken(exchange);
      break;
    case 'ephemeralcontainers':
    case 'resize':
      if (kind.kind === 'Pod') return handleResource(exchange);
      break;
    default: {
      const answer = kind.kind === 'Pod' ? handlePodPath(exchange, path.subresource) : undefined;
      if (answer) return answer;
    }
  }
  throw noSuchPath();
}
