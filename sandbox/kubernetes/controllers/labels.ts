import type { KubernetesObject } from '../objects.ts';
import type { LabelSelector } from './types.ts';

/** Does a set of labels fulfil a selector? An absent selector matches nothing, an empty one everything. */
export function selects(selector: LabelSelector | undefined, labels: Record<string, string> = {}): boolean {
  if (!selector) return false;
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) if (labels[key] !== value) return false;
  return (selector.matchExpressions ?? []).every((expression) => fulfils(expression, labels));
}

/** One requirement of a label selector or of a node selector (Gt and Lt included). */
export function fulfils(
  { key, operator, values = [] }: { key: string; operator: string; values?: string[] },
  labels: Record<string, string>,
): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}

export function selectedBy(selector: LabelSelector | undefined, object: KubernetesObject): boolean {
  return selects(selector, object.metadata.labels);
}
