import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { resources, testServer } from '../../../kubernetes/apiserver/testing.ts';
import type { KubernetesObject } from '../../../kubernetes/objects.ts';
import { findRelease } from '../../../releases/index.ts';
import gatewayApi from '../../../releases/samples/gateway-api.generated.json' with { type: 'json' };
import { installIstio } from '../../install/install.ts';
import { Istiod } from '../discovery.ts';
import { watchedResources } from './watched-kinds.ts';

const { crds, deployments, namespaces, serviceaccounts, services } = resources;
const definitions = parseAllDocuments(gatewayApi).map((document) => document.toJS() as KubernetesObject);

interface WithStatus extends KubernetesObject {
  status?: {
    conditions?: { type: string; status: string; reason: string; message: string; lastTransitionTime: string }[];
    listeners?: { name: string; attachedRoutes: number }[];
    parents?: { conditions: { type: string; status: string; reason: string; message: string }[] }[];
  };
}

function cluster() {
  const { client, kernel } = testServer();
  if (!client.get(namespaces, undefined, 'istio-system')) {
    client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'istio-system' } });
  }
  const { istio: release } = findRelease();
  installIstio(client, { release, set: ['profile=minimal'] });
  const istiod = new Istiod({ kernel, client, release, seed: 7 });
  istiod.setRunning(true);
  const pass = (duration: number) => {
    const end = kernel.now() + duration;
    while (kernel.step(end));
    kernel.idleUntil(end);
  };
  pass(1000);
  return { client, pass, istiod };
}

function gateway(annotations: Record<string, string> = {}, more: Record<string, unknown> = {}): KubernetesObject {
  const listener = { name: 'http', hostname: 'example.com', port: 80, protocol: 'HTTP' };
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'edge', namespace: 'default', annotations },
    spec: { gatewayClassName: 'istio', listeners: [listener], ...more },
  };
}

function route(host: string): KubernetesObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'route', namespace: 'default' },
    spec: {
      parentRefs: [{ name: 'edge' }],
      hostnames: [host],
      rules: [{ backendRefs: [{ name: 'nobody', port: 80 }] }],
    },
  };
}

test('makes the classes when their definition appears', () => {
  const { client, pass } = cluster();
  expect(client.list(watchedResources.GatewayClass)).toEqual([]);
  for (const definition of definitions) client.create(crds, definition);
  pass(1000);
  const classes = client.list<WithStatus>(watchedResources.GatewayClass);
  expect(classes.map(({ metadata, status }) => [metadata.name, status?.conditions?.[0]?.status])).toEqual([
    ['istio', 'True'],
    ['istio-remote', 'True'],
  ]);
});

test('deploys a Gateway, and says what hinders it', () => {
  const { client, pass } = cluster();
  for (const definition of definitions) client.create(crds, definition);
  client.create(watchedResources.KubernetesGateway, gateway({ 'networking.istio.io/service-type': 'ClusterIP' }));
  client.create(watchedResources.HTTPRoute, route('other.example.com'));
  pass(1000);
  const name = 'edge-istio';
  const service = client.get<KubernetesObject & { spec: { type: string; ports: { port: number }[] } }>(
    services,
    'default',
    name,
  );
  expect([service?.spec.type, service?.spec.ports.map(({ port }) => port)]).toEqual(['ClusterIP', [15021, 80]]);
  const made = client.get(watchedResources.KubernetesGateway, 'default', 'edge') as WithStatus;
  for (const kind of [serviceaccounts, deployments, services]) {
    expect(client.get(kind, 'default', name)?.metadata).toMatchObject({
      labels: { 'gateway.networking.k8s.io/gateway-name': 'edge' },
      ownerReferences: [{ kind: 'Gateway', name: 'edge', uid: made.metadata.uid }],
    });
  }
  const programmed = made.status?.conditions?.find(({ type }) => type === 'Programmed');
  expect(programmed).toMatchObject({
    status: 'False',
    reason: 'AddressNotAssigned',
    message:
      'Failed to assign to any requested addresses: no instances found for hostname "edge-istio.default.svc.cluster.local"',
  });
  expect(made.status?.listeners).toMatchObject([{ name: 'http', attachedRoutes: 0 }]);
  const [parent] = client.get<WithStatus>(watchedResources.HTTPRoute, 'default', 'route')?.status?.parents ?? [];
  expect(parent?.conditions).toMatchObject([
    {
      type: 'Accepted',
      status: 'False',
      reason: 'NoMatchingListenerHostname',
      message: 'no hostnames matched parent hostname "example.com"',
    },
    {
      type: 'ResolvedRefs',
      status: 'False',
      reason: 'BackendNotFound',
      message: 'backend(nobody.default.svc.cluster.local) not found',
    },
  ]);
});

test('leaves alone what it did not make, and Gateways with addresses of their own', () => {
  const { client, pass } = cluster();
  for (const definition of definitions) client.create(crds, definition);
  const own = { name: 'edge-istio', namespace: 'default' };
  client.create(services, { apiVersion: 'v1', kind: 'Service', metadata: own, spec: { ports: [{ port: 99 }] } });
  client.create(watchedResources.KubernetesGateway, gateway());
  const addresses = [{ type: 'Hostname', value: 'elsewhere.example.com' }];
  const manual = gateway({}, { addresses });
  client.create(watchedResources.KubernetesGateway, { ...manual, metadata: { ...manual.metadata, name: 'manual' } });
  pass(1000);
  expect(client.get(services, 'default', 'edge-istio')).toMatchObject({ spec: { ports: [{ port: 99 }] } });
  expect(client.get(deployments, 'default', 'edge-istio')).toBeDefined();
  expect(client.get(deployments, 'default', 'manual-istio')).toBeUndefined();
});
