import type { ApiClient, KubernetesObject } from '../../../kubernetes/objects.ts';
import type { ServiceEntry } from '../api/networking.ts';
import { compareText } from '../model/config.ts';
import { isWildcard } from '../model/host.ts';
import { watchedResources } from './watched-kinds.ts';

export interface AllocatorState {
  /** Where the next search begins, of each pool. */
  next: number[];
  /** `namespace/name` of the ServiceEntry that has or had an address. */
  used: Record<string, string>;
}

interface ServiceEntryObject extends KubernetesObject {
  spec: ServiceEntry;
  status?: { addresses?: { host?: string; value: string }[]; [field: string]: unknown };
}

/** 240.240.0.0/16 and 2001:2::/48, as far as anybody will get. */
const pools: readonly ((index: number) => string)[] = [
  (index) => `240.240.${index >> 8}.${index & 255}`,
  (index) => `2001:2::${index.toString(16)}`,
];
const poolSize = 65536;

/**
 * Gives the hosts of ServiceEntries without addresses some of their own, in the status (controllers/ipallocate): for proxies that
 * capture DNS. Addresses of a deleted ServiceEntry are not given again until istiod starts anew.
 */
export class AddressAllocator {
  readonly #client: ApiClient;
  #next = pools.map(() => 1);
  #used = new Map<string, string>();

  constructor(client: ApiClient) {
    this.#client = client;
  }

  /** Forgets what is not written in any ServiceEntry. */
  restart(): void {
    this.#next = pools.map(() => 1);
    this.#used.clear();
    for (const entry of this.#entries()) {
      for (const address of [...(entry.spec.addresses ?? []), ...assigned(entry).values()].flat()) {
        this.#use(address, ownerOf(entry));
      }
    }
  }

  reconcile(): void {
    for (const entry of this.#entries()) {
      const present = entry.status?.addresses ?? [];
      if (isEligible(entry)) this.#assign(entry);
      else {
        for (const address of entry.spec.addresses ?? []) this.#use(address, ownerOf(entry));
        if (present.length > 0) {
          for (const { value } of present) this.#free(value);
          this.#write(entry, []);
        }
      }
    }
  }

  save(): AllocatorState {
    return { next: [...this.#next], used: Object.fromEntries(this.#used) };
  }

  load({ next, used }: AllocatorState): void {
    this.#next = [...next];
    this.#used = new Map(Object.entries(used));
  }

  /** In the order in which they were made. */
  #entries(): ServiceEntryObject[] {
    const age = ({ metadata }: KubernetesObject) => metadata.creationTimestamp ?? '';
    const version = ({ metadata }: KubernetesObject) => Number(metadata.resourceVersion ?? 0);
    return this.#client
      .list<ServiceEntryObject>(watchedResources.ServiceEntry)
      .toSorted((a, b) => compareText(age(a), age(b)) || version(a) - version(b));
  }

  #assign(entry: ServiceEntryObject): void {
    const { hosts, resolution } = entry.spec;
    const owner = ownerOf(entry);
    const present = assigned(entry);
    for (const address of [...present.values()].flat()) this.#use(address, owner);
    const wanted = [...new Set(hosts)].filter((host) => !isWildcard(host) || resolution === 'DYNAMIC_DNS');
    if (wanted.length === present.size && wanted.every((host) => present.has(host))) return;
    const addresses = wanted.flatMap((host) => {
      const values = present.get(host) ?? pools.flatMap((_, pool) => this.#take(pool, owner) ?? []);
      return values.map((value) => ({ value, host }));
    });
    this.#write(entry, addresses);
  }

  #write(entry: ServiceEntryObject, addresses: { value: string; host: string }[]): void {
    this.#client.updateStatus(watchedResources.ServiceEntry, { ...entry, status: { ...entry.status, addresses } });
  }

  #use(address: string, owner: string): void {
    if (!this.#used.has(address)) this.#used.set(address, owner);
  }

  /** The next free address of a pool; undefined when there is none. */
  #take(pool: number, owner: string): string | undefined {
    const format = pools[pool] as (index: number) => string;
    const start = this.#next[pool] as number;
    for (let step = 0; step < poolSize; step++) {
      const index = ((start - 1 + step) % (poolSize - 1)) + 1;
      const address = format(index);
      if (this.#used.has(address)) continue;
      this.#used.set(address, owner);
      this.#next[pool] = index + 1;
      return address;
    }
    return undefined;
  }

  /** A freed address is the next one given, if it is before what would be. */
  #free(address: string): void {
    this.#used.delete(address);
    for (const [pool, format] of pools.entries()) {
      const next = this.#next[pool] as number;
      for (let index = 1; index < next; index++) if (format(index) === address) this.#next[pool] = index;
    }
  }
}

function ownerOf({ metadata }: KubernetesObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function isEligible({ spec, metadata }: ServiceEntryObject): boolean {
  if ((spec.resolution ?? 'NONE') === 'NONE' || spec.addresses?.length) return false;
  return metadata.labels?.['networking.istio.io/enable-autoallocate-ip']?.toLowerCase() !== 'false';
}

function assigned({ status }: ServiceEntryObject): Map<string, string[]> {
  const byHost = new Map<string, string[]>();
  for (const { host = '', value } of status?.addresses ?? []) byHost.set(host, [...(byHost.get(host) ?? []), value]);
  return byHost;
}
