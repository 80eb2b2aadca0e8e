import { parseTime } from '../kernel/time.ts';
import type { Column, TypedColumn } from './kind.ts';
import type { KubernetesObject } from './objects.ts';

/** k8s.io/apimachinery/pkg/util/duration.HumanDuration: `5s`, `3m20s`, `2d4h`. `duration` in ms. */
export function humanDuration(duration: number): string {
  const seconds = Math.trunc(duration / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 60 * 2) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's');
  if (minutes < 60 * 3) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (hours < 24 * 8) return two(days, 'd', hours % 24, 'h');
  if (hours < 24 * 365 * 2) return `${days}d`;
  const years = Math.trunc(days / 365);
  if (hours < 24 * 365 * 8) return two(years, 'y', days % 365, 'd');
  return `${years}y`;
}

function two(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit}${small}${smallUnit}`;
}

/** How long ago an instant (RFC 3339) was; `<unknown>` where there is none. */
export function age(time: string | undefined, now: number): string {
  const at = time === undefined ? undefined : parseTime(time);
  return at === undefined ? '<unknown>' : humanDuration(now - at);
}

export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description:
    'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically.',
  value: (object) => object.metadata.name,
};

const creation = 'CreationTimestamp is the server time when this object was created (RFC 3339, UTC).';

export const ageColumn: Column = {
  name: 'Age',
  type: 'string',
  description: creation,
  value: (object, now) => age(object.metadata.creationTimestamp, now),
};

/** Kinds without a table of their own show this instead of the age. */
export const createdAtColumn: Column = {
  name: 'Created At',
  type: 'date',
  description: creation,
  value: (object) => object.metadata.creationTimestamp ?? null,
};

/** A column of text. `wide`: only with `-o wide`. */
export function text<T extends KubernetesObject>(
  name: string,
  value: (object: T, now: number) => string | undefined,
  wide = false,
): TypedColumn<T> {
  return { name, type: 'string', ...(wide && { priority: 1 }), value: (object, now) => value(object, now) ?? '' };
}

export function integer<T extends KubernetesObject>(
  name: string,
  value: (object: T) => number | undefined,
): TypedColumn<T> {
  return { name, type: 'integer', value: (object) => value(object) ?? 0 };
}

/** Labels as one text: `app=curl,version=v1`; `<none>` if there are none. */
export function formatLabels(labels: Record<string, string> | undefined): string {
  const pairs = Object.entries(labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return pairs.length === 0 ? '<none>' : pairs.map(([key, value]) => `${key}=${value}`).join(',');
}

export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

/** metav1.FormatLabelSelector. */
export function formatSelector(selector: LabelSelector | undefined): string {
  if (!selector) return '<none>';
  const parts: [string, string][] = Object.entries(selector.matchLabels ?? {}).map(([k, v]) => [k, `${k}=${v}`]);
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const list = [...(values ?? [])].sort().join(',');
    if (operator === 'In') parts.push([key, `${key} in (${list})`]);
    else if (operator === 'NotIn') parts.push([key, `${key} notin (${list})`]);
    else parts.push([key, operator === 'Exists' ? key : `!${key}`]);
  }
  parts.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return parts.length === 0 ? '<none>' : parts.map(([, part]) => part).join(',');
}

interface Container {
  name: string;
  image?: string;
}

export function containerNames(spec: { containers?: Container[] } | undefined): string {
  return (spec?.containers ?? []).map((container) => container.name).join(',');
}

export function containerImages(spec: { containers?: Container[] } | undefined): string {
  return (spec?.containers ?? []).map((container) => container.image ?? '').join(',');
}
