import type { JsonObject } from '../../kernel/json.ts';
import { isRecord, numberOf, objectsOf, recordOf, textOf } from './spec.ts';

/** Rules and matches that can never be used (upstream analyzeUnreachableHTTPRules and its kin). */
export function unreachableWarnings(spec: JsonObject): string[] {
  return [
    ...sameMatches(objectsOf(spec.http), true),
    ...overlappingPrefixes(objectsOf(spec.http)),
    ...sameMatches(objectsOf(spec.tcp), false),
    ...sameMatches(objectsOf(spec.tls), false),
  ];
}

function nameOf(item: JsonObject, index: number, named: boolean): string {
  return named && item.name ? JSON.stringify(item.name) : `#${index}`;
}

const unused = (rule: string, reason: string) => `virtualService rule ${rule} not used (${reason})`;
const ineffective = (rule: string, match: string, other: string) =>
  `virtualService rule ${rule} match ${match} is not used (duplicate/overlapping match in rule ${other})`;

function sameMatches(routes: readonly JsonObject[], named: boolean): string[] {
  const warnings: string[] = [];
  const seen = new Map<string, number>();
  let empty = -1;
  for (const [index, route] of routes.entries()) {
    const rule = nameOf(route, index, named);
    const matches = objectsOf(route.match);
    if (matches.length === 0) {
      if (empty >= 0) warnings.push(unused(rule, 'only the last rule can have no matches'));
      empty = index;
      continue;
    }
    let duplicates = 0;
    for (const [place, match] of matches.entries()) {
      if (empty >= 0) {
        warnings.push(unused(rule, 'route without matches defined before'));
        continue;
      }
      const { name: _, ...rest } = match;
      const key = sortedJson(named ? rest : match);
      const before = seen.get(key);
      if (before === undefined) seen.set(key, index);
      else {
        warnings.push(
          ineffective(rule, nameOf(match, place, named), nameOf(routes[before] as JsonObject, before, named)),
        );
        duplicates++;
      }
    }
    if (duplicates === matches.length) warnings.push(unused(rule, 'all matches used by prior rules'));
  }
  return warnings;
}

function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`;
  if (!isRecord(value)) return JSON.stringify(value) ?? 'null';
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${sortedJson(value[key])}`).join(',')}}`;
}

interface PrefixMatch {
  rule: string;
  match: string;
  prefix: string;
  port: number;
  /** Method and authority as `exact:` or `prefix:` texts, then headers, query parameters, headers that must not be there. */
  texts: string[];
  maps: Record<string, string>[];
}

function conditionText(match: unknown): string {
  const { exact, prefix } = recordOf(match);
  if (exact) return `exact:${textOf(exact)}`;
  return prefix ? `prefix:${textOf(prefix)}` : '';
}

function conditionMap(matches: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(recordOf(matches)).map(([key, match]) => [key, conditionText(match)]));
}

function overlappingPrefixes(routes: readonly JsonObject[]): string[] {
  const found: PrefixMatch[] = [];
  const seen = new Set<string>();
  for (const [index, route] of routes.entries()) {
    const matches = objectsOf(route.match);
    // Nothing behind a rule without matches counts.
    if (matches.length === 0) break;
    for (const [place, match] of matches.entries()) {
      const { name: _, ...rest } = match;
      const key = sortedJson(rest);
      const prefix = textOf(recordOf(match.uri).prefix);
      if (seen.has(key) || prefix === '') continue;
      seen.add(key);
      found.push({
        rule: nameOf(route, index, true),
        match: nameOf(match, place, true),
        prefix,
        port: numberOf(match.port),
        texts: [conditionText(match.method) || 'exact:GET', conditionText(match.authority)],
        maps: [conditionMap(match.headers), conditionMap(match.queryParams), conditionMap(match.withoutHeaders)],
      });
    }
  }
  const warnings: string[] = [];
  for (const [index, first] of found.entries()) {
    for (const later of found.slice(index + 1)) {
      if (later.prefix === first.prefix || !covers(first, later)) continue;
      const match = `${later.match} of prefix ${later.prefix}`;
      warnings.push(ineffective(later.rule, match, `${first.match} of prefix ${first.prefix} on ${first.rule}`));
    }
  }
  return warnings;
}

function covers(first: PrefixMatch, later: PrefixMatch): boolean {
  if (!later.prefix.startsWith(first.prefix) || later.port !== first.port) return false;
  if (!first.texts.every((condition, index) => condition.startsWith(later.texts[index] as string))) return false;
  return first.maps.every((map, index) => {
    const other = later.maps[index] as Record<string, string>;
    const entries = Object.entries(map);
    if (entries.length !== Object.keys(other).length) return false;
    return entries.every(([key, condition]) => other[key] !== undefined && condition.startsWith(other[key]));
  });
}
