import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Call, CallResult } from '../../../sandbox/envoy/simulate.ts';
import type { ProxyConfiguration } from '../../../sandbox/envoy/xds/types.ts';
import { readJson, readYaml } from '../golden.ts';

export interface Scenario {
  title: string;
  proxies: string[];
  calls?: (Call & { name: string; proxy: string })[];
}

export type RecordedCall = CallResult & { name: string; proxy: string };

interface Difference {
  baseline: boolean;
  listeners?: Changes;
  clusters?: Changes;
  routes?: Changes;
  endpoints?: Changes;
}

interface Changes {
  set?: Record<string, unknown>[];
  removed?: string[];
}

const kinds = ['listeners', 'clusters', 'routes', 'endpoints'] as const;
const cache = new Map<string, ProxyConfiguration>();

export function scenarios(golden: string): string[] {
  return readdirSync(join(golden, 'xds')).filter((name) => existsSync(join(golden, 'xds', name, 'scenario.yaml')));
}

export function scenario(golden: string, name: string): Scenario {
  return readYaml<Scenario>(golden, 'xds', name, 'scenario.yaml');
}

/** The whole recorded configuration of `namespace/pod` in a scenario; its baseline's where the scenario has none for it. */
export function configuration(golden: string, scenarioName: string, proxy: string): ProxyConfiguration | undefined {
  const key = `${scenarioName} ${proxy}`;
  const present = cache.get(key);
  if (present) return present;
  const file = `${proxy.replace('/', '_')}.json`;
  const path = join(golden, 'xds', 'baseline', file);
  const known = cache.get(path);
  const base = known ?? (existsSync(path) ? readJson<ProxyConfiguration>(path) : undefined);
  if (base) cache.set(path, base);
  const own = join(golden, 'xds', scenarioName, file);
  if (scenarioName === 'baseline' || !existsSync(own)) return base;
  const merged = merge(base, readJson<Difference>(own));
  cache.set(key, merged);
  return merged;
}

function merge(base: ProxyConfiguration | undefined, difference: Difference): ProxyConfiguration {
  const merged = { listeners: [], clusters: [], routes: [], endpoints: [] } as unknown as Record<string, unknown[]>;
  for (const kind of kinds) {
    const name = (resource: Record<string, unknown>) => String(resource[kind === 'endpoints' ? 'clusterName' : 'name']);
    const { set = [], removed = [] } = difference[kind] ?? {};
    const present = (difference.baseline ? (base?.[kind] ?? []) : []) as unknown as Record<string, unknown>[];
    const byName = new Map(present.map((resource) => [name(resource), resource]));
    for (const gone of removed) byName.delete(gone);
    for (const resource of set) byName.set(name(resource), resource);
    merged[kind] = [...byName.keys()].sort().map((key) => byName.get(key));
  }
  return merged as unknown as ProxyConfiguration;
}
