import { istioKind } from './definition.ts';
import { duration, labelKeys, labelValues, oneTarget, ownNamespace, rules } from './facts.ts';

export const requestauthentication = istioKind({
  group: 'security.istio.io',
  kind: 'RequestAuthentication',
  plural: 'requestauthentications',
  shortNames: ['ra'],
  versions: ['v1', 'v1beta1'],
  facts: [
    [oneTarget, 'spec'],
    [
      rules([
        'only one of jwks or jwksUri can be set',
        '(has(self.jwksUri) ? 1 : 0) + (has(self.jwks_uri) ? 1 : 0) + (has(self.jwks) ? 1 : 0) <= 1',
      ]),
      'spec.jwtRules[]',
    ],
    [
      rules(['url must have scheme http:// or https://', 'url(self).getScheme() in ["http", "https"]']),
      'spec.jwtRules[].jwksUri',
      'spec.jwtRules[].jwks_uri',
    ],
    [duration, 'spec.jwtRules[].timeout'],
    [labelKeys, 'spec.selector.matchLabels'],
    [labelValues, 'spec.selector.matchLabels{}'],
    [ownNamespace, '**.namespace'],
  ],
});
