import { goValue } from '../jsonpath/evaluate.ts';
import type { Kubectl } from '../kubectl.ts';
import { isRecord, type KubeObject } from '../objects.ts';
import { describeEvents, eventsOf } from './events.ts';
import { DescribeWriter } from './writer.ts';

const skipped = new Set([
  '.metadata.managedFields',
  '.metadata.name',
  '.metadata.namespace',
  '.metadata.labels',
  '.metadata.annotations',
]);

/** Any object: its fields as a tree, in alphabetical order. */
export async function describeGeneric(k: Kubectl, object: KubeObject): Promise<string> {
  const events = await eventsOf(k, object);
  const w = new DescribeWriter();
  w.write(0, `Name:\t${object.metadata.name}\n`);
  w.write(0, `Namespace:\t${object.metadata.namespace ?? ''}\n`);
  w.pairs('Labels', object.metadata.labels);
  w.annotations('Annotations', object.metadata.annotations);
  writeContent(w, 0, object, '');
  describeEvents(k, w, events);
  return w.finish();
}

function writeContent(w: DescribeWriter, level: number, content: Record<string, unknown>, prefix: string): void {
  for (const field of Object.keys(content).sort()) {
    const path = `${prefix}.${field}`;
    const value = content[field];
    if (value === undefined || skipped.has(path)) continue;
    if (isRecord(value)) {
      w.write(level, `${smartLabel(field)}:\n`);
      writeContent(w, level + 1, value, path);
    } else if (Array.isArray(value)) {
      w.write(level, `${smartLabel(field)}:\n`);
      for (const item of value) {
        if (isRecord(item)) writeContent(w, level + 1, item, path);
        else w.write(level + 1, `${goValue(item)}\n`);
      }
    } else w.write(level, `${smartLabel(field)}:\t${goValue(value)}\n`);
  }
}

const acronyms = new Set(['API', 'URL', 'UID', 'OSB', 'GUID']);

/** `exportTo` → `Export To`, `resourceVersion` → `Resource Version`. */
export function smartLabel(field: string): string {
  if (!/^[\p{L}-]*$/u.test(field)) return field;
  const parts = field.match(/\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|-+/gu) ?? [];
  return parts
    .map((part) => {
      const upper = part.toUpperCase();
      return acronyms.has(upper) ? upper : upper.slice(0, 1) + part.slice(1).toLowerCase();
    })
    .join(' ');
}
