import type { JsonObject } from '../../../kernel/json.ts';
import { printYaml } from '../../../kernel/yaml-print.ts';

/** JSON as Go's `json.MarshalIndent(value, "", "    ")` writes it: `<`, `>` and `&` escaped, no newline at the end. */
export function goJson(value: unknown, indent: number | '\t' = 4): string {
  return JSON.stringify(value, null, indent)
    .replace(/[<>&\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(/^([ \t]*)("(?:[^"\\]|\\.)*": )?\[\]/gm, '$1$2[]');
}

/** Whole resources as `-o json` or `-o yaml` print them, with the newline of Println. */
export function dump(resources: unknown, format: 'json' | 'yaml'): string {
  return `${format === 'json' ? goJson(resources) : printYaml(resources)}\n`;
}

/** A list of objects below a message, which protobuf leaves out where it is empty. */
export function objects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? (value as JsonObject[]) : [];
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/**
 * Sorts like Go's sort.Slice does for short lists: by insertion, so that items of no clear order keep their places.
 * Changes nothing.
 */
export function insertionSort<T>(items: readonly T[], less: (a: T, b: T) => boolean): T[] {
  const sorted = [...items];
  for (let index = 1; index < sorted.length; index++) {
    for (let place = index; place > 0 && less(sorted[place] as T, sorted[place - 1] as T); place--) {
      [sorted[place], sorted[place - 1]] = [sorted[place - 1] as T, sorted[place] as T];
    }
  }
  return sorted;
}
