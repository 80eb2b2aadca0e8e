import { istioKind } from './definition.ts';
import { labelKeys, labelValues, nullable } from './facts.ts';

export const proxyconfig = istioKind({
  group: 'networking.istio.io',
  kind: 'ProxyConfig',
  plural: 'proxyconfigs',
  versions: ['v1beta1'],
  facts: [
    [nullable, 'spec.concurrency'],
    [labelKeys, 'spec.selector.matchLabels'],
    [labelValues, 'spec.selector.matchLabels{}'],
  ],
});
