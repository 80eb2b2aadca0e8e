import type { HeaderOperations, Headers } from '../api/networking.ts';
import { compareText } from '../model/config.ts';

/** Header changes of a route or a weighted destination. */
export interface HeaderChanges {
  fields: {
    requestHeadersToAdd?: unknown[];
    requestHeadersToRemove?: string[];
    responseHeadersToAdd?: unknown[];
    responseHeadersToRemove?: string[];
  };
  /** `:authority` or `host` among the request's headers is not a header for Envoy: it rewrites the host. */
  authority: string;
}

export function headerChanges(headers: Headers | undefined): HeaderChanges {
  const { request, response } = headers ?? {};
  const requestAdded = added(request);
  const responseAdded = added(response);
  const requestRemoved = removed(request);
  const responseRemoved = removed(response);
  return {
    fields: {
      ...(requestAdded.length > 0 ? { requestHeadersToAdd: requestAdded } : {}),
      ...(requestRemoved.length > 0 ? { requestHeadersToRemove: requestRemoved } : {}),
      ...(responseAdded.length > 0 ? { responseHeadersToAdd: responseAdded } : {}),
      ...(responseRemoved.length > 0 ? { responseHeadersToRemove: responseRemoved } : {}),
    },
    authority: authority(request?.set) || authority(request?.add),
  };
}

/** The lists of both, one after the other. */
export function joinHeaderChanges(
  first: HeaderChanges['fields'],
  second: HeaderChanges['fields'],
): HeaderChanges['fields'] {
  const joined: Record<string, unknown[]> = { ...first };
  for (const [field, items] of Object.entries(second)) joined[field] = [...(joined[field] ?? []), ...items];
  return joined as HeaderChanges['fields'];
}

function isInternal(name: string): boolean {
  return name.startsWith(':') || name.toLowerCase() === 'host';
}

function authority(headers: Readonly<Record<string, string>> | undefined): string {
  const found = Object.entries(headers ?? {}).find(([name]) => [':authority', 'host'].includes(name.toLowerCase()));
  return found?.[1] ?? '';
}

/** `set` overwrites, `add` (Envoy's default action) appends; each sorted by name. */
function added(operations: HeaderOperations | undefined): unknown[] {
  const entries = (headers: Readonly<Record<string, string>> | undefined) =>
    Object.entries(headers ?? {})
      .filter(([name]) => !isInternal(name))
      .sort(([a], [b]) => compareText(a, b))
      .map(([key, value]) => ({ header: { key, ...(value ? { value } : {}) } }));
  return [
    ...entries(operations?.set).map((header) => ({ ...header, appendAction: 'OVERWRITE_IF_EXISTS_OR_ADD' })),
    ...entries(operations?.add),
  ];
}

function removed(operations: HeaderOperations | undefined): string[] {
  return (operations?.remove ?? []).filter((name) => !isInternal(name));
}
