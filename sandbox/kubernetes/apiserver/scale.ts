import { formatSelector, type LabelSelector } from '../columns.ts';
import { cloneJson, isObject } from '../json.ts';
import { readPath } from '../jsonpath.ts';
import type { ScalePaths } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';
import { parseBody } from './body.ts';
import { ApiError, badRequest } from './errors.ts';
import type { ApiResponse } from './http.ts';
import { applyJsonPatch } from './patch/json-patch.ts';
import { applyMergePatch } from './patch/merge.ts';
import type { Exchange } from './resources.ts';
import { json, withWarnings } from './respond.ts';

/** autoscaling/v1 Scale of a kind that has replicas. */
export function handleScale(exchange: Exchange, paths: ScalePaths): ApiResponse {
  const { server, served, path, request, caller } = exchange;
  const name = path.name as string;
  const stored = server.rest.get(served, path.namespace, name);
  if (request.method === 'GET') return json(200, scaleOf(stored, paths));
  if (request.method !== 'PUT' && request.method !== 'PATCH') {
    throw new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
  }
  const body =
    request.method === 'PATCH' && (request.body ?? '').trimStart().startsWith('[')
      ? JSON.parse(request.body ?? '')
      : parseBody(request);
  const wanted = (
    request.method === 'PUT'
      ? body
      : Array.isArray(body)
        ? applyJsonPatch(scaleOf(stored, paths), body)
        : applyMergePatch(scaleOf(stored, paths), body)
  ) as { metadata?: { resourceVersion?: string }; spec?: { replicas?: unknown } };
  const replicas = wanted.spec?.replicas ?? 0;
  if (typeof replicas !== 'number' || !Number.isInteger(replicas)) {
    throw badRequest(
      'Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal string into Go struct field ScaleSpec.spec.replicas of type int32',
    );
  }
  if (replicas < 0) {
    throw new ApiError(
      422,
      'Invalid',
      `Scale.autoscaling "${name}" is invalid: spec.replicas: Invalid value: ${replicas}: must be greater than or equal to 0`,
    );
  }
  const { object } = server.rest.update(
    served,
    '',
    path.namespace,
    name,
    (old) => {
      const next = cloneJson(old as KubernetesObject);
      const version = wanted.metadata?.resourceVersion;
      if (request.method === 'PUT' && version) next.metadata.resourceVersion = version;
      setPath(next, paths.spec, replicas);
      return next;
    },
    caller,
  );
  return withWarnings(json(200, scaleOf(object, paths)), exchange.warnings);
}

function scaleOf(object: KubernetesObject, paths: ScalePaths) {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const [selector] = paths.selector ? readPath(object, paths.selector) : [];
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: (readPath(object, paths.spec)[0] ?? 0) as number },
    status: {
      replicas: (readPath(object, paths.status)[0] ?? 0) as number,
      ...(isObject(selector) && { selector: formatSelector(selector as LabelSelector) }),
      ...(typeof selector === 'string' && { selector }),
    },
  };
}

function setPath(object: KubernetesObject, path: string, value: unknown): void {
  const steps = path.split('.').filter((step) => step !== '');
  const last = steps.pop() as string;
  let here: Record<string, unknown> = object;
  for (const step of steps) {
    here[step] ??= {};
    here = here[step] as Record<string, unknown>;
  }
  here[last] = value;
}
