import { expect, test } from 'vitest';
import { crds } from '../../istio/kinds/index.ts';
import { Random } from '../../kernel/random.ts';
import { cloneJson, isObject } from '../json.ts';
import type { KubernetesObject } from '../objects.ts';
import { testServer } from './testing.ts';

const metadata = { name: 'a', namespace: 'default', labels: { app: 'a' } };
const template = {
  metadata: { labels: { app: 'a' } },
  spec: {
    containers: [
      {
        name: 'c',
        image: 'docker.io/curlimages/curl:8.16.0',
        command: ['sleep', '1'],
        env: [
          { name: 'A', value: 'b' },
          { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        ],
        ports: [{ containerPort: 80, name: 'http' }],
        resources: { limits: { cpu: '100m', memory: '1Gi' } },
        volumeMounts: [{ name: 'v', mountPath: '/v' }],
        readinessProbe: { httpGet: { path: '/', port: 80 } },
      },
    ],
    volumes: [{ name: 'v', configMap: { name: 'a' } }],
  },
};

const manifests: [string, KubernetesObject][] = [
  ['/api/v1/namespaces/default/pods', { apiVersion: 'v1', kind: 'Pod', metadata, spec: template.spec }],
  [
    '/apis/apps/v1/namespaces/default/deployments',
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { replicas: 1, selector: { matchLabels: { app: 'a' } }, template },
    },
  ],
  [
    '/api/v1/namespaces/default/services',
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: { app: 'a' }, type: 'NodePort', ports: [{ port: 80, name: 'http', targetPort: 'http' }] },
    },
  ],
  [
    '/api/v1/namespaces/default/secrets',
    { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data: { a: 'YQ==' }, stringData: { b: 'c' } },
  ],
  [
    '/apis/networking.istio.io/v1/namespaces/default/serviceentries',
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata,
      spec: {
        hosts: ['example.com'],
        addresses: ['10.0.0.0/8'],
        ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
        endpoints: [{ address: '10.1.1.1', ports: { http: 80 }, labels: { a: 'b' } }],
        resolution: 'STATIC',
        location: 'MESH_EXTERNAL',
      },
    },
  ],
  [
    '/apis/networking.istio.io/v1/namespaces/default/virtualservices',
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata,
      spec: {
        hosts: ['example.com'],
        http: [
          {
            match: [{ uri: { prefix: '/' }, port: 80 }],
            timeout: '3s',
            route: [{ destination: { host: 'a', port: { number: 80 } }, weight: 100 }],
          },
        ],
      },
    },
  ],
  [
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
    { ...cloneJson(crds[0] as KubernetesObject), metadata: { name: 'others.example.com' } },
  ],
];

const odd = [
  null,
  '',
  'x',
  -1,
  0,
  1.5,
  1e300,
  true,
  [],
  {},
  [null],
  [[]],
  { a: null },
  'ÿ\u0000',
  '__proto__',
  'a'.repeat(300),
];
const names = ['', 'foo', 'name', 'spec', '__proto__', 'constructor', 'a.b/c', '$patch', 'toString', 'items'];

function paths(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  const below = Array.isArray(value)
    ? value.flatMap((item, index) => paths(item, [...path, index]))
    : isObject(value)
      ? Object.keys(value).flatMap((key) => paths(value[key], [...path, key]))
      : [];
  return path.length > 0 ? [path, ...below] : below;
}

/** One change somewhere: another value, a member more, less or under another name, an item twice. */
function mutate(object: KubernetesObject, random: Random): KubernetesObject {
  const copy = cloneJson(object);
  const path = random.pick(paths(copy));
  let parent: unknown = copy;
  for (const step of path.slice(0, -1)) parent = (parent as Record<string | number, unknown>)[step];
  const holder = parent as Record<string | number, unknown>;
  const last = path.at(-1) as string | number;
  switch (random.int(5)) {
    case 0:
      delete holder[last];
      break;
    case 1:
      if (Array.isArray(holder)) break;
      Object.defineProperty(holder, random.pick(names), {
        value: holder[last],
        enumerable: true,
        configurable: true,
        writable: true,
      });
      break;
    case 2:
      if (Array.isArray(holder)) holder.push(holder[last as number]);
      else holder[last] = [holder[last]];
      break;
    default:
      holder[last] = cloneJson(random.pick(odd));
  }
  return copy;
}

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

test('10,000 requests with mutated manifests: always a Status or an object, never a defect', () => {
  const random = new Random(7);
  const { server } = testServer();
  const statuses = new Map<number, number>();
  for (let round = 0; round < 5000; round++) {
    const [path, manifest] = random.pick(manifests);
    let object = mutate(manifest, random);
    if (random.int(3) === 0) object = mutate(object, random);
    const validation = random.pick(['Strict', 'Warn', 'Ignore', '']);
    const created = server.handle({
      method: 'POST',
      url: `${path}?fieldValidation=${validation}&fieldManager=test`,
      headers: {
        'content-type': 'application/json',
        accept: random.pick(['application/json', 'application/json;as=Table;v=v1;g=meta.k8s.io']),
      },
      body: JSON.stringify(object),
    });
    const name = isObject(object.metadata) && typeof object.metadata.name === 'string' ? object.metadata.name : 'a';
    const one = `${path}/${encodeURIComponent(name)}`;
    const patched = server.handle({
      method: random.pick(['PATCH', 'PATCH', 'PUT', 'GET']),
      url: `${one}${random.pick(['', '/status', '/scale', '/log', '/nosuch'])}?fieldManager=other&force=${random.pick(['true', 'false'])}`,
      headers: { 'content-type': random.pick(patchTypes), accept: 'application/json' },
      body: JSON.stringify(mutate(object, random)),
    });
    server.handle({ method: 'GET', url: path, headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } });
    if (path.includes('customresourcedefinitions') || random.int(2) === 0) {
      server.handle({ method: 'DELETE', url: one, headers: {}, body: '{"gracePeriodSeconds":0}' });
    }
    for (const answer of [created, patched]) {
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      if (answer.headers['content-type']?.startsWith('text/plain')) continue;
      const body = JSON.parse(answer.body ?? 'null') as { kind?: string; message?: string };
      expect(body?.kind, JSON.stringify(object)).toBeTypeOf('string');
      expect(answer.status, `${body.message}\n${JSON.stringify(object)}`).not.toBe(500);
    }
  }
  expect(statuses.get(201)).toBeGreaterThan(500);
  expect(statuses.get(422)).toBeGreaterThan(500);
});

test('a broken request is answered', () => {
  const { server } = testServer();
  for (const body of [
    '',
    '{',
    'null',
    '[]',
    '"x"',
    '{"metadata":{"name":1}}',
    '{"apiVersion":"v2","kind":"Pod"}',
    '{"a":1,"a":2}',
  ]) {
    for (const url of [
      '/api/v1/namespaces/default/pods',
      '/apis/apps/v1/namespaces/default/deployments?dryRun=x',
      '/api/v1/%zz/%00',
    ]) {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'GET'] as const) {
        const answer = server.handle({ method, url, headers: {}, body });
        expect(answer.status, `${method} ${url} ${body} ${answer.body}`).not.toBe(500);
      }
    }
  }
});
