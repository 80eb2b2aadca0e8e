import { istioKind } from './definition.ts';
import { atMostOne, duration, labelKeys, labelValues, nullable, nullableDouble } from './facts.ts';

export const destinationrule = istioKind({
  group: 'networking.istio.io',
  kind: 'DestinationRule',
  plural: 'destinationrules',
  shortNames: ['dr'],
  versions: ['v1', 'v1alpha3', 'v1beta1'],
  columns: [
    ['Host', '.spec.host', 'string'],
    ['Age', '.metadata.creationTimestamp', 'date'],
  ],
  facts: [
    [
      duration,
      '**.http.idleTimeout',
      '**.connectTimeout',
      '**.maxConnectionDuration',
      '**.interval',
      '**.time',
      '**.duration',
      '**.warmupDurationSecs',
      '**.baseEjectionTime',
    ],
    [atMostOne('simple', 'consistentHash'), '**.loadBalancer'],
    [
      {
        allOf: [
          atMostOne('httpHeaderName', 'httpCookie', 'useSourceIp', 'httpQueryParameterName'),
          atMostOne('ringHash', 'maglev'),
        ],
      },
      '**.consistentHash',
    ],
    [
      nullable,
      '**.enabled',
      '**.consecutive5xxErrors',
      '**.consecutiveGatewayErrors',
      '**.consecutiveLocalOriginFailures',
      '**.insecureSkipVerify',
    ],
    [nullableDouble, '**.aggression', '**.minimumPercent', '**.percent'],
    [labelKeys, 'spec.workloadSelector.matchLabels'],
    [labelValues, 'spec.workloadSelector.matchLabels{}'],
  ],
});
