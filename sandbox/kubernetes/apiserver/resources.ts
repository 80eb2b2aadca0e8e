import { formatSeconds } from '../../kernel/time.ts';
import { invalid } from '../field.ts';
import type { Verb } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';
import { type FieldValidation, fieldValidation, parseBody, readObject, readSent } from './body.ts';
import { rootSchema } from './decode.ts';
import type { Deletion } from './deletion.ts';
import { ApiError, badRequest, invalidObject, methodNotSupported, unsupportedMediaType } from './errors.ts';
import type { ApiRequest, ApiResponse } from './http.ts';
import { listPage } from './pages.ts';
import { serverSideApply } from './patch/apply.ts';
import { applyJsonPatch } from './patch/json-patch.ts';
import { trackUpdate } from './patch/managed-fields.ts';
import { applyMergePatch } from './patch/merge.ts';
import { applyStrategicPatch } from './patch/strategic.ts';
import { accepts, render, renderList } from './render.ts';
import type { Query, ResourcePath } from './request.ts';
import { json, withWarnings } from './respond.ts';
import type { Caller, Part } from './rest.ts';
import { resourceOf } from './rest.ts';
import { type Matcher, parseFieldSelector, parseLabelSelector } from './selectors.ts';
import { hasVerb, type Served } from './served.ts';
import type { ApiServer } from './server.ts';
import { watch } from './watch.ts';

/** One request for objects of a kind, on its way. */
export interface Exchange {
  server: ApiServer;
  request: ApiRequest;
  query: Query;
  path: ResourcePath;
  served: Served;
  caller: Caller;
  warnings: string[];
}

/** Objects of a kind, or the part of one: the verbs of Kubernetes' REST. */
export function handleResource(exchange: Exchange, part: Part = ''): ApiResponse {
  return withWarnings(dispatch(exchange, part), exchange.warnings);
}

function dispatch(exchange: Exchange, part: Part): ApiResponse {
  const { request, path, query } = exchange;
  switch (request.method) {
    case 'GET':
      if (path.name !== undefined) return getOne(exchange);
      return query.flag('watch') ? watchMany(exchange) : getMany(exchange);
    case 'POST':
      if (path.name === undefined) return create(exchange);
      break;
    case 'PUT':
      if (path.name !== undefined) return replace(exchange, part, path.name);
      break;
    case 'PATCH':
      if (path.name !== undefined) return patch(exchange, part, path.name);
      break;
    case 'DELETE':
      if (part === '') return path.name !== undefined ? deleteOne(exchange, path.name) : deleteMany(exchange);
  }
  throw new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
}

function allow({ served }: Exchange, verb: Verb): void {
  if (!hasVerb(served.kind, verb)) throw methodNotSupported(resourceOf(served), verb);
}

function getOne(exchange: Exchange): ApiResponse {
  const { server, served, path } = exchange;
  allow(exchange, 'get');
  return json(200, render(exchange, server.rest.get(served, path.namespace, path.name as string)));
}

function selection({ query, served, path }: Exchange): Matcher {
  const tests = [
    parseLabelSelector(query.get('labelSelector')),
    parseFieldSelector(query.get('fieldSelector'), served),
  ];
  if (path.name !== undefined) tests.push(({ metadata }) => metadata.name === path.name);
  return (object) => tests.every((test) => test === undefined || test(object));
}

function getMany(exchange: Exchange): ApiResponse {
  const { server, served, path, query } = exchange;
  allow(exchange, 'list');
  const matches = selection(exchange);
  const all = server.rest.list(served, path.namespace).filter(matches);
  const page = listPage(all, query, server.store.resourceVersion);
  return json(200, renderList(exchange, page.items, page.metadata));
}

function watchMany(exchange: Exchange): ApiResponse {
  const { server, served, path, query } = exchange;
  allow(exchange, 'watch');
  const timeoutSeconds = query.integer('timeoutSeconds');
  const table = accepts(exchange.request) === 'Table';
  const stream = watch(server.store, server.kernel, served, {
    ...(path.namespace !== undefined && { namespace: path.namespace }),
    matches: selection(exchange),
    resourceVersion: query.get('resourceVersion') ?? '',
    sendInitialEvents: query.flag('sendInitialEvents'),
    allowBookmarks: query.flag('allowWatchBookmarks'),
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
    render: (object, first) => render(exchange, object, !table || first),
  });
  return { status: 200, headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }, stream };
}

function create(exchange: Exchange): ApiResponse {
  const { server, served, path, request, query, caller } = exchange;
  allow(exchange, 'create');
  const object = readObject(served, request, fieldValidation(query), caller.warn);
  const own = tracked(exchange, undefined, object, '');
  return json(201, render(exchange, server.rest.create(served, path.namespace, own, caller)));
}

function replace(exchange: Exchange, part: Part, name: string): ApiResponse {
  const { server, served, path, request, query, caller } = exchange;
  allow(exchange, 'update');
  const object = readObject(served, request, fieldValidation(query), caller.warn);
  if (server.kinds.isCustom(served.kind) && !object.metadata.resourceVersion) {
    const { group, kind } = served.kind;
    const missing = {
      ...invalid('metadata.resourceVersion', 0, ''),
      body: 'Invalid value: 0: must be specified for an update',
    };
    throw invalidObject({ group, name: kind }, name, [missing]);
  }
  const { object: stored } = server.rest.update(
    served,
    part,
    path.namespace,
    name,
    (old) => tracked(exchange, old, object, part),
    caller,
  );
  return json(200, render(exchange, stored));
}

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

function patch(exchange: Exchange, part: Part, name: string): ApiResponse {
  const { server, served, path, request, query, caller } = exchange;
  allow(exchange, 'patch');
  const custom = typeof served.version.schema !== 'string';
  const accepted = custom ? patchTypes.filter((type) => !type.includes('strategic')) : patchTypes;
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  if (!accepted.includes(type)) throw unsupportedMediaType(accepted);
  const validation = fieldValidation(query);
  if (type === 'application/apply-patch+yaml') return apply(exchange, part, name, validation);
  const body = parsePatch(request);
  const schema = rootSchema(served);
  const { object } = server.rest.update(
    served,
    part,
    path.namespace,
    name,
    (old) => {
      const next = type.includes('json-patch')
        ? applyJsonPatch(old, body)
        : type.includes('merge-patch') && !type.includes('strategic')
          ? applyMergePatch(old, body)
          : applyStrategicPatch(schema, old, body);
      const read = readSent(served, next as Record<string, unknown>, validation, caller.warn);
      return tracked(exchange, old, read, part);
    },
    caller,
  );
  return json(200, render(exchange, object));
}

function parsePatch(request: ApiRequest): unknown {
  try {
    return JSON.parse(request.body ?? '');
  } catch (error) {
    throw badRequest(`error decoding patch: ${error instanceof Error ? error.message : error}`);
  }
}

function apply(exchange: Exchange, part: Part, name: string, validation: FieldValidation): ApiResponse {
  const { server, served, path, request, query, caller } = exchange;
  const manager = query.get('fieldManager');
  if (!manager)
    throw badRequest(
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    );
  const sent = parseBody(request);
  const applied = readSent(served, sent, validation, caller.warn);
  if (applied.metadata.managedFields) {
    throw badRequest('metadata.managedFields must be nil');
  }
  applied.metadata.name ||= name;
  if (served.kind.namespaced && path.namespace && !applied.metadata.namespace)
    applied.metadata.namespace = path.namespace;
  const force = query.flag('force');
  const { object, created } = server.rest.update(
    served,
    part,
    path.namespace,
    name,
    (old) =>
      structuredClone(
        serverSideApply(rootSchema(served), old, applied, {
          manager,
          force,
          apiVersion: served.apiVersion,
          time: formatSeconds(server.kernel.now()),
          ...(part !== '' && { subresource: part }),
        }),
      ),
    caller,
    true,
  );
  return json(created ? 201 : 200, render(exchange, object));
}

/** The object with a note of who changed what, and shared with nobody. */
function tracked(
  { server, served, query, request }: Exchange,
  old: KubernetesObject | undefined,
  next: KubernetesObject,
  part: Part,
): KubernetesObject {
  const manager = query.get('fieldManager') || (request.headers['user-agent'] ?? '').split('/')[0] || 'unknown';
  return structuredClone(
    trackUpdate(rootSchema(served), old, next, {
      manager,
      apiVersion: served.apiVersion,
      time: formatSeconds(server.kernel.now()),
      ...(part !== '' && { subresource: part }),
    }),
  );
}

function deletionOf({ request, query, caller }: Exchange): Deletion {
  const body = (request.body ?? '') === '' ? {} : (parseBody(request) as Deletion & { dryRun?: string[] });
  const { gracePeriodSeconds, propagationPolicy, preconditions, dryRun } = body as Deletion & { dryRun?: string[] };
  if (dryRun?.includes('All')) caller.dryRun = true;
  const grace = gracePeriodSeconds ?? query.integer('gracePeriodSeconds');
  const policy = propagationPolicy ?? (query.get('propagationPolicy') as Deletion['propagationPolicy']);
  if (policy !== undefined && !['Orphan', 'Background', 'Foreground'].includes(policy)) {
    throw badRequest(
      `DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "${policy}": supported values: "Background", "Foreground", "Orphan"`,
    );
  }
  return {
    ...(grace !== undefined && { gracePeriodSeconds: grace }),
    ...(policy && { propagationPolicy: policy }),
    ...(preconditions && { preconditions }),
  };
}

function deleteOne(exchange: Exchange, name: string): ApiResponse {
  const { server, served, path, caller } = exchange;
  allow(exchange, 'delete');
  const { stored, left } = server.rest.delete(served, path.namespace, name, deletionOf(exchange), caller);
  if (left) return json(200, left);
  const { group, plural } = served.kind;
  const details = { name, ...(group && { group }), kind: plural, uid: stored.metadata.uid };
  return json(200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details });
}

function deleteMany(exchange: Exchange): ApiResponse {
  const { server, served, path, caller } = exchange;
  allow(exchange, 'deletecollection');
  const deletion = deletionOf(exchange);
  const chosen = server.rest.list(served, path.namespace).filter(selection(exchange));
  const deleted = chosen.map((object) => {
    const { namespace, name } = object.metadata;
    return server.rest.delete(served, namespace, name, deletion, caller).left ?? object;
  });
  return json(200, renderList(exchange, deleted, { resourceVersion: String(server.store.resourceVersion) }));
}
