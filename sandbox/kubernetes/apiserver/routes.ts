import type { KubernetesObject } from '../objects.ts';
import { badRequest, methodNotSupported, noSuchPath } from './errors.ts';
import type { ApiRequest, ApiResponse } from './http.ts';
import { parseResourcePath, type ResourcePath, splitUrl } from './request.ts';
import { json } from './respond.ts';
import type { Caller } from './rest.ts';
import { resourceOf } from './rest.ts';
import type { Served } from './served.ts';
import type { ApiServer } from './server.ts';

export function route(server: ApiServer, request: ApiRequest): ApiResponse {
  const { path } = splitUrl(request);
  const target = parseResourcePath(path);
  if (!target) throw noSuchPath();
  const served = server.kinds.byResource(target);
  if (!served) throw noSuchPath();
  return crud(server, request, target, served);
}

function crud(server: ApiServer, request: ApiRequest, target: ResourcePath, served: Served): ApiResponse {
  const caller: Caller = { user: request.user ?? 'kubernetes-admin', dryRun: false, warn: () => {} };
  const { rest } = server;
  const { namespace, name } = target;
  switch (request.method) {
    case 'GET': {
      if (name) return json(200, rest.get(served, namespace, name));
      const kind = served.kind.listKind ?? `${served.kind.kind}List`;
      const metadata = { resourceVersion: String(server.store.resourceVersion) };
      return json(200, { kind, apiVersion: served.apiVersion, metadata, items: rest.list(served, namespace) });
    }
    case 'POST':
      return json(201, rest.create(served, namespace, parseBody(request), caller));
    case 'PUT': {
      if (!name) break;
      return json(200, rest.update(served, '', namespace, name, () => parseBody(request), caller).object);
    }
    case 'DELETE': {
      if (!name) break;
      const { stored, left } = rest.delete(served, namespace, name, {}, caller);
      return json(
        200,
        left ?? { kind: 'Status', apiVersion: 'v1', status: 'Success', details: { uid: stored.metadata.uid } },
      );
    }
  }
  throw methodNotSupported(resourceOf(served), request.method);
}

function parseBody(request: ApiRequest): KubernetesObject {
  try {
    return JSON.parse(request.body ?? '') as KubernetesObject;
  } catch {
    throw badRequest('the object provided is unrecognized');
  }
}
