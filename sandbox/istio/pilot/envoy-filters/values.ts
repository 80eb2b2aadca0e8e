import type { Any } from '../../../envoy/xds/types.ts';

type Fields = Record<string, unknown>;

/** Fields that are maps: their keys are data. */
const maps = new Set(['typedPerFilterConfig', 'typedExtensionProtocolOptions', 'typedFilterMetadata']);

/** Fields that hold any JSON. */
const freeForm = new Set(['filterMetadata', 'jsonFormat']);

const structTypes = ['udpa.type.v1.TypedStruct', 'xds.type.v3.TypedStruct', 'google.protobuf.Struct'];

/** Exactly one field of a group can be set. */
const alternatives = [
  ['route', 'redirect', 'directResponse', 'nonForwardingAction'],
  ['prefix', 'path', 'safeRegex', 'pathSeparatedPrefix', 'connectMatcher', 'pathMatchPolicy'],
  ['cluster', 'clusterHeader', 'weightedClusters', 'inlineClusterSpecifierPlugin'],
  ['hostRewriteLiteral', 'autoHostRewrite', 'hostRewriteHeader', 'hostRewritePathRegex'],
  ['rds', 'routeConfig', 'scopedRoutes'],
  ['pathRedirect', 'prefixRewrite', 'regexRewrite'],
  ['socketAddress', 'pipe', 'envoyInternalAddress'],
];

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isStruct(value: Fields): boolean {
  return structTypes.some((type) => value['@type'] === `type.googleapis.com/${type}`);
}

/** A value of an EnvoyFilter, whose fields may be written in either case, with field names as xDS has them in JSON. */
export function canonicalValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonicalValue);
  if (!isFields(value)) return value;
  const struct = isStruct(value);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const name = camelCase(key);
      if (freeForm.has(name) || (struct && name === 'value')) return [name, item];
      if (!maps.has(name) || !isFields(item)) return [name, canonicalValue(item)];
      return [name, Object.fromEntries(Object.entries(item).map(([own, each]) => [own, canonicalValue(each)]))];
    }),
  );
}

function camelCase(name: string): string {
  return name.startsWith('@') ? name : name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** As Protobuf merges messages: lists are joined, messages merged, all else replaced. */
export function mergeMessage<T extends object>(target: T, patch: object): T {
  const merged: Fields = { ...(target as Fields) };
  for (const [name, value] of Object.entries(patch)) {
    for (const group of alternatives) {
      if (!group.includes(name)) continue;
      for (const other of group) if (other !== name) delete merged[other];
    }
    merged[name] = mergeField(name, merged[name], value);
  }
  return merged as T;
}

function mergeField(name: string, own: unknown, value: unknown): unknown {
  if (Array.isArray(own) && Array.isArray(value)) return [...own, ...value];
  if (!isFields(own) || !isFields(value) || '@type' in value) return value;
  return maps.has(name) || freeForm.has(name) ? { ...own, ...value } : mergeMessage(own, value);
}

/** Two typed messages as one; of different types the first stays as it is. */
export function mergeTyped(target: Any, patch: Any): Any {
  if (target['@type'] !== patch['@type']) return target;
  const merged: Any = mergeMessage(target, patch);
  // A Struct is a map: what the patch names is replaced as a whole.
  return isStruct(target) ? { ...merged, value: { ...(target.value as Fields), ...(patch.value as Fields) } } : merged;
}
