import type { KubernetesObject } from '../../objects.ts';
import type { Schema } from '../../schema.ts';
import { difference, type Fields, subtract, union } from './fields.ts';

/** metav1.ManagedFieldsEntry. */
export interface ManagedEntry {
  manager: string;
  operation: 'Apply' | 'Update';
  apiVersion: string;
  time: string;
  fieldsType: 'FieldsV1';
  fieldsV1: Fields;
  subresource?: string;
}

export function managedFields(object: KubernetesObject | undefined): ManagedEntry[] {
  return (object?.metadata.managedFields ?? []) as ManagedEntry[];
}

/** The part of an object whose fields can be owned. */
export function ownable(object: KubernetesObject): Record<string, unknown> {
  const { apiVersion: _a, kind: _k, metadata, ...rest } = object;
  const { name: _n, namespace: _ns, uid: _u, resourceVersion: _r, generation: _g, ...others } = metadata;
  const {
    creationTimestamp: _c,
    managedFields: _m,
    selfLink: _s,
    ...meta
  } = others as typeof others & { selfLink?: string };
  const { deletionTimestamp: _d, deletionGracePeriodSeconds: _p, ...owned } = meta;
  return { ...rest, ...(Object.keys(owned).length > 0 && { metadata: owned }) };
}

export function withManager(object: KubernetesObject, entries: ManagedEntry[]): KubernetesObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata: entries.length > 0 ? { ...metadata, managedFields: entries } : metadata };
}

export interface Updater {
  manager: string;
  apiVersion: string;
  time: string;
  subresource?: string;
}

/** Notes who changed what by a create, update or patch: the changed fields become the updater's. */
export function trackUpdate(
  schema: Schema,
  old: KubernetesObject | undefined,
  next: KubernetesObject,
  updater: Updater,
): KubernetesObject {
  const { set, gone } = difference(schema, old ? ownable(old) : {}, ownable(next));
  const isOwn = (entry: ManagedEntry) =>
    entry.manager === updater.manager &&
    entry.operation === 'Update' &&
    entry.apiVersion === updater.apiVersion &&
    (entry.subresource ?? '') === (updater.subresource ?? '');
  const entries = managedFields(old ?? undefined);
  if (Object.keys(set).length === 0 && Object.keys(gone).length === 0) return withManager(next, entries);
  const lost = union(set, gone);
  const own = entries.find(isOwn);
  const others = entries
    .filter((entry) => !isOwn(entry))
    .map((entry) => ({ ...entry, fieldsV1: subtract(entry.fieldsV1, lost) }))
    .filter((entry) => Object.keys(entry.fieldsV1).length > 0);
  const fieldsV1 = union(subtract(own?.fieldsV1 ?? {}, gone), set);
  if (Object.keys(fieldsV1).length === 0) return withManager(next, others);
  return withManager(next, [
    ...others,
    {
      manager: updater.manager,
      operation: 'Update',
      apiVersion: updater.apiVersion,
      time: updater.time,
      fieldsType: 'FieldsV1',
      fieldsV1,
      ...(updater.subresource && { subresource: updater.subresource }),
    },
  ]);
}
