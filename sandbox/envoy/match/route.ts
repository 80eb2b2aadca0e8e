import type { Any, Route, RouteMatch, StringMatcher, VirtualHost } from '../xds/types.ts';
import { fullMatch } from './regex.ts';
import { type HeaderLookup, headerMatches, stringMatches } from './string-match.ts';

/** A request as routes are matched on. */
export interface RouteInput {
  /** With its query. */
  path: string;
  method: string;
  header: HeaderLookup;
  /** Metadata that filters before the router left, by namespace. */
  dynamicMetadata: Readonly<Record<string, unknown>>;
  /** A number in [0, 1), for routes that take a share of the traffic. */
  random: () => number;
}

/** The first route that matches (source/common/router/config_impl.cc). */
export function findRoute(host: VirtualHost, input: RouteInput): Route | undefined {
  return host.routes?.find((route) => routeMatches(route.match, input));
}

export function routeMatches(match: RouteMatch, input: RouteInput): boolean {
  const { headers, queryParameters } = match;
  if (match.grpc && !(input.header('content-type') ?? '').startsWith('application/grpc')) return false;
  if (!pathMatches(match, input)) return false;
  if (headers && !headers.every((matcher) => headerMatches(matcher, input.header))) return false;
  if (queryParameters && !queriesMatch(queryParameters as unknown as QueryMatcher[], input.path)) return false;
  const metadata = match.dynamicMetadata as MetadataMatcher[] | undefined;
  if (metadata && !metadata.every((matcher) => metadataMatches(matcher, input.dynamicMetadata))) return false;
  const fraction = match.runtimeFraction as { defaultValue?: Fraction } | undefined;
  return !fraction || input.random() < share(fraction.defaultValue);
}

function pathMatches(match: RouteMatch, input: RouteInput): boolean {
  if (match.connectMatcher) return input.method === 'CONNECT';
  const end = input.path.search(/[?#]/);
  const path = end < 0 ? input.path : input.path.slice(0, end);
  const fold = (text: string) => ((match.caseSensitive ?? true) ? text : text.toLowerCase());
  if (match.prefix !== undefined) return fold(input.path).startsWith(fold(match.prefix));
  if (match.path !== undefined) return fold(path) === fold(match.path);
  if (match.safeRegex) return fullMatch(match.safeRegex.regex, path);
  if (match.pathSeparatedPrefix !== undefined) {
    const prefix = fold(match.pathSeparatedPrefix);
    const folded = fold(path);
    return folded === prefix || folded.startsWith(`${prefix}/`);
  }
  const policy = match.pathMatchPolicy as { typedConfig?: Any } | undefined;
  if (policy) return templateMatches(String(policy.typedConfig?.pathTemplate ?? ''), path);
  return false;
}

const templates = new Map<string, RegExp>();

/** envoy.path.match.uri_template: `*` one segment, `**` any number, `{name=…}` a captured part. */
export function templateMatches(template: string, path: string): boolean {
  let regex = templates.get(template);
  if (!regex) {
    const source = template
      .replace(/\{[^}=]+\}/g, '*')
      .replace(/\{[^}=]+=([^}]*)\}/g, '$1')
      .replace(/[.+?^$()|[\]\\{}]/g, '\\$&')
      .replaceAll('**', '\0')
      .replaceAll('*', '[^/]+')
      .replaceAll('\0', '.*');
    regex = new RegExp(`^${source}$`);
    templates.set(template, regex);
  }
  return regex.test(path);
}

interface QueryMatcher {
  name: string;
  stringMatch?: StringMatcher;
  presentMatch?: boolean;
}

/** The query of a path as name and first value; names and values stay as they are written. */
export function queryParameters(path: string): Map<string, string> {
  const found = new Map<string, string>();
  const start = path.indexOf('?');
  if (start < 0) return found;
  const end = path.indexOf('#', start);
  for (const part of path.slice(start + 1, end < 0 ? undefined : end).split('&')) {
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    if (name !== '' && !found.has(name)) found.set(name, equals < 0 ? '' : part.slice(equals + 1));
  }
  return found;
}

function queriesMatch(matchers: readonly QueryMatcher[], path: string): boolean {
  const found = queryParameters(path);
  return matchers.every((matcher) => {
    const value = found.get(matcher.name);
    if (matcher.stringMatch) return value !== undefined && stringMatches(matcher.stringMatch, value);
    return (value !== undefined) === (matcher.presentMatch ?? true);
  });
}

export interface Fraction {
  numerator?: number;
  denominator?: 'HUNDRED' | 'TEN_THOUSAND' | 'MILLION';
}

/** envoy.type.v3.FractionalPercent as a number from 0 to 1. */
export function share(fraction: Fraction | undefined): number {
  const denominators = { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 };
  return (fraction?.numerator ?? 0) / denominators[fraction?.denominator ?? 'HUNDRED'];
}

export interface MetadataMatcher {
  filter: string;
  path: { key: string }[];
  value: ValueMatcher;
  invert?: boolean;
}

export interface ValueMatcher {
  nullMatch?: Record<string, never>;
  boolMatch?: boolean;
  presentMatch?: boolean;
  doubleMatch?: { exact?: number; range?: { start?: number; end?: number } };
  stringMatch?: StringMatcher;
  listMatch?: { oneOf: ValueMatcher };
  orMatch?: { valueMatchers: ValueMatcher[] };
}

/** envoy.type.matcher.v3.MetadataMatcher over metadata by namespace. */
export function metadataMatches(matcher: MetadataMatcher, metadata: Readonly<Record<string, unknown>>): boolean {
  let value: unknown = metadata[matcher.filter];
  for (const { key } of matcher.path) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  }
  return valueMatches(matcher.value, value) !== (matcher.invert ?? false);
}

export function valueMatches(matcher: ValueMatcher, value: unknown): boolean {
  if (matcher.orMatch) return matcher.orMatch.valueMatchers.some((option) => valueMatches(option, value));
  if (matcher.listMatch) {
    const { oneOf } = matcher.listMatch;
    return Array.isArray(value) && value.some((item) => valueMatches(oneOf, item));
  }
  if (matcher.stringMatch) return typeof value === 'string' && stringMatches(matcher.stringMatch, value);
  if (matcher.boolMatch !== undefined) return value === matcher.boolMatch;
  if (matcher.presentMatch !== undefined) return (value !== undefined) === matcher.presentMatch;
  if (matcher.doubleMatch) return typeof value === 'number' && value === matcher.doubleMatch.exact;
  return matcher.nullMatch !== undefined && value === null;
}
