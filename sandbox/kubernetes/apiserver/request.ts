import type { ApiRequest } from './http.ts';

/** A request's path taken apart (k8s.io/apiserver/pkg/endpoints/request.RequestInfo). */
export interface ResourcePath {
  group: string;
  version: string;
  namespace?: string;
  resource: string;
  name?: string;
  subresource?: string;
}

/** Query parameters, decoded; a repeated one keeps all its values. */
export class Query {
  readonly #values = new Map<string, string[]>();

  constructor(text: string) {
    for (const pair of text.split('&')) {
      if (pair === '') continue;
      const at = pair.indexOf('=');
      const name = decode(at < 0 ? pair : pair.slice(0, at));
      const value = at < 0 ? '' : decode(pair.slice(at + 1));
      this.#values.set(name, [...(this.#values.get(name) ?? []), value]);
    }
  }

  get(name: string): string | undefined {
    return this.#values.get(name)?.[0];
  }

  all(name: string): string[] {
    return this.#values.get(name) ?? [];
  }

  flag(name: string): boolean {
    const value = this.get(name);
    return value === 'true' || value === '1';
  }

  /** A whole number, or undefined where there is none. */
  integer(name: string): number | undefined {
    const value = this.get(name);
    return value !== undefined && /^-?\d+$/.test(value) ? Number(value) : undefined;
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

export function splitUrl(request: ApiRequest): { path: string; query: Query } {
  const at = request.url.indexOf('?');
  const path = at < 0 ? request.url : request.url.slice(0, at);
  return { path, query: new Query(at < 0 ? '' : request.url.slice(at + 1)) };
}

/** `/api/v1/…` and `/apis/GROUP/VERSION/…` as far as they name a resource; undefined for everything else. */
export function parseResourcePath(path: string): ResourcePath | undefined {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decode);
  const prefix = parts.shift();
  if (prefix !== 'api' && prefix !== 'apis') return undefined;
  const group = prefix === 'api' ? '' : (parts.shift() ?? '');
  const version = parts.shift();
  if (!version || parts.length === 0) return undefined;
  const base = { group, version };
  if (parts[0] === 'namespaces' && parts.length >= 3) {
    const [, namespace, resource, name, ...rest] = parts as [string, string, string, string | undefined, ...string[]];
    const own = ['finalize', 'status'].includes(resource) && parts.length === 3;
    if (own) return { ...base, resource: 'namespaces', name: namespace, subresource: resource };
    return { ...base, namespace, resource, ...(name && { name }), ...below(rest) };
  }
  const [resource, name, ...rest] = parts as [string, string | undefined, ...string[]];
  return { ...base, resource, ...(name && { name }), ...below(rest) };
}

function below(rest: string[]): { subresource?: string } {
  return rest.length > 0 ? { subresource: rest.join('/') } : {};
}
