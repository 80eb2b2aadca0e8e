import { KubectlError } from './errors.ts';

/** Splits arguments into resources and changes (`key=value`, `key-`). */
export function splitPairs(args: readonly string[], what: string): { resources: string[]; pairs: string[] } {
  const resources: string[] = [];
  const pairs: string[] = [];
  for (const word of args) {
    const pair = (word.includes('=') && !word.startsWith('=')) || (word.endsWith('-') && word !== '-');
    if (pair) pairs.push(word);
    else if (pairs.length === 0) resources.push(word);
    else throw new KubectlError(`all resources must be specified before ${what} changes: ${word}`);
  }
  return { resources, pairs };
}
