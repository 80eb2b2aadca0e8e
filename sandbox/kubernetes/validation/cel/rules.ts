import { type FieldError, invalid, invalidHidden } from '../../field.ts';
import { isObject, setMember } from '../../json.ts';
import type { Schema, ValidationRule } from '../../schema.ts';
import { typeName } from '../structural.ts';
import { evaluate } from './evaluate.ts';
import { type Expression, parseCel } from './parse.ts';
import { CelError, type CelValue } from './values.ts';

const transitions = new WeakMap<Expression, boolean>();
const withRules = new WeakMap<Schema, boolean>();

/** Whether a schema has CEL rules anywhere. */
function hasRules(schema: Schema): boolean {
  let answer = withRules.get(schema);
  if (answer === undefined) {
    const parts = [
      ...Object.values(schema.properties ?? {}),
      ...(schema.items ? [schema.items] : []),
      ...(typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []),
    ];
    answer = (schema['x-kubernetes-validations'] ?? []).length > 0 || parts.some(hasRules);
    withRules.set(schema, answer);
  }
  return answer;
}

/** Runs the CEL rules of a schema (apiextensions-apiserver pkg/apiserver/schema/cel). `old`: what is being replaced. */
export function validateRules(schema: Schema, value: unknown, old: unknown, path: string): FieldError[] {
  if (!hasRules(schema) || value === null || value === undefined) return [];
  const errors: FieldError[] = [];
  for (const rule of schema['x-kubernetes-validations'] ?? []) errors.push(...runRule(rule, schema, value, old, path));
  if (Array.isArray(value)) {
    const { items } = schema;
    value.forEach((item, at) => {
      if (items) errors.push(...validateRules(items, item, undefined, `${path}[${at}]`));
    });
  } else if (isObject(value)) {
    for (const key of Object.keys(value).sort()) {
      const own = schema.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
      const extra = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
      const part = own ?? extra;
      const below = own ? (path === '' ? key : `${path}.${key}`) : `${path}[${key}]`;
      const before = isObject(old) && Object.hasOwn(old, key) ? old[key] : undefined;
      if (part) errors.push(...validateRules(part, value[key], before, below));
    }
  }
  return errors;
}

function runRule(rule: ValidationRule, schema: Schema, value: unknown, old: unknown, path: string): FieldError[] {
  const words = rule.message ?? `failed rule: ${rule.rule.trim()}`;
  try {
    const expression = parseCel(rule.rule);
    if (old === undefined && isTransition(expression)) return [];
    const self = toCel(value, schema);
    const scope = { self, ...(old !== undefined && { oldSelf: toCel(old, schema) }) };
    if (evaluate(expression, scope) === true) return [];
    const at = rule.fieldPath ? `${path}${rule.fieldPath}` : path;
    return [isObject(value) || Array.isArray(value) ? invalidHidden(at, words) : invalid(at, value, words)];
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    return [invalid(path, typeName(value), `${error.message} evaluating rule: ${words}`)];
  }
}

/** Rules about a change, which say `oldSelf`. */
function isTransition(expression: Expression): boolean {
  let answer = transitions.get(expression);
  if (answer === undefined) {
    const text = JSON.stringify(expression, (_, part) => (typeof part === 'bigint' ? `${part}` : part));
    answer = text.includes('"name":"oldSelf"');
    transitions.set(expression, answer);
  }
  return answer;
}

/** JSON as CEL sees it: whole numbers are ints, unless the schema says `number`. */
export function toCel(value: unknown, schema?: Schema): CelValue {
  if (typeof value === 'number') {
    return schema?.type !== 'number' && Number.isInteger(value) ? BigInt(value) : value;
  }
  if (Array.isArray(value)) return value.map((item) => toCel(item, schema?.items));
  if (isObject(value)) {
    const map: Record<string, CelValue> = {};
    const extra = typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;
    for (const key of Object.keys(value)) {
      const own = schema?.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
      setMember(map, key, toCel(value[key], own ?? extra));
    }
    return map;
  }
  return value as CelValue;
}
