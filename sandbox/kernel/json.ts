/** Plain data: what the whole state of a cluster is made of, and what a snapshot holds. */
export type Json = string | number | boolean | null | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

/** A part of the cluster whose state can be taken out as plain data and put back in a fresh process. */
export interface Stateful<S> {
  /** A copy that later changes do not touch. */
  save(): S;
  /** Replaces the whole state. The part may hold no memory of what it was before. */
  load(state: S): void;
}

/** Equality of JSON values: order of arrays counts, order of keys does not; `undefined` members count as absent. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => equalJson(item, b[index]));
  }
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  for (const key in left) if (!equalJson(left[key], right[key])) return false;
  for (const key in right) if (right[key] !== undefined && left[key] === undefined) return false;
  return true;
}
