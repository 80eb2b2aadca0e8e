import { equalJson } from '../../../kernel/json.ts';
import { isObject, setMember } from '../../json.ts';
import type { KubernetesObject } from '../../objects.ts';
import type { Schema } from '../../schema.ts';
import { ApiError } from '../errors.ts';
import {
  commonLeaves,
  type Fields,
  fieldsOf,
  formatPath,
  itemStep,
  itemsOf,
  partOf,
  shapeOf,
  subtract,
  union,
  valueAt,
} from './fields.ts';
import { type ManagedEntry, managedFields, ownable, withManager } from './managed-fields.ts';

export interface Applier {
  manager: string;
  force: boolean;
  apiVersion: string;
  time: string;
  subresource?: string;
}

/**
 * Server-side apply (sigs.k8s.io/structured-merge-diff): merges what is applied into the live object, takes back what the
 * manager applied before and no longer does, and refuses to change what others own unless forced. `live` undefined: new.
 */
export function serverSideApply(
  schema: Schema,
  live: KubernetesObject | undefined,
  applied: KubernetesObject,
  applier: Applier,
): KubernetesObject {
  const entries = managedFields(live);
  const isOwn = (entry: ManagedEntry) =>
    entry.manager === applier.manager &&
    entry.operation === 'Apply' &&
    (entry.subresource ?? '') === (applier.subresource ?? '');
  const own = entries.find(isOwn);
  let others = entries.filter((entry) => !isOwn(entry));
  const wanted = fieldsOf(schema, ownable(applied));
  const conflicts: { entry: ManagedEntry; path: string[] }[] = [];
  for (const entry of others) {
    for (const path of commonLeaves(wanted, entry.fieldsV1)) {
      const same = equalJson(valueAt(schema, live, path), valueAt(schema, applied, path));
      if (!same) conflicts.push({ entry, path });
    }
  }
  if (conflicts.length > 0 && !applier.force) throw conflictError(conflicts);
  for (const { entry, path } of conflicts) {
    const taken = path.reduceRight<Fields>((inner, step) => ({ [step]: inner }), {});
    others = others.map((other) =>
      other === entry || other.manager === entry.manager
        ? { ...other, fieldsV1: subtract(other.fieldsV1, taken) }
        : other,
    );
  }
  others = others.filter((entry) => Object.keys(entry.fieldsV1).length > 0);
  let merged = mergeValue(schema, live, applied) as KubernetesObject;
  const dropped = own ? subtract(own.fieldsV1, wanted) : {};
  const ownedByOthers = others.reduce<Fields>((all, entry) => union(all, entry.fieldsV1), {});
  merged = removeFields(schema, merged, subtract(dropped, ownedByOthers)) as KubernetesObject;
  const next: ManagedEntry = {
    manager: applier.manager,
    operation: 'Apply',
    apiVersion: applier.apiVersion,
    time: own && equalJson(own.fieldsV1, wanted) ? own.time : applier.time,
    fieldsType: 'FieldsV1',
    fieldsV1: wanted,
    ...(applier.subresource && { subresource: applier.subresource }),
  };
  return withManager(merged, [...others, next]);
}

function conflictError(conflicts: { entry: ManagedEntry; path: string[] }[]): ApiError {
  const named = ({ entry }: { entry: ManagedEntry }) => {
    const sub = entry.subresource ? ` with subresource "${entry.subresource}"` : '';
    const when = entry.operation === 'Update' ? ` at ${entry.time}` : '';
    return `conflict with "${entry.manager}"${sub} using ${entry.apiVersion}${when}`;
  };
  const causes = conflicts.map((conflict) => ({
    reason: 'FieldManagerConflict',
    message: named(conflict),
    field: formatPath(conflict.path),
  }));
  const count = conflicts.length === 1 ? '1 conflict' : `${conflicts.length} conflicts`;
  const groups = new Map<string, string[]>();
  for (const { message, field } of causes) groups.set(message, [...(groups.get(message) ?? []), field]);
  const text =
    conflicts.length === 1
      ? `${causes[0]?.message}: ${causes[0]?.field}`
      : [...groups]
          .map(([message, fields]) => `${message.replace('conflict', 'conflicts')}:\n- ${fields.join('\n- ')}`)
          .join('\n');
  return new ApiError(409, 'Conflict', `Apply failed with ${count}: ${text}`, { causes });
}

function mergeValue(schema: Schema, live: unknown, applied: unknown): unknown {
  const shape = shapeOf(schema, applied);
  if (live === undefined || shape === 'leaf' || shapeOf(schema, live) !== shape) return applied;
  if (shape === 'object') {
    const result: Record<string, unknown> = { ...(live as object) };
    for (const [key, value] of Object.entries(applied as object)) {
      setMember(
        result,
        key,
        mergeValue(partOf(schema, key), Object.hasOwn(result, key) ? result[key] : undefined, value),
      );
    }
    return result;
  }
  if (shape === 'set') {
    const list = live as unknown[];
    return [...list, ...(applied as unknown[]).filter((item) => !list.some((present) => equalJson(present, item)))];
  }
  const items = [...(live as Record<string, unknown>[])];
  for (const item of applied as Record<string, unknown>[]) {
    const step = itemStep(schema, item);
    const at = items.findIndex((present) => itemStep(schema, present) === step);
    if (at >= 0) items[at] = mergeValue(itemsOf(schema), items[at], item) as Record<string, unknown>;
    else items.push(item);
  }
  return items;
}

/** The value without the leaves named; items and members that were applied as a whole go with their `.`. */
function removeFields(schema: Schema, value: unknown, fields: Fields): unknown {
  if (Object.keys(fields).length === 0) return value;
  if (Array.isArray(value)) {
    const gone = (step: string) => Object.hasOwn(fields, step);
    if (shapeOf(schema, value) === 'set') return value.filter((item) => !gone(`v:${JSON.stringify(item)}`));
    return value.flatMap((item: Record<string, unknown>) => {
      const step = itemStep(schema, item);
      if (!gone(step)) return [item];
      const inner = fields[step] as Fields;
      return Object.hasOwn(inner, '.') ? [] : [removeFields(itemsOf(schema), item, inner)];
    });
  }
  if (!isObject(value)) return value;
  const result: Record<string, unknown> = { ...value };
  for (const [step, inner] of Object.entries(fields)) {
    const key = step.slice(2);
    if (!step.startsWith('f:') || !Object.hasOwn(result, key)) continue;
    if (Object.keys(inner).length === 0) delete result[key];
    else {
      const rest = removeFields(partOf(schema, key), result[key], inner);
      if (isObject(rest) && Object.keys(rest).length === 0) delete result[key];
      else if (Array.isArray(rest) && rest.length === 0) delete result[key];
      else setMember(result, key, rest);
    }
  }
  return result;
}
