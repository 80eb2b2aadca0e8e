import { equalJson } from '../../kernel/json.ts';
import { isRecord } from './objects.ts';

type Map_ = Record<string, unknown>;

/** RFC 7386: what turns `from` into `to`. */
export function createMergePatch(from: Map_, to: Map_): Map_ {
  const patch: Map_ = {};
  for (const key of Object.keys(to)) {
    const [before, after] = [from[key], to[key]];
    if (before !== undefined && equalJson(before, after)) continue;
    if (isRecord(before) && isRecord(after)) patch[key] = createMergePatch(before, after);
    else if (after !== undefined && !(before === undefined && after === undefined)) patch[key] = after;
  }
  for (const key of Object.keys(from)) if (to[key] === undefined) patch[key] = null;
  return patch;
}

/** Applies an RFC 7386 patch. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result: Map_ = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = applyMergePatch(result[key], value);
  }
  return result;
}

/**
 * The patch of `kubectl apply` for custom resources: changes from current to modified, deletions from the last applied
 * configuration to modified (apimachinery's jsonmergepatch).
 */
export function threeWayMergePatch(original: Map_, modified: Map_, current: Map_): Map_ {
  const changes = keepNulls(createMergePatch(current, modified), false);
  const deletions = keepNulls(createMergePatch(original, modified), true);
  return mergePatches(deletions, changes);
}

/** Only the deletions of a patch, or only the rest. */
function keepNulls(patch: Map_, nulls: boolean): Map_ {
  const kept: Map_ = {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) {
      if (nulls) kept[key] = null;
    } else if (isRecord(value)) {
      if (Object.keys(value).length === 0) {
        if (!nulls) kept[key] = value;
        continue;
      }
      const inner = keepNulls(value, nulls);
      if (Object.keys(inner).length > 0) kept[key] = inner;
    } else if (!nulls) kept[key] = value;
  }
  return kept;
}

function mergePatches(first: Map_, second: Map_): Map_ {
  const merged: Map_ = { ...first };
  for (const [key, value] of Object.entries(second)) {
    const before = merged[key];
    merged[key] = isRecord(before) && isRecord(value) ? mergePatches(before, value) : value;
  }
  return merged;
}
