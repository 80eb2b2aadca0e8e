/** Host names as Istio compares them (pkg/config/host): a name that begins with `*` stands for every name with its suffix. */

export function isWildcard(host: string): boolean {
  return host.startsWith('*');
}

/** Whether the two have a name in common. */
export function hostsMatch(a: string, b: string): boolean {
  if (isWildcard(a)) {
    if (!isWildcard(b)) return b.endsWith(a.slice(1));
    return a.length < b.length ? b.endsWith(a.slice(1)) : a.endsWith(b.slice(1));
  }
  return isWildcard(b) ? a.endsWith(b.slice(1)) : a === b;
}

/** Whether every name `host` stands for is one of `of`. */
export function isSubsetOf(host: string, of: string): boolean {
  if (isWildcard(host)) return isWildcard(of) && host.length >= of.length && host.endsWith(of.slice(1));
  return isWildcard(of) ? host.endsWith(of.slice(1)) : host === of;
}

/** Sort order: exact names first, then longer ones, then by alphabet. */
export function compareSpecificity(a: string, b: string): number {
  if (isWildcard(a) !== isWildcard(b)) return isWildcard(a) ? 1 : -1;
  if (a.length !== b.length) return b.length - a.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The narrower of each overlapping pair, in the order they are found. */
export function intersectHosts(left: readonly string[], right: readonly string[]): string[] {
  const found = new Set<string>();
  for (const a of left) {
    for (const b of right) {
      if (isSubsetOf(a, b)) found.add(a);
      else if (isSubsetOf(b, a)) found.add(b);
    }
  }
  return [...found];
}

/** The hosts of a Gateway server (`namespace/host`) that are meant for one namespace, without their namespace. */
export function hostsForNamespace(hosts: readonly string[], namespace: string): string[] {
  return hosts.flatMap((host) => {
    const slash = host.indexOf('/');
    if (slash < 0) return [host];
    const owner = host.slice(0, slash);
    return owner === namespace || owner === '*' ? [host.slice(slash + 1)] : [];
  });
}

/** Values by host: names and wildcards apart, so that the most specific one is found quickly. */
export interface HostIndex<V> {
  specific: Map<string, V>;
  wildcard: Map<string, V>;
}

export function newHostIndex<V>(): HostIndex<V> {
  return { specific: new Map(), wildcard: new Map() };
}

/** The value of `needle` itself, else of the most specific wildcard that has its suffix. */
export function mostSpecificMatch<V>(needle: string, index: HostIndex<V>): V | undefined {
  const exact = isWildcard(needle) ? index.wildcard.get(needle) : index.specific.get(needle);
  if (exact !== undefined) return exact;
  const suffix = isWildcard(needle) ? needle.slice(1) : needle;
  let best: string | undefined;
  for (const host of index.wildcard.keys()) {
    if (!suffix.endsWith(host.slice(1))) continue;
    if (best === undefined || compareSpecificity(host, best) < 0) best = host;
  }
  return best === undefined ? undefined : index.wildcard.get(best);
}

/** A host of a rule as a full name: a name without a dot belongs to the rule's namespace. */
export function resolveShortname(host: string, namespace: string, domain: string): string {
  if (host === '' || host === '*' || host.includes('.') || host.includes(':')) return host;
  return `${host}.${namespace}.svc.${domain}`;
}

/** A gateway reference of a VirtualService as `namespace/name`; `mesh` stays. */
export function resolveGatewayName(gateway: string, namespace: string): string {
  if (gateway === 'mesh') return gateway;
  const slash = gateway.indexOf('/');
  if (slash >= 0) return gateway.slice(0, slash) === '.' ? `${namespace}${gateway.slice(slash)}` : gateway;
  const [name = '', owner] = gateway.split('.');
  return owner === undefined ? `${namespace}/${name}` : `${owner}/${name}`;
}
