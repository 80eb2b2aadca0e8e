/** Braces that would give more words than this stay as they are. */
const maximum = 1_000_000;

/** Brace expansion of a word's source text, before all other expansions: `a{b,c}d` → `abd acd`, `{1..3}` → `1 2 3`. */
export function expandBraces(text: string): string[] {
  for (let at = 0; at < text.length; at = skip(text, at)) {
    if (text[at] !== '{') continue;
    const found = braceAt(text, at);
    if (!found) continue;
    const before = text.slice(0, at);
    const after = expandBraces(text.slice(found.end + 1));
    const middle = found.words.flatMap((word) => (found.sequence ? [word] : expandBraces(word)));
    if (middle.length * after.length > maximum) return [text];
    return middle.flatMap((word) => after.map((end) => before + word + end));
  }
  return [text];
}

/** The place after the character, quoted text or `$` expansion at `at`. */
function skip(text: string, at: number): number {
  const letter = text[at];
  if (letter === '\\') return at + 2;
  if (letter === "'" || letter === '"' || letter === '`') {
    for (let end = at + 1; end < text.length; end++) {
      if (text[end] === '\\' && letter !== "'") end++;
      else if (text[end] === letter) return end + 1;
    }
    return text.length;
  }
  if (letter === '$' && (text[at + 1] === '{' || text[at + 1] === '(')) {
    const [open, close] = text[at + 1] === '{' ? ['{', '}'] : ['(', ')'];
    let depth = 0;
    for (let end = at + 1; end < text.length; ) {
      if (text[end] === open) depth++;
      if (text[end] === close && --depth === 0) return end + 1;
      end = text[end] === open || text[end] === close ? end + 1 : skip(text, end);
    }
    return text.length;
  }
  return at + 1;
}

/** The words of the brace that opens at `open`, or undefined if it is none. */
function braceAt(text: string, open: number): { words: string[]; end: number; sequence: boolean } | undefined {
  const commas: number[] = [];
  let depth = 0;
  for (let at = open; at < text.length; at = skip(text, at)) {
    if (text[at] === '{') depth++;
    else if (text[at] === ',' && depth === 1) commas.push(at);
    else if (text[at] === '}' && --depth === 0) {
      if (commas.length > 0) {
        const edges = [open, ...commas, at];
        const words = edges.slice(1).map((edge, index) => text.slice((edges[index] as number) + 1, edge));
        return { words, end: at, sequence: false };
      }
      const words = sequence(text.slice(open + 1, at));
      return words && { words, end: at, sequence: true };
    }
  }
  return undefined;
}

function sequence(body: string): string[] | undefined {
  const [, first, last, third] = /^(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(?:\.\.(-?\d+))?$/.exec(body) ?? [];
  if (first === undefined || last === undefined) return undefined;
  const letters = /[A-Za-z]/.test(first);
  if (letters !== /[A-Za-z]/.test(last)) return undefined;
  const [from, to] = letters ? [first.charCodeAt(0), last.charCodeAt(0)] : [Number(first), Number(last)];
  const step = Math.max(1, Math.abs(Number(third ?? 1))) * (from <= to ? 1 : -1);
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to)) return undefined;
  if (Math.abs((to - from) / step) >= maximum) return undefined;
  const padded = /^-?0\d/.test(first) || /^-?0\d/.test(last);
  const width = padded ? Math.max(first.length, last.length) : 0;
  const words: string[] = [];
  for (let value = from; step > 0 ? value <= to : value >= to; value += step) {
    if (letters)
      words.push(value >= 91 && value <= 96 ? `\\${String.fromCharCode(value)}` : String.fromCharCode(value));
    else words.push(value < 0 ? `-${String(-value).padStart(width - 1, '0')}` : String(value).padStart(width, '0'));
  }
  return words;
}
