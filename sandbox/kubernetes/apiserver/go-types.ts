import type { Schema } from '../schema.ts';
import { resolve } from '../schemas/index.ts';

/** The name of a schema's Go type, as reflect prints it: `int32`, `[]v1.Container`, `map[string]string`. */
export function goType(schema: Schema): string {
  if (schema.$ref) {
    const [version, name] = schema.$ref.split('.').slice(-2);
    if (name === 'Time' || name === 'MicroTime') return `${version}.${name}`;
    return `${version}.${name}`;
  }
  const target = resolve(schema);
  switch (target.type) {
    case 'array':
      return `[]${goType(target.items ?? {})}`;
    case 'object':
      return `map[string]${typeof target.additionalProperties === 'object' ? goType(target.additionalProperties) : 'string'}`;
    case 'boolean':
      return 'bool';
    case 'integer':
      return target.format === 'int32' ? 'int32' : 'int64';
    case 'number':
      return 'float64';
    default:
      return 'string';
  }
}

/** What encoding/json says about a value of the wrong type. */
export function goTypeError(value: unknown, struct: string, field: string, type: string): string {
  const into = struct === '' ? 'Go value' : `Go struct field ${struct}.${field}`;
  return `json: cannot unmarshal ${jsonKind(value)} into ${into} of type ${type}`;
}

function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'number' : `number ${value}`;
  return typeof value;
}

/** What is wrong with a resource.Quantity such as `100m` or `1Gi`, or undefined. */
export function quantityError(text: string): string | undefined {
  if (/^[+-]?(\d+\.?\d*|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/.test(text)) return undefined;
  if (text === '') return "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  if (/^[+-]?[0-9.]+[eEinumkKMGTP]*[-+]?[0-9]*$/.test(text)) return "unable to parse quantity's suffix";
  return "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
}
