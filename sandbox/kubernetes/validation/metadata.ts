import { equalJson } from '../../kernel/json.ts';
import { type FieldError, forbidden, invalid, required } from '../field.ts';
import type { Kind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';
import * as names from './names.ts';

const nameRules = {
  subdomain: names.dns1123Subdomain,
  label: names.dns1123Label,
  label1035: names.dns1035Label,
  path: names.pathSegment,
};

/** ObjectMeta of a new object (apimachinery ValidateObjectMeta). */
export function validateMetadata(kind: Kind, { metadata }: KubernetesObject): FieldError[] {
  const errors: FieldError[] = [];
  const rule = nameRules[kind.nameRule ?? 'subdomain'];
  if (metadata.generateName) {
    const masked = metadata.generateName.endsWith('-')
      ? `${metadata.generateName.slice(0, -1)}a`
      : metadata.generateName;
    for (const message of rule(masked)) errors.push(invalid('metadata.generateName', metadata.generateName, message));
  }
  if (!metadata.name) errors.push(required('metadata.name', 'name or generateName is required'));
  else for (const message of rule(metadata.name)) errors.push(invalid('metadata.name', metadata.name, message));
  if (kind.namespaced) {
    if (!metadata.namespace) errors.push(required('metadata.namespace'));
    else {
      for (const message of names.dns1123Label(metadata.namespace)) {
        errors.push(invalid('metadata.namespace', metadata.namespace, message));
      }
    }
  } else if (metadata.namespace) errors.push(forbidden('metadata.namespace', 'not allowed on this type'));
  errors.push(...validateLabels(metadata.labels, 'metadata.labels'));
  for (const key of Object.keys(metadata.annotations ?? {})) {
    for (const message of names.qualified(key.toLowerCase()))
      errors.push(invalid('metadata.annotations', key, message));
  }
  (metadata.finalizers ?? []).forEach((finalizer, index) => {
    for (const message of names.qualified(finalizer)) {
      errors.push(invalid(`metadata.finalizers[${index}]`, finalizer, message));
    }
  });
  (metadata.ownerReferences ?? []).forEach((owner, index) => {
    const field = `metadata.ownerReferences[${index}]`;
    if (!owner.apiVersion) errors.push(invalid(`${field}.apiVersion`, owner.apiVersion, 'version must not be empty'));
    if (!owner.kind) errors.push(invalid(`${field}.kind`, owner.kind, 'kind must not be empty'));
    if (!owner.name) errors.push(invalid(`${field}.name`, owner.name, 'name must not be empty'));
    if (!owner.uid) errors.push(invalid(`${field}.uid`, owner.uid, 'uid must not be empty'));
  });
  return errors;
}

export function validateLabels(labels: Record<string, string> | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels ?? {})) {
    for (const message of names.qualified(key)) errors.push(invalid(field, key, message));
    for (const message of names.labelValueErrors(value)) errors.push(invalid(field, value, message));
  }
  return errors;
}

/** What a replacement may not change (ValidateObjectMetaUpdate). */
export function validateMetadataUpdate(next: KubernetesObject, old: KubernetesObject): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp'] as const) {
    if (!equalJson(next.metadata[field], old.metadata[field])) {
      errors.push(invalid(`metadata.${field}`, next.metadata[field], 'field is immutable'));
    }
  }
  if (old.metadata.deletionTimestamp) {
    const before = old.metadata.finalizers ?? [];
    const added = (next.metadata.finalizers ?? []).filter((finalizer) => !before.includes(finalizer));
    if (added.length > 0) {
      const list = JSON.stringify(added).replaceAll(',', ', ');
      const detail = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list.slice(1, -1)}}`;
      errors.push(forbidden('metadata.finalizers', detail));
    }
  }
  return errors;
}
