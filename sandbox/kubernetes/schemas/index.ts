import type { Schema } from '../schema.ts';
import definitions from './kubernetes.generated.json' with { type: 'json' };
import { atomicMaps, mergedLists, mergedSets } from './lists.ts';

const known = withMergeFacts(definitions as unknown as Record<string, Schema>);

/** The names of all shared definitions. */
export const definitionNames: readonly string[] = Object.keys(known);

/** A shared definition by its OpenAPI name, such as `io.k8s.api.core.v1.Pod`. */
export function definition(name: string): Schema {
  const schema = known[name];
  if (!schema) throw new Error(`no definition ${name}`);
  return schema;
}

/** The schema itself, where it only refers to a shared one. */
export function resolve(schema: Schema): Schema {
  return schema.$ref === undefined ? schema : definition(schema.$ref);
}

function withMergeFacts(schemas: Record<string, Schema>): Record<string, Schema> {
  const list = (path: string): Schema => {
    const [name, field] = [path.slice(0, path.lastIndexOf('.')), path.slice(path.lastIndexOf('.') + 1)];
    const found = schemas[name]?.properties?.[field];
    if (!found) throw new Error(`no field ${path}`);
    return found;
  };
  for (const [path, [mergeKey = '', ...keys]] of Object.entries(mergedLists)) {
    Object.assign(list(path), {
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-patch-merge-key': mergeKey,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': keys.length > 0 ? keys : [mergeKey],
    });
  }
  for (const path of mergedSets) {
    Object.assign(list(path), { 'x-kubernetes-patch-strategy': 'merge', 'x-kubernetes-list-type': 'set' });
  }
  for (const name of atomicMaps) if (schemas[name]) schemas[name]['x-kubernetes-map-type'] = 'atomic';
  return schemas;
}
