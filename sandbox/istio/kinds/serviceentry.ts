import { istioKind } from './definition.ts';
import { portNames, portNumber, reachable, rules, unixSocket, workloadLabels } from './facts.ts';

export const serviceentry = istioKind({
  group: 'networking.istio.io',
  kind: 'ServiceEntry',
  plural: 'serviceentries',
  shortNames: ['se'],
  versions: ['v1', 'v1alpha3', 'v1beta1'],
  columns: [
    ['Hosts', '.spec.hosts', 'string'],
    ['Location', '.spec.location', 'string'],
    ['Resolution', '.spec.resolution', 'string'],
    ['Age', '.metadata.creationTimestamp', 'date'],
  ],
  facts: [
    [
      rules(
        [
          'only one of WorkloadSelector or Endpoints can be set',
          '(has(self.workloadSelector) ? 1 : 0) + (has(self.endpoints) ? 1 : 0) <= 1',
        ],
        [
          'CIDR addresses are allowed only for NONE/STATIC resolution types',
          '!((has(self.addresses) ? self.addresses : []).exists(k, k.contains("/")) && !((has(self.resolution) ? self.resolution : "NONE") in ["STATIC", "NONE"]))',
        ],
        [
          'NONE mode cannot set endpoints',
          '((has(self.resolution) ? self.resolution : "NONE") == "NONE") ? !has(self.endpoints) : true',
        ],
        [
          'DNS_ROUND_ROBIN mode cannot have multiple endpoints',
          '((has(self.resolution) ? self.resolution : "") == "DNS_ROUND_ROBIN") ? ((has(self.endpoints) ? self.endpoints : []).size() <= 1) : true',
        ],
      ),
      'spec',
    ],
    [reachable, 'spec.endpoints[]'],
    [unixSocket, 'spec.endpoints[].address'],
    [portNames, 'spec.endpoints[].ports'],
    [portNumber, 'spec.endpoints[].ports{}', 'spec.ports[].number', 'spec.ports[].targetPort'],
    [rules(['hostname cannot be wildcard', 'self != "*"']), 'spec.hosts[]'],
    [
      {
        'x-kubernetes-list-map-keys': ['name'],
        'x-kubernetes-list-type': 'map',
        ...rules(['port number cannot be duplicated', 'self.all(l1, self.exists_one(l2, l1.number == l2.number))']),
      },
      'spec.ports',
    ],
    [workloadLabels, 'spec.workloadSelector.labels{}'],
  ],
});
