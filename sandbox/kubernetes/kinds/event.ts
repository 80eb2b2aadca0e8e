import type { IEvent } from 'kubernetes-models/v1/Event';
import { age, nameColumn, text } from '../columns.ts';
import { defineKind, type KindVersion } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';

export type Event = IEvent & KubernetesObject;

const columns = [
  text<Event>('Last Seen', (object, now) => age(lastSeen(object), now)),
  text<Event>('Type', (object) => object.type),
  text<Event>('Reason', (object) => object.reason),
  text<Event>(
    'Object',
    ({ involvedObject }) => `${(involvedObject.kind ?? '').toLowerCase()}/${involvedObject.name ?? ''}`,
  ),
  text<Event>('Subobject', (object) => object.involvedObject.fieldPath, true),
  text<Event>('Source', source, true),
  text<Event>('Message', (object) => object.message?.trim()),
  text<Event>('First Seen', (object, now) => age(object.firstTimestamp ?? object.eventTime, now), true),
  {
    name: 'Count',
    type: 'string' as const,
    priority: 1,
    value: (object: Event) => String(object.series?.count ?? object.count ?? 1),
  },
  { ...nameColumn, priority: 1 },
];

const fields: Record<string, (object: Event) => string> = {
  'involvedObject.kind': ({ involvedObject }) => involvedObject.kind ?? '',
  'involvedObject.namespace': ({ involvedObject }) => involvedObject.namespace ?? '',
  'involvedObject.name': ({ involvedObject }) => involvedObject.name ?? '',
  'involvedObject.uid': ({ involvedObject }) => involvedObject.uid ?? '',
  'involvedObject.apiVersion': ({ involvedObject }) => involvedObject.apiVersion ?? '',
  'involvedObject.resourceVersion': ({ involvedObject }) => involvedObject.resourceVersion ?? '',
  'involvedObject.fieldPath': ({ involvedObject }) => involvedObject.fieldPath ?? '',
  reason: (object) => object.reason ?? '',
  reportingComponent: (object) => object.reportingComponent ?? '',
  source: (object) => object.source?.component ?? object.reportingComponent ?? '',
  type: (object) => object.type ?? '',
};

export const event = defineKind<Event>({
  group: '',
  kind: 'Event',
  plural: 'events',
  singular: 'event',
  shortNames: ['ev'],
  namespaced: true,
  versions: [{ name: 'v1', schema: 'io.k8s.api.core.v1.Event', columns }],
  fields,
});

/** The same Events under their newer name; the store has them as v1. */
export const eventsEvent = defineKind<Event>({
  ...(event as unknown as typeof event & { versions: never }),
  group: 'events.k8s.io',
  storage: { group: '', resource: 'events' },
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.api.events.v1.Event',
      columns: columns as unknown as NonNullable<KindVersion['columns']>,
      fromStorage: (stored) => {
        const {
          involvedObject,
          message,
          source: from,
          count,
          firstTimestamp,
          lastTimestamp,
          ...rest
        } = stored as Event;
        const old = {
          ...(from && { deprecatedSource: from }),
          ...(count && { deprecatedCount: count }),
          ...(firstTimestamp && { deprecatedFirstTimestamp: firstTimestamp }),
          ...(lastTimestamp && { deprecatedLastTimestamp: lastTimestamp }),
        };
        return {
          ...rest,
          ...old,
          apiVersion: 'events.k8s.io/v1',
          regarding: involvedObject,
          ...(message && { note: message }),
        };
      },
      toStorage: (object) => {
        const {
          regarding,
          note,
          deprecatedSource,
          deprecatedCount,
          deprecatedFirstTimestamp,
          deprecatedLastTimestamp,
          ...rest
        } = object;
        return {
          ...rest,
          apiVersion: 'v1',
          involvedObject: regarding ?? {},
          ...(note !== undefined && { message: note }),
          ...(deprecatedSource !== undefined && { source: deprecatedSource }),
          ...(deprecatedCount !== undefined && { count: deprecatedCount }),
          ...(deprecatedFirstTimestamp !== undefined && { firstTimestamp: deprecatedFirstTimestamp }),
          ...(deprecatedLastTimestamp !== undefined && { lastTimestamp: deprecatedLastTimestamp }),
        };
      },
    },
  ],
} as Parameters<typeof defineKind<Event>>[0]);

function lastSeen(object: Event): string | undefined {
  return object.series?.lastObservedTime ?? object.lastTimestamp ?? object.eventTime ?? object.firstTimestamp;
}

function source({ source: from, reportingComponent, reportingInstance }: Event): string {
  const parts = [from?.component || reportingComponent, from?.host || reportingInstance];
  return parts.filter((part) => part).join(', ');
}
