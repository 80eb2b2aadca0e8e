import type { RouteConfiguration, VirtualHost } from '../xds/types.ts';

/** A route configuration's virtual hosts, ready to be searched: a cache made when a push arrives. */
export class VirtualHosts {
  readonly #ignorePort: boolean;
  readonly #exact = new Map<string, VirtualHost>();
  /** Longest first. */
  readonly #suffixes: { suffix: string; host: VirtualHost }[] = [];
  readonly #prefixes: { prefix: string; host: VirtualHost }[] = [];
  #any: VirtualHost | undefined;

  constructor(configuration: RouteConfiguration) {
    this.#ignorePort = configuration.ignorePortInHostMatching ?? false;
    for (const host of configuration.virtualHosts ?? []) {
      for (const domain of host.domains) this.#add(domain.toLowerCase(), host);
    }
    this.#suffixes.sort((a, b) => b.suffix.length - a.suffix.length);
    this.#prefixes.sort((a, b) => b.prefix.length - a.prefix.length);
  }

  #add(domain: string, host: VirtualHost): void {
    if (domain === '*') this.#any ??= host;
    else if (domain.startsWith('*')) this.#suffixes.push({ suffix: domain.slice(1), host });
    else if (domain.endsWith('*')) this.#prefixes.push({ prefix: domain.slice(0, -1), host });
    else if (!this.#exact.has(domain)) this.#exact.set(domain, host);
  }

  /** Exact, longest suffix, longest prefix, `*` (source/common/router/config_impl.cc findVirtualHost). */
  find(authority: string): VirtualHost | undefined {
    const name = (this.#ignorePort ? stripPort(authority) : authority).toLowerCase();
    const exact = this.#exact.get(name);
    if (exact) return exact;
    // A wildcard stands for at least one character.
    const suffix = this.#suffixes.find((entry) => name.length > entry.suffix.length && name.endsWith(entry.suffix));
    if (suffix) return suffix.host;
    const prefix = this.#prefixes.find((entry) => name.length > entry.prefix.length && name.startsWith(entry.prefix));
    return prefix?.host ?? this.#any;
  }
}

/** Host without its port; an IPv6 address keeps its brackets. */
export function stripPort(authority: string): string {
  const colon = authority.lastIndexOf(':');
  if (colon < 0 || authority.indexOf(']', colon) >= 0) return authority;
  if (authority.indexOf(':') !== colon && !authority.startsWith('[')) return authority;
  return authority.slice(0, colon);
}
