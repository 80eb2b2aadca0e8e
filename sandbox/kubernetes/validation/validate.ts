import { type FieldError, invalidHidden, notSupported, required } from '../field.ts';
import { isObject } from '../json.ts';
import type { KubernetesObject } from '../objects.ts';
import type { Schema } from '../schema.ts';
import { resolve } from '../schemas/index.ts';
import { validateRules } from './cel/rules.ts';
import { validateListTypes } from './list-types.ts';
import { validateStructure } from './structural.ts';

/** Errors that keep CEL rules from running, for they rely on the structure. */
const blocking = new Set<FieldError['type']>(['NotSupported', 'Required', 'TooLong', 'TooMany', 'TypeInvalid']);

/** Checks a custom resource by its definition's schema (apiextensions-apiserver pkg/registry/customresource/strategy). */
export function validateCustomResource(schema: Schema, object: KubernetesObject, old?: KubernetesObject): FieldError[] {
  const { metadata: _, ...content } = object;
  const errors = [...validateStructure(schema, content, ''), ...validateListTypes(schema, content, '')];
  if (errors.some((error) => blocking.has(error.type))) return [...errors, unchecked];
  return [...errors, ...validateRules(schema, content, old, '')];
}

const unchecked = {
  ...invalidHidden('', ''),
  body: 'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
};

/** Definitions with rules of their own, which need no look from here. */
const skipped = new Set(['io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps']);

/**
 * What every built-in kind's hand-written validation has in common and the schema knows: texts that must not be empty, and
 * values out of a fixed set. Go's zero values stand for what is missing, so a missing struct is looked into as well.
 */
export function validateBuiltIn(schema: Schema, object: KubernetesObject): FieldError[] {
  const errors: FieldError[] = [];
  const { properties = {} } = resolve(schema);
  for (const [key, part] of Object.entries(properties)) {
    if (key === 'metadata' || key === 'status' || key === 'apiVersion' || key === 'kind') continue;
    if (object[key] !== undefined) walk(part, object[key], key, errors);
  }
  return errors;
}

function walk(schema: Schema, value: unknown, path: string, errors: FieldError[]): void {
  if (schema.$ref !== undefined && skipped.has(schema.$ref)) return;
  const target = resolve(schema);
  if (Array.isArray(value)) {
    const { items } = target;
    if (items) for (const [index, item] of value.entries()) walk(items, item, `${path}[${index}]`, errors);
  } else if (isObject(value)) {
    const { properties, required: needed = [], additionalProperties } = target;
    if (properties) {
      for (const key in properties) {
        const part = properties[key] as Schema;
        const below = `${path}.${key}`;
        const member = value[key];
        if (member !== undefined && member !== '') walk(part, member, below, errors);
        else if (needed.includes(key)) missing(part, below, errors);
      }
    } else if (typeof additionalProperties === 'object') {
      for (const key of Object.keys(value)) walk(additionalProperties, value[key], `${path}[${key}]`, errors);
    }
  } else if (target.enum && !target.enum.includes(value)) {
    errors.push(notSupported(path, value, [...target.enum].sort()));
  }
}

function missing(schema: Schema, path: string, errors: FieldError[]): void {
  const target = resolve(schema);
  if (target.type === 'string' && target.format === undefined) errors.push(required(path));
  else if (target.type === 'object') walk(schema, {}, path, errors);
}
