import { istioKind } from './definition.ts';
import { labelKeys, labelValues, rules } from './facts.ts';

export const peerauthentication = istioKind({
  group: 'security.istio.io',
  kind: 'PeerAuthentication',
  plural: 'peerauthentications',
  shortNames: ['pa'],
  versions: ['v1', 'v1beta1'],
  columns: [
    ['Mode', '.spec.mtls.mode', 'string'],
    ['Age', '.metadata.creationTimestamp', 'date'],
  ],
  facts: [
    [
      rules([
        'portLevelMtls requires selector',
        'has(self.portLevelMtls) ? (((has(self.selector) && has(self.selector.matchLabels)) ? self.selector.matchLabels : {}).size() > 0) : true',
      ]),
      'spec',
    ],
    [
      {
        minProperties: 1,
        ...rules(['port must be between 1-65535', 'self.all(key, 0 < int(key) && int(key) <= 65535)']),
      },
      'spec.portLevelMtls',
    ],
    [labelKeys, 'spec.selector.matchLabels'],
    [labelValues, 'spec.selector.matchLabels{}'],
  ],
});
