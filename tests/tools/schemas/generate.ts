import type { Schema } from '../../../sandbox/kubernetes/schema.ts';
import { addLimits } from './limits.ts';
import { builtInRoots, definitionName, istioRoots } from './roots.ts';
import { type Definition, readTypes } from './types.ts';

/** Descriptions of one definition by path: '' for the whole, `spec.ports[].name` below. */
type Descriptions = Record<string, string>;

/** The generated files, by name. */
export async function generate(): Promise<Record<string, string>> {
  const all = readTypes([...builtInRoots, ...istioRoots]);
  const istio = new Set(istioRoots.map(definitionName));
  for (const [name, { module, schema }] of all) await addLimits(module, schema, istio.has(name));
  const builtIn = [...all].filter(([name]) => !istio.has(name)).map(namedByPath);
  const custom = [...all].filter(([name]) => istio.has(name)).map(customResource);
  return {
    'kubernetes.generated.json': write(builtIn.map(([name, { schema }]) => [name, bare(schema)])),
    'istio.generated.json': write(custom.map(([name, { schema }]) => [name, bare(schema)])),
    'kubernetes-descriptions.generated.json': write(builtIn.map(([name, { schema }]) => [name, descriptions(schema)])),
    'istio-descriptions.generated.json': write(custom.map(([name, { schema }]) => [name, descriptions(schema)])),
  };
}

/** apiVersion and kind may be left out of a manifest's schema: where it is sent to says both. */
function namedByPath([name, { module, schema }]: [string, Definition]): [string, Definition] {
  if (!schema.properties?.apiVersion || !schema.properties.metadata) return [name, { module, schema }];
  const { required = [], ...rest } = schema;
  const others = required.filter((field) => field !== 'apiVersion' && field !== 'kind');
  return [name, { module, schema: { ...rest, ...(others.length > 0 && { required: others }) } }];
}

/** The part of a custom resource that its definition describes: apiVersion, kind and metadata are the server's. */
function customResource([name, { module, schema }]: [string, Definition]): [string, Definition] {
  const { apiVersion: _a, kind: _k, metadata: _m, ...properties } = schema.properties ?? {};
  const required = (schema.required ?? []).filter((field) => field in properties);
  const { required: _r, ...rest } = schema;
  return [name, { module, schema: { ...rest, properties, ...(required.length > 0 && { required }) } }];
}

/** One definition a line. */
function write(entries: [string, unknown][]): string {
  return `{\n${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',\n')}\n}\n`;
}

function bare(schema: Schema): Schema {
  const { description: _, properties, items, additionalProperties, ...rest } = schema;
  return {
    ...rest,
    ...(properties && { properties: mapValues(properties, bare) }),
    ...(items && { items: bare(items) }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: bare(additionalProperties) }),
  };
}

function descriptions(schema: Schema): Descriptions {
  const found: Descriptions = {};
  const visit = (node: Schema, path: string) => {
    if (node.description) found[path] = node.description;
    for (const [key, part] of Object.entries(node.properties ?? {})) visit(part, path === '' ? key : `${path}.${key}`);
    if (node.items) visit(node.items, `${path}[]`);
    if (typeof node.additionalProperties === 'object') visit(node.additionalProperties, `${path}{}`);
  };
  visit(schema, '');
  return found;
}

function mapValues<A, B>(record: Record<string, A>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
