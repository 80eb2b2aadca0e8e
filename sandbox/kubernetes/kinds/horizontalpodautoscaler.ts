import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { ageColumn, integer, nameColumn, text } from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';

export type HorizontalPodAutoscaler = IHorizontalPodAutoscaler & KubernetesObject;

export const horizontalpodautoscaler = defineKind<HorizontalPodAutoscaler>({
  group: 'autoscaling',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  singular: 'horizontalpodautoscaler',
  shortNames: ['hpa'],
  categories: ['all'],
  namespaced: true,
  versions: [
    {
      name: 'v2',
      schema: 'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler',
      columns: [
        nameColumn,
        text('Reference', (object) => `${object.spec?.scaleTargetRef.kind}/${object.spec?.scaleTargetRef.name}`),
        text('Targets', targets),
        text('MinPods', (object) => String(object.spec?.minReplicas ?? '<unset>')),
        integer('MaxPods', (object) => object.spec?.maxReplicas),
        integer('Replicas', (object) => object.status?.currentReplicas),
        ageColumn,
      ],
    },
  ],
  status: true,
  defaults({ spec }) {
    if (spec) spec.minReplicas ??= 1;
  },
  prepareForCreate(object) {
    object.status = { desiredReplicas: 0, currentReplicas: 0 } as typeof object.status & object;
  },
});

function targets({ spec, status }: HorizontalPodAutoscaler): string {
  const list = (spec?.metrics ?? []).map((metric, index) => {
    if (metric.type !== 'Resource' || !metric.resource) return '<unknown type>';
    const current = status?.currentMetrics?.[index]?.resource?.current;
    const { averageUtilization, averageValue } = metric.resource.target;
    if (averageValue !== undefined) return `${current?.averageValue ?? '<unknown>'}/${averageValue}`;
    const now = current?.averageUtilization;
    return `${metric.resource.name}: ${now === undefined ? '<unknown>' : `${now}%`}/${averageUtilization ?? '<auto>'}%`;
  });
  if (list.length === 0) return '<none>';
  return list.length > 2 ? `${list.slice(0, 2).join(', ')} + ${list.length - 2} more...` : list.join(', ');
}
