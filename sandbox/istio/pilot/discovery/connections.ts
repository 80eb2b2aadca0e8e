import type { ProxyNode, Push } from '../../../envoy/xds/server.ts';
import type { ProxyConfiguration } from '../../../envoy/xds/types.ts';
import { equalJson } from '../../../kernel/json.ts';

/** Types of resources a push may change, as `istioctl proxy-status` names them. */
export const discoveryTypes = ['CDS', 'LDS', 'EDS', 'RDS'] as const;
export type DiscoveryType = (typeof discoveryTypes)[number];

const fields: Record<DiscoveryType, keyof ProxyConfiguration> = {
  CDS: 'clusters',
  LDS: 'listeners',
  EDS: 'endpoints',
  RDS: 'routes',
};

/** What was last sent of one type, and what the proxy said. */
export interface SyncState {
  sent: string;
  sentAt: number;
  acked: string;
  error?: string;
}

/** What istiod knows of a connected proxy: plain data. */
export interface ConnectionState {
  node: ProxyNode;
  /** When it connected, ms since 1970. */
  since: number;
  /** When its certificate was issued, ms since 1970. */
  certificateSince: number;
  version: string;
  nonce: string;
  types: Partial<Record<DiscoveryType, SyncState>>;
}

export interface Connection {
  state: ConnectionState;
  /** Undefined until the first push, and after a restore until the proxy is back. */
  receive?: (push: Push) => void;
  /** What the proxy was last sent. Undefined until the first push. */
  configuration?: ProxyConfiguration;
}

/** What changed from one push to the next. Resources that proxies have in common are compared once. */
export class Comparison {
  readonly #known = new WeakMap<object, { old: object; same: boolean }>();

  /**
   * `next` with each resource that is equal to one of `previous` replaced by that one, so that equal resources stay the same
   * objects over time; and the types that differ.
   */
  reuse(
    previous: ProxyConfiguration | undefined,
    next: ProxyConfiguration,
  ): { configuration: ProxyConfiguration; changed: DiscoveryType[] } {
    if (!previous) return { configuration: next, changed: [...discoveryTypes] };
    const changed: DiscoveryType[] = [];
    const configuration = { ...next };
    for (const type of discoveryTypes) {
      const field = fields[type];
      const { list, same } = this.#reuseList(previous[field], next[field]);
      if (!same) changed.push(type);
      Object.assign(configuration, { [field]: same ? previous[field] : list });
    }
    return { configuration, changed };
  }

  #reuseList(previous: readonly Named[], next: readonly Named[]): { list: Named[]; same: boolean } {
    const known = new Map(previous.map((resource) => [nameOf(resource), resource]));
    const list = next.map((resource) => {
      const old = known.get(nameOf(resource));
      return old && this.#isSame(old, resource) ? old : resource;
    });
    const same = list.length === previous.length && list.every((resource, index) => resource === previous[index]);
    return { list, same };
  }

  #isSame(old: Named, resource: Named): boolean {
    const known = this.#known.get(resource);
    if (known?.old === old) return known.same;
    const same = equalJson(old, resource);
    this.#known.set(resource, { old, same });
    return same;
  }
}

type Named = { name?: string; clusterName?: string };

function nameOf({ name, clusterName }: Named): string | undefined {
  return name ?? clusterName;
}
