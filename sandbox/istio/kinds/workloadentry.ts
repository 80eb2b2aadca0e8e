import { istioKind } from './definition.ts';
import { portNames, portNumber, reachable, unixSocket } from './facts.ts';

export const workloadentry = istioKind({
  group: 'networking.istio.io',
  kind: 'WorkloadEntry',
  plural: 'workloadentries',
  shortNames: ['we'],
  versions: ['v1', 'v1alpha3', 'v1beta1'],
  columns: [
    ['Age', '.metadata.creationTimestamp', 'date'],
    ['Address', '.spec.address', 'string'],
  ],
  facts: [
    [reachable, 'spec'],
    [unixSocket, 'spec.address'],
    [portNames, 'spec.ports'],
    [portNumber, 'spec.ports{}'],
  ],
});
