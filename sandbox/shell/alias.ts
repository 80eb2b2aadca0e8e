import { type Command, forEachChild, parse, type SyntaxNode } from 'unbash';

/** Replaces command words that are aliases, as bash does while it reads; an alias is not replaced within its own value. */
export function expandAliases(text: string, aliases: ReadonlyMap<string, string>): string {
  return expand(text, aliases, new Set());
}

function expand(text: string, aliases: ReadonlyMap<string, string>, within: ReadonlySet<string>): string {
  if (aliases.size === 0) return text;
  const places: { pos: number; end: number; name: string }[] = [];
  const visit = (node: SyntaxNode) => {
    if (node.type === 'Command') places.push(...aliasPlaces(node, text, aliases, within));
    if ('source' in node && node.source !== undefined) return; // its positions count in another text
    forEachChild(node, visit);
  };
  forEachChild(parse(text), visit);
  let result = text;
  for (const { pos, end, name } of places.sort((a, b) => b.pos - a.pos)) {
    const value = expand(aliases.get(name) as string, aliases, new Set([...within, name]));
    result = result.slice(0, pos) + value + result.slice(end);
  }
  return result;
}

/** The command's name if it is an alias; after a value that ends with a blank the next word too. */
function aliasPlaces(
  node: Command,
  text: string,
  aliases: ReadonlyMap<string, string>,
  within: ReadonlySet<string>,
): { pos: number; end: number; name: string }[] {
  const places: { pos: number; end: number; name: string }[] = [];
  const words = [...(node.name ? [node.name] : []), ...node.args.filter((word) => word.type === 'Word')];
  for (const word of words) {
    const value = within.has(word.text) ? undefined : aliases.get(word.text);
    if (value === undefined || text.slice(word.pos, word.end) !== word.text) break;
    places.push({ pos: word.pos, end: word.end, name: word.text });
    if (!/[ \t]$/.test(value)) break;
  }
  return places;
}
