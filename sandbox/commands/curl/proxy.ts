import { CurlError } from './errors.ts';
import type { Operation } from './options.ts';
import { parseUrl, type Url } from './url.ts';

export interface ProxyServer {
  scheme: 'http' | 'https';
  host: string;
  port: number;
  /** `user:password`. */
  user: string | undefined;
}

/** The proxy for a URL by -x, --noproxy and the environment; `tell` is told what the environment said. */
export function proxyFor(
  url: Url,
  operation: Operation,
  env: ReadonlyMap<string, string>,
  tell: (message: string) => void,
): ProxyServer | undefined {
  const except = operation.value('noproxy') ?? environment(env, ['no_proxy', 'NO_PROXY'], tell);
  if (except !== undefined && isExcepted(url.host, except)) return undefined;
  // HTTP_PROXY in capitals is not looked at: a web server's CGI variable of that name could be anyone's.
  const names = url.scheme === 'http' ? ['http_proxy'] : ['https_proxy', 'HTTPS_PROXY'];
  const given = operation.value('proxy') ?? operation.value('proxy1.0');
  const text = given ?? environment(env, [...names, 'all_proxy', 'ALL_PROXY'], tell);
  if (text === undefined || text === '') return undefined;
  const scheme = /^([a-zA-Z0-9+.-]+):\/\//.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') {
    throw new CurlError(7, `Unsupported proxy scheme for '${text}'`);
  }
  let parsed: Url;
  try {
    parsed = parseUrl(text);
  } catch (error) {
    if (!(error instanceof CurlError)) throw error;
    throw new CurlError(5, `Unsupported proxy syntax in '${text}': ${error.message.replace('URL rejected: ', '')}`);
  }
  const user =
    operation.value('proxy-user') ??
    (parsed.user === undefined ? undefined : `${parsed.user}:${parsed.password ?? ''}`);
  return { scheme: scheme ?? 'http', host: parsed.host, port: parsed.port ?? (scheme === 'https' ? 443 : 1080), user };
}

function environment(
  env: ReadonlyMap<string, string>,
  names: string[],
  tell: (message: string) => void,
): string | undefined {
  for (const name of names) {
    const value = env.get(name);
    if (value === undefined || value === '') continue;
    tell(`Uses proxy env variable ${name} == '${value}'`);
    return value;
  }
  return undefined;
}

/** A list of hosts and domains; `*` for all. Addresses may be ranges. */
function isExcepted(host: string, list: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  return list.split(/[, ]+/).some((entry) => {
    const pattern = entry.toLowerCase().replace(/^\./, '').replace(/\.$/, '');
    if (pattern === '*') return true;
    if (pattern === '') return false;
    const [, base, bits] = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(pattern) ?? [];
    if (base !== undefined && /^\d+(\.\d+){3}$/.test(name)) {
      const number = (text: string) => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
      const size = 2 ** (32 - Number(bits));
      return Math.floor(number(base) / size) === Math.floor(number(name) / size);
    }
    return name === pattern || name.endsWith(`.${pattern}`);
  });
}
