import { Random } from '../kernel/random.ts';

/** Digest of an image's manifest: drawn from its reference, so it is the same in every cluster. */
export function digestOf(reference: string): string {
  let seed = 0x811c9dc5;
  for (let index = 0; index < reference.length; index++) {
    seed = Math.imul(seed ^ reference.charCodeAt(index), 0x01000193) >>> 0;
  }
  return new Random(seed).hex(64);
}
