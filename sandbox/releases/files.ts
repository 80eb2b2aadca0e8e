import type { Release } from './types.ts';

/** placeholder until samples are written */
export function releaseFiles(_release: Release): Record<string, string> {
  return {};
}
