import type { LabelSelector } from './columns.ts';
import { type FieldError, forbidden, invalid, required } from './field.ts';
import { labelValueErrors, qualified } from './validation/names.ts';

type Labels = Record<string, string>;

/** Whether labels fit a metav1.LabelSelector. A selector that is not there fits nothing, an empty one everything. */
export function matchesSelector(selector: LabelSelector | undefined, labels: Labels | undefined): boolean {
  if (!selector) return false;
  const value = (key: string) => (labels && Object.hasOwn(labels, key) ? labels[key] : undefined);
  for (const [key, wanted] of Object.entries(selector.matchLabels ?? {})) if (value(key) !== wanted) return false;
  return (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const found = value(key);
    switch (operator) {
      case 'In':
        return found !== undefined && values.includes(found);
      case 'NotIn':
        return found === undefined || !values.includes(found);
      case 'Exists':
        return found !== undefined;
      case 'DoesNotExist':
        return found === undefined;
      default:
        return false;
    }
  });
}

export function isEmptySelector(selector: LabelSelector): boolean {
  return Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0;
}

/** k8s.io/apimachinery/pkg/apis/meta/v1/validation.ValidateLabelSelector. */
export function validateSelector(selector: LabelSelector | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(selector?.matchLabels ?? {})) {
    for (const message of qualified(key)) errors.push(invalid(`${field}.matchLabels`, key, message));
    for (const message of labelValueErrors(value)) errors.push(invalid(`${field}.matchLabels`, value, message));
  }
  for (const [index, { key, operator, values }] of (selector?.matchExpressions ?? []).entries()) {
    const at = `${field}.matchExpressions[${index}]`;
    const some = (values ?? []).length > 0;
    if (operator === 'In' || operator === 'NotIn') {
      if (!some) errors.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (some)
        errors.push(forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
    } else if (operator) errors.push(invalid(`${at}.operator`, operator, 'not a valid selector operator'));
    for (const message of qualified(key ?? '')) errors.push(invalid(`${at}.key`, key ?? '', message));
  }
  return errors;
}
