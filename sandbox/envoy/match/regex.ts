const compiled = new Map<string, RegExp>();

/**
 * A RE2 pattern that must match the whole text, as Envoy's safe_regex does. JavaScript's syntax holds nearly all of RE2's; what differs
 * is rewritten (`(?i)` and friends at the start, `(?P<name>`, `\z`, `\A`, POSIX classes). What is invalid matches nothing.
 */
export function fullMatch(pattern: string, text: string): boolean {
  return compile(pattern, true).test(text);
}

/** Replaces every match, `\1` standing for a group, as Envoy's regex_rewrite does. */
export function replaceAll(pattern: string, text: string, substitution: string): string {
  const replacement = substitution.replaceAll('$', '$$$$').replace(/\\(\d|\\)/g, (_, group: string) => {
    return group === '\\' ? '\\' : group === '0' ? '$&' : `$${group}`;
  });
  return text.replace(new RegExp(compile(pattern, false), 'g'), replacement);
}

function compile(pattern: string, whole: boolean): RegExp {
  const key = `${whole} ${pattern}`;
  let regex = compiled.get(key);
  if (!regex) {
    regex = translate(pattern, whole);
    compiled.set(key, regex);
  }
  return regex;
}

function translate(pattern: string, whole: boolean): RegExp {
  let flags = 's';
  let source = pattern.replace(/^\(\?([ims]+)\)/, (_, letters: string) => {
    for (const letter of letters) if (!flags.includes(letter)) flags += letter;
    return '';
  });
  if (!/^\(\?[a-z]*s/.test(pattern)) flags = flags.replace('s', '');
  source = source
    .replaceAll('(?P<', '(?<')
    .replaceAll('\\z', '$')
    .replaceAll('\\A', '^')
    .replaceAll('[[:alpha:]]', '[A-Za-z]')
    .replaceAll('[[:digit:]]', '[0-9]')
    .replaceAll('[[:alnum:]]', '[0-9A-Za-z]');
  try {
    return new RegExp(whole ? `^(?:${source})$` : source, flags);
  } catch {
    return /(?!)/;
  }
}
