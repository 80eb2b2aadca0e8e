import type { Any } from '../../../envoy/xds/types.ts';
import type { ExtAuthzHttpProvider, ExtAuthzProvider } from '../api/mesh.ts';
import { protoDuration } from '../model/duration.ts';
import { providerCluster } from '../policies/provider-cluster.ts';
import type { PushContext } from '../push-context.ts';

/** Filters that ask an external authorizer; one that speaks HTTP cannot decide about TCP connections. */
export interface ExtAuthz {
  http: Any;
  tcp?: Any;
}

/** Undefined: there is no such provider, or it is not valid. */
export function extAuthz(push: PushContext, name: string): ExtAuthz | undefined {
  const provider = push.mesh.extensionProviders.find((each) => each.name === name);
  if (provider?.envoyExtAuthzHttp) return httpAuthz(push, provider.envoyExtAuthzHttp);
  if (provider?.envoyExtAuthzGrpc) return grpcAuthz(push, provider.envoyExtAuthzGrpc);
  return undefined;
}

function common(config: ExtAuthzProvider): Record<string, unknown> {
  const body = config.includeRequestBodyInCheck;
  return {
    ...(config.failOpen ? { failureModeAllow: true } : {}),
    transportApiVersion: 'V3',
    ...(config.statusOnError ? { statusOnError: { code: statusName(config.statusOnError) } } : {}),
    ...(body ? { withRequestBody: { ...body } } : {}),
  };
}

function httpAuthz(push: PushContext, config: ExtAuthzHttpProvider): ExtAuthz | undefined {
  const found = providerCluster(push, config.service, config.port);
  if (!found || (config.pathPrefix && !config.pathPrefix.startsWith('/'))) return undefined;
  const headersToAdd = Object.entries(config.includeAdditionalHeadersInCheck ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => ({ key, value }));
  const response = {
    allowedUpstreamHeaders: headerList(config.headersToUpstreamOnAllow),
    allowedClientHeaders: headerList(config.headersToDownstreamOnDeny),
    allowedClientHeadersOnSuccess: headerList(config.headersToDownstreamOnAllow),
  };
  const allowedHeaders = headerList(config.includeRequestHeadersInCheck) ?? headerList(config.includeHeadersInCheck);
  return {
    http: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz',
      httpService: {
        serverUri: {
          uri: `http://${found.hostname}`,
          cluster: found.cluster,
          timeout: protoDuration(config.timeout ?? '600s'),
        },
        ...(config.pathPrefix ? { pathPrefix: config.pathPrefix } : {}),
        ...(headersToAdd.length > 0 ? { authorizationRequest: { headersToAdd } } : {}),
        ...(Object.values(response).some(Boolean) ? { authorizationResponse: response } : {}),
      },
      ...common(config),
      ...(allowedHeaders ? { allowedHeaders } : {}),
    },
  };
}

function grpcAuthz(push: PushContext, config: ExtAuthzProvider): ExtAuthz | undefined {
  const found = providerCluster(push, config.service, config.port);
  if (!found) return undefined;
  const grpcService = {
    envoyGrpc: { clusterName: found.cluster, authority: found.hostname },
    timeout: protoDuration(config.timeout ?? '600s'),
  };
  return {
    http: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz',
      grpcService,
      ...common(config),
    },
    tcp: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.network.ext_authz.v3.ExtAuthz',
      statPrefix: 'tcp.',
      grpcService,
      ...(config.failOpen ? { failureModeAllow: true } : {}),
      transportApiVersion: 'V3',
    },
  };
}

function headerList(headers: readonly string[] | undefined): { patterns: unknown[] } | undefined {
  if (!headers?.length) return undefined;
  const patterns = headers.map((header) => {
    if (header.startsWith('*')) return { suffix: header.slice(1), ignoreCase: true };
    if (header.endsWith('*')) return { prefix: header.slice(0, -1), ignoreCase: true };
    return { exact: header, ignoreCase: true };
  });
  return { patterns };
}

/** Names of envoy.type.v3.StatusCode. */
const statusNames: Record<string, string> = {
  '400': 'BadRequest',
  '401': 'Unauthorized',
  '403': 'Forbidden',
  '404': 'NotFound',
  '429': 'TooManyRequests',
  '500': 'InternalServerError',
  '502': 'BadGateway',
  '503': 'ServiceUnavailable',
  '504': 'GatewayTimeout',
};

function statusName(code: string): string | number {
  return statusNames[code] ?? Number(code);
}
