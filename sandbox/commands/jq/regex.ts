import type { Json, JsonObject } from '../../kernel/json.ts';
import { described, JqError } from './values.ts';

export interface Match {
  start: number;
  text: string;
  /** As `match` gives it. */
  value: JsonObject;
}

/** All matches of a pattern by its flags (g, i, x, s, n, l). Throws `JqError`. */
export function matches(input: Json, pattern: Json, flags: Json): Match[] {
  const [source, modifiers] = Array.isArray(pattern) ? [pattern[0] ?? null, pattern[1] ?? flags] : [pattern, flags];
  if (typeof input !== 'string') throw new JqError(`${described(input)} cannot be matched, as it is not a string`);
  if (typeof source !== 'string') throw new JqError(`${described(source)} cannot be matched, as it is not a string`);
  const letters = typeof modifiers === 'string' ? modifiers : '';
  if (/[^gixsnpl]/.test(letters)) throw new JqError(`${letters} is not a valid modifier string`);
  const plain = letters.includes('x')
    ? source.replace(/\\.|\s+|#[^\n]*/g, (part) => (part.startsWith('\\') ? part : ''))
    : source;
  let regex: RegExp;
  try {
    // Oniguruma's classes; `.` takes line ends only with s (or p).
    const translated = plain
      .replace(/\[\[:(\w+):\]\]/g, (whole, name: string) => `[${classes[name] ?? whole}]`)
      .replaceAll('\\h', '[0-9a-fA-F]')
      .replaceAll('\\A', '^')
      .replaceAll('\\z', '$')
      .replaceAll('\\Z', '$');
    regex = new RegExp(translated, `gdu${letters.includes('i') ? 'i' : ''}${/[sp]/.test(letters) ? 's' : ''}`);
  } catch (error) {
    throw new JqError(`${source} (at offset 0) is not a valid regex: ${(error as Error).message.replace(/^.*: /, '')}`);
  }
  const found: Match[] = [];
  const offset = (at: number) => [...input.slice(0, at)].length;
  for (const match of input.matchAll(regex)) {
    if (letters.includes('n') && match[0] === '') continue;
    found.push({ start: match.index, text: match[0], value: describe(match, offset) });
    if (!letters.includes('g')) break;
  }
  return found;
}

const classes: Record<string, string> = {
  alpha: '\\p{L}',
  digit: '0-9',
  alnum: '\\p{L}\\p{N}',
  upper: '\\p{Lu}',
  lower: '\\p{Ll}',
  space: '\\s',
  xdigit: '0-9a-fA-F',
  punct: '\\p{P}\\p{S}',
};

function describe(match: RegExpExecArray, offset: (at: number) => number): JsonObject {
  const names = new Map<string, string>();
  const { indices } = match;
  for (const [name, range] of Object.entries(indices?.groups ?? {})) {
    const at = indices?.findIndex((each, number) => number > 0 && each === range) ?? -1;
    names.set(String(at > 0 ? at : [...names.keys()].length + 1), name);
  }
  const groupNames = Object.keys(match.groups ?? {});
  const captures = match.slice(1).map((text: string | undefined, at): JsonObject => {
    const range = indices?.[at + 1];
    return {
      offset: range ? offset(range[0]) : -1,
      length: text === undefined ? 0 : [...text].length,
      string: text ?? null,
      name: groupNames.length === match.length - 1 ? (groupNames[at] ?? null) : (names.get(String(at + 1)) ?? null),
    };
  });
  return { offset: offset(match.index), length: [...match[0]].length, string: match[0], captures };
}
