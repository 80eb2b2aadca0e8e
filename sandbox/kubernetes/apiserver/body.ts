import { parse as parseYaml } from 'yaml';
import { isObject } from '../json.ts';
import type { KubernetesObject } from '../objects.ts';
import { decodeError, decodeObject } from './decode.ts';
import { duplicateFields } from './duplicates.ts';
import { badRequest, unsupportedMediaType } from './errors.ts';
import type { ApiRequest } from './http.ts';
import type { Query } from './request.ts';
import type { Served } from './served.ts';

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** How unknown and repeated fields are met; kubectl asks for `Strict`. */
export function fieldValidation(query: Query): FieldValidation {
  const asked = query.get('fieldValidation') || 'Warn';
  if (asked === 'Strict' || asked === 'Warn' || asked === 'Ignore') return asked;
  throw badRequest(`invalid fieldValidation value: "${asked}"`);
}

/** A body's JSON or YAML. */
export function parseBody(request: ApiRequest): Record<string, unknown> {
  const text = request.body ?? '';
  if ((request.headers['content-type'] ?? '').includes('protobuf')) {
    throw unsupportedMediaType(['application/json', 'application/yaml']);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    value = (request.headers['content-type'] ?? '').includes('yaml') ? yamlOf(text) : undefined;
    if (value === undefined) {
      throw badRequest(
        `couldn't get version/kind; json parse error: ${error instanceof Error ? error.message : error}`,
      );
    }
  }
  if (!isObject(value)) {
    const found = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
    const what =
      'Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
    throw badRequest(`couldn't get version/kind; json parse error: json: cannot unmarshal ${found} into ${what}`);
  }
  return value;
}

function yamlOf(text: string): unknown {
  try {
    return parseYaml(text);
  } catch (error) {
    throw badRequest(`error converting YAML to JSON: ${error instanceof Error ? error.message.split('\n')[0] : error}`);
  }
}

/**
 * The object in a request's body, read as `served`. What the body says of apiVersion and kind must fit the path; unknown
 * fields are refused, warned of or dropped.
 */
export function readObject(
  served: Served,
  request: ApiRequest,
  validation: FieldValidation,
  warn: (sentence: string) => void,
): KubernetesObject {
  const sent = parseBody(request);
  const repeated = validation === 'Ignore' ? [] : duplicateFields(request.body ?? '');
  return readSent(served, sent, validation, warn, repeated);
}

/** The same for an object that was taken apart already (a patched one). */
export function readSent(
  served: Served,
  sent: Record<string, unknown>,
  validation: FieldValidation,
  warn: (sentence: string) => void,
  repeated: string[] = [],
): KubernetesObject {
  const { kind } = served.kind;
  const named = { ...sent, apiVersion: sent.apiVersion ?? served.apiVersion, kind: sent.kind ?? kind };
  if (named.apiVersion !== served.apiVersion || named.kind !== kind) {
    const expected = `the API version in the data (${named.apiVersion}) does not match the expected API version (${served.apiVersion})`;
    const other = `${named.kind} in version "${String(named.apiVersion).split('/').pop()}" cannot be handled as a ${kind}: `;
    throw badRequest(
      named.kind === kind
        ? expected
        : `${other}no kind "${named.kind}" is registered for the internal version of group`,
    );
  }
  const { object, unknown } = decodeObject(served, named);
  const problems = [
    ...repeated.map((field) => `duplicate field "${field}"`),
    ...unknown.map((field) => `unknown field "${field}"`),
  ];
  if (problems.length > 0) {
    if (validation === 'Strict') throw decodeError(served, `strict decoding error: ${problems.join(', ')}`);
    if (validation === 'Warn') for (const problem of problems) warn(problem);
  }
  return object;
}
