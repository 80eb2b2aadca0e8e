import { type Labels, selects } from '../pilot/model/labels.ts';
import { labelsOf, objectsOf, recordOf, textOf, textsOf } from '../validate/spec.ts';

export { selects };

/** `a=b,c=d`, keys sorted; as Kubernetes prints the selector of a set of labels. */
export function selectorText(labels: Labels): string {
  return Object.keys(labels)
    .sort()
    .map((key) => `${key}=${labels[key]}`)
    .join(',');
}

/** The first label of a selector's text: its line is where the selector stands. */
export function firstLabel(selector: string): string {
  return selector.slice(0, Math.max(selector.indexOf('='), 0));
}

/** A metav1.LabelSelector; absent or empty it selects everything, invalid nothing. */
export function labelSelectorMatches(selector: unknown, labels: Labels): boolean {
  const { matchLabels, matchExpressions } = recordOf(selector);
  if (!selects(labelsOf(matchLabels), labels)) return false;
  return objectsOf(matchExpressions).every((expression) => {
    const value = labels[textOf(expression.key)];
    const values = textsOf(expression.values);
    switch (expression.operator) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return values.length > 0 && (value === undefined || !values.includes(value));
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      default:
        return false;
    }
  });
}
