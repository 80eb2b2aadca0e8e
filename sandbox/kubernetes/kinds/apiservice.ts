import type { IAPIService } from 'kubernetes-models/apiregistration.k8s.io/v1/APIService';
import { ageColumn, nameColumn, text } from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';

export type APIService = IAPIService & KubernetesObject;

export const apiservice = defineKind<APIService>({
  group: 'apiregistration.k8s.io',
  kind: 'APIService',
  plural: 'apiservices',
  singular: 'apiservice',
  categories: ['api-extensions'],
  namespaced: false,
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService',
      columns: [
        nameColumn,
        text('Service', (object) =>
          object.spec?.service ? `${object.spec.service.namespace}/${object.spec.service.name}` : 'Local',
        ),
        text('Available', available),
        ageColumn,
      ],
    },
  ],
  status: true,
});

function available({ status }: APIService): string {
  const condition = status?.conditions?.find((item) => item.type === 'Available');
  if (!condition) return 'Unknown';
  return condition.status === 'True' || !condition.reason
    ? condition.status
    : `${condition.status} (${condition.reason})`;
}
