import { createdAtColumn, nameColumn } from '../columns.ts';
import type { Column } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';
import type { Served } from './served.ts';

/** What goes into each row beside its cells. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

export interface TableOptions {
  now: number;
  include: IncludeObject;
  /** Metadata of the list. */
  metadata: Record<string, unknown>;
  /** Watch events after the first leave the columns out. */
  columns?: boolean;
}

/** meta.k8s.io/v1 Table: what `kubectl get` prints. */
export function makeTable(served: Served, objects: readonly KubernetesObject[], options: TableOptions) {
  const columns = served.version.columns ?? [nameColumn, createdAtColumn];
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: options.metadata,
    columnDefinitions: options.columns === false ? [] : columns.map(describe),
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.value(object, options.now)),
      ...(options.include === 'Metadata' && {
        object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata },
      }),
      ...(options.include === 'Object' && { object }),
    })),
  };
}

function describe({ name, type, format, description, priority }: Column) {
  return { name, type, format: format ?? '', description: description ?? '', priority: priority ?? 0 };
}
