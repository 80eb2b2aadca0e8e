import { parseTime } from '../../../kernel/time.ts';
import { age } from '../ages.ts';
import type { Kubectl } from '../kubectl.ts';
import { at, type KubeObject, records, text } from '../objects.ts';
import type { DescribeWriter } from './writer.ts';

export type Event = Record<string, unknown>;

/** The events about an object, or undefined where they cannot be had. */
export async function searchEvents(
  k: Kubectl,
  reference: { name: string; namespace: string; kind: string; uid: string },
): Promise<Event[] | undefined> {
  const { name, namespace, kind, uid } = reference;
  const fields = [
    ['involvedObject.name', name],
    ['involvedObject.namespace', namespace],
    ...(kind === '' ? [] : [['involvedObject.kind', kind]]),
    ...(uid === '' ? [] : [['involvedObject.uid', uid]]),
  ];
  const fieldSelector = fields
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1))
    .map(([field, value]) => `${field}=${value}`)
    .join(',');
  const path = namespace === '' ? '/api/v1/events' : `/api/v1/namespaces/${namespace}/events`;
  try {
    const list = await k.client.json<Record<string, unknown>>('GET', path, { query: { fieldSelector, limit: '500' } });
    return records(list.items);
  } catch {
    return undefined;
  }
}

export function eventsOf(k: Kubectl, object: KubeObject, kind = object.kind): Promise<Event[] | undefined> {
  const { name, namespace = '', uid = '' } = object.metadata;
  if (!k.flags.bool('show-events')) return Promise.resolve(undefined);
  return searchEvents(k, { name, namespace, kind, uid });
}

export function describeEvents(k: Kubectl, w: DescribeWriter, events: Event[] | undefined): void {
  if (!events) return;
  if (events.length === 0) {
    w.write(0, 'Events:\t<none>\n');
    return;
  }
  w.flush();
  w.write(0, 'Events:\n  Type\tReason\tAge\tFrom\tMessage\n');
  w.write(1, '----\t------\t----\t----\t-------\n');
  const last = (event: Event) => parseTime(text(event.lastTimestamp)) ?? Number.NEGATIVE_INFINITY;
  for (const event of [...events].sort((a, b) => (last(a) === last(b) ? 0 : last(a) - last(b)))) {
    const source = text(at(event, 'source', 'component')) || text(event.reportingComponent);
    const field = text(at(event, 'involvedObject', 'fieldPath'));
    const message = text(event.message).trim();
    w.write(
      1,
      `${text(event.type)}\t${text(event.reason)}\t${eventAge(k, event)}\t${source}\t${field === '' ? message : `${field}: ${message}`}\n`,
    );
  }
}

/** `5s`, or `5s (x3 over 2m)` for what happened again. */
export function eventAge(k: Kubectl, event: Event): string {
  const first = age(event.eventTime ?? event.firstTimestamp, k.now());
  const series = event.series as Record<string, unknown> | undefined;
  if (series) return `${age(series.lastObservedTime, k.now())} (x${text(series.count)} over ${first})`;
  if (Number(event.count ?? 0) > 1) return `${age(event.lastTimestamp, k.now())} (x${text(event.count)} over ${first})`;
  return first;
}
