import { compareText } from '../json.ts';
import type { KubernetesObject } from '../objects.ts';
import { badRequest } from './errors.ts';
import type { Query } from './request.ts';

export interface Page {
  items: readonly KubernetesObject[];
  metadata: Record<string, unknown>;
}

const keyOf = ({ metadata }: KubernetesObject) => `${metadata.namespace ?? ''}/${metadata.name}`;

/** `limit` and `continue`: a part of a list that is in order; the token names the last object of the page before. */
export function listPage(all: readonly KubernetesObject[], query: Query, resourceVersion: number): Page {
  const limit = query.integer('limit') ?? 0;
  const token = query.get('continue');
  let rest = all;
  if (token) {
    const after = /^after:(.+)$/s.exec(token)?.[1];
    if (after === undefined) throw badRequest('continue key is not valid: illegal base64 data at input byte 0');
    rest = all.filter((object) => compareText(keyOf(object), after) > 0);
  }
  const metadata: Record<string, unknown> = { resourceVersion: String(resourceVersion) };
  if (limit <= 0 || rest.length <= limit) return { items: rest, metadata };
  const items = rest.slice(0, limit);
  metadata.continue = `after:${keyOf(items.at(-1) as KubernetesObject)}`;
  metadata.remainingItemCount = rest.length - limit;
  return { items, metadata };
}
