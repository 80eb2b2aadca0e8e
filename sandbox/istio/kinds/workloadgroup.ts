import { istioKind } from './definition.ts';
import { atMostOne, portNames, portNumber, rules, unixSocket } from './facts.ts';

export const workloadgroup = istioKind({
  group: 'networking.istio.io',
  kind: 'WorkloadGroup',
  plural: 'workloadgroups',
  shortNames: ['wg'],
  versions: ['v1', 'v1alpha3', 'v1beta1'],
  columns: [['Age', '.metadata.creationTimestamp', 'date']],
  facts: [
    [atMostOne('httpGet', 'tcpSocket', 'exec', 'grpc'), 'spec.probe'],
    [portNumber, '**.port', 'spec.template.ports{}'],
    [rules(['scheme must be one of [HTTP, HTTPS]', 'self in ["", "HTTP", "HTTPS"]']), 'spec.probe.httpGet.scheme'],
    [
      rules([
        'UDS may not include ports',
        '(has(self.address) ? self.address : "").startsWith("unix://") ? !has(self.ports) : true',
      ]),
      'spec.template',
    ],
    [unixSocket, 'spec.template.address'],
    [portNames, 'spec.template.ports'],
  ],
});
