import type { FileStat } from '../../kernel/files.ts';
import type { Process } from '../../kernel/process.ts';

export interface WalkEntry {
  /** As the user would write it: below the name given. */
  path: string;
  type: FileStat['type'];
  depth: number;
}

/** A file or directory and all below it, directories before what they hold. Throws `FileError` if the first is not there. */
export function* walk(process: Process, name: string, depth = 0): Generator<WalkEntry> {
  const files = process.machine.files;
  const path = process.resolve(name);
  const type = files.stat(path, { link: true }).type;
  yield { path: name, type, depth };
  if (type !== 'directory') return;
  const base = name.endsWith('/') ? name : `${name}/`;
  for (const child of files.readDirectory(path)) yield* walk(process, base + child, depth + 1);
}

/** fnmatch(3): `*`, `?`, `[…]`, against a whole name. */
export function globToRegex(glob: string, ignoreCase = false): RegExp {
  const source = glob.replace(/\\(.)|\[(!|\^)?(\]?[^\]]*)\]|[\s\S]/g, (part, escaped, negated, members) => {
    if (escaped !== undefined) return quoteSymbol(escaped);
    if (members !== undefined) return `[${negated ? '^' : ''}${String(members).replace(/[\\\]]/g, '\\$&')}]`;
    if (part === '*') return '[\\s\\S]*';
    return part === '?' ? '[\\s\\S]' : quoteSymbol(part);
  });
  return new RegExp(`^${source}$`, ignoreCase ? 'i' : '');
}

function quoteSymbol(symbol: string): string {
  return symbol.replace(/[\^$\\.*+?()[\]{}|/]/g, '\\$&');
}
