import { expect, test } from 'vitest';
import { Kernel } from '../../kernel/kernel.ts';
import { ApiServer } from '../../kubernetes/apiserver/server.ts';
import type { KubernetesObject } from '../../kubernetes/objects.ts';
import { findRelease } from '../../releases/index.ts';
import { installIstio } from './install.ts';
import { generateManifests } from './manifest.ts';

const release = findRelease().istio;
const deployments = { group: 'apps', version: 'v1', resource: 'deployments' };
const configMaps = { group: '', version: 'v1', resource: 'configmaps' };
const services = { group: '', version: 'v1', resource: 'services' };

function cluster() {
  const kernel = new Kernel({ epoch: 1_769_853_600_000, seed: 1 });
  const server = new ApiServer({ kernel, version: 'v1.35.2' });
  return server.client('system:admin');
}

/** Names of what is not on its way out. */
const names = (objects: readonly KubernetesObject[]) =>
  objects.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(({ metadata }) => metadata.name);

test('an installation puts its objects into the cluster, a second one prunes what it no longer wants', () => {
  const client = cluster();
  installIstio(client, { release, set: ['profile=demo'] });
  expect(names(client.list(deployments))).toEqual(['istio-egressgateway', 'istio-ingressgateway', 'istiod']);
  const mesh = () =>
    (client.get(configMaps, 'istio-system', 'istio')?.data as Record<string, string> | undefined)?.mesh;
  expect(mesh()).toContain('accessLogFile: /dev/stdout');
  const address = () =>
    (client.get(services, 'istio-system', 'istiod')?.spec as { clusterIP?: string } | undefined)?.clusterIP;
  const before = address();

  installIstio(client, { release });
  expect(names(client.list(deployments))).toEqual(['istio-ingressgateway', 'istiod']);
  expect(mesh()).not.toContain('accessLogFile');
  expect(address()).toBe(before);
});

test('the same installation again changes nothing', () => {
  const client = cluster();
  installIstio(client, { release });
  const version = () => client.get(deployments, 'istio-system', 'istiod')?.metadata.resourceVersion;
  const before = version();
  installIstio(client, { release });
  expect(version()).toBe(before);
});

test.each([
  [['profile=nosuch'], 'merge inputs: profile "nosuch" not found: open profiles/nosuch.yaml: file does not exist'],
  [
    ['values.nosuch.thing=1'],
    'could not unmarshal: error unmarshaling JSON: while decoding JSON: unknown field "nosuch" in istio.operator.v1alpha1.Values',
  ],
  [['foo=bar'], 'could not unmarshal: json: unknown field "foo"'],
])('--set %o is refused in the words of istioctl', (set, message) => {
  expect(() => generateManifests({ release, set })).toThrow(message);
});

test('a file without a kind is refused', () => {
  const files = ['spec:\n  components:\n    egressGateways:\n    - name: istio-egressgateway\n'];
  expect(() => generateManifests({ release, files })).toThrow(
    "merge inputs: unable to parse file: error unmarshaling JSON: while decoding JSON: Object 'Kind' is missing in",
  );
});

test('an unknown field of the mesh config is accepted', () => {
  const { operator } = generateManifests({ release, set: ['meshConfig.nosuch=1'] });
  expect(operator).toMatchObject({ spec: { values: { meshConfig: { nosuch: 1 } } } });
});
