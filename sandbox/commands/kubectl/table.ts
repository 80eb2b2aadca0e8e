import type { Mapping } from './mapper.ts';
import { at, isRecord, type KubeObject, records, text } from './objects.ts';
import type { TabWriter } from './tab-writer.ts';

/** meta.k8s.io/v1 Table, the server's own rendering of objects. */
export interface Table {
  kind: 'Table';
  metadata?: { resourceVersion?: string; continue?: string };
  columnDefinitions: { name: string; type: string; format?: string; priority?: number }[];
  rows: { cells: unknown[]; object?: unknown }[];
}

export const tableAccept = [
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=Table;v=v1beta1;g=meta.k8s.io',
  'application/json',
].join(',');

export function isTable(value: unknown): value is Table {
  return isRecord(value) && value.kind === 'Table';
}

export interface TableOptions {
  wide: boolean;
  noHeaders: boolean;
  withNamespace: boolean;
  /** Names are printed as `pod/x`. */
  withKind?: Mapping;
  showLabels: boolean;
  labelColumns: string[];
}

/** Writes a table; headers only if it has rows and `headers` says so. */
export function writeTable(writer: TabWriter, table: Table, options: TableOptions, headers: boolean): void {
  if (table.rows.length === 0) return;
  const columns = table.columnDefinitions
    .map((definition, index) => ({ definition, index }))
    .filter(({ definition }) => options.wide || (definition.priority ?? 0) === 0);
  if (headers && !options.noHeaders) {
    const names = columns.map(({ definition }) => definition.name.toUpperCase());
    writer.line([
      ...(options.withNamespace ? ['NAMESPACE'] : []),
      ...names,
      ...options.labelColumns.map((label) => (label.split('/').at(-1) as string).toUpperCase()),
      ...(options.showLabels ? ['LABELS'] : []),
    ]);
  }
  for (const row of table.rows) {
    const labels = at(row.object, 'metadata', 'labels');
    const cells = columns.map(({ definition, index }) => {
      const cell = cellText(row.cells[index]);
      if (!options.withKind || definition.format !== 'name' || definition.type !== 'string') return cell;
      const { kind, group } = options.withKind;
      return `${kind.toLowerCase()}${group === '' ? '' : `.${group}`}/${cell}`;
    });
    writer.line([
      ...(options.withNamespace ? [text(at(row.object, 'metadata', 'namespace'))] : []),
      ...cells,
      ...options.labelColumns.map((label) => text(at(labels, label))),
      ...(options.showLabels ? [formatLabels(labels)] : []),
    ]);
  }
}

/** `a=1,b=2` in the order of keys, or `<none>`. */
export function formatLabels(labels: unknown): string {
  if (!isRecord(labels)) return '<none>';
  const pairs = Object.keys(labels)
    .sort()
    .map((key) => `${key}=${text(labels[key])}`);
  return pairs.length === 0 ? '<none>' : pairs.join(',');
}

function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return '';
  const line = text(typeof cell === 'object' ? JSON.stringify(cell) : cell);
  const end = line.search(/[\f\n\r]/);
  return end < 0 ? line : `${line.slice(0, end)}...`;
}

/** What is printed where the server knows no columns: names and ages. */
export function plainTable(objects: KubeObject[], age: (timestamp: string) => string): Table {
  return {
    kind: 'Table',
    columnDefinitions: [
      { name: 'Name', type: 'string', format: 'name' },
      { name: 'Age', type: 'string' },
    ],
    rows: objects.map((object) => ({
      cells: [object.metadata.name, age(text(object.metadata.creationTimestamp))],
      object,
    })),
  };
}

/** The objects of a table asked for with includeObject=Object. */
export function rowObjects(table: Table): Record<string, unknown>[] {
  return records(table.rows.map((row) => row.object));
}
