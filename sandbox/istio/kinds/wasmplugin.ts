import { istioKind } from './definition.ts';
import { labelKeys, labelValues, nullable, oneTarget, ownNamespace, rules } from './facts.ts';

export const wasmplugin = istioKind({
  group: 'extensions.istio.io',
  kind: 'WasmPlugin',
  plural: 'wasmplugins',
  versions: ['v1alpha1'],
  columns: [['Age', '.metadata.creationTimestamp', 'date']],
  facts: [
    [oneTarget, 'spec'],
    [{ 'x-kubernetes-list-map-keys': ['number'], 'x-kubernetes-list-type': 'map' }, 'spec.match[].ports'],
    [nullable, 'spec.priority'],
    [labelKeys, 'spec.selector.matchLabels'],
    [labelValues, 'spec.selector.matchLabels{}'],
    [ownNamespace, '**.namespace'],
    [
      rules([
        'url must have schema one of [http, https, file, oci]',
        'isURL(self) ? (url(self).getScheme() in ["", "http", "https", "oci", "file"]) : (isURL("http://" + self) &&\nurl("http://" + self).getScheme() in ["", "http", "https", "oci", "file"])',
      ]),
      'spec.url',
    ],
    [{ 'x-kubernetes-list-map-keys': ['name'], 'x-kubernetes-list-type': 'map' }, 'spec.vmConfig.env'],
    [
      rules([
        'value may only be set when valueFrom is INLINE',
        '(has(self.valueFrom) ? self.valueFrom : "") != "HOST" || !has(self.value)',
      ]),
      'spec.vmConfig.env[]',
    ],
  ],
});
