import { duplicate, type FieldError, invalid } from '../field.ts';
import { isObject } from '../json.ts';
import type { Schema } from '../schema.ts';

/** Lists that are sets or maps hold nothing twice (apiextensions-apiserver pkg/apiserver/schema/listtype). */
export function validateListTypes(schema: Schema, value: unknown, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (Array.isArray(value)) {
    const { items } = schema;
    if (schema['x-kubernetes-list-type'] === 'set') errors.push(...repeated(value, path, (item) => item));
    const keys = schema['x-kubernetes-list-map-keys'];
    if (schema['x-kubernetes-list-type'] === 'map' && keys) {
      value.forEach((item, index) => {
        if (!isObject(item))
          errors.push(invalid(`${path}[${index}]`, item, 'must be an object for an array of list-type map'));
      });
      errors.push(...repeated(value, path, (item) => (isObject(item) ? pick(item, keys, items) : undefined)));
    }
    value.forEach((item, index) => {
      if (items) errors.push(...validateListTypes(items, item, `${path}[${index}]`));
    });
  } else if (isObject(value)) {
    for (const key of Object.keys(value).sort()) {
      const own = schema.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
      const extra = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
      const below = own ? (path === '' ? key : `${path}.${key}`) : `${path}[${key}]`;
      const part = own ?? extra;
      if (part) errors.push(...validateListTypes(part, value[key], below));
    }
  }
  return errors;
}

function pick(item: Record<string, unknown>, keys: string[], items: Schema | undefined): unknown {
  const picked: Record<string, unknown> = {};
  for (const key of [...keys].sort()) {
    const value = item[key] ?? items?.properties?.[key]?.default;
    if (value !== undefined) picked[key] = value;
  }
  return picked;
}

/** Each value that occurs again is named once, where it first does so. */
function repeated(list: unknown[], path: string, keyOf: (item: unknown) => unknown): FieldError[] {
  const counts = new Map<string, number>();
  const errors: FieldError[] = [];
  list.forEach((item, index) => {
    const key = keyOf(item);
    if (key === undefined) return;
    const text = JSON.stringify(key);
    const count = (counts.get(text) ?? 0) + 1;
    counts.set(text, count);
    if (count === 2) errors.push(duplicate(`${path}[${index}]`, key));
  });
  return errors;
}
