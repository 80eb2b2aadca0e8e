import type { Random } from '../kernel/random.ts';

/** What a name stands for. A CNAME is followed in whatever zone has its target. */
export interface DnsRecord {
  ipv4?: readonly string[];
  ipv6?: readonly string[];
  cname?: string;
}

export interface ResolverConfiguration {
  nameservers: string[];
  search: string[];
  ndots: number;
}

/** The parts of resolv.conf(5) that decide where a name is looked up. */
export function parseResolvConf(text: string): ResolverConfiguration {
  const configuration: ResolverConfiguration = { nameservers: [], search: [], ndots: 1 };
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line.trim().split(/\s+/);
    if (keyword === 'nameserver' && words[0]) configuration.nameservers.push(words[0]);
    else if (keyword === 'search') configuration.search = words;
    else if (keyword === 'options') {
      const ndots = words.find((word) => word.startsWith('ndots:'));
      if (ndots) configuration.ndots = Math.min(15, Number(ndots.slice('ndots:'.length)) || 1);
    }
  }
  return configuration;
}

/** The names asked for in turn (res_search): search domains first where a name has fewer dots than ndots. */
export function candidateNames(name: string, { search, ndots }: ResolverConfiguration): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  const searched = search.map((domain) => `${name}.${domain}`);
  const dots = name.split('.').length - 1;
  return dots >= ndots ? [name, ...searched] : [...searched, name];
}

/** Addresses of a name in a hosts(5) file. */
export function lookupHosts(text: string, name: string): { ipv4: string[]; ipv6: string[] } | undefined {
  const found = { ipv4: [] as string[], ipv6: [] as string[] };
  for (const line of text.split('\n')) {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (address && names.includes(name)) (address.includes(':') ? found.ipv6 : found.ipv4).push(address);
  }
  return found.ipv4.length + found.ipv6.length > 0 ? found : undefined;
}

/** All names there are: the cluster's own (a zone each for what compiles them) and the world's. */
export class Zones {
  readonly #zones = new Map<string, ReadonlyMap<string, DnsRecord>>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Replaces the names of one zone; keys without a trailing dot, `*.` for a wildcard. */
  set(zone: string, records: ReadonlyMap<string, DnsRecord>): void {
    this.#zones.set(zone, records);
  }

  /** Undefined: NXDOMAIN. Several addresses come in random order, as CoreDNS' loadbalance and most servers give them. */
  lookup(name: string): { name: string; ipv4: string[]; ipv6: string[] } | undefined {
    let asked = name.toLowerCase();
    for (let depth = 0; depth < 8; depth++) {
      const record = this.#record(asked);
      if (!record) return undefined;
      if (record.cname === undefined) {
        return { name: asked, ipv4: this.#order(record.ipv4), ipv6: this.#order(record.ipv6) };
      }
      asked = record.cname.toLowerCase().replace(/\.$/, '');
    }
    return undefined;
  }

  /** What a name is an alias of (its CNAME record), if it is one. */
  alias(name: string): string | undefined {
    return this.#record(name.toLowerCase())?.cname?.replace(/\.$/, '');
  }

  #record(name: string): DnsRecord | undefined {
    for (const zone of this.#zones.values()) {
      const exact = zone.get(name);
      if (exact) return exact;
    }
    const parent = name.slice(name.indexOf('.') + 1);
    for (const zone of this.#zones.values()) {
      const wildcard = zone.get(`*.${parent}`);
      if (wildcard) return wildcard;
    }
    return undefined;
  }

  #order(addresses: readonly string[] = []): string[] {
    return addresses.length > 1 ? this.#random.shuffle(addresses) : [...addresses];
  }
}
