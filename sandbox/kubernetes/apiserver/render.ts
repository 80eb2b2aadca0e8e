import type { KubernetesObject } from '../objects.ts';
import { badRequest } from './errors.ts';
import type { ApiRequest } from './http.ts';
import type { Exchange } from './resources.ts';
import { type IncludeObject, makeTable } from './table.ts';

export type Form = 'Object' | 'Table' | 'PartialObjectMetadata';

/** The form of objects that the client likes best, of those there are. */
export function accepts(request: ApiRequest): Form {
  for (const range of (request.headers.accept ?? '').split(',')) {
    const [type, ...parameters] = range.split(';').map((part) => part.trim());
    if (type !== 'application/json' && type !== '*/*' && type !== 'application/*') continue;
    const as = parameters.find((parameter) => parameter.startsWith('as='))?.slice(3);
    if (as === 'Table') return 'Table';
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return 'PartialObjectMetadata';
    if (as === undefined) return 'Object';
  }
  return 'Object';
}

function include({ query }: Exchange): IncludeObject {
  const asked = query.get('includeObject') || 'Metadata';
  if (asked === 'None' || asked === 'Metadata' || asked === 'Object') return asked;
  throw badRequest(`unrecognized includeObject value: "${asked}"`);
}

/** One object in the form asked for. `columns`: whether a Table says its columns. */
export function render(exchange: Exchange, object: KubernetesObject, columns = true): unknown {
  switch (accepts(exchange.request)) {
    case 'Object':
      return object;
    case 'PartialObjectMetadata':
      return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
    case 'Table':
      return makeTable(exchange.served, [object], {
        now: exchange.server.kernel.now(),
        include: include(exchange),
        metadata: { resourceVersion: object.metadata.resourceVersion },
        columns,
      });
  }
}

export function renderList(
  exchange: Exchange,
  objects: readonly KubernetesObject[],
  metadata: Record<string, unknown>,
): unknown {
  const { served, server } = exchange;
  switch (accepts(exchange.request)) {
    case 'Object':
      return {
        kind: served.kind.listKind ?? `${served.kind.kind}List`,
        apiVersion: served.apiVersion,
        metadata,
        items: objects,
      };
    case 'PartialObjectMetadata':
      return {
        kind: 'PartialObjectMetadataList',
        apiVersion: 'meta.k8s.io/v1',
        metadata,
        items: objects.map((object) => ({
          kind: 'PartialObjectMetadata',
          apiVersion: 'meta.k8s.io/v1',
          metadata: object.metadata,
        })),
      };
    case 'Table':
      return makeTable(served, objects, { now: server.kernel.now(), include: include(exchange), metadata });
  }
}
