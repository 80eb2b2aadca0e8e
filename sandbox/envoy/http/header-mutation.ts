import { formatText } from '../access-log/format.ts';
import { type HeaderMap, type RequestHead, setRequestHeader } from '../headers.ts';
import type { StreamInfo } from '../stream-info.ts';
import type { MatchedRoute } from './stream.ts';

interface HeaderToAdd {
  header: { key: string; value?: string };
  appendAction?: 'APPEND_IF_EXISTS_OR_ADD' | 'ADD_IF_ABSENT' | 'OVERWRITE_IF_EXISTS_OR_ADD' | 'OVERWRITE_IF_EXISTS';
  append?: boolean;
  keepEmptyValue?: boolean;
}

/** What a route, virtual host, route configuration or weighted cluster says about headers. */
export interface Mutations {
  requestHeadersToAdd?: HeaderToAdd[];
  requestHeadersToRemove?: string[];
  responseHeadersToAdd?: HeaderToAdd[];
  responseHeadersToRemove?: string[];
}

/** Most specific first, as Envoy applies them. */
export function mutationsOf(
  matched: MatchedRoute,
  weighted: Mutations | undefined,
  configuration: unknown,
): Mutations[] {
  const levels = [
    weighted,
    matched.route as Mutations,
    matched.host as Mutations,
    configuration as Mutations | undefined,
  ];
  return levels.filter((level) => level !== undefined);
}

export function mutateRequest(levels: readonly Mutations[], head: RequestHead, info: StreamInfo): void {
  for (const level of levels) {
    for (const name of level.requestHeadersToRemove ?? []) head.headers.remove(name.toLowerCase());
    for (const entry of level.requestHeadersToAdd ?? []) {
      const name = entry.header.key.toLowerCase();
      if (name === 'host' || name.startsWith(':'))
        setRequestHeader(head, name, formatText(entry.header.value ?? '', info));
      else addHeader(head.headers, entry, info);
    }
  }
}

export function mutateResponse(levels: readonly Mutations[], headers: HeaderMap, info: StreamInfo): void {
  for (const level of levels) {
    for (const name of level.responseHeadersToRemove ?? []) headers.remove(name.toLowerCase());
    for (const entry of level.responseHeadersToAdd ?? []) addHeader(headers, entry, info);
  }
}

export function addHeader(headers: HeaderMap, entry: HeaderToAdd, info: StreamInfo): void {
  const name = entry.header.key.toLowerCase();
  const value = formatText(entry.header.value ?? '', info);
  if (value === '' && !entry.keepEmptyValue) return;
  const action =
    entry.appendAction ?? (entry.append === false ? 'OVERWRITE_IF_EXISTS_OR_ADD' : 'APPEND_IF_EXISTS_OR_ADD');
  const present = headers.has(name);
  if (action === 'APPEND_IF_EXISTS_OR_ADD') headers.add(name, value);
  else if (action === 'ADD_IF_ABSENT' ? !present : action === 'OVERWRITE_IF_EXISTS_OR_ADD' || present) {
    headers.set(name, value);
  }
}
