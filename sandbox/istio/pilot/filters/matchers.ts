import type { StringMatcher } from '../../../envoy/xds/types.ts';
import type { StringMatch } from '../api/networking.ts';

/** An Istio StringMatch as Envoy's; undefined where it has none of its forms. */
export function stringMatcher(match: StringMatch | undefined): StringMatcher | undefined {
  if (match?.exact !== undefined) return { exact: match.exact };
  if (match?.prefix !== undefined) return { prefix: match.prefix };
  if (match?.regex !== undefined) return { safeRegex: { regex: match.regex } };
  return undefined;
}

export function exactMatchers(values: readonly string[] | undefined): StringMatcher[] | undefined {
  return values?.length ? values.map((exact) => ({ exact })) : undefined;
}

export function escapeRegex(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}

/** A value of an AuthorizationPolicy: `*` anything, `*suffix`, `prefix*`, else exact; `prefix` stands before each. */
export function patternMatcher(value: string, prefix = ''): StringMatcher {
  if (value === '*') return { safeRegex: { regex: '.+' } };
  if (value.startsWith('*')) {
    const suffix = value.slice(1);
    return prefix === '' ? { suffix } : { safeRegex: { regex: `${prefix}.*${escapeRegex(suffix)}` } };
  }
  if (value.endsWith('*')) return { prefix: `${prefix}${value.slice(0, -1)}` };
  return { exact: `${prefix}${value}` };
}

/** A header against a value of an AuthorizationPolicy. */
export function headerPattern(name: string, value: string, ignoreCase = false): Record<string, unknown> {
  if (value === '*') return { name, presentMatch: true };
  const stringMatch = value.startsWith('*')
    ? { suffix: value.slice(1) }
    : value.endsWith('*')
      ? { prefix: value.slice(0, -1) }
      : { exact: value };
  return { name, stringMatch: ignoreCase ? { ...stringMatch, ignoreCase } : stringMatch };
}

const path = (keys: readonly string[]) => keys.map((key) => ({ key }));

/** A string among the metadata of a filter. */
export function metadataMatcher(filter: string, keys: readonly string[], value: unknown): Record<string, unknown> {
  return { filter, path: path(keys), value };
}

export function orValues(values: readonly unknown[]): unknown {
  return values.length === 1 ? values[0] : { orMatch: { valueMatchers: values } };
}

/** Claims of a token that jwt_authn let through; a claim may be a list or a single value. */
export function claimMatcher(claims: readonly string[], value: unknown): Record<string, unknown> {
  return metadataMatcher('envoy.filters.http.jwt_authn', ['payload', ...claims], {
    orMatch: { valueMatchers: [{ listMatch: { oneOf: value } }, value] },
  });
}
