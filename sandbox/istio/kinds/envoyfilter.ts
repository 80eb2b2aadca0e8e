import { istioKind } from './definition.ts';
import { atMostOne, ownNamespace, portNumber, rules, workloadLabels } from './facts.ts';

export const envoyfilter = istioKind({
  group: 'networking.istio.io',
  kind: 'EnvoyFilter',
  plural: 'envoyfilters',
  versions: ['v1alpha3'],
  facts: [
    [
      rules([
        'only one of targetRefs or workloadSelector can be set',
        '(has(self.workloadSelector) ? 1 : 0) + (has(self.targetRefs) ? 1 : 0) <= 1',
      ]),
      'spec',
    ],
    [
      {
        ...atMostOne('listener', 'routeConfiguration', 'cluster', 'waypoint'),
        ...rules([
          'only support waypointMatch when context is WAYPOINT',
          'has(self.context) ? ((self.context == "WAYPOINT") ? has(self.waypoint) : !has(self.waypoint)) : !has(self.waypoint)',
        ]),
      },
      'spec.configPatches[].match',
    ],
    [portNumber, 'spec.configPatches[].match.waypoint.portNumber'],
    [ownNamespace, 'spec.targetRefs[].namespace'],
    [workloadLabels, 'spec.workloadSelector.labels{}'],
  ],
});
