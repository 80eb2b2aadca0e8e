import type { Schema } from '../../kubernetes/schema.ts';

/** What the CRDs of Istio say beyond the structure of a field, under names of their own where several kinds say it. */

/** CEL rules, each as message and rule. */
export function rules(...list: [message: string, rule: string][]): Schema {
  return { 'x-kubernetes-validations': list.map(([message, rule]) => ({ message, rule })) };
}

/** A oneof of the protobuf message: none or exactly one of these fields. */
export function atMostOne(...fields: string[]): Schema {
  const each = fields.map((field) => ({ required: [field] }));
  return { oneOf: [{ not: { anyOf: each } }, ...each] };
}

export const nullable: Schema = { nullable: true };
export const double: Schema = { format: 'double' };
export const nullableDouble: Schema = { format: 'double', nullable: true };

export const duration = rules(['must be a valid duration greater than 1ms', "duration(self) >= duration('1ms')"]);
export const portNumber = rules(['port must be between 1-65535', '0 < self && self <= 65535']);
export const portNames = rules([
  'port name must be valid',
  'self.all(key, size(key) < 63 && key.matches("^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$"))',
]);

/** Labels that select workloads, in the two forms that Istio's API has for them. */
export const labelKeys = rules(
  ['wildcard not allowed in label key match', 'self.all(key, !key.contains("*"))'],
  ['key must not be empty', 'self.all(key, key.size() != 0)'],
);
export const labelValues = rules(['wildcard not allowed in label value match', '!self.contains("*")']);
export const workloadLabels = rules(['wildcard is not supported in selector', '!self.contains("*")']);
export const oneTarget = rules([
  'only one of targetRefs or selector can be set',
  '(has(self.selector) ? 1 : 0) + (has(self.targetRef) ? 1 : 0) + (has(self.targetRefs) ? 1 : 0) <= 1',
]);
export const ownNamespace = rules(['cross namespace referencing is not currently supported', 'self.size() == 0']);

/** Addresses of workloads. */
export const unixSocket = rules(
  [
    'UDS must be an absolute path or abstract socket',
    'self.startsWith("unix://") ? (self.substring(7, 8) == "/" || self.substring(7, 8) == "@") : true',
  ],
  ['UDS may not be a dir', 'self.startsWith("unix://") ? !self.endsWith("/") : true'],
);
export const reachable = rules(
  ['Address is required', 'has(self.address) || has(self.network)'],
  [
    'UDS may not include ports',
    '(has(self.address) ? self.address : "").startsWith("unix://") ? !has(self.ports) : true',
  ],
);

/** Where a gateway's or sidecar's server takes its certificates from. */
export const credentials = rules(
  [
    'only one of credentialNames or tlsCertificates can be set',
    '(has(self.tlsCertificates) ? 1 : 0) + (has(self.credentialNames) ? 1 : 0) <= 1',
  ],
  [
    'only one of credentialName or credentialNames can be set',
    '(has(self.credentialName) ? 1 : 0) + (has(self.credentialNames) ? 1 : 0) <= 1',
  ],
  [
    'only one of credentialName or tlsCertificates can be set',
    '(has(self.credentialNames) ? 1 : 0) + (has(self.tlsCertificates) ? 1 : 0) <= 1',
  ],
);
