import type { RequestHead } from '../headers.ts';
import { HeaderMap } from '../headers.ts';
import type { Response } from '../http/stream.ts';
import { replaceAll } from '../match/regex.ts';
import type { Route, RouteMatch } from '../xds/types.ts';

interface Redirect {
  httpsRedirect?: boolean;
  schemeRedirect?: string;
  hostRedirect?: string;
  portRedirect?: number;
  pathRedirect?: string;
  prefixRewrite?: string;
  regexRewrite?: { pattern: { regex: string }; substitution: string };
  responseCode?: keyof typeof codes;
  stripQuery?: boolean;
}

const codes = {
  MOVED_PERMANENTLY: 301,
  FOUND: 302,
  SEE_OTHER: 303,
  TEMPORARY_REDIRECT: 307,
  PERMANENT_REDIRECT: 308,
};

/** Envoy's answer for a route that redirects (config_impl.cc newUri). */
export function redirectTo(route: Route, head: RequestHead): Response {
  const redirect = route.redirect as Redirect;
  const scheme = redirect.httpsRedirect ? 'https' : (redirect.schemeRedirect ?? head.scheme);
  const [host = '', port] = splitPort(head.authority);
  // A new host comes without the old one's port.
  let shownPort = redirect.hostRedirect ? undefined : port;
  if (redirect.portRedirect) shownPort = String(redirect.portRedirect);
  else if (scheme !== head.scheme && (port === '80' || port === '443')) shownPort = undefined;
  const newHost = redirect.hostRedirect || host;
  const defaultPort = (scheme === 'http' && shownPort === '80') || (scheme === 'https' && shownPort === '443');
  const authority = shownPort !== undefined && !defaultPort ? `${newHost}:${shownPort}` : newHost;
  const headers = new HeaderMap([['location', `${scheme}://${authority}${newPath(redirect, route.match, head.path)}`]]);
  return { status: codes[redirect.responseCode ?? 'MOVED_PERMANENTLY'], headers, body: new Uint8Array(0) };
}

function splitPort(authority: string): [host: string, port: string | undefined] {
  const match = /^(.*?)(?::(\d+))?$/.exec(authority);
  return [match?.[1] ?? authority, match?.[2]];
}

function newPath(redirect: Redirect, match: RouteMatch, path: string): string {
  const query = path.indexOf('?');
  const tail = query < 0 ? '' : path.slice(query);
  if (redirect.pathRedirect) {
    return redirect.pathRedirect.includes('?') || redirect.stripQuery
      ? redirect.pathRedirect
      : redirect.pathRedirect + tail;
  }
  const changed = rewritePath(redirect, match, path);
  return redirect.stripQuery ? changed.replace(/\?.*$/, '') : changed;
}

interface Rewrite {
  prefixRewrite?: string;
  regexRewrite?: { pattern: { regex: string }; substitution: string };
}

/** The path after a route's rewrite; the query stays. */
export function rewritePath(rewrite: Rewrite, match: RouteMatch, path: string): string {
  const query = path.indexOf('?');
  const only = query < 0 ? path : path.slice(0, query);
  const tail = query < 0 ? '' : path.slice(query);
  if (rewrite.regexRewrite) {
    return replaceAll(rewrite.regexRewrite.pattern.regex, only, rewrite.regexRewrite.substitution) + tail;
  }
  if (rewrite.prefixRewrite) {
    const matched = match.path ?? match.pathSeparatedPrefix ?? match.prefix ?? '';
    const length = match.safeRegex ? only.length : matched.length;
    return rewrite.prefixRewrite + only.slice(length) + tail;
  }
  return path;
}
