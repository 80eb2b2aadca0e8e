import { decodeBase64 } from '../base64.ts';
import { isObject, setMember } from '../json.ts';
import type { KubernetesObject } from '../objects.ts';
import type { Schema } from '../schema.ts';
import { definition, resolve } from '../schemas/index.ts';
import { badRequest } from './errors.ts';
import { goType, goTypeError, quantityError } from './go-types.ts';
import type { Served } from './served.ts';

export interface Decoded {
  object: KubernetesObject;
  /** Fields that no schema knows, as paths; they are not in `object`. */
  unknown: string[];
}

const labelSelector = 'io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector';
const objectMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** Words around what went wrong while reading an object. */
export function decodeError(served: Served, message: string): Error {
  const { kind } = served.kind;
  return badRequest(`${kind} in version "${served.version.name}" cannot be handled as a ${kind}: ${message}`);
}

/**
 * Reads an object as its kind: fields nobody knows are left out and named. Built-in kinds refuse values of the wrong type
 * here, in the words of Go's JSON decoder; custom resources refuse them later, by their schema.
 */
export function decodeObject(served: Served, sent: Record<string, unknown>): Decoded {
  const unknown: string[] = [];
  const { schema } = served.version;
  try {
    if (typeof schema === 'string') {
      const object = readTyped({ $ref: schema }, sent, '', '', unknown) as KubernetesObject;
      object.metadata ??= { name: '' };
      return { object, unknown };
    }
    const metadata = readTyped({ $ref: objectMeta }, sent.metadata ?? {}, 'metadata', 'ObjectMeta', unknown);
    const pruned = prune(schema, sent, '', unknown, true) as KubernetesObject;
    return { object: { ...pruned, metadata } as KubernetesObject, unknown: unknown.sort() };
  } catch (error) {
    if (error instanceof TypeError && error.cause === unreadable) throw decodeError(served, error.message);
    throw error;
  }
}

/** Marks the errors of `readTyped` among other `TypeError`s. */
const unreadable = Symbol('unreadable');

function refuse(message: string): never {
  throw new TypeError(message, { cause: unreadable });
}

/** `struct`: the innermost Go struct; `field`: the path without indices, as Go names it. */
function readTyped(schema: Schema, value: unknown, path: string, struct: string, unknown: string[]): unknown {
  const target = resolve(schema);
  const wrong = (): never => refuse(goTypeError(value, struct, path.replace(/\[\d+\]/g, ''), goType(schema)));
  if (target['x-kubernetes-preserve-unknown-fields']) return copy(value);
  if (target['x-kubernetes-int-or-string']) {
    if (typeof value === 'string' || (typeof value === 'number' && Number.isInteger(value))) return value;
    return refuse(
      `json: cannot unmarshal ${typeof value === 'boolean' ? 'bool' : typeof value} into Go value of type int32`,
    );
  }
  if (target.format === 'quantity') {
    if (typeof value === 'number') return String(value);
    if (typeof value !== 'string') return wrong();
    return quantityError(value) ? refuse(quantityError(value) as string) : value;
  }
  if (target.format === 'byte' && typeof value === 'string') {
    const bytes = decodeBase64(value);
    return 'wrongAt' in bytes ? refuse(`illegal base64 data at input byte ${bytes.wrongAt}`) : value;
  }
  switch (target.type) {
    case 'object':
      if (!isObject(value)) return wrong();
      return target.properties
        ? readStruct(schema, target, value, path, struct, unknown)
        : readMap(target, value, path, struct, unknown);
    case 'array':
      if (!Array.isArray(value)) return wrong();
      return value.map((item, index) => {
        if (item === null) return target.items && emptyOf(target.items);
        return readTyped(target.items as Schema, item, `${path}[${index}]`, struct, unknown);
      });
    case 'integer':
      return typeof value === 'number' && Number.isInteger(value) ? value : wrong();
    default:
      return target.type === undefined || typeof value === target.type ? copy(value) : wrong();
  }
}

/** Go's zero value where a list holds `null`. */
function emptyOf(schema: Schema): unknown {
  const { type } = resolve(schema);
  if (type === 'object') return readTyped(schema, {}, '', '', []);
  if (type === 'array') return [];
  if (type === 'string') return '';
  return type === 'boolean' ? false : 0;
}

function readStruct(
  schema: Schema,
  target: Schema,
  value: Record<string, unknown>,
  path: string,
  outer: string,
  unknown: string[],
): Record<string, unknown> {
  const struct = schema.$ref?.split('.').pop() ?? outer;
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const below = path === '' ? key : `${path}.${key}`;
    const part = target.properties && Object.hasOwn(target.properties, key) ? target.properties[key] : undefined;
    if (!part) unknown.push(below);
    else if (value[key] !== null) result[key] = readTyped(part, value[key], below, struct, unknown);
  }
  for (const key of target.required ?? [])
    if (result[key] === undefined) setZero(result, key, target.properties?.[key]);
  return result;
}

/** What Go's zero value of a required field looks like in JSON; times and free-form values stay away. */
function setZero(result: Record<string, unknown>, key: string, schema: Schema | undefined): void {
  const target = schema && resolve(schema);
  if (!schema || !target || target.format === 'date-time' || target['x-kubernetes-preserve-unknown-fields']) return;
  if (schema.$ref === labelSelector) return; // a pointer in Go, so nil
  if (target['x-kubernetes-int-or-string']) result[key] = 0;
  else if (target.format === 'quantity') result[key] = '0';
  else result[key] = emptyOf(schema);
}

function readMap(
  target: Schema,
  value: Record<string, unknown>,
  path: string,
  struct: string,
  unknown: string[],
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const part = typeof target.additionalProperties === 'object' ? target.additionalProperties : undefined;
  for (const key of Object.keys(value)) {
    const item = value[key];
    if (part && item === null) setMember(result, key, emptyOf(part));
    else setMember(result, key, part ? readTyped(part, item, path, struct, unknown) : copy(item));
  }
  return result;
}

function copy(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? structuredClone(value) : value;
}

/** apiextensions-apiserver pkg/apiserver/schema/pruning: `schema` undefined knows no field at all. */
function prune(schema: Schema | undefined, value: unknown, path: string, unknown: string[], root = false): unknown {
  if (Array.isArray(value)) {
    return value.map((item, index) => prune(schema?.items, item, `${path}[${index}]`, unknown));
  }
  if (!isObject(value)) return value;
  const keepsAll = schema?.['x-kubernetes-preserve-unknown-fields'] === true;
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    if (root && key === 'metadata') continue;
    const below = path === '' ? key : `${path}.${key}`;
    const own = schema?.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
    const extra = schema?.additionalProperties;
    if (own) setMember(result, key, prune(own, value[key], below, unknown));
    else if (typeof extra === 'object') setMember(result, key, prune(extra, value[key], below, unknown));
    else if (keepsAll || extra === true || (root && (key === 'apiVersion' || key === 'kind'))) {
      setMember(result, key, copy(value[key]));
    } else unknown.push(below);
  }
  return result;
}

/** The schema a part of an object is read with, for those who merge lists. */
export function rootSchema(served: Served): Schema {
  const { schema } = served.version;
  if (typeof schema === 'string') return definition(schema);
  return { ...schema, properties: { ...schema.properties, metadata: { $ref: objectMeta } } };
}
