import type { IValidatingWebhookConfiguration } from 'kubernetes-models/admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration';
import { ageColumn, integer, nameColumn } from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';
import { defaultWebhook } from './webhook-defaults.ts';

export type ValidatingWebhookConfiguration = IValidatingWebhookConfiguration & KubernetesObject;

export const validatingwebhookconfiguration = defineKind<ValidatingWebhookConfiguration>({
  group: 'admissionregistration.k8s.io',
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
  singular: 'validatingwebhookconfiguration',
  categories: ['api-extensions'],
  namespaced: false,
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration',
      columns: [nameColumn, integer('Webhooks', (object) => object.webhooks?.length), ageColumn],
    },
  ],
  generation: true,
  defaults({ webhooks }) {
    for (const webhook of webhooks ?? []) defaultWebhook(webhook);
  },
});
