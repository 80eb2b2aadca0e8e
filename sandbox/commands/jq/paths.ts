import type { Json, JsonObject } from '../../kernel/json.ts';
import { compare, equal, format, isObject, JqError, typeOf } from './values.ts';

/** `.[key]`. Throws `JqError` where it makes no sense. */
export function getIndex(value: Json, key: Json): Json {
  if (isObject(value) && typeof key === 'string') return Object.hasOwn(value, key) ? (value[key] as Json) : null;
  if (Array.isArray(value) && typeof key === 'number') {
    const at = Math.floor(key);
    return value[at < 0 ? value.length + at : at] ?? null;
  }
  if (isObject(key) && (value === null || Array.isArray(value) || typeof value === 'string')) {
    return slice(value, key.start ?? null, key.end ?? null);
  }
  if (Array.isArray(value) && Array.isArray(key)) return indicesOf(value, key);
  if (value === null && (typeof key === 'string' || typeof key === 'number')) return null;
  if (typeof key === 'string') throw new JqError(`Cannot index ${typeOf(value)} with "${key}"`);
  throw new JqError(`Cannot index ${typeOf(value)} with ${typeOf(key)}`);
}

/** Where a list stands inside another. */
export function indicesOf(value: Json[], part: Json[]): Json {
  if (part.length === 0) return null;
  const found: Json[] = [];
  for (let at = 0; at + part.length <= value.length; at++) {
    if (part.every((item, offset) => equal(item, value[at + offset] as Json))) found.push(at);
  }
  return found;
}

function bounds(length: number, from: Json, to: Json): [number, number] {
  const place = (bound: Json, fallback: number, round: (value: number) => number) => {
    if (bound === null) return fallback;
    if (typeof bound !== 'number') throw new JqError('Start and end indices of an array slice must be numbers');
    const at = round(bound < 0 ? bound + length : bound);
    return Math.max(0, Math.min(length, at));
  };
  const start = place(from, 0, Math.floor);
  return [start, Math.max(start, place(to, length, Math.ceil))];
}

export function slice(value: Json, from: Json, to: Json): Json {
  if (value === null) return null;
  if (typeof value === 'string') {
    const points = [...value];
    return points.slice(...bounds(points.length, from, to)).join('');
  }
  if (Array.isArray(value)) return value.slice(...bounds(value.length, from, to));
  throw new JqError(`Cannot index ${typeOf(value)} with object`);
}

/** Members with their keys. Throws `JqError` for what has none. */
export function iterate(value: Json): [Json, Json][] {
  if (Array.isArray(value)) return value.map((item, at) => [at, item]);
  if (isObject(value)) return Object.entries(value);
  throw new JqError(`Cannot iterate over ${value === null ? 'null' : `${typeOf(value)} (${shortened(value)})`}`);
}

function shortened(value: Json): string {
  const text = format(value);
  return text.length > 11 ? `${text.slice(0, 10)}...` : text;
}

export function getPath(value: Json, path: Json[]): Json {
  let current = value;
  for (const key of path) {
    if (current === null) return null;
    current = getIndex(current, key);
  }
  return current;
}

export function setPath(value: Json, path: Json[], next: Json): Json {
  const [key, ...rest] = path;
  if (key === undefined) return next;
  if (isObject(key)) {
    if (value !== null && !Array.isArray(value))
      throw new JqError(`Cannot update field at object index of ${typeOf(value)}`);
    const list = value ?? [];
    const [start, end] = bounds(list.length, key.start ?? null, key.end ?? null);
    const replaced = setPath(list.slice(start, end), rest, next);
    if (!Array.isArray(replaced)) throw new JqError('A slice of an array can only be assigned another array');
    return [...list.slice(0, start), ...replaced, ...list.slice(end)];
  }
  if (typeof key === 'string' && (value === null || isObject(value))) {
    return { ...(value ?? {}), [key]: setPath(value === null ? null : getIndex(value, key), rest, next) };
  }
  if (typeof key === 'number' && (value === null || Array.isArray(value))) {
    const list = [...(value ?? [])];
    const at = key < 0 ? list.length + key : key;
    if (at < 0) throw new JqError('Out of bounds negative array index');
    while (list.length < at) list.push(null);
    list[at] = setPath(list[at] ?? null, rest, next);
    return list;
  }
  return getIndex(value, key); // throws, and says why
}

/** Deletes from the last to the first, so that indices stay what they were. */
export function deletePaths(value: Json, paths: Json[][]): Json {
  return [...paths].sort((a, b) => compare(b, a)).reduce(deletePath, value);
}

function deletePath(value: Json, path: Json[]): Json {
  const [key, ...rest] = path;
  if (value === null) return null;
  if (key === undefined) return null;
  if (rest.length > 0) {
    const child = getIndex(value, key);
    return child === null ? value : setPath(value, [key], deletePath(child, rest));
  }
  if (isObject(value) && typeof key === 'string') {
    const { [key]: _, ...kept } = value as JsonObject;
    return kept;
  }
  if (Array.isArray(value) && typeof key === 'number') {
    const at = key < 0 ? value.length + key : key;
    return value.filter((_, index) => index !== at);
  }
  if (Array.isArray(value) && isObject(key)) {
    const [start, end] = bounds(value.length, key.start ?? null, key.end ?? null);
    return [...value.slice(0, start), ...value.slice(end)];
  }
  throw new JqError(`Cannot delete field at ${typeof key === 'string' ? 'object' : 'array'} index of ${typeOf(value)}`);
}
