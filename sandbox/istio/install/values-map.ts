import type { Json, JsonObject } from '../../kernel/json.ts';

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Lays `over` on `base`, key by key; lists and scalars of `over` win. Changes `base`, copies what it takes from `over`. */
export function mergeFrom(base: JsonObject, over: JsonObject): JsonObject {
  for (const [key, value] of Object.entries(over)) {
    const present = base[key];
    if (isObject(value) && isObject(present)) mergeFrom(present, value);
    else base[key] = structuredClone(value);
  }
  return base;
}

/** What lies at `path` (`spec.values.global`, keys only), or undefined. */
export function getPath(root: JsonObject, path: string): Json | undefined {
  let current: Json | undefined = root;
  for (const key of path.split('.')) {
    if (!isObject(current)) return undefined;
    current = current[key];
  }
  return current;
}

export function getObject(root: JsonObject, path: string): JsonObject {
  const value = getPath(root, path);
  return isObject(value) ? value : {};
}

export function getString(root: JsonObject, path: string): string {
  const value = getPath(root, path);
  return typeof value === 'string' ? value : '';
}

/** Go's notion of a value that is set: not false, 0, "", null, [] or {}. */
export function truthy(value: Json | undefined): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isObject(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

export class SetFlagError extends Error {
  override name = 'SetFlagError';
}

/** Paths whose values stay text, whatever they look like (upstream operator/pkg/values/map.go, alwaysString). */
const alwaysText = [
  'spec.values.compatibilityVersion',
  'spec.tag',
  'spec.values.global.tag',
  'spec.meshConfig.defaultConfig.proxyMetadata.',
  'spec.values.meshConfig.defaultConfig.proxyMetadata.',
  'spec.compatibilityVersion',
];

/**
 * Applies one `--set path=value` below `spec`. Rules of upstream's operator/pkg/values/map.go: `\.` escapes a dot, `[n]` and
 * `[key:value]` choose a list's element (an index past the end appends), text that looks like a number or a Go bool becomes one.
 */
export function setSpecPath(root: JsonObject, flag: string): void {
  const parts = `spec.${flag}`.split('=');
  const [path, text] = parts.length === 2 ? [parts[0]!.trim(), parts[1]!.trim()] : [`spec.${flag}`, ''];
  const keepText = alwaysText.some((prefix) => path.startsWith(prefix));
  setSegments(root, splitPath(path), keepText ? text : parseValue(text));
}

/** Sets `value` at `path` (keys only) below `root`. */
export function setPath(root: JsonObject, path: string, value: Json): void {
  setSegments(root, path.split('.'), value);
}

function parseValue(text: string): Json {
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return Number(text);
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return false;
  return text.replaceAll('\\,', ',');
}

function splitPath(path: string): string[] {
  const segments: string[] = [];
  for (const raw of path.split(/(?<!\\)\./)) {
    const part = raw.replaceAll('\\.', '.');
    if (part === '') continue;
    const bracket = part.indexOf('[');
    if (bracket > 0) segments.push(part.slice(0, bracket), part.slice(bracket));
    else segments.push(part);
  }
  return segments;
}

function setSegments(base: JsonObject, segments: string[], value: Json): void {
  const [key = '', next] = segments;
  if (next?.startsWith('[')) {
    setElement(base, key, next, segments.slice(2), value);
  } else if (next === undefined) {
    base[key] = value;
  } else {
    const inner = base[key] ?? {};
    if (!isObject(inner)) throw new SetFlagError(`not a map, got ${goType(inner)}: ${String(inner)}`);
    base[key] = inner;
    setSegments(inner, segments.slice(1), value);
  }
}

function setElement(base: JsonObject, key: string, selector: string, rest: string[], value: Json): void {
  const list = base[key] ?? [];
  if (!Array.isArray(list)) throw new SetFlagError(`not a list: ${key}`);
  base[key] = list;
  const index = elementIndex(list, selector);
  if (rest.length === 0) {
    if (index < list.length) list[index] = value;
    else list.push(value);
    return;
  }
  const present = list[index];
  const element: JsonObject = isObject(present) ? present : {};
  setSegments(element, rest, value);
  if (index < list.length) list[index] = element;
  else list.push(element);
}

function elementIndex(list: Json[], selector: string): number {
  const inside = selector.slice(1, -1);
  if (selector.endsWith(']')) {
    if (/^[+-]?\d+$/.test(inside)) {
      const index = Number(inside);
      return index < 0 ? list.length : index;
    }
    const colon = inside.indexOf(':');
    if (colon >= 0) {
      const [key, wanted] = [inside.slice(0, colon), inside.slice(colon + 1)];
      const index = list.findIndex((item) => isObject(item) && item[key] === wanted);
      if (index < 0) throw new SetFlagError(`element ${selector} not found`);
      return index;
    }
  }
  throw new SetFlagError(`unknown segment ${selector}`);
}

function goType(value: Json): string {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float64';
  return Array.isArray(value) ? '[]interface {}' : '<nil>';
}
