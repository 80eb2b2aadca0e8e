import { equalJson } from '../../kernel/json.ts';
import { type FieldError, invalid, notSupported, required, tooLong, tooMany, typeInvalid } from '../field.ts';
import { isObject } from '../json.ts';
import type { Schema } from '../schema.ts';
import { pattern as compile } from './regexp.ts';

/**
 * Checks a custom resource against its schema, in the order and with the words of k8s.io/kube-openapi/pkg/validation and of
 * apiextensions-apiserver's ValidateCustomResource. `path` is '' for the whole object.
 */
export function validateStructure(schema: Schema, value: unknown, path: string): FieldError[] {
  if (value === null) {
    return schema.nullable ? [] : [...checkType(schema, value, path), ...checkEnum(schema, value, path)];
  }
  return [
    ...checkType(schema, value, path),
    ...checkAlternatives(schema, value, path),
    ...(typeof value === 'string' ? checkString(schema, value, path) : []),
    ...(typeof value === 'number' ? checkNumber(schema, value, path) : []),
    ...(Array.isArray(value) ? checkList(schema, value, path) : []),
    ...checkEnum(schema, value, path),
    ...(isObject(value) ? checkObject(schema, value, path) : []),
  ];
}

/** What JSON calls the type of a value. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function checkType(schema: Schema, value: unknown, path: string): FieldError[] {
  const found = typeName(value);
  if (schema['x-kubernetes-int-or-string']) {
    if (found === 'integer' || found === 'string') return [];
    return [typeInvalid(path, found, `${path} in body must be of type integer,string: "${found}"`)];
  }
  const { type } = schema;
  if (type === undefined || type === found || (type === 'number' && found === 'integer')) return [];
  return [typeInvalid(path, found, `${path} in body must be of type ${type}: "${found}"`)];
}

function checkAlternatives(schema: Schema, value: unknown, path: string): FieldError[] {
  const { anyOf, oneOf, allOf, not } = schema;
  const errors: FieldError[] = [];
  const fits = (part: Schema) => validateStructure(part, value, path).length === 0;
  const say = (words: string) => errors.push(invalid('', '', `"${path}" ${words}`));
  if (anyOf && anyOf.length > 0 && !schema['x-kubernetes-int-or-string'] && !anyOf.some(fits)) {
    say('must validate at least one schema (anyOf)');
    errors.push(...validateStructure(anyOf[0] as Schema, value, path));
  }
  if (oneOf && oneOf.length > 0) {
    const count = oneOf.filter(fits).length;
    if (count !== 1) {
      const found = count === 0 ? 'Found none valid' : `Found ${count} valid alternatives`;
      say(`must validate one and only one schema (oneOf). ${found}`);
    }
  }
  if (allOf && allOf.length > 0) {
    const results = allOf.map((part) => validateStructure(part, value, path));
    errors.push(...results.flat());
    const failed = results.filter((result) => result.length > 0).length;
    if (failed > 0) say(`must validate all the schemas (allOf)${failed === allOf.length ? '. None validated' : ''}`);
  }
  if (not && fits(not)) say('must not validate the schema (not)');
  return errors;
}

function checkString(schema: Schema, value: string, path: string): FieldError[] {
  const { maxLength, minLength, pattern } = schema;
  const length = maxLength === undefined && minLength === undefined ? 0 : [...value].length;
  if (maxLength !== undefined && length > maxLength) return [tooLong(path, maxLength)];
  if (minLength !== undefined && length < minLength) {
    return [invalid(path, value, `${path} in body should be at least ${minLength} chars long`)];
  }
  if (pattern !== undefined && !compile(pattern).test(value)) {
    return [invalid(path, value, `${path} in body should match '${pattern}'`)];
  }
  if (
    schema.format === 'date-time' &&
    !/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(value)
  ) {
    return [invalid(path, value, `${path} in body must be of type date-time: ${JSON.stringify(value)}`)];
  }
  return [];
}

function checkNumber(schema: Schema, value: number, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { multipleOf, maximum, minimum } = schema;
  if (multipleOf !== undefined && value % multipleOf !== 0) {
    errors.push(invalid(path, value, `${path} in body should be a multiple of ${multipleOf}`));
  }
  if (maximum !== undefined && (schema.exclusiveMaximum ? value >= maximum : value > maximum)) {
    const words = schema.exclusiveMaximum ? 'less than' : 'less than or equal to';
    errors.push(invalid(path, value, `${path} in body should be ${words} ${maximum}`));
  }
  if (minimum !== undefined && (schema.exclusiveMinimum ? value <= minimum : value < minimum)) {
    const words = schema.exclusiveMinimum ? 'greater than' : 'greater than or equal to';
    errors.push(invalid(path, value, `${path} in body should be ${words} ${minimum}`));
  }
  return errors;
}

function checkList(schema: Schema, value: unknown[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { items, minItems, maxItems } = schema;
  value.forEach((item, index) => {
    if (items) errors.push(...validateStructure(items, item, `${path}[${index}]`));
  });
  if (minItems !== undefined && value.length < minItems) {
    errors.push(invalid(path, value.length, `${path} in body should have at least ${minItems} items`));
  }
  if (maxItems !== undefined && value.length > maxItems) errors.push(tooMany(path, value.length, maxItems));
  return errors;
}

function checkEnum(schema: Schema, value: unknown, path: string): FieldError[] {
  const { enum: allowed } = schema;
  if (!allowed || allowed.some((item) => equalJson(item, value))) return [];
  return [notSupported(path, value, allowed)];
}

function checkObject(schema: Schema, value: Record<string, unknown>, path: string): FieldError[] {
  const { minProperties, maxProperties, properties = {}, additionalProperties } = schema;
  const keys = Object.keys(value);
  if (minProperties !== undefined && keys.length < minProperties) {
    return [invalid(path, keys.length, `${path} in body should have at least ${minProperties} properties`)];
  }
  if (maxProperties !== undefined && keys.length > maxProperties) return [tooMany(path, keys.length, maxProperties)];
  const errors: FieldError[] = [];
  const below = (key: string) => (path === '' ? key : `${path}.${key}`);
  for (const key of keys.sort()) {
    const known = Object.hasOwn(properties, key) ? properties[key] : undefined;
    const part = known ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
    if (part) errors.push(...validateStructure(part, value[key], below(key)));
  }
  for (const key of schema.required ?? []) if (!Object.hasOwn(value, key)) errors.push(required(below(key)));
  return errors;
}
