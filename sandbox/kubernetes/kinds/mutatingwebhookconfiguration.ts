import type { IMutatingWebhookConfiguration } from 'kubernetes-models/admissionregistration.k8s.io/v1/MutatingWebhookConfiguration';
import { ageColumn, integer, nameColumn } from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';
import { defaultWebhook } from './webhook-defaults.ts';

export type MutatingWebhookConfiguration = IMutatingWebhookConfiguration & KubernetesObject;

export const mutatingwebhookconfiguration = defineKind<MutatingWebhookConfiguration>({
  group: 'admissionregistration.k8s.io',
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  singular: 'mutatingwebhookconfiguration',
  categories: ['api-extensions'],
  namespaced: false,
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration',
      columns: [nameColumn, integer('Webhooks', (object) => object.webhooks?.length), ageColumn],
    },
  ],
  generation: true,
  defaults({ webhooks }) {
    for (const webhook of webhooks ?? []) {
      defaultWebhook(webhook);
      webhook.reinvocationPolicy ??= 'Never';
    }
  },
});
