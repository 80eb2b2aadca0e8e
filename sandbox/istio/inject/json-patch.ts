import { equalJson, type Json, type JsonObject } from '../../kernel/json.ts';
import { isObject } from '../install/values-map.ts';

export type JsonPatchOperation = { op: 'add' | 'replace'; path: string; value: Json } | { op: 'remove'; path: string };

/** The RFC 6902 patch that makes `after` of `before`. Lists that differ are replaced whole. */
export function createJsonPatch(before: JsonObject, after: JsonObject, path = ''): JsonPatchOperation[] {
  const operations: JsonPatchOperation[] = [];
  const at = (key: string) => `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  for (const key of Object.keys(before).sort()) {
    if (after[key] === undefined) operations.push({ op: 'remove', path: at(key) });
  }
  for (const key of Object.keys(after).sort()) {
    const [old, value] = [before[key], after[key]];
    if (value === undefined) continue;
    if (old === undefined) operations.push({ op: 'add', path: at(key), value });
    else if (isObject(old) && isObject(value)) operations.push(...createJsonPatch(old, value, at(key)));
    else if (!equalJson(old, value)) operations.push({ op: 'replace', path: at(key), value });
  }
  return operations;
}
