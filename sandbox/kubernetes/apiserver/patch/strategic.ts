import { equalJson } from '../../../kernel/json.ts';
import { isObject, setMember } from '../../json.ts';
import type { Schema } from '../../schema.ts';
import { resolve } from '../../schemas/index.ts';
import { badRequest } from '../errors.ts';

/**
 * A strategic merge patch (k8s.io/apimachinery/pkg/util/strategicpatch): objects merge, lists with a merge key merge item by
 * item, with the directives `$patch`, `$retainKeys`, `$setElementOrder/…` and `$deleteFromPrimitiveList/…`.
 */
export function applyStrategicPatch(schema: Schema, target: unknown, patch: unknown): unknown {
  return isObject(patch) ? mergeObject(schema, isObject(target) ? target : {}, patch) : patch;
}

const setOrder = '$setElementOrder/';
const deleteItems = '$deleteFromPrimitiveList/';

type Json = Record<string, unknown>;

function mergeObject(schema: Schema, target: Json, patch: Json): unknown {
  if (patch.$patch === 'delete') return {};
  if (patch.$patch === 'replace') return without(patch, '$patch');
  const { properties = {}, additionalProperties } = resolve(schema);
  const extra = typeof additionalProperties === 'object' ? additionalProperties : {};
  const partOf = (key: string): Schema => (Object.hasOwn(properties, key) ? (properties[key] as Schema) : extra);
  let result: Json = { ...target };
  if (Array.isArray(patch.$retainKeys)) {
    const kept = new Set(patch.$retainKeys as string[]);
    result = Object.fromEntries(Object.entries(result).filter(([key]) => kept.has(key)));
  }
  for (const key of Object.keys(patch)) {
    if (key === '$retainKeys' || key === '$patch' || key.startsWith(setOrder)) continue;
    if (key.startsWith(deleteItems)) {
      const field = key.slice(deleteItems.length);
      const gone = patch[key] as unknown[];
      const list = result[field];
      if (Array.isArray(list)) result[field] = list.filter((item) => !gone.some((other) => equalJson(other, item)));
      continue;
    }
    const value = patch[key];
    const before = Object.hasOwn(result, key) ? result[key] : undefined;
    if (value === null) delete result[key];
    else if (Array.isArray(value)) {
      result[key] = mergeList(partOf(key), Array.isArray(before) ? before : [], value, patch[`${setOrder}${key}`], key);
    } else if (isObject(value)) setMember(result, key, mergeObject(partOf(key), isObject(before) ? before : {}, value));
    else setMember(result, key, value);
  }
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(setOrder)) continue;
    const field = key.slice(setOrder.length);
    const list = result[field];
    if (Array.isArray(list) && !Array.isArray(patch[field])) {
      result[field] = inOrder(list, patch[key], partOf(field)['x-kubernetes-patch-merge-key']);
    }
  }
  return result;
}

function mergeList(schema: Schema, target: unknown[], patch: unknown[], order: unknown, field: string): unknown[] {
  const mergeKey = schema['x-kubernetes-patch-merge-key'];
  if (schema['x-kubernetes-patch-strategy'] !== 'merge') return patch.filter((item) => !isDirective(item));
  if (mergeKey === undefined) {
    const added = patch.filter((item) => !target.some((present) => equalJson(present, item)));
    return inOrder([...target, ...added], order, undefined);
  }
  if (patch.some((item) => isObject(item) && item.$patch === 'replace')) {
    return patch.filter((item) => !(isObject(item) && item.$patch === 'replace' && Object.keys(item).length === 1));
  }
  const items = resolve(schema).items ?? {};
  const result = [...target];
  for (const item of patch) {
    if (!isObject(item)) throw badRequest(`invalid strategic merge patch: ${field} must be a list of objects`);
    const key = item[mergeKey];
    if (key === undefined) {
      throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${mergeKey}`);
    }
    const at = result.findIndex((present) => isObject(present) && equalJson(present[mergeKey], key));
    if (item.$patch === 'delete') {
      if (at >= 0) result.splice(at, 1);
    } else if (at >= 0) result[at] = mergeObject(items, result[at] as Json, item);
    else result.push(mergeObject(items, {}, item));
  }
  return inOrder(result, order, mergeKey);
}

/** Items in the order that the patch wants; others keep their place after the one before them. */
function inOrder(list: unknown[], order: unknown, mergeKey: string | undefined): unknown[] {
  if (!Array.isArray(order)) return list;
  const keyOf = (item: unknown) => (mergeKey !== undefined && isObject(item) ? item[mergeKey] : item);
  const rank = (item: unknown) => order.findIndex((wanted) => equalJson(keyOf(wanted), keyOf(item)));
  const ordered = list.filter((item) => rank(item) >= 0).sort((a, b) => rank(a) - rank(b));
  const result = [...ordered];
  for (const [index, item] of list.entries()) {
    if (rank(item) >= 0) continue;
    const before = list
      .slice(0, index)
      .reverse()
      .find((other) => result.includes(other));
    result.splice(before === undefined ? 0 : result.indexOf(before) + 1, 0, item);
  }
  return result;
}

function isDirective(item: unknown): boolean {
  return isObject(item) && '$patch' in item;
}

function without(object: Json, key: string): Json {
  const { [key]: _, ...rest } = object;
  return rest;
}
