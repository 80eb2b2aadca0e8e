import type { FileSystem } from '../../kernel/files.ts';
import { posixResolve } from '../../kernel/paths.ts';
import { hasGlob, unescapePattern, wholeMatcher } from '../pattern.ts';

export interface GlobOptions {
  dotglob: boolean;
  nocase: boolean;
  globstar: boolean;
}

/** Pathname expansion: the names that match, sorted by code unit as in the C locale; empty if none does. */
export function expandGlob(files: FileSystem, cwd: string, pattern: string, options: GlobOptions): string[] {
  const absolute = pattern.startsWith('/');
  const parts = pattern.split('/');
  if (absolute) parts.shift();
  let found = [absolute ? '/' : ''];
  for (const [index, part] of parts.entries()) {
    const last = index === parts.length - 1;
    if (part === '') {
      // doubled or trailing slash: what was found must be a directory
      found = found.filter((path) => isDirectory(files, cwd, path)).map((path) => (path === '/' ? path : `${path}/`));
      continue;
    }
    found = found.flatMap((path) => step(files, cwd, path, part, last, options));
  }
  return [...new Set(found)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

function step(
  files: FileSystem,
  cwd: string,
  base: string,
  part: string,
  last: boolean,
  options: GlobOptions,
): string[] {
  const join = (name: string) => (base === '' || base.endsWith('/') ? base + name : `${base}/${name}`);
  if (part === '**' && options.globstar) {
    const below = descend(files, cwd, base, options);
    return last
      ? [...(base === '' ? [] : [base.endsWith('/') ? base : `${base}/`]), ...below.slice(1)]
      : below.filter((path) => isDirectory(files, cwd, path));
  }
  if (!hasGlob(part)) {
    const path = join(unescapePattern(part));
    const there = last ? exists(files, cwd, path) : isDirectory(files, cwd, path);
    return there ? [path] : [];
  }
  const matcher = wholeMatcher(part, { hidesDot: !options.dotglob, ignoreCase: options.nocase });
  return names(files, cwd, base)
    .filter((name) => matcher.test(name))
    .map(join)
    .filter((path) => last || isDirectory(files, cwd, path));
}

function descend(files: FileSystem, cwd: string, base: string, options: GlobOptions): string[] {
  const all = [base];
  for (const name of names(files, cwd, base)) {
    if (name.startsWith('.') && !options.dotglob) continue;
    const path = base === '' || base.endsWith('/') ? base + name : `${base}/${name}`;
    const link = files.stat(posixResolve(cwd, path), { link: true }).type === 'symlink';
    if (!link && isDirectory(files, cwd, path)) all.push(...descend(files, cwd, path, options));
    else all.push(path);
  }
  return all;
}

function names(files: FileSystem, cwd: string, path: string): string[] {
  try {
    return files.readDirectory(posixResolve(cwd, path || '.'));
  } catch {
    return []; // not a directory, or gone: matches nothing
  }
}

function isDirectory(files: FileSystem, cwd: string, path: string): boolean {
  const absolute = posixResolve(cwd, path || '.');
  return files.exists(absolute) && files.stat(absolute).type === 'directory';
}

function exists(files: FileSystem, cwd: string, path: string): boolean {
  try {
    files.stat(posixResolve(cwd, path), { link: true });
    return true;
  } catch {
    return false;
  }
}
