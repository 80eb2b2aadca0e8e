import type { Json, JsonObject } from '../../kernel/json.ts';

const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const decimal = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];

/**
 * A resource quantity as Kubernetes writes it back: `2000m` → `2`, `1024Mi` → `1Gi`
 * (apimachinery's resource.Quantity.CanonicalizeBytes: the largest suffix without a fraction).
 */
export function canonicalQuantity(text: string): string {
  const match = /^([+-]?\d+)(n|u|m|k|M|G|T|P|E|[KMGTPE]i)?$/.exec(text);
  if (!match) return text;
  let value = BigInt(match[1] as string);
  const suffix = match[2] ?? '';
  const [scale, step] = suffix.endsWith('i') ? [binary, 1024n] : [decimal, 1000n];
  let index = (scale as string[]).indexOf(suffix);
  while (value !== 0n && index < scale.length - 1 && value % step === 0n) {
    value /= step;
    index++;
  }
  return `${value}${value === 0n ? '' : scale[index]}`;
}

/** Requests and limits with canonical quantities. */
export function canonicalResources(resources: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const key of ['limits', 'requests']) {
    const list = resources[key];
    if (typeof list !== 'object' || list === null || Array.isArray(list)) continue;
    const entries = Object.entries(list).filter(([, value]) => value !== null);
    result[key] = Object.fromEntries(
      entries.map(([name, value]): [string, Json] => [name, canonicalQuantity(String(value))]),
    );
  }
  return result;
}
