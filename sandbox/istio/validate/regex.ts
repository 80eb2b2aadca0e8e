import { quote } from './names.ts';

/** What Go's RE2 says against a regular expression, or undefined (regexp/syntax, the common mistakes). */
export function regexProblem(pattern: string): string | undefined {
  const problem = syntaxProblem(pattern);
  return problem && `error parsing regexp: ${problem}`;
}

/** A regular expression of a match: its size, its syntax. */
export function matchRegexProblem(pattern: string, where: string): string | undefined {
  if (pattern.length > 1024) return `${quote(where)}: regex is too large, max length allowed is 1024`;
  const problem = regexProblem(pattern);
  return (
    problem &&
    `${quote(where)}: ${problem}; Istio uses RE2 style regex-based match (https://github.com/google/re2/wiki/Syntax)`
  );
}

function syntaxProblem(pattern: string): string | undefined {
  let depth = 0;
  let atom = false;
  let repeat = '';
  for (let at = 0; at < pattern.length; ) {
    const rest = pattern.slice(at);
    const sign = rest[0] as string;
    const quantifier = /^(?:[*+?]|\{\d+(?:,\d*)?\})\??/.exec(rest)?.[0];
    if (quantifier) {
      if (!atom) return `missing argument to repetition operator: \`${quantifier[0] === '{' ? quantifier : sign}\``;
      if (repeat) return `invalid nested repetition operator: \`${repeat}${quantifier}\``;
      repeat = quantifier;
      at += quantifier.length;
      continue;
    }
    repeat = '';
    atom = true;
    if (sign === '\\') {
      const problem = escapeProblem(rest);
      if (problem) return problem;
      at += rest.startsWith('\\Q') ? quotedLength(rest) : 2;
    } else if (sign === '[') {
      const length = classLength(rest);
      if (length === undefined) return `missing closing ]: \`${rest}\``;
      at += length;
    } else if (sign === '(') {
      const group = /^\((?:\?(?:P?<\w+>|[imsU]*(?:-[imsU]+)?[:)]))?/.exec(rest)?.[0] ?? '(';
      if (group === '(' && rest[1] === '?') return `invalid or unsupported Perl syntax: \`${rest.slice(0, 3)}\``;
      if (!group.endsWith(')')) depth++;
      atom = false;
      at += group.length;
    } else {
      if (sign === ')' && --depth < 0) return `unexpected ): \`${pattern}\``;
      if (sign === '|' || sign === '^') atom = false;
      at++;
    }
  }
  return depth > 0 ? `missing closing ): \`${pattern}\`` : undefined;
}

function escapeProblem(rest: string): string | undefined {
  if (rest.length === 1) return 'trailing backslash at end of expression: ``';
  const next = rest[1] as string;
  const fine = /[^A-Za-z0-9]/.test(next) || 'AbBCdDsSwWzQEaftnrvxpP0'.includes(next);
  return fine ? undefined : `invalid escape sequence: \`\\${next}\``;
}

function quotedLength(rest: string): number {
  const end = rest.indexOf('\\E');
  return end < 0 ? rest.length : end + 2;
}

/** Length of `[…]`, or undefined if it does not end. A `]` first in it is meant as itself. */
function classLength(rest: string): number | undefined {
  let at = rest[1] === '^' ? 2 : 1;
  if (rest[at] === ']') at++;
  while (at < rest.length) {
    if (rest[at] === ']') return at + 1;
    const named = rest.startsWith('[:', at) ? rest.indexOf(':]', at) : -1;
    if (named >= 0) at = named + 2;
    else at += rest[at] === '\\' ? 2 : 1;
  }
  return undefined;
}
