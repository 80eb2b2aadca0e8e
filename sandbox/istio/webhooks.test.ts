import { expect, test } from 'vitest';
import { fromBase64 } from '../kernel/base64.ts';
import type { JsonObject } from '../kernel/json.ts';
import { Kernel } from '../kernel/kernel.ts';
import { decode } from '../kernel/streams.ts';
import { ApiServer } from '../kubernetes/apiserver/server.ts';
import { findRelease } from '../releases/index.ts';
import { installIstio } from './install/install.ts';
import { istioWebhooks } from './webhooks.ts';

const release = findRelease().istio;

function cluster(set: string[] = []) {
  const server = new ApiServer({ kernel: new Kernel({ epoch: 1_769_853_600_000, seed: 1 }), version: 'v1.35.2' });
  const client = server.client('system:admin');
  installIstio(client, { release, set });
  return { client, handle: istioWebhooks(client) };
}

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    generateName: 'web-5d4f8c7b9-',
    labels: { app: 'web', 'pod-template-hash': '5d4f8c7b9' },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-5d4f8c7b9', uid: 'u', controller: true }],
  },
  spec: { containers: [{ name: 'web', image: 'web:1' }] },
};

function review(object: JsonObject, more: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'admission.k8s.io/v1',
    request: { uid: 'r', operation: 'CREATE', namespace: 'shop', object, ...more },
  };
}

/** The JSON patch of an answer. */
function patchOf(answer: JsonObject): { op: string; path: string; value: unknown }[] {
  const { patch } = answer.response as { patch: string };
  return JSON.parse(decode(fromBase64(patch) as Uint8Array)) as { op: string; path: string; value: unknown }[];
}

function initArguments(answer: JsonObject): string[] | undefined {
  const patch = patchOf(answer).find(({ path }) => path === '/spec/initContainers');
  const containers = (patch?.value ?? []) as { name: string; args: string[] }[];
  return containers.find(({ name }) => name === 'istio-init')?.args;
}

test('a pod gets a proxy that knows its workload', () => {
  const { handle } = cluster();
  const answer = handle('/inject', review(pod));
  expect(answer.response).toMatchObject({ uid: 'r', allowed: true, patchType: 'JSONPatch' });
  const containers = patchOf(answer).find(({ path }) => path === '/spec/initContainers')?.value;
  expect(containers).toMatchObject([{ name: 'istio-init' }, { name: 'istio-proxy', restartPolicy: 'Always' }]);
  expect(JSON.stringify(containers)).toContain('kubernetes://apis/apps/v1/namespaces/shop/deployments/web');
});

test('values of the installation change new pods', () => {
  const { handle } = cluster(['values.global.proxy.includeIPRanges=10.96.0.0/12']);
  expect(initArguments(handle('/inject', review(pod)))).toContain('10.96.0.0/12');
});

test('a ConfigMap that changes is read again', () => {
  const { client, handle } = cluster();
  expect(initArguments(handle('/inject', review(pod)))).toContain('*');
  installIstio(client, { release, set: ['values.global.proxy.excludeIPRanges=1.2.3.0/24'] });
  expect(initArguments(handle('/inject', review(pod)))).toContain('1.2.3.0/24');
});

test('pods on the network of their host stay as they are', () => {
  const { handle } = cluster();
  const answer = handle('/inject', review({ ...pod, spec: { ...pod.spec, hostNetwork: true } }));
  expect(answer.response).toEqual({ uid: 'r', allowed: true });
});

test('configuration that istiod refuses is refused in its words', () => {
  const { handle } = cluster();
  const object = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: 'bad' },
    spec: { hosts: ['*.example.org'], ports: [{ number: 80, name: 'http', protocol: 'HTTP' }], resolution: 'DNS' },
  };
  expect(handle('/validate', review(object)).response).toMatchObject({
    allowed: false,
    status: {
      message:
        'configuration is invalid: hosts must be FQDN or contain only prefix wildcards if no endpoints are provided for resolution mode DNS, domain name "*.example.org" invalid (label "*" invalid)',
    },
  });
});
