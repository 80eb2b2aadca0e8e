import { isObject } from './json.ts';

type Step = { field: string } | { index: number } | { all: true };

const parsed = new Map<string, Step[]>();

/** Steps of the JSONPaths that CRDs use: `.spec.hosts`, `.spec.ports[0].name`, `.status.conditions[*].type`, `.a['b.c']`. */
function parse(path: string): Step[] {
  let steps = parsed.get(path);
  if (!steps) {
    steps = [];
    for (const [, field, index, quoted] of path.matchAll(/\.((?:\\.|[^.[\]])+)|\[(\d+|\*)\]|\['((?:\\.|[^'])*)'\]/g)) {
      if (index === '*') steps.push({ all: true });
      else if (index !== undefined) steps.push({ index: Number(index) });
      else steps.push({ field: (field ?? quoted ?? '').replace(/\\(.)/g, '$1') });
    }
    parsed.set(path, steps);
  }
  return steps;
}

/** Everything a simple JSONPath finds; nothing where a field is missing. */
export function readPath(value: unknown, path: string): unknown[] {
  let found: unknown[] = [value];
  for (const step of parse(path)) {
    found = found.flatMap((here) => {
      if ('all' in step) return Array.isArray(here) ? here : isObject(here) ? Object.values(here) : [];
      if ('index' in step) return Array.isArray(here) && step.index < here.length ? [here[step.index]] : [];
      return isObject(here) && Object.hasOwn(here, step.field) ? [here[step.field]] : [];
    });
  }
  return found;
}
