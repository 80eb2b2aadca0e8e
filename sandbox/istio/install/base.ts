import type { KubernetesObject } from '../../kubernetes/objects.ts';
import { type ChartContext, chartLabels } from './metadata.ts';
import { getString } from './values-map.ts';

/** The chart `base` without its CustomResourceDefinitions: the account that other clusters read this one by. */
export function baseObjects({ release, values }: ChartContext): KubernetesObject[] {
  const name = 'istio-reader';
  return [
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: {
        name: 'istio-reader-service-account',
        namespace: getString(values, 'global.istioNamespace'),
        labels: { app: name, release: 'istio', 'app.kubernetes.io/name': name, ...chartLabels(release, 'base') },
      },
    },
  ];
}
