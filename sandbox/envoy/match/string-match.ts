import type { HeaderMatcher, StringMatcher } from '../xds/types.ts';
import { fullMatch } from './regex.ts';

/** envoy.type.matcher.v3.StringMatcher. */
export function stringMatches(matcher: StringMatcher, value: string): boolean {
  const fold = (text: string) => (matcher.ignoreCase ? text.toLowerCase() : text);
  const { exact, prefix, suffix, contains, safeRegex } = matcher;
  if (exact !== undefined) return fold(exact) === fold(value);
  if (prefix !== undefined) return fold(value).startsWith(fold(prefix));
  if (suffix !== undefined) return fold(value).endsWith(fold(suffix));
  if (contains !== undefined) return fold(value).includes(fold(contains));
  if (safeRegex) return fullMatch(safeRegex.regex, value);
  return value === ''; // an empty matcher is `exact: ""`
}

/** A header as `headers.get` gives it: several values joined by commas. */
export type HeaderLookup = (name: string) => string | undefined;

/** envoy.config.route.v3.HeaderMatcher (source/common/http/header_utility.cc). */
export function headerMatches(matcher: HeaderMatcher, lookup: HeaderLookup): boolean {
  const invert = matcher.invertMatch ?? false;
  let value = lookup(matcher.name.toLowerCase());
  if (value === undefined && matcher.treatMissingHeaderAsEmpty) value = '';
  if (matcher.presentMatch !== undefined) return ((value !== undefined) === matcher.presentMatch) !== invert;
  const test = valueTest(matcher);
  if (!test) return (value !== undefined) !== invert;
  // A missing header matches neither a value nor its inversion, but for treat_missing_header_as_empty.
  if (value === undefined) return false;
  return test(value) !== invert;
}

function valueTest(matcher: HeaderMatcher): ((value: string) => boolean) | undefined {
  if (matcher.stringMatch) {
    const { stringMatch } = matcher;
    return (value) => stringMatches(stringMatch, value);
  }
  // The fields before `string_match`, deprecated but still read.
  const old = matcher as {
    exactMatch?: string;
    prefixMatch?: string;
    suffixMatch?: string;
    containsMatch?: string;
    safeRegexMatch?: { regex: string };
    rangeMatch?: { start?: string | number; end?: string | number };
  };
  if (old.exactMatch !== undefined) return (value) => value === old.exactMatch;
  if (old.prefixMatch !== undefined) return (value) => value.startsWith(old.prefixMatch ?? '');
  if (old.suffixMatch !== undefined) return (value) => value.endsWith(old.suffixMatch ?? '');
  if (old.containsMatch !== undefined) return (value) => value.includes(old.containsMatch ?? '');
  const { safeRegexMatch, rangeMatch } = old;
  if (safeRegexMatch) return (value) => fullMatch(safeRegexMatch.regex, value);
  if (rangeMatch) {
    return (value) =>
      /^-?\d+$/.test(value) &&
      Number(value) >= Number(rangeMatch.start ?? 0) &&
      Number(value) < Number(rangeMatch.end ?? 0);
  }
  return undefined;
}
