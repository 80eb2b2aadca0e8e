/** Names near to a mistyped one, as cobra picks them: at most two edits away, or beginning with it. */
export function similarNames(
  typed: string,
  commands: readonly { name: string; suggestFor?: readonly string[] }[],
): string[] {
  const lower = typed.toLowerCase();
  return commands
    .filter(
      ({ name, suggestFor }) =>
        distance(lower, name) <= 2 || name.startsWith(lower) || suggestFor?.includes(lower) === true,
    )
    .map(({ name }) => name);
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      next[j] = Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + same);
    }
    row = next;
  }
  return row[b.length] as number;
}
