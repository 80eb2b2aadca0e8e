import { expect, test } from 'vitest';
import type { JsonObject } from '../../kernel/json.ts';
import { encodeBase64 } from '../base64.ts';
import type { WebhookBackend } from './backends.ts';
import { pod, resources, type TestServer, testServer } from './testing.ts';

type Answer = ReturnType<WebhookBackend['call']>;

/** A server whose webhook of a kind answers as told and notes what it was asked. */
function withWebhook(kind: 'Mutating' | 'Validating', answer: Answer, more: Record<string, unknown> = {}) {
  const test: TestServer = testServer();
  const asked: JsonObject[] = [];
  test.server.webhooks = {
    call: (_target, review) => {
      asked.push(review);
      return answer;
    },
  };
  const plural = `${kind.toLowerCase()}webhookconfigurations`;
  test.client.create(
    { group: 'admissionregistration.k8s.io', version: 'v1', resource: plural },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: `${kind}WebhookConfiguration`,
      metadata: { name: 'hooks' },
      webhooks: [
        {
          name: 'hook.example.com',
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          clientConfig: { service: { namespace: 'default', name: 'hook', path: '/check' } },
          rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
          ...more,
        },
      ],
    },
  );
  return { ...test, asked };
}

const allowed = (response: JsonObject): Answer => ({ response: { response: { allowed: true, ...response } } });

test('a mutating webhook changes the object, and what it adds gets the account’s token', () => {
  const patch = [{ op: 'add', path: '/spec/containers/-', value: { name: 'sidecar', image: 'proxy:1' } }];
  const { client, asked } = withWebhook(
    'Mutating',
    allowed({ patchType: 'JSONPatch', patch: encodeBase64(JSON.stringify(patch)) }),
  );
  const made = client.create(resources.pods, pod('a'));
  const { containers } = made.spec as {
    containers: { name: string; imagePullPolicy: string; volumeMounts: object[] }[];
  };
  expect(containers.map(({ name }) => name)).toEqual(['c', 'sidecar']);
  expect(containers[1]?.imagePullPolicy).toBe('IfNotPresent');
  expect(containers[1]?.volumeMounts).toHaveLength(1);
  expect(asked[0]).toMatchObject({ request: { operation: 'CREATE' } });
});

test('a validating webhook refuses and warns', () => {
  const refusing = withWebhook('Validating', { response: { response: { allowed: false, status: { message: 'no' } } } });
  expect(() => refusing.client.create(resources.pods, pod('a'))).toThrow(
    'admission webhook "hook.example.com" denied the request: no',
  );
  const { status, body } = refusing.send('POST', '/api/v1/namespaces/default/pods', pod('a'));
  expect(status).toBe(400);
  expect((body as JsonObject).reason ?? '').toBe(''); // the webhook gave none
  const warning = withWebhook('Validating', allowed({ warnings: ['beware'] }));
  expect(warning.send('POST', '/api/v1/namespaces/default/pods', pod('a')).headers.warning).toBe('299 - "beware"');
});

test('a webhook that cannot be reached counts as its policy says', () => {
  const failing = withWebhook('Validating', { error: 'Post "https://hook": refused' });
  expect(() => failing.client.create(resources.pods, pod('a'))).toThrow(
    'Internal error occurred: failed calling webhook "hook.example.com": failed to call webhook: Post "https://hook": refused',
  );
  const ignored = withWebhook('Validating', { error: 'x' }, { failurePolicy: 'Ignore' });
  expect(ignored.client.create(resources.pods, pod('a')).metadata.name).toBe('a');
});

test('selectors and conditions decide who is asked', () => {
  for (const more of [
    { objectSelector: { matchLabels: { inject: 'yes' } } },
    { namespaceSelector: { matchExpressions: [{ key: 'inject', operator: 'Exists' }] } },
    { matchConditions: [{ name: 'other', expression: 'object.metadata.name != "a"' }] },
  ]) {
    const { client, asked } = withWebhook('Validating', allowed({}), more);
    client.create(resources.pods, pod('a'));
    expect(asked).toEqual([]);
  }
});
