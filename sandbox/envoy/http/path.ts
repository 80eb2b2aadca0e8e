/** What a connection manager does to paths before it looks for a route. */
export interface PathOptions {
  normalizePath: boolean;
  mergeSlashes: boolean;
  escapedSlashes: 'KEEP_UNCHANGED' | 'REJECT_REQUEST' | 'UNESCAPE_AND_REDIRECT' | 'UNESCAPE_AND_FORWARD';
}

/** The path (with its query) as it goes on; `redirect`: the client is sent there; undefined: refused. */
export function normalize(target: string, options: PathOptions): { path: string; redirect: boolean } | undefined {
  const fragment = target.indexOf('#');
  const whole = fragment < 0 ? target : target.slice(0, fragment);
  const query = whole.indexOf('?');
  let path = query < 0 ? whole : whole.slice(0, query);
  const rest = query < 0 ? '' : whole.slice(query);
  let redirect = false;
  if (options.normalizePath) {
    const canonical = canonicalPath(path);
    if (canonical === undefined) return undefined;
    path = canonical;
  }
  if (options.mergeSlashes) path = path.replace(/\/{2,}/g, '/');
  if (/%(2f|5c)/i.test(path) && options.escapedSlashes !== 'KEEP_UNCHANGED') {
    if (options.escapedSlashes === 'REJECT_REQUEST') return undefined;
    path = path.replace(/%2f/gi, '/').replace(/%5c/gi, '\\');
    if (options.normalizePath) path = canonicalPath(path) ?? path;
    if (options.mergeSlashes) path = path.replace(/\/{2,}/g, '/');
    redirect = options.escapedSlashes === 'UNESCAPE_AND_REDIRECT';
  }
  return { path: path + rest, redirect };
}

/** RFC 3986 section 6 as the WHATWG URL parser does it: dot segments go, backslashes become slashes. */
function canonicalPath(path: string): string | undefined {
  if (!path.startsWith('/')) return path === '*' ? path : undefined;
  const segments: string[] = [];
  const parts = path.replaceAll('\\', '/').slice(1).split('/');
  for (const [index, part] of parts.entries()) {
    const plain = part.replace(/%2e/gi, '.');
    const last = index === parts.length - 1;
    if (plain === '..') {
      segments.pop();
      if (last) segments.push('');
    } else if (plain === '.') {
      if (last) segments.push('');
    } else segments.push(part);
  }
  return `/${segments.join('/')}`;
}
