import { isIPv6 } from '../../network/addresses.ts';
import { type HttpRequest, header } from '../../network/http.ts';
import type { SocketError } from '../../network/socket.ts';

/** Where a request wants to go. */
export interface Target {
  url: string;
  protocol: string;
  host: string;
  port: number;
  path: string;
}

/** Fields that concern one connection only (RFC 9110 section 7.6.1), and those for proxies. */
export const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Does the client want the connection to end with the answer? */
export function closes(request: HttpRequest): boolean {
  const says = (name: string, word: string) => header(request, name)?.toLowerCase() === word;
  if (request.protocol === 'HTTP/1.0')
    return !says('connection', 'keep-alive') && !says('proxy-connection', 'keep-alive');
  return says('connection', 'close') || says('proxy-connection', 'close');
}

/** A field with one value more. */
export function joined(before: string | undefined, value: string): string {
  return before === undefined || before === '' ? value : `${before}, ${value}`;
}

/** Linux' numbers. */
export function errnoOf(error: SocketError): number {
  const numbers: Partial<Record<SocketError['code'], number>> = {
    ECONNREFUSED: 111,
    ETIMEDOUT: 110,
    EHOSTUNREACH: 113,
    ENETUNREACH: 101,
    ECONNRESET: 104,
  };
  return numbers[error.code] ?? 0;
}

/** A CONNECT's `host:port`, or a whole URL; undefined for what is neither. */
export function targetOf({ method, target }: HttpRequest): Target | undefined {
  if (method === 'CONNECT') {
    const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:/]+)):(\d+)$/.exec(target) ?? [];
    const host = (bracketed ?? plain)?.toLowerCase();
    if (host === undefined || Number(port) > 65535) return undefined;
    return { url: target, protocol: 'none', host, port: Number(port), path: '' };
  }
  const parts = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\/(?:[^@/]*@)?(?:\[([^\]]+)\]|([^:/?#]+))(?::(\d+))?([/?][^#]*)?$/.exec(
    target,
  );
  if (!parts) return undefined;
  const [, scheme = '', bracketed, plain = '', port, rest = '/'] = parts;
  const protocol = scheme.toLowerCase();
  const usual: Record<string, number> = { http: 80, https: 443, ftp: 21 };
  const host = (bracketed ?? plain).toLowerCase();
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  const shownHost = isIPv6(host) ? `[${host}]` : host;
  const number = Number(port ?? usual[protocol] ?? 0);
  const shownPort = port === undefined || number === usual[protocol] ? '' : `:${number}`;
  return { url: `${protocol}://${shownHost}${shownPort}${path}`, protocol, host, port: number, path };
}
