import type { ProxyConfiguration } from '../../../envoy/xds/types.ts';

/** A configuration as places in a list of resources: proxies have most of them in common. */
export type StoredConfiguration = Record<keyof ProxyConfiguration, number[]>;

const types = ['listeners', 'clusters', 'routes', 'endpoints'] as const satisfies (keyof ProxyConfiguration)[];

/** Collects what several configurations consist of, each resource once. */
export class ResourceTable {
  readonly resources: unknown[] = [];
  readonly #places = new Map<unknown, number>();

  store(configuration: ProxyConfiguration): StoredConfiguration {
    const stored = types.map((type) => [type, configuration[type].map((resource) => this.#place(resource))]);
    return Object.fromEntries(stored) as StoredConfiguration;
  }

  #place(resource: unknown): number {
    let place = this.#places.get(resource);
    if (place === undefined) {
      place = this.resources.push(structuredClone(resource)) - 1;
      this.#places.set(resource, place);
    }
    return place;
  }
}

/** The configuration again; `resources` must not be changed afterwards. */
export function restoreConfiguration(stored: StoredConfiguration, resources: readonly unknown[]): ProxyConfiguration {
  const restored = types.map((type) => [type, stored[type].map((place) => resources[place])]);
  return Object.fromEntries(restored) as unknown as ProxyConfiguration;
}
