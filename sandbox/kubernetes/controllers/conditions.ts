import type { Condition } from './types.ts';

/** `conditions` with one set: its transition time moves only with its status. */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  next: Omit<Condition, 'lastTransitionTime'>,
  now: string,
): Condition[] {
  const list = [...(conditions ?? [])];
  const place = list.findIndex((condition) => condition.type === next.type);
  const old = list[place];
  const condition: Condition = {
    ...next,
    lastTransitionTime: old?.status === next.status ? (old.lastTransitionTime ?? now) : now,
  };
  if (place >= 0) list[place] = condition;
  else list.push(condition);
  return list;
}
