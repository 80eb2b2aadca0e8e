import { istioKind } from './definition.ts';
import { credentials, duration, workloadLabels } from './facts.ts';

export const sidecar = istioKind({
  group: 'networking.istio.io',
  kind: 'Sidecar',
  plural: 'sidecars',
  versions: ['v1', 'v1alpha3', 'v1beta1'],
  facts: [
    [duration, '**.http.idleTimeout', '**.connectTimeout', '**.maxConnectionDuration', '**.interval', '**.time'],
    [credentials, 'spec.ingress[].tls'],
    [workloadLabels, 'spec.workloadSelector.labels{}'],
  ],
});
