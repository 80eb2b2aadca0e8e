import type { INamespace } from 'kubernetes-models/v1/Namespace';
import { ageColumn, nameColumn, text } from '../columns.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';

export type Namespace = INamespace & KubernetesObject;

export const namespace = defineKind<Namespace>({
  group: '',
  kind: 'Namespace',
  plural: 'namespaces',
  singular: 'namespace',
  shortNames: ['ns'],
  namespaced: false,
  nameRule: 'label',
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.api.core.v1.Namespace',
      columns: [nameColumn, text('Status', (object) => object.status?.phase), ageColumn],
    },
  ],
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  status: true,
  subresources: [{ name: 'finalize', kind: 'Namespace', verbs: ['update'] }],
  fields: { 'status.phase': (object) => object.status?.phase ?? '' },
  defaults(object) {
    object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name };
  },
  prepareForCreate(object) {
    object.spec = { ...object.spec, finalizers: withKubernetes(object.spec?.finalizers ?? []) };
    object.status = { phase: 'Active' };
  },
  prepareForUpdate(object, old) {
    if (old.spec) object.spec = old.spec;
    else delete object.spec;
  },
  markDeleted(object) {
    delete object.metadata.deletionGracePeriodSeconds;
    object.status = { ...object.status, phase: 'Terminating' };
  },
  holdsDeletion: (object) => (object.spec?.finalizers ?? []).length > 0,
});

/** The namespace controller's own finalizer comes off when the namespace is empty. */
function withKubernetes(finalizers: string[]): string[] {
  return finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes'];
}
