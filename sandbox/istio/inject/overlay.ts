import type { Json, JsonObject } from '../../kernel/json.ts';
import { isObject } from '../install/values-map.ts';
import type { Container, InjectablePod, InjectedTemplate } from './types.ts';

/** Lists in a pod that a strategic merge patch merges, with the key of their elements. */
const mergeKeys: Record<string, string> = {
  containers: 'name',
  initContainers: 'name',
  volumes: 'name',
  imagePullSecrets: 'name',
  env: 'name',
  ports: 'containerPort',
  volumeMounts: 'mountPath',
};

/** Lays a rendered template over a pod as a strategic merge patch does. Neither is changed. */
export function overlayTemplate(pod: InjectablePod, template: InjectedTemplate): InjectablePod {
  return mergeObject(pod as unknown as JsonObject, template as unknown as JsonObject) as unknown as InjectablePod;
}

/** Lays a container over the one of the same name. */
export function overlayContainer(containers: Container[], overlay: Container): Container[] {
  return mergeList(containers, [overlay], 'name') as Container[];
}

function mergeObject(base: JsonObject, patch: JsonObject): JsonObject {
  const result = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    const present = result[key];
    const mergeKey = mergeKeys[key];
    if (isObject(value) && isObject(present)) result[key] = mergeObject(present, value);
    else if (mergeKey && Array.isArray(value) && Array.isArray(present))
      result[key] = mergeList(present, value, mergeKey);
    else result[key] = value;
  }
  return result;
}

/** The patch's elements come first in their own order, unless what was there stood before them already. */
function mergeList(base: readonly Json[], patch: readonly Json[], key: string): Json[] {
  const keyOf = (item: Json): Json | undefined => (isObject(item) ? item[key] : undefined);
  const place = new Map(base.map((item, index) => [keyOf(item), index]));
  const named = new Set(patch.map(keyOf));
  const patched = patch.map((item) => {
    const present = base[place.get(keyOf(item)) ?? -1];
    return isObject(item) && isObject(present) ? mergeObject(present, item) : item;
  });
  const kept = base.filter((item) => !named.has(keyOf(item)));
  const result: Json[] = [];
  let next = 0;
  for (const item of patched) {
    const index = place.get(keyOf(item));
    while (index !== undefined && next < kept.length && (place.get(keyOf(kept[next] as Json)) as number) < index) {
      result.push(kept[next++] as Json);
    }
    result.push(item);
  }
  return [...result, ...kept.slice(next)];
}
