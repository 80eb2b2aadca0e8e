import { compareText } from '../model/config.ts';
import type { Service } from './service.ts';

/**
 * Gives each service the names of the ExternalName services that lead to it, directly or over others; names in a circle lead
 * nowhere (model/push_context.go, resolveServiceAliases).
 */
export function resolveAliases(services: readonly Service[]): Service[] {
  const targets = new Map<string, string>();
  for (const { resolution, hostname, externalName } of services) {
    if (resolution === 'Alias' && externalName !== undefined) targets.set(hostname, externalName);
  }
  if (targets.size === 0) return [...services];
  const aliases = new Map<string, { hostname: string; namespace: string }[]>();
  for (const { resolution, hostname, namespace } of services) {
    const concrete = resolution === 'Alias' ? follow(hostname, targets) : undefined;
    if (concrete === undefined) continue;
    aliases.set(concrete, [...(aliases.get(concrete) ?? []), { hostname, namespace }]);
  }
  return services.map((service) => {
    const found = aliases.get(service.hostname);
    if (!found) return service;
    const sorted = found.toSorted(
      (a, b) => compareText(a.namespace, b.namespace) || compareText(a.hostname, b.hostname),
    );
    return { ...service, aliases: sorted };
  });
}

function follow(hostname: string, targets: ReadonlyMap<string, string>): string | undefined {
  const seen = new Set([hostname]);
  let current = hostname;
  for (let next = targets.get(current); next !== undefined; next = targets.get(current)) {
    if (seen.has(next)) return undefined;
    seen.add(next);
    current = next;
  }
  return current;
}
