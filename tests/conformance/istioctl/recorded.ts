import type { JsonObject } from '../../../sandbox/kernel/json.ts';
import { readJson } from '../golden.ts';

type Sections = Record<string, JsonObject[]>;
interface Difference {
  baseline: boolean;
  [section: string]: unknown;
}

/** The whole configuration of a proxy in a recorded scenario: its baseline less what is removed, with what is set. */
export function proxyConfiguration(golden: string, scenario: string, proxy: string): Sections {
  const file = `${proxy.replace('/', '_')}.json`;
  const difference = readJson<Difference>(golden, 'xds', scenario, file);
  const whole = difference.baseline ? readJson<Sections>(golden, 'xds', 'baseline', file) : {};
  for (const section of ['listeners', 'clusters', 'routes', 'endpoints']) {
    const change = difference[section] as { set?: JsonObject[]; removed?: string[] } | undefined;
    const nameOf = (resource: JsonObject) => String(resource.name ?? resource.clusterName ?? '');
    const kept = (whole[section] ?? []).filter(
      (resource) =>
        !change?.removed?.includes(nameOf(resource)) &&
        !change?.set?.some((other) => nameOf(other) === nameOf(resource)),
    );
    whole[section] = [...kept, ...(change?.set ?? [])].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  }
  return whole;
}
