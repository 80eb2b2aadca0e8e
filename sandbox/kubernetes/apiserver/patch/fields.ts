import { equalJson } from '../../../kernel/json.ts';
import { isObject } from '../../json.ts';
import type { Schema } from '../../schema.ts';
import { resolve } from '../../schemas/index.ts';

/**
 * A set of fields as metav1.FieldsV1 writes it: `f:spec` a member, `k:{"name":"x"}` an item of a list that is a map,
 * `v:"x"` an item of a set, `.` the thing itself. A field without members is a leaf.
 */
export interface Fields {
  [step: string]: Fields;
}

/** How a part of an object is looked at when fields are owned. */
export type Shape = 'leaf' | 'object' | 'map-list' | 'set';

export function shapeOf(schema: Schema, value: unknown): Shape {
  const target = resolve(schema);
  if (Array.isArray(value)) {
    if (schema['x-kubernetes-list-type'] === 'map' && value.every(isObject)) return 'map-list';
    return schema['x-kubernetes-list-type'] === 'set' ? 'set' : 'leaf';
  }
  return isObject(value) && target['x-kubernetes-map-type'] !== 'atomic' ? 'object' : 'leaf';
}

export function partOf(schema: Schema, key: string): Schema {
  const { properties, additionalProperties } = resolve(schema);
  if (properties && Object.hasOwn(properties, key)) return properties[key] as Schema;
  return typeof additionalProperties === 'object' ? additionalProperties : {};
}

export function itemsOf(schema: Schema): Schema {
  return resolve(schema).items ?? {};
}

/** `k:{"name":"x"}`; keys that are left out have their default (a port's protocol is TCP). */
export function itemStep(schema: Schema, item: Record<string, unknown>): string {
  const keys: Record<string, unknown> = {};
  for (const key of [...(schema['x-kubernetes-list-map-keys'] ?? [])].sort()) {
    const value = item[key] ?? (key === 'protocol' ? 'TCP' : undefined);
    if (value !== undefined) keys[key] = value;
  }
  return `k:${JSON.stringify(keys)}`;
}

/** All fields that a value sets. */
export function fieldsOf(schema: Schema, value: unknown): Fields {
  const fields: Fields = {};
  switch (shapeOf(schema, value)) {
    case 'object':
      for (const key of Object.keys(value as object)) {
        fields[`f:${key}`] = fieldsOf(partOf(schema, key), (value as Record<string, unknown>)[key]);
      }
      break;
    case 'map-list':
      for (const item of value as Record<string, unknown>[]) {
        fields[itemStep(schema, item)] = { '.': {}, ...fieldsOf(itemsOf(schema), item) };
      }
      break;
    case 'set':
      for (const item of value as unknown[]) fields[`v:${JSON.stringify(item)}`] = {};
  }
  return fields;
}

/** Fields that differ between two values: `set` those that the new one sets, `gone` those that it lacks. */
export function difference(schema: Schema, old: unknown, next: unknown): { set: Fields; gone: Fields } {
  if (equalJson(old, next)) return { set: {}, gone: {} };
  const before = stepsOf(schema, old);
  const after = stepsOf(schema, next);
  const set: Fields = {};
  const gone: Fields = {};
  for (const [step, { value, part }] of after) {
    const was = before.get(step);
    if (!was) set[step] = step.startsWith('k:') ? { '.': {}, ...fieldsOf(part, value) } : fieldsOf(part, value);
    else if (!equalJson(was.value, value)) {
      if (stepsOf(part, value).size === 0 || shapeOf(part, value) !== shapeOf(part, was.value)) set[step] = {};
      else {
        const inner = difference(part, was.value, value);
        if (Object.keys(inner.set).length > 0) set[step] = inner.set;
        if (Object.keys(inner.gone).length > 0) gone[step] = inner.gone;
      }
    }
  }
  for (const [step, { value, part }] of before) if (!after.has(step)) gone[step] = fieldsOf(part, value);
  return { set, gone };
}

function stepsOf(schema: Schema, value: unknown): Map<string, { value: unknown; part: Schema }> {
  const steps = new Map<string, { value: unknown; part: Schema }>();
  switch (shapeOf(schema, value)) {
    case 'object':
      for (const key of Object.keys(value as object)) {
        steps.set(`f:${key}`, { value: (value as Record<string, unknown>)[key], part: partOf(schema, key) });
      }
      break;
    case 'map-list':
      for (const item of value as Record<string, unknown>[]) {
        steps.set(itemStep(schema, item), { value: item, part: itemsOf(schema) });
      }
      break;
    case 'set':
      for (const item of value as unknown[]) steps.set(`v:${JSON.stringify(item)}`, { value: item, part: {} });
  }
  return steps;
}

export function union(a: Fields, b: Fields): Fields {
  const result: Fields = { ...a };
  for (const step of Object.keys(b)) {
    result[step] = Object.hasOwn(result, step) ? union(result[step] as Fields, b[step] as Fields) : (b[step] as Fields);
  }
  return result;
}

/** `a` without the leaves of `b`; what then holds nothing goes too. */
export function subtract(a: Fields, b: Fields): Fields {
  const result: Fields = {};
  for (const step of Object.keys(a)) {
    const own = a[step] as Fields;
    if (!Object.hasOwn(b, step)) {
      result[step] = own;
      continue;
    }
    if (Object.keys(own).length === 0) continue;
    const rest = subtract(own, b[step] as Fields);
    if (Object.keys(rest).length > 0) result[step] = rest;
  }
  return result;
}

/** The leaves that are in both, as paths of steps. */
export function commonLeaves(a: Fields, b: Fields, path: string[] = []): string[][] {
  const found: string[][] = [];
  for (const step of Object.keys(a)) {
    if (step === '.' || !Object.hasOwn(b, step)) continue;
    const left = a[step] as Fields;
    const right = b[step] as Fields;
    const leaf = Object.keys(left).length === 0 || Object.keys(right).length === 0;
    if (leaf) found.push([...path, step]);
    else found.push(...commonLeaves(left, right, [...path, step]));
  }
  return found;
}

/** The value at a path of steps, or undefined. */
export function valueAt(schema: Schema, value: unknown, path: readonly string[]): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  const found = stepsOf(schema, value).get(step);
  return found && valueAt(found.part, found.value, rest);
}

/** A path as Kubernetes prints it in conflicts: `.spec.template.spec.containers[name="curl"].image`. */
export function formatPath(path: readonly string[]): string {
  return path
    .map((step) => {
      if (step.startsWith('f:')) return `.${step.slice(2)}`;
      if (step.startsWith('v:')) return `[=${step.slice(2)}]`;
      const keys = Object.entries(JSON.parse(step.slice(2)) as Record<string, unknown>);
      return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
    })
    .join('');
}
