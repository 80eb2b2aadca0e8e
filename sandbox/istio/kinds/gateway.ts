import { istioKind } from './definition.ts';
import { credentials } from './facts.ts';

export const gateway = istioKind({
  group: 'networking.istio.io',
  kind: 'Gateway',
  plural: 'gateways',
  shortNames: ['gw'],
  versions: ['v1', 'v1alpha3', 'v1beta1'],
  facts: [[credentials, 'spec.servers[].tls']],
});
