import { istioKind } from './definition.ts';
import { atMostOne, labelKeys, labelValues, ownNamespace, rules } from './facts.ts';

export const authorizationpolicy = istioKind({
  group: 'security.istio.io',
  kind: 'AuthorizationPolicy',
  plural: 'authorizationpolicies',
  shortNames: ['ap'],
  versions: ['v1', 'v1beta1'],
  columns: [
    ['Action', '.spec.action', 'string'],
    ['Age', '.metadata.creationTimestamp', 'date'],
  ],
  facts: [
    [
      {
        ...atMostOne('provider'),
        ...rules([
          'only one of targetRefs or selector can be set',
          '(has(self.selector) ? 1 : 0) + (has(self.targetRef) ? 1 : 0) + (has(self.targetRefs) ? 1 : 0) <= 1',
        ]),
      },
      'spec',
    ],
    [
      rules([
        'Cannot set serviceAccounts with namespaces or principals',
        '(has(self.serviceAccounts) || has(self.notServiceAccounts)) ? (!has(self.principals) &&\n!has(self.notPrincipals) && !has(self.namespaces) && !has(self.notNamespaces)) : true',
      ]),
      'spec.rules[].from[].source',
    ],
    [
      { items: { type: 'string' }, type: 'array' },
      'spec.rules[].from[].source.notTrustDomains',
      'spec.rules[].from[].source.trustDomains',
    ],
    [labelKeys, 'spec.selector.matchLabels'],
    [labelValues, 'spec.selector.matchLabels{}'],
    [ownNamespace, '**.namespace'],
  ],
});
