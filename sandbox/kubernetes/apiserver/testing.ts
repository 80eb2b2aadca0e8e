import { crds } from '../../istio/kinds/index.ts';
import { Kernel } from '../../kernel/kernel.ts';
import { parseTime } from '../../kernel/time.ts';
import type { ApiClient, KubernetesObject } from '../objects.ts';
import type { Status } from './errors.ts';
import type { ApiRequest } from './http.ts';
import { ApiServer } from './server.ts';

export const resources = {
  crds: { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' },
  deployments: { group: 'apps', version: 'v1', resource: 'deployments' },
  namespaces: { group: '', version: 'v1', resource: 'namespaces' },
  pods: { group: '', version: 'v1', resource: 'pods' },
  serviceaccounts: { group: '', version: 'v1', resource: 'serviceaccounts' },
  services: { group: '', version: 'v1', resource: 'services' },
  serviceentries: { group: 'networking.istio.io', version: 'v1', resource: 'serviceentries' },
};

export interface TestServer {
  server: ApiServer;
  client: ApiClient;
  kernel: Kernel;
  /** Sends a request with a JSON body; the answer's body is parsed. */
  send(
    method: ApiRequest['method'],
    url: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): { status: number; headers: Record<string, string>; body: KubernetesObject & Partial<Status> };
}

/** For tests: a server with the namespace `default`, its service account and Istio's kinds. What it hands out is frozen. */
export function testServer(): TestServer {
  const kernel = new Kernel({ epoch: parseTime('2026-01-31T10:00:00Z') as number, seed: 1 });
  const server = new ApiServer({ kernel, version: 'v1.35.2', freeze: true });
  const client = server.client('test');
  client.create(resources.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } });
  client.create(resources.serviceaccounts, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'default' },
  });
  for (const crd of crds) client.create(resources.crds, crd);
  return {
    server,
    client,
    kernel,
    send(method, url, body, headers = {}) {
      const text = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = server.handle({ method, url, headers, ...text });
      return { status: answer.status, headers: answer.headers, body: JSON.parse(answer.body ?? '{}') };
    },
  };
}

export function pod(name: string, spec: Record<string, unknown> = {}): KubernetesObject {
  const containers = [{ name: 'c', image: 'busybox:1' }];
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec: { containers, ...spec } };
}

export function serviceEntry(name: string, spec: Record<string, unknown> = {}): KubernetesObject {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name, namespace: 'default' },
    spec: {
      hosts: ['example.com'],
      ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
      resolution: 'DNS',
      ...spec,
    },
  };
}
