import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ProxyConfiguration } from '../../../sandbox/envoy/xds/types.ts';
import type { MeshConfig } from '../../../sandbox/istio/pilot/load.ts';
import { equalJson } from '../../../sandbox/kernel/json.ts';
import type { KubernetesObject } from '../../../sandbox/kubernetes/objects.ts';
import { readJson, readObjects, readYaml } from '../golden.ts';

export type ResourceType = keyof ProxyConfiguration;
export const resourceTypes: readonly ResourceType[] = ['listeners', 'clusters', 'routes', 'endpoints'];

type Resource = { name?: string; clusterName?: string };

interface RecordedCall {
  name?: string;
  proxy: string;
  [field: string]: unknown;
}

interface ScenarioFile {
  title: string;
  mesh?: MeshConfig;
  proxies?: string[];
  calls?: RecordedCall[];
}

export interface Scenario {
  name: string;
  mesh: MeshConfig;
  config: KubernetesObject[];
  calls: RecordedCall[];
  /** By `namespace/pod`, each resource by name. */
  expected: Map<string, Record<ResourceType, Map<string, unknown>>>;
}

type Difference = Partial<Record<ResourceType, { set?: Resource[]; removed?: string[] }>> & { baseline: boolean };

/** The recorded scenarios: the baseline first, then by name. */
export class Scenarios {
  readonly cluster: KubernetesObject[];
  readonly names: string[];
  readonly #folder: string;
  readonly #mesh: MeshConfig;
  readonly #baseline: Scenario['expected'];

  constructor(golden: string) {
    this.#folder = join(golden, 'xds');
    this.cluster = readObjects<KubernetesObject>(golden, 'cluster.yaml');
    this.#mesh = readYaml<MeshConfig>(golden, 'mesh.yaml');
    const names = readdirSync(this.#folder).sort();
    this.names = ['baseline', ...names.filter((name) => name !== 'baseline')];
    this.#baseline = this.#readProxies('baseline', (file) => byName(readJson<ProxyConfiguration>(file)));
  }

  read(name: string): Scenario {
    const folder = join(this.#folder, name);
    const at = (file: string) => existsSync(join(folder, file));
    const file = at('scenario.yaml') ? readYaml<ScenarioFile>(folder, 'scenario.yaml') : undefined;
    return {
      name,
      mesh: { ...this.#mesh, ...file?.mesh },
      config: at('config.yaml') ? readObjects<KubernetesObject>(folder, 'config.yaml') : [],
      calls: file?.calls ?? [],
      expected:
        name === 'baseline' ? this.#baseline : this.#readProxies(name, (path, proxy) => this.#apply(path, proxy)),
    };
  }

  #readProxies<T>(name: string, read: (path: string, proxy: string) => T): Map<string, T> {
    const files = readdirSync(join(this.#folder, name)).filter(
      (file) => file.endsWith('.json') && file !== 'calls.json',
    );
    return new Map(
      files.sort().map((file) => {
        const proxy = file.replace(/\.json$/, '').replace('_', '/');
        return [proxy, read(join(this.#folder, name, file), proxy)];
      }),
    );
  }

  /** Baseline, less what was removed, with what was set put in by name. */
  #apply(path: string, proxy: string): Record<ResourceType, Map<string, unknown>> {
    const difference = readJson<Difference>(path);
    const result = {} as Record<ResourceType, Map<string, unknown>>;
    for (const type of resourceTypes) {
      const resources = new Map(difference.baseline ? this.#baseline.get(proxy)?.[type] : []);
      for (const name of difference[type]?.removed ?? []) resources.delete(name);
      for (const resource of difference[type]?.set ?? []) resources.set(nameOf(resource), resource);
      result[type] = resources;
    }
    return result;
  }
}

export function nameOf(resource: Resource): string {
  return resource.name ?? resource.clusterName ?? '';
}

export function byName(configuration: ProxyConfiguration): Record<ResourceType, Map<string, unknown>> {
  const entries = resourceTypes.map((type) => {
    const resources: readonly Resource[] = configuration[type] ?? [];
    return [type, new Map(resources.map((resource) => [nameOf(resource), resource]))];
  });
  return Object.fromEntries(entries) as Record<ResourceType, Map<string, unknown>>;
}

export interface ResourceDifference {
  scenario: string;
  proxy: string;
  type: ResourceType;
  name: string;
  kind: 'missing' | 'unexpected' | 'different';
}

/** Compares resource by resource; counts those that are equal. */
export function compareProxy(
  scenario: string,
  proxy: string,
  expected: Record<ResourceType, Map<string, unknown>>,
  actual: Record<ResourceType, Map<string, unknown>> | undefined,
): { equal: number; differences: ResourceDifference[] } {
  const differences: ResourceDifference[] = [];
  let equal = 0;
  for (const type of resourceTypes) {
    const own = actual?.[type] ?? new Map();
    for (const [name, resource] of expected[type]) {
      if (!own.has(name)) differences.push({ scenario, proxy, type, name, kind: 'missing' });
      else if (equalJson(own.get(name), resource)) equal++;
      else differences.push({ scenario, proxy, type, name, kind: 'different' });
    }
    for (const name of own.keys()) {
      if (!expected[type].has(name)) differences.push({ scenario, proxy, type, name, kind: 'unexpected' });
    }
  }
  return { equal, differences };
}
