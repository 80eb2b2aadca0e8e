import { istioKind } from './definition.ts';
import { atMostOne, double, duration, nullable } from './facts.ts';

export const virtualservice = istioKind({
  group: 'networking.istio.io',
  kind: 'VirtualService',
  plural: 'virtualservices',
  shortNames: ['vs'],
  versions: ['v1', 'v1alpha3', 'v1beta1'],
  columns: [
    ['Gateways', '.spec.gateways', 'string'],
    ['Hosts', '.spec.hosts', 'string'],
    ['Age', '.metadata.creationTimestamp', 'date'],
  ],
  facts: [
    [
      nullable,
      'spec.http[].corsPolicy.allowCredentials',
      'spec.http[].mirrorPercent',
      'spec.http[].mirror_percent',
      'spec.http[].retries.retryIgnorePreviousHosts',
      'spec.http[].retries.retryRemoteLocalities',
    ],
    [
      atMostOne('exact', 'prefix', 'regex'),
      'spec.http[].corsPolicy.allowOrigins[]',
      'spec.http[].match[].authority',
      'spec.http[].match[].headers{}',
      'spec.http[].match[].method',
      'spec.http[].match[].queryParams{}',
      'spec.http[].match[].scheme',
      'spec.http[].match[].uri',
      'spec.http[].match[].withoutHeaders{}',
    ],
    [
      duration,
      'spec.http[].corsPolicy.maxAge',
      'spec.http[].fault.delay.exponentialDelay',
      'spec.http[].fault.delay.fixedDelay',
      'spec.http[].retries.backoff',
      'spec.http[].retries.perTryTimeout',
      'spec.http[].timeout',
    ],
    [atMostOne('string', 'bytes'), 'spec.http[].directResponse.body'],
    [atMostOne('httpStatus', 'grpcStatus', 'http2Error'), 'spec.http[].fault.abort'],
    [double, '**.value'],
    [atMostOne('fixedDelay', 'exponentialDelay'), 'spec.http[].fault.delay'],
    [atMostOne('port', 'derivePort'), 'spec.http[].redirect'],
  ],
});
