import type { DestinationRule } from './api/networking.ts';
import type { Build } from './build.ts';
import type { Config } from './model/config.ts';
import type { Service } from './registry/service.ts';

/** Values made from one or two objects and a text. Nothing is kept longer than the objects. */
export class SharedValues {
  readonly #values = new WeakMap<object, WeakMap<object, Map<string, unknown>>>();

  get<T>(owner: object, other: object, key: string, make: () => T): T {
    const byOther = getOrMake(this.#values, owner, () => new WeakMap<object, Map<string, unknown>>());
    const byKey = getOrMake(byOther, other, () => new Map<string, unknown>());
    if (!byKey.has(key)) byKey.set(key, make());
    return byKey.get(key) as T;
  }
}

function getOrMake<V>(map: WeakMap<object, V>, key: object, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

/**
 * What a client's view of a service depends on, apart from the service and its rule: proxies for which this is the same get
 * the same clusters and endpoints.
 */
export function clientKey(build: Build, service: Service, rule: Config<DestinationRule> | undefined): string {
  const { proxy, push, proxySettings } = build;
  const { region = '', zone = '', subZone = '' } = proxy.locality;
  const parts = [proxySettings, proxy.type, region, zone, subZone];
  if (service.nodeLocal) parts.push(proxy.node);
  const byLabels =
    service.trafficDistribution !== 'Any' ||
    push.mesh.localityLbSetting?.failoverPriority?.length ||
    (rule &&
      push.shared.get(rule, push, 'failoverPriority', () => JSON.stringify(rule.spec).includes('failoverPriority')));
  if (byLabels) parts.push(JSON.stringify(proxy.labels));
  return parts.join('/');
}
