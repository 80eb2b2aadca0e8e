import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

/** The folder of recorded answers, or undefined where `MESHTAB_GOLDEN` is not set. */
export const golden = process.env.MESHTAB_GOLDEN;

if (golden && !existsSync(join(golden, 'README.md')))
  throw new Error(`MESHTAB_GOLDEN=${golden}: no recorded answers there`);
if (!golden && process.env.CI) throw new Error('MESHTAB_GOLDEN is not set: in CI the recorded answers must be there');

/** A suite that compares with the recorded answers; without them it says SKIPPED. */
export function describeGolden(name: string, suite: (folder: string) => void): void {
  if (golden) describe(name, () => suite(golden));
  else describe.skip(`${name} (SKIPPED: MESHTAB_GOLDEN is not set)`, () => {});
}

export function readYaml<T>(folder: string, ...path: string[]): T {
  return parse(readFileSync(join(folder, ...path), 'utf8')) as T;
}

/** Every object of a file of several YAML documents; empty documents are left out. */
export function readObjects<T>(folder: string, ...path: string[]): T[] {
  const documents = parseAllDocuments(readFileSync(join(folder, ...path), 'utf8'));
  return documents.map((document) => document.toJS() as T).filter((object) => object !== null);
}

export function readJson<T>(folder: string, ...path: string[]): T {
  return JSON.parse(readFileSync(join(folder, ...path), 'utf8')) as T;
}
