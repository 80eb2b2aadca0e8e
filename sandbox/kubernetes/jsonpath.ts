import { isObject } from './json.ts';

type Step = { field: string } | { index: number } | { all: true } | { where: Condition };

/** `[?(@.type=="Ready")]`: items whose field is (or, with !=, is not) this. */
interface Condition {
  path: string;
  equal: boolean;
  value: unknown;
}

const parsed = new Map<string, Step[]>();

const step =
  /\.((?:\\.|[^.[\]])+)|\[(\d+|\*)\]|\['((?:\\.|[^'])*)'\]|\[\?\(\s*@(\.[^\s=!]+)\s*(==|!=)\s*(?:"([^"]*)"|'([^']*)'|([^\s)]+))\s*\)\]/g;

/** Steps of the JSONPaths that CRDs use: `.spec.ports[0].name`, `.status.conditions[?(@.type=="Ready")].status`, `.a['b.c']`. */
function parse(path: string): Step[] {
  let steps = parsed.get(path);
  if (!steps) {
    steps = [];
    for (const [, field, index, quoted, at, operator, double, single, plain] of path.matchAll(step)) {
      if (at !== undefined) {
        const value = double ?? single ?? literal(plain ?? '');
        steps.push({ where: { path: at, equal: operator === '==', value } });
      } else if (index === '*') steps.push({ all: true });
      else if (index !== undefined) steps.push({ index: Number(index) });
      else steps.push({ field: (field ?? quoted ?? '').replace(/\\(.)/g, '$1') });
    }
    parsed.set(path, steps);
  }
  return steps;
}

function literal(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return Number.isNaN(Number(text)) ? text : Number(text);
}

function holds(item: unknown, { path, equal, value }: Condition): boolean {
  const found = readPath(item, path);
  return found.length > 0 && (found[0] === value) === equal;
}

/** Everything a simple JSONPath finds; nothing where a field is missing. */
export function readPath(value: unknown, path: string): unknown[] {
  let found: unknown[] = [value];
  for (const step of parse(path)) {
    found = found.flatMap((here) => {
      if ('all' in step) return Array.isArray(here) ? here : isObject(here) ? Object.values(here) : [];
      if ('where' in step) return Array.isArray(here) ? here.filter((item) => holds(item, step.where)) : [];
      if ('index' in step) return Array.isArray(here) && step.index < here.length ? [here[step.index]] : [];
      return isObject(here) && Object.hasOwn(here, step.field) ? [here[step.field]] : [];
    });
  }
  return found;
}
