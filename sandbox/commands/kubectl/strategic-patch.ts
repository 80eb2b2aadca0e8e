import { equalJson } from '../../kernel/json.ts';
import { isRecord } from './objects.ts';
import type { PatchSchema } from './patch-schema.ts';

type Map_ = Record<string, unknown>;
type Field = PatchSchema[string];

interface DiffOptions {
  ignoreChanges: boolean;
  ignoreDeletions: boolean;
  retainKeys?: boolean;
}

/**
 * The patch of `kubectl apply` for built-in kinds: changes from current to modified, deletions from the last applied
 * configuration to modified (apimachinery's strategicpatch, CreateThreeWayMergePatch).
 */
export function threeWayStrategicPatch(original: Map_, modified: Map_, current: Map_, schema: PatchSchema): Map_ {
  const changes = diffMaps(current, modified, schema, { ignoreChanges: false, ignoreDeletions: true });
  const deletions = diffMaps(original, modified, schema, { ignoreChanges: true, ignoreDeletions: false });
  return mergePatches(deletions, changes, schema);
}

/** What turns `original` into `modified`. */
export function twoWayStrategicPatch(original: Map_, modified: Map_, schema: PatchSchema): Map_ {
  return diffMaps(original, modified, schema, { ignoreChanges: false, ignoreDeletions: false });
}

function diffMaps(original: Map_, modified: Map_, schema: PatchSchema, options: DiffOptions): Map_ {
  const patch: Map_ = {};
  const inner = { ignoreChanges: options.ignoreChanges, ignoreDeletions: options.ignoreDeletions };
  for (const key of Object.keys(modified)) {
    const [before, after] = [original[key], modified[key]];
    if (before === undefined || typeName(before) !== typeName(after)) {
      if (!options.ignoreChanges) patch[key] = after;
    } else if (isRecord(before) && isRecord(after)) {
      diffMember(patch, key, before, after, schema[key], inner);
    } else if (Array.isArray(before) && Array.isArray(after) && (schema[key]?.key || schema[key]?.set)) {
      diffList(patch, key, before, after, schema[key] as Field, inner);
    } else if (!options.ignoreChanges && !equalJson(before, after)) patch[key] = after;
  }
  if (!options.ignoreDeletions) {
    for (const key of Object.keys(original)) if (modified[key] === undefined) patch[key] = null;
  }
  if (options.retainKeys) {
    const kept = Object.keys(modified).filter((key) => modified[key] !== null);
    const additional = Object.keys(original).some((key) => modified[key] === undefined);
    if (kept.length > 0 && (Object.keys(patch).length > 0 || additional)) patch.$retainKeys = kept.sort();
  }
  return patch;
}

function typeName(value: unknown): string {
  return Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value;
}

function diffMember(
  patch: Map_,
  key: string,
  before: Map_,
  after: Map_,
  field: Field | undefined,
  options: DiffOptions,
) {
  if (field?.replace) {
    if (!options.ignoreChanges && !equalJson(before, after)) patch[key] = after;
    return;
  }
  const inner = diffMaps(before, after, field?.fields ?? {}, { ...options, retainKeys: field?.retainKeys ?? false });
  if (Object.keys(inner).length > 0) patch[key] = inner;
}

function diffList(
  patch: Map_,
  key: string,
  before: unknown[],
  after: unknown[],
  field: Field,
  options: DiffOptions,
): void {
  if (before.length === 0) {
    if (after.length > 0 && !options.ignoreChanges) patch[key] = after;
    return;
  }
  if (field.set) {
    const added = options.ignoreChanges ? [] : after.filter((item) => !before.includes(item));
    const removed = options.ignoreDeletions ? [] : [...new Set(before.filter((item) => !after.includes(item)))];
    if (added.length > 0) patch[key] = added;
    if (removed.length > 0) patch[`$deleteFromPrimitiveList/${key}`] = removed;
    const reordered = !options.ignoreChanges && !equalJson(before, after);
    if (removed.length > 0 || reordered) patch[`$setElementOrder/${key}`] = after;
    return;
  }
  const mergeKey = field.key as string;
  const keyOf = (item: unknown) => (isRecord(item) ? item[mergeKey] : undefined);
  const same = (a: unknown, b: unknown) => String(keyOf(a)) === String(keyOf(b));
  const items: unknown[] = [];
  for (const item of after) {
    const match = before.find((candidate) => same(candidate, item));
    if (match === undefined) {
      if (!options.ignoreChanges) items.push(item);
    } else if (isRecord(match) && isRecord(item)) {
      const inner = diffMaps(match, item, field.fields ?? {}, { ...options, retainKeys: field.retainKeys ?? false });
      if (Object.keys(inner).length > 0) items.push({ ...inner, [mergeKey]: keyOf(item) });
    }
  }
  if (!options.ignoreDeletions) {
    for (const item of before) {
      if (!after.some((candidate) => same(candidate, item))) items.push({ $patch: 'delete', [mergeKey]: keyOf(item) });
    }
  }
  const sameOrder = before.length === after.length && after.every((item, index) => same(before[index], item));
  if (items.length > 0) patch[key] = items;
  if (items.length > 0 || (!options.ignoreChanges && !sameOrder)) {
    patch[`$setElementOrder/${key}`] = after.map((item) => ({ [mergeKey]: keyOf(item) }));
  }
}

/** Lays the changes over the deletions. */
function mergePatches(deletions: Map_, changes: Map_, schema: PatchSchema): Map_ {
  const merged: Map_ = { ...deletions };
  for (const [key, change] of Object.entries(changes)) {
    const before = merged[key];
    const field = schema[key];
    if (isRecord(before) && isRecord(change)) merged[key] = mergePatches(before, change, field?.fields ?? {});
    else if (Array.isArray(before) && Array.isArray(change) && field?.key) {
      merged[key] = mergeItems(before, change, field.key, field.fields ?? {});
    } else merged[key] = change;
  }
  return merged;
}

function mergeItems(deletions: unknown[], changes: unknown[], key: string, schema: PatchSchema): unknown[] {
  const rest = [...deletions];
  const merged = changes.map((change) => {
    const index = rest.findIndex((item) => isRecord(item) && isRecord(change) && item[key] === change[key]);
    if (index < 0) return change;
    const [match] = rest.splice(index, 1);
    return mergePatches(match as Map_, change as Map_, schema);
  });
  return [...merged, ...rest];
}
