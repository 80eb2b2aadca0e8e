import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { ProxyConfiguration } from '../../envoy/xds/types.ts';
import type { KubernetesObject } from '../../kubernetes/objects.ts';
import type { MeshConfig } from './api/mesh.ts';
import { pilotConfigurations } from './load.ts';

const cluster = `
apiVersion: v1
kind: Service
metadata: { name: web, namespace: default }
spec: { clusterIP: 10.96.0.5, selector: { app: web }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: web-1, namespace: default, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
ports: [{ name: http, port: 8080, protocol: TCP }]
endpoints:
- { addresses: [10.244.0.5], conditions: { ready: true }, targetRef: { kind: Pod, name: web, namespace: default } }
- { addresses: [10.244.0.6], conditions: { ready: false }, targetRef: { kind: Pod, name: web2, namespace: default } }
---
${['web', 'one', 'two'].map((name, index) => podManifest(name, `10.244.0.${5 + index}`)).join('\n---\n')}
`;

function podManifest(name: string, address: string, annotations = '{}'): string {
  return `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: default, labels: { app: ${name} }, annotations: ${annotations} }
spec: { serviceAccountName: ${name}, containers: [{ name: app, ports: [{ containerPort: 8080 }] }] }
status: { phase: Running, podIP: ${address}, conditions: [{ type: Ready, status: 'True' }] }`;
}

const read = (text: string) => parseAllDocuments(text).map((each) => each.toJS() as KubernetesObject);

function generate(config = '', mesh: MeshConfig = {}) {
  const objects = config === '' ? [] : read(config);
  const proxies = ['default/web', 'default/one', 'default/two', 'default/nobody'];
  return pilotConfigurations({ cluster: read(cluster), config: objects, mesh, proxies });
}

type Name = 'default/web' | 'default/one' | 'default/two';
function named<K extends keyof ProxyConfiguration>(
  all: Record<string, ProxyConfiguration>,
  proxy: Name,
  type: K,
  name: string,
): ProxyConfiguration[K][number] | undefined {
  const list: readonly { name?: string; clusterName?: string }[] = all[proxy]?.[type] ?? [];
  return list.find((each) => (each.name ?? each.clusterName) === name) as ProxyConfiguration[K][number] | undefined;
}

const webCluster = 'outbound|80||web.default.svc.cluster.local';

describe('what proxies have in common', () => {
  test('is made once', () => {
    const all = generate();
    for (const [type, name] of [
      ['clusters', webCluster],
      ['endpoints', webCluster],
      ['routes', '80'],
    ] as const) {
      expect(named(all, 'default/one', type, name)).toBeDefined();
      expect(named(all, 'default/one', type, name)).toBe(named(all, 'default/two', type, name));
    }
    expect(all['default/nobody']).toBeUndefined();
  });

  test('is not where rules pick clients by their labels', () => {
    const all = generate(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web, namespace: default }
spec:
  hosts: [web]
  http:
  - { match: [{ sourceLabels: { app: one } }], fault: { abort: { httpStatus: 418, percentage: { value: 100 } } }, route: [{ destination: { host: web } }] }
  - route: [{ destination: { host: web } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: web, namespace: default }
spec:
  host: web
  workloadSelector: { matchLabels: { app: two } }
  trafficPolicy: { loadBalancer: { simple: RANDOM } }
`);
    const routes = (proxy: Name) =>
      named(all, proxy, 'routes', '80')?.virtualHosts?.find(({ name }) => name.startsWith('web.'))?.routes;
    expect(routes('default/one')?.map(({ typedPerFilterConfig }) => Boolean(typedPerFilterConfig))).toEqual([true]);
    expect(routes('default/two')?.map(({ typedPerFilterConfig }) => Boolean(typedPerFilterConfig))).toEqual([false]);
    expect(named(all, 'default/one', 'clusters', webCluster)?.lbPolicy).toBe('LEAST_REQUEST');
    expect(named(all, 'default/two', 'clusters', webCluster)?.lbPolicy).toBe('RANDOM');
  });
});

test('endpoints that are not ready are left out', () => {
  const assignment = named(generate(), 'default/one', 'endpoints', webCluster);
  const addresses = assignment?.endpoints?.flatMap(({ lbEndpoints = [] }) =>
    lbEndpoints.map(({ endpoint }) => endpoint?.address?.socketAddress?.address),
  );
  expect(addresses).toEqual(['10.244.0.5']);
});

test('an object of the configuration replaces that of the cluster', () => {
  const all = generate(`
apiVersion: v1
kind: Service
metadata: { name: web, namespace: default }
spec: { clusterIP: 10.96.0.5, selector: { app: web }, ports: [{ name: tcp, port: 81, targetPort: 8080 }] }
`);
  expect(named(all, 'default/one', 'clusters', webCluster)).toBeUndefined();
  expect(named(all, 'default/one', 'listeners', '10.96.0.5_81')).toBeDefined();
});

test("a pod's own proxy config counts for its proxy alone", () => {
  const annotations = `{ proxy.istio.io/config: '{ proxyHeaders: { attemptCount: { disabled: true } } }' }`;
  const all = generate(podManifest('one', '10.244.0.6', annotations));
  const counts = (proxy: Name) =>
    named(all, proxy, 'routes', '80')?.virtualHosts?.every(
      ({ includeRequestAttemptCount }) => includeRequestAttemptCount,
    );
  expect(counts('default/one')).toBe(false);
  expect(counts('default/two')).toBe(true);
});

test('keys of a jwksUri nobody can fetch verify nothing', () => {
  const all = generate(`
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: jwt, namespace: default }
spec: { selector: { matchLabels: { app: web } }, jwtRules: [{ issuer: me, jwksUri: https://keys.example }] }
`);
  const text = JSON.stringify(named(all, 'default/web', 'listeners', 'virtualInbound'));
  expect(text).toContain('envoy.filters.http.jwt_authn');
  expect(text).toContain('0xObjM0UvS_oaazj');
  expect(JSON.stringify(named(all, 'default/one', 'listeners', 'virtualInbound'))).not.toContain('jwt_authn');
});
