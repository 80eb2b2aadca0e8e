import type { IPodTemplateSpec } from 'kubernetes-models/v1/PodTemplateSpec';
import { equalJson } from '../../kernel/json.ts';
import type { LabelSelector } from '../columns.ts';
import { type FieldError, invalid, required } from '../field.ts';
import { isEmptySelector, matchesSelector, validateSelector } from '../selector.ts';
import { validateLabels } from '../validation/metadata.ts';
import { validateAlwaysRestarts, validatePodSpec } from './pod-template.ts';

interface Workload {
  spec?: { replicas?: number; selector?: LabelSelector; template?: IPodTemplateSpec };
}

/** What Deployment, ReplicaSet, DaemonSet and StatefulSet check alike (pkg/apis/apps/validation). `noun`: as messages say it. */
export function validateWorkload({ spec }: Workload, noun: string): FieldError[] {
  const errors: FieldError[] = [];
  const replicas = spec?.replicas ?? 0;
  if (replicas < 0) errors.push(invalid('spec.replicas', replicas, 'must be greater than or equal to 0'));
  const { selector, template } = spec ?? {};
  if (!selector) errors.push(required('spec.selector'));
  else {
    errors.push(...validateSelector(selector, 'spec.selector'));
    if (isEmptySelector(selector)) {
      errors.push(invalid('spec.selector', selector, `empty selector is invalid for ${noun}`));
    }
  }
  const labels = template?.metadata?.labels;
  // No selector at all selects nothing, an empty one everything.
  if ((!selector || !isEmptySelector(selector)) && !matchesSelector(selector, labels)) {
    errors.push(
      invalid('spec.template.metadata.labels', labels ?? null, '`selector` does not match template `labels`'),
    );
  }
  errors.push(...validateLabels(labels, 'spec.template.labels'));
  errors.push(...validatePodSpec(template?.spec, 'spec.template.spec'));
  errors.push(...validateAlwaysRestarts(template?.spec, 'spec.template.spec'));
  return errors;
}

export function validateSelectorUnchanged(object: Workload, old: Workload): FieldError[] {
  const { selector } = object.spec ?? {};
  return equalJson(selector, old.spec?.selector) ? [] : [invalid('spec.selector', selector, 'field is immutable')];
}
