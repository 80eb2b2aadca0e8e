import { escapeHtml, sortedJson } from './manifests.ts';
import { isRecord } from './objects.ts';

/** A found value as text: lists and maps as JSON, the rest as Go prints it. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'object') return sortedJson(value);
  if (typeof value === 'number') return goNumber(value);
  return String(value);
}

/** A number as Go's %v prints it. */
export function goNumber(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-4 && size < (Number.isInteger(value) ? 2 ** 63 : 1e21))) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}

/** JSON with sorted keys, indented by four spaces: kubectl's -o json, without the last newline. */
export function indentedJson(value: unknown, indent = '', keepOrder = false): string {
  const inner = `${indent}    `;
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    return `[\n${value.map((item) => inner + indentedJson(item ?? null, inner, keepOrder)).join(',\n')}\n${indent}]`;
  }
  if (!isRecord(value)) return escapeHtml(JSON.stringify(value ?? null));
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  if (keys.length === 0) return '{}';
  if (!keepOrder) keys.sort();
  const members = keys.map(
    (key) => `${inner}${escapeHtml(JSON.stringify(key))}: ${indentedJson(value[key], inner, keepOrder)}`,
  );
  return `{\n${members.join(',\n')}\n${indent}}`;
}
