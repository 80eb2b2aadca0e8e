import { istioKind } from './definition.ts';
import { atMostOne, rules } from './facts.ts';

export const trafficextension = istioKind({
  group: 'extensions.istio.io',
  kind: 'TrafficExtension',
  plural: 'trafficextensions',
  versions: ['v1alpha1'],
  columns: [['Age', '.metadata.creationTimestamp', 'date']],
  schema: {
    properties: {
      spec: {
        ...atMostOne('wasm', 'lua'),
        properties: {
          lua: {
            properties: { inlineCode: { maxLength: 65536, minLength: 1, type: 'string' } },
            required: ['inlineCode'],
            type: 'object',
          },
          match: {
            items: {
              properties: {
                mode: { enum: ['UNDEFINED', 'CLIENT', 'SERVER', 'CLIENT_AND_SERVER'], type: 'string' },
                ports: {
                  items: {
                    properties: { number: { maximum: 65535, minimum: 1, type: 'integer' } },
                    required: ['number'],
                    type: 'object',
                  },
                  type: 'array',
                  'x-kubernetes-list-map-keys': ['number'],
                  'x-kubernetes-list-type': 'map',
                },
              },
              type: 'object',
            },
            type: 'array',
          },
          phase: { enum: ['UNSPECIFIED', 'AUTHN', 'AUTHZ', 'STATS'], type: 'string' },
          priority: { format: 'int32', nullable: true, type: 'integer' },
          selector: {
            properties: {
              matchLabels: {
                additionalProperties: {
                  maxLength: 63,
                  type: 'string',
                  ...rules(['wildcard not allowed in label value match', '!self.contains("*")']),
                },
                maxProperties: 4096,
                type: 'object',
                ...rules(
                  ['wildcard not allowed in label key match', 'self.all(key, !key.contains("*"))'],
                  ['key must not be empty', 'self.all(key, key.size() != 0)'],
                ),
              },
            },
            type: 'object',
          },
          targetRefs: {
            items: {
              properties: {
                group: {
                  maxLength: 253,
                  pattern: '^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
                  type: 'string',
                },
                kind: { maxLength: 63, minLength: 1, pattern: '^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$', type: 'string' },
                name: { maxLength: 253, minLength: 1, type: 'string' },
                namespace: {
                  type: 'string',
                  ...rules(['cross namespace referencing is not currently supported', 'self.size() == 0']),
                },
              },
              required: ['kind', 'name'],
              type: 'object',
            },
            maxItems: 16,
            type: 'array',
          },
          wasm: {
            properties: {
              failStrategy: { enum: ['FAIL_CLOSE', 'FAIL_OPEN', 'FAIL_RELOAD'], type: 'string' },
              imagePullPolicy: { enum: ['UNSPECIFIED_POLICY', 'IfNotPresent', 'Always'], type: 'string' },
              imagePullSecret: { maxLength: 253, minLength: 1, type: 'string' },
              pluginConfig: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
              pluginName: { maxLength: 256, minLength: 1, type: 'string' },
              sha256: { pattern: '(^$|^[a-f0-9]{64}$)', type: 'string' },
              type: { enum: ['UNSPECIFIED_PLUGIN_TYPE', 'HTTP', 'NETWORK'], type: 'string' },
              url: {
                minLength: 1,
                type: 'string',
                ...rules([
                  'url must have schema one of [http, https, file, oci]',
                  'isURL(self) ? (url(self).getScheme() in ["", "http", "https", "file", "oci"]) : (isURL("http://" + self) &&\nurl("http://" + self).getScheme() in ["", "http", "https", "file", "oci"])',
                ]),
              },
              verificationKey: { type: 'string' },
              vmConfig: {
                properties: {
                  env: {
                    items: {
                      properties: {
                        name: { maxLength: 256, minLength: 1, type: 'string' },
                        value: { maxLength: 2048, type: 'string' },
                        valueFrom: { enum: ['INLINE', 'HOST'], type: 'string' },
                      },
                      required: ['name'],
                      type: 'object',
                      ...rules([
                        'value may only be set when valueFrom is INLINE',
                        '(has(self.valueFrom) ? self.valueFrom : "") != "HOST" || !has(self.value)',
                      ]),
                    },
                    maxItems: 256,
                    type: 'array',
                    'x-kubernetes-list-map-keys': ['name'],
                    'x-kubernetes-list-type': 'map',
                  },
                },
                type: 'object',
              },
            },
            required: ['url'],
            type: 'object',
          },
        },
        type: 'object',
        ...rules(
          [
            'only one of targetRefs or selector can be set',
            '(has(self.selector) ? 1 : 0) + (has(self.targetRefs) ? 1 : 0) <= 1',
          ],
          ['exactly one of wasm or lua must be set', 'has(self.wasm) != has(self.lua)'],
        ),
      },
      status: {
        properties: {
          conditions: {
            items: {
              properties: {
                lastProbeTime: { format: 'date-time', type: 'string' },
                lastTransitionTime: { format: 'date-time', type: 'string' },
                message: { type: 'string' },
                observedGeneration: {
                  anyOf: [{ type: 'integer' }, { type: 'string' }],
                  'x-kubernetes-int-or-string': true,
                },
                reason: { type: 'string' },
                status: { type: 'string' },
                type: { type: 'string' },
              },
              type: 'object',
            },
            type: 'array',
          },
          observedGeneration: { anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true },
          validationMessages: {
            items: {
              properties: {
                documentationUrl: { type: 'string' },
                level: { enum: ['UNKNOWN', 'ERROR', 'WARNING', 'INFO'], type: 'string' },
                type: { properties: { code: { type: 'string' }, name: { type: 'string' } }, type: 'object' },
              },
              type: 'object',
            },
            type: 'array',
          },
        },
        type: 'object',
        'x-kubernetes-preserve-unknown-fields': true,
      },
    },
    required: ['spec'],
    type: 'object',
  },
});
