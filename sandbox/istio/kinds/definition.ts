import type { CustomResourceDefinition } from '../../kubernetes/kinds/crd.ts';
import type { Schema } from '../../kubernetes/schema.ts';
import schemas from '../../kubernetes/schemas/istio.generated.json' with { type: 'json' };

/** What a schema says beyond its structure, and where: paths such as `spec.hosts[]`; `**.timeout` is every `timeout`. */
export type Fact = [says: Schema, ...paths: string[]];

/** One of Istio's kinds: what its CustomResourceDefinition is made of. */
export interface IstioKind {
  group: string;
  kind: string;
  plural: string;
  shortNames?: string[];
  /** Served versions; all have the same schema. */
  versions: string[];
  /** The stored version; the first one if left out. */
  storage?: string;
  /** Printer columns: name, JSONPath, type. */
  columns?: [name: string, jsonPath: string, type: string][];
  /** What is added to the structure that schemas/istio.generated.json has, fields of newer releases included. */
  facts?: Fact[];
  /** The whole structure, for a kind that schemas/istio.generated.json lacks. */
  schema?: Schema;
}

/** Every kind's status has these. */
const statusFacts: Fact[] = [
  [{ 'x-kubernetes-preserve-unknown-fields': true }, 'status'],
  [
    { anyOf: [{ type: 'integer' }, { type: 'string' }] },
    'status.observedGeneration',
    'status.conditions[].observedGeneration',
  ],
];

/** The CustomResourceDefinition of a kind. */
export function istioKind(kind: IstioKind): CustomResourceDefinition {
  const { group, plural, shortNames, columns } = kind;
  const schema = kind.schema ?? withFacts(structureOf(kind), [...statusFacts, ...(kind.facts ?? [])]);
  const additionalPrinterColumns = columns?.map(([name, jsonPath, type]) => ({ jsonPath, name, type }));
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1' as const,
    kind: 'CustomResourceDefinition' as const,
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: {
        categories: ['istio-io', `${group.split('.')[0] as string}-istio-io`],
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural,
        ...(shortNames && { shortNames }),
        singular: kind.kind.toLowerCase(),
      },
      scope: 'Namespaced' as const,
      versions: kind.versions.map((name, index) => ({
        ...(additionalPrinterColumns && { additionalPrinterColumns }),
        name,
        schema: { openAPIV3Schema: schema },
        served: true,
        storage: kind.storage ? name === kind.storage : index === 0,
        subresources: { status: {} },
      })),
    },
  };
  return definition as CustomResourceDefinition;
}

function structureOf({ group, kind }: IstioKind): Schema {
  const structure = (schemas as unknown as Record<string, Schema>)[`${group}.${kind}`];
  if (!structure) throw new Error(`no schema of ${group}.${kind}`);
  return structure;
}

function withFacts(structure: Schema, facts: Fact[]): Schema {
  const whole = structuredClone(structure);
  for (const [says, ...paths] of facts) {
    for (const path of paths) {
      const found = path.startsWith('**.') ? everywhere(whole, path.slice(3).split('.')) : [place(whole, path)];
      for (const node of found) Object.assign(node, structuredClone(says));
    }
  }
  return whole;
}

/** The part of a schema at a path. A field that is not there yet is made. */
function place(schema: Schema, path: string): Schema {
  let node = schema;
  for (const step of path.split(/\.|(?=\[\])|(?=\{\})/)) {
    if (step === '[]') node = node.items as Schema;
    else if (step === '{}') node = node.additionalProperties as Schema;
    else {
      node.properties ??= {};
      node.properties[step] ??= {};
      node = node.properties[step];
    }
  }
  return node;
}

/** Every part whose path ends so. */
function everywhere(schema: Schema, fields: string[]): Schema[] {
  const found: Schema[] = [];
  const visit = (node: Schema): void => {
    const end = fields.reduce<Schema | undefined>((here, field) => here?.properties?.[field], node);
    if (end) found.push(end);
    for (const part of Object.values(node.properties ?? {})) visit(part);
    if (node.items) visit(node.items);
    if (typeof node.additionalProperties === 'object') visit(node.additionalProperties);
  };
  visit(schema);
  return found;
}
