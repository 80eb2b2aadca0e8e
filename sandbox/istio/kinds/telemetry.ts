import { istioKind } from './definition.ts';
import {
  atMostOne,
  duration,
  labelKeys,
  labelValues,
  nullable,
  nullableDouble,
  oneTarget,
  ownNamespace,
  rules,
} from './facts.ts';

export const telemetry = istioKind({
  group: 'telemetry.istio.io',
  kind: 'Telemetry',
  plural: 'telemetries',
  shortNames: ['telemetry'],
  versions: ['v1', 'v1alpha1'],
  storage: 'v1alpha1',
  columns: [['Age', '.metadata.creationTimestamp', 'date']],
  facts: [
    [oneTarget, 'spec'],
    [
      nullable,
      '**.disabled',
      'spec.tracing[].disableSpanReporting',
      'spec.tracing[].enableIstioTags',
      'spec.tracing[].useRequestIdForTraceSampling',
    ],
    [atMostOne('metric', 'customMetric'), 'spec.metrics[].overrides[].match'],
    [
      rules(
        [
          'value must be set when operation is UPSERT',
          '((has(self.operation) ? self.operation : "") == "UPSERT") ? (self.value != "") : true',
        ],
        [
          'value must not be set when operation is REMOVE',
          '((has(self.operation) ? self.operation : "") == "REMOVE") ? !has(self.value) : true',
        ],
      ),
      'spec.metrics[].overrides[].tagOverrides{}',
    ],
    [duration, 'spec.metrics[].reportingInterval'],
    [labelKeys, 'spec.selector.matchLabels'],
    [labelValues, 'spec.selector.matchLabels{}'],
    [ownNamespace, '**.namespace'],
    [atMostOne('literal', 'environment', 'header', 'formatter'), 'spec.tracing[].customTags{}'],
    [{ nullable: true, type: 'boolean' }, 'spec.tracing[].disableContextPropagation'],
    [nullableDouble, 'spec.tracing[].randomSamplingPercentage'],
  ],
});
