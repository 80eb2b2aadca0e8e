import { age, nameColumn } from '../columns.ts';
import { readPath } from '../jsonpath.ts';
import type { CellValue, Column, Kind, KindVersion } from '../kind.ts';
import type { CustomResourceDefinition } from '../kinds/crd.ts';
import type { Schema } from '../schema.ts';

type Version = CustomResourceDefinition['spec']['versions'][number];

const kinds = new WeakMap<CustomResourceDefinition, Kind>();

/** The kind that a CustomResourceDefinition describes. */
export function customKind(crd: CustomResourceDefinition): Kind {
  let kind = kinds.get(crd);
  if (!kind) {
    kind = makeKind(crd);
    kinds.set(crd, kind);
  }
  return kind;
}

function makeKind({ spec }: CustomResourceDefinition): Kind {
  const { names } = spec;
  const versions = spec.versions.filter((version) => version.served).sort(byPriority);
  const storage = spec.versions.find((version) => version.storage);
  const { status, scale } = (storage?.subresources ?? {}) as {
    status?: object;
    scale?: { specReplicasPath: string; statusReplicasPath: string; labelSelectorPath?: string };
  };
  return {
    group: spec.group,
    kind: names.kind,
    listKind: names.listKind ?? `${names.kind}List`,
    plural: names.plural,
    singular: names.singular || names.kind.toLowerCase(),
    ...(names.shortNames && { shortNames: names.shortNames }),
    ...(names.categories && { categories: names.categories }),
    namespaced: spec.scope === 'Namespaced',
    versions: versions.map(makeVersion),
    ...(storage && { storageVersion: storage.name }),
    status: status !== undefined,
    generation: true,
    ...(scale && {
      scale: {
        spec: scale.specReplicasPath,
        status: scale.statusReplicasPath,
        ...(scale.labelSelectorPath && { selector: scale.labelSelectorPath }),
      },
    }),
    prepareForCreate(object) {
      if (status) delete object.status;
    },
  };
}

function makeVersion(version: Version): KindVersion {
  const columns = version.additionalPrinterColumns?.map(makeColumn) ?? [ageColumnOf()];
  return {
    name: version.name,
    schema: (version.schema?.openAPIV3Schema ?? { 'x-kubernetes-preserve-unknown-fields': true }) as Schema,
    columns: [nameColumn, ...columns],
    ...(version.deprecated && { deprecated: version.deprecationWarning ?? '' }),
  };
}

type PrinterColumn = NonNullable<Version['additionalPrinterColumns']>[number];

function makeColumn({ name, type, jsonPath, description, format, priority }: PrinterColumn): Column {
  return {
    name,
    type: type as Column['type'],
    ...(format && { format }),
    ...(description && { description }),
    ...(priority && { priority }),
    value: (object, now) => cell(readPath(object, jsonPath), type, now),
  };
}

function ageColumnOf(): Column {
  return makeColumn({ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' });
}

/** apiextensions-apiserver pkg/registry/customresource/tableconvertor.cellForJSONValue. */
function cell(found: unknown[], type: string, now: number): CellValue {
  if (found.length === 0) return null;
  const [value] = found;
  switch (type) {
    case 'date':
      return typeof value === 'string' ? age(value, now) : '<unknown>';
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    default: {
      if (value === null || value === undefined) return null;
      return typeof value === 'string' ? value : JSON.stringify(value);
    }
  }
}

/** Kubernetes' order of versions: GA before beta before alpha, newer first (version.CompareKubeAwareVersionStrings). */
function byPriority(a: { name: string }, b: { name: string }): number {
  const rank = (name: string): number[] => {
    const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(name);
    if (!match) return [-1];
    const stage = match[2] === undefined ? 2 : match[2] === 'beta' ? 1 : 0;
    return [stage, Number(match[1]), Number(match[3] ?? 0)];
  };
  const left = rank(a.name);
  const right = rank(b.name);
  for (const [index, value] of left.entries()) {
    const difference = (right[index] ?? 0) - value;
    if (difference !== 0) return difference;
  }
  return a.name < b.name ? -1 : 1;
}
