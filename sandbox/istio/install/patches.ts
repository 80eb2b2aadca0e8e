import type { Json, JsonObject } from '../../kernel/json.ts';
import type { KubernetesObject } from '../../kubernetes/objects.ts';
import { getPath, isObject, setPath } from './values-map.ts';

/** The workload of a component, which most settings of `components.<name>.k8s` change. */
export interface PatchTarget {
  kind: string;
  name: string;
  container: string;
}

/**
 * Applies `components.<name>.k8s` to the rendered objects (upstream operator/pkg/render/postprocess.go): each field is a strategic
 * merge patch at one place of one object; `overlays` set single paths.
 */
export function patchComponent(objects: KubernetesObject[], spec: JsonObject, target: PatchTarget): KubernetesObject[] {
  const settings = spec.k8s;
  if (!isObject(settings) || !target.name) return objects;
  const patched = objects.map((object) => patchObject(object, settings, target));
  const overlays = Array.isArray(settings.overlays) ? settings.overlays.filter(isObject) : [];
  for (const overlay of overlays) {
    for (const object of patched) {
      if (object.kind !== overlay.kind || object.metadata.name !== overlay.name) continue;
      for (const patch of Array.isArray(overlay.patches) ? overlay.patches.filter(isObject) : []) {
        if (typeof patch.path === 'string') setPath(object as unknown as JsonObject, patch.path, patch.value ?? null);
      }
    }
  }
  return patched;
}

const podFields = ['affinity', 'nodeSelector', 'priorityClassName', 'tolerations', 'securityContext'];
const containerFields = ['env', 'imagePullPolicy', 'readinessProbe', 'resources'];

function patchObject(object: KubernetesObject, settings: JsonObject, target: PatchTarget): KubernetesObject {
  if (object.metadata.name !== target.name) return object;
  let patch: JsonObject = {};
  const set = (path: string, value: Json | undefined) => {
    if (value !== undefined) setPath(patch, path, value);
  };
  if (object.kind === target.kind) {
    for (const field of podFields) set(`spec.template.spec.${field}`, settings[field]);
    set('spec.template.metadata.annotations', settings.podAnnotations);
    set('spec.replicas', settings.replicaCount);
    set('spec.strategy', settings.strategy);
    const container: JsonObject = { name: target.container };
    for (const field of containerFields) if (settings[field] !== undefined) container[field] = settings[field] as Json;
    if (Object.keys(container).length > 1) set('spec.template.spec.containers', [container]);
  } else if (object.kind === 'HorizontalPodAutoscaler') set('spec', settings.hpaSpec);
  else if (object.kind === 'PodDisruptionBudget') set('spec', settings.podDisruptionBudget);
  else if (object.kind === 'Service') {
    set('metadata.annotations', settings.serviceAnnotations);
    if (isObject(settings.service)) {
      // A gateway's ports became values of its chart already.
      const { ports: _, ...rest } = settings.service;
      set('spec', rest);
    }
  }
  if (Object.keys(patch).length === 0) return object;
  patch = structuredClone(patch);
  const result = mergePatch(object as unknown as JsonObject, patch) as unknown as KubernetesObject;
  if (object.kind === 'PodDisruptionBudget') onlyOneBudget(result);
  return result;
}

/** A disruption budget has one of the two; the one the user gave wins. */
function onlyOneBudget(object: KubernetesObject): void {
  const spec = object.spec as JsonObject;
  if (getPath(spec, 'maxUnavailable') !== undefined) delete spec.minAvailable;
}

/** Lists of objects with names or keys are merged by them, other lists replaced; null removes. */
function mergePatch(base: Json | undefined, patch: Json): Json {
  if (isObject(patch)) {
    const result: JsonObject = isObject(base) ? { ...base } : {};
    for (const [key, value] of Object.entries(patch)) {
      if (value === null) delete result[key];
      else result[key] = mergePatch(result[key], value);
    }
    return result;
  }
  if (
    Array.isArray(patch) &&
    Array.isArray(base) &&
    patch.every((item) => isObject(item) && typeof item.name === 'string')
  ) {
    const result = [...base];
    const added: Json[] = [];
    for (const item of patch as JsonObject[]) {
      const index = result.findIndex((other) => isObject(other) && other.name === item.name);
      if (index < 0) added.push(item);
      else result[index] = mergePatch(result[index], item);
    }
    return [...added, ...result];
  }
  return patch;
}
