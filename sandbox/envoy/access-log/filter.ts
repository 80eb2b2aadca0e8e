import { requestHeader } from '../headers.ts';
import { type HeaderLookup, headerMatches } from '../match/string-match.ts';
import type { StreamInfo } from '../stream-info.ts';
import type { Any, HeaderMatcher } from '../xds/types.ts';

/** envoy.config.accesslog.v3.AccessLogFilter, as far as Istio writes it. */
export interface LogFilter {
  andFilter?: { filters: LogFilter[] };
  orFilter?: { filters: LogFilter[] };
  responseFlagFilter?: { flags?: string[] };
  statusCodeFilter?: { comparison: { op?: 'EQ' | 'GE' | 'LE'; value: { defaultValue: number } } };
  headerFilter?: { header: HeaderMatcher };
  notHealthCheckFilter?: Record<string, never>;
  extensionFilter?: { name: string; typedConfig: Any };
}

/** Is this line wanted? Throws for a filter that cannot be told. */
export function passes(filter: LogFilter | undefined, info: StreamInfo): boolean {
  if (!filter) return true;
  if (filter.andFilter) return filter.andFilter.filters.every((part) => passes(part, info));
  if (filter.orFilter) return filter.orFilter.filters.some((part) => passes(part, info));
  if (filter.responseFlagFilter) {
    const { flags = [] } = filter.responseFlagFilter;
    return flags.length === 0 ? info.flags.length > 0 : info.flags.some((flag) => flags.includes(flag));
  }
  if (filter.statusCodeFilter) {
    const { op = 'EQ', value } = filter.statusCodeFilter.comparison;
    const code = info.responseCode;
    return op === 'GE'
      ? code >= value.defaultValue
      : op === 'LE'
        ? code <= value.defaultValue
        : code === value.defaultValue;
  }
  if (filter.headerFilter) {
    const { request } = info;
    const lookup: HeaderLookup = (name) => (request ? requestHeader(request, name) : undefined);
    return headerMatches(filter.headerFilter.header, lookup);
  }
  if (filter.notHealthCheckFilter) return true;
  if (filter.extensionFilter) return expression(String(filter.extensionFilter.typedConfig.expression ?? ''), info);
  throw new Error(`access log filter ${Object.keys(filter).join()} is not known`);
}

type Value = string | number | boolean | undefined;

/** The part of CEL that log filters are written in: comparisons of attributes, `&&`, `||`, `!`, `has()`. */
function expression(text: string, info: StreamInfo): boolean {
  const either = split(text, '||');
  if (either.length > 1) return either.some((part) => expression(part, info));
  const both = split(text, '&&');
  if (both.length > 1) return both.every((part) => expression(part, info));
  const term = text.trim();
  if (term.startsWith('!')) return !expression(term.slice(1), info);
  if (term.startsWith('(') && term.endsWith(')')) return expression(term.slice(1, -1), info);
  const has = /^has\((.+)\)$/.exec(term);
  if (has) return attribute(has[1] as string, info) !== undefined;
  const comparison = /^(.+?)\s*(==|!=|>=|<=|>|<)\s*(.+)$/.exec(term);
  if (!comparison) return attribute(term, info) === true;
  const [, left = '', operator = '', right = ''] = comparison;
  return compare(attribute(left.trim(), info), operator, attribute(right.trim(), info));
}

/** Splits at an operator outside of quotes and parentheses. */
function split(text: string, operator: string): string[] {
  const parts: string[] = [];
  let [depth, start] = [0, 0];
  let quote = '';
  for (let index = 0; index < text.length; index++) {
    const letter = text[index] as string;
    if (quote) quote = letter === quote ? '' : quote;
    else if (letter === '"' || letter === "'") quote = letter;
    else if (letter === '(') depth++;
    else if (letter === ')') depth--;
    else if (depth === 0 && text.startsWith(operator, index)) {
      parts.push(text.slice(start, index));
      start = index + operator.length;
    }
  }
  return [...parts, text.slice(start)];
}

function compare(left: Value, operator: string, right: Value): boolean {
  if (left === undefined || right === undefined) return false; // an error in CEL: nothing is logged
  if (operator === '==') return left === right;
  if (operator === '!=') return left !== right;
  if (typeof left !== typeof right) return false;
  if (operator === '>') return left > right;
  if (operator === '<') return left < right;
  return operator === '>=' ? left >= right : left <= right;
}

function attribute(name: string, info: StreamInfo): Value {
  const text = /^(["'])(.*)\1$/.exec(name);
  if (text) return text[2];
  if (/^-?\d+(\.\d+)?$/.test(name)) return Number(name);
  if (name === 'true' || name === 'false') return name === 'true';
  const { request, downstream } = info;
  const header = /^(request|response)\.headers\[(["'])(.+)\2\]$/.exec(name);
  if (header) {
    const field = (header[3] as string).toLowerCase();
    return header[1] === 'request' ? request && requestHeader(request, field) : info.response?.get(field);
  }
  const values: Record<string, Value> = {
    'response.code': info.responseCode,
    'response.flags': info.flags.length,
    'request.method': request?.method,
    'request.path': request?.path,
    'request.url_path': request?.path.replace(/\?.*/, ''),
    'request.host': request?.authority,
    'request.protocol': info.protocol,
    'connection.mtls': downstream.tls?.clientCertificate !== undefined,
    'connection.requested_server_name': downstream.serverName,
    'source.address': `${downstream.remote.address}:${downstream.remote.port}`,
    'destination.port': downstream.local.port,
  };
  return values[name];
}
