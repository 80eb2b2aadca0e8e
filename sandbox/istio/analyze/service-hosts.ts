import type { JsonObject } from '../../kernel/json.ts';
import { labelsOf, numberOf, objectsOf, recordOf, textOf, textsOf } from '../validate/spec.ts';
import type { Context } from './resource.ts';

/** A service by a host: what a VirtualService or DestinationRule may name. */
export interface ServiceHost {
  ports: number[];
  workloadSelector: Record<string, string>;
}

/** A short name as a full one; names with a dot and wildcards stay (upstream util.ConvertHostToFQDN). */
export function toFqdn(namespace: string, host: string): string {
  return host.startsWith('*') || host.includes('.') ? host : `${host}.${namespace}.svc.cluster.local`;
}

/** Hosts by `scope/fqdn`, the scope a namespace or `*` (upstream util.InitServiceEntryHostMap). */
export function serviceHosts(context: Context): Map<string, ServiceHost> {
  const hosts = new Map<string, ServiceHost>();
  for (const { namespace, spec } of context.all('ServiceEntry')) {
    const service = { ports: portsOf(spec, 'number'), workloadSelector: selectorOf(spec) };
    const scopes = textsOf(spec.exportTo).map((scope) => (scope === '.' ? namespace : scope));
    for (const host of textsOf(spec.hosts)) {
      for (const scope of scopes.length === 0 || scopes.includes('*') ? ['*'] : scopes)
        hosts.set(`${scope}/${toFqdn(namespace, host)}`, service);
    }
  }
  for (const { name, namespace, annotations, spec } of context.all('Service')) {
    const service = { ports: portsOf(spec, 'port'), workloadSelector: {} };
    const exportTo = textOf(annotations['networking.istio.io/exportTo']);
    const scopes = exportTo === '' ? ['*'] : exportTo.split(',').map((scope) => scope.trim());
    for (const scope of scopes) hosts.set(`${scope === '.' ? namespace : scope}/${toFqdn(namespace, name)}`, service);
  }
  return hosts;
}

const portsOf = (spec: JsonObject, field: string) => objectsOf(spec.ports).map((port) => numberOf(port[field]));
const selectorOf = (spec: JsonObject) => labelsOf(recordOf(spec.workloadSelector).labels);

/** The service behind a host that a rule in `namespace` names; also by a wildcard (upstream util.GetDestinationHost). */
export function findServiceHost(
  hosts: ReadonlyMap<string, ServiceHost>,
  namespace: string,
  exportTo: readonly string[],
  host: string,
): ServiceHost | undefined {
  const fqdn = toFqdn(namespace, host);
  const scopes = exportTo.length === 0 ? [namespace] : exportTo.map((scope) => (scope === '.' ? namespace : scope));
  for (const scope of ['*', ...scopes]) {
    const found = hosts.get(`${scope}/${fqdn}`);
    if (found) return found;
  }
  const suffix = host.replace(/^\*/, '');
  for (const [scoped, service] of hosts) {
    const slash = scoped.indexOf('/');
    const [scope, known] = [scoped.slice(0, slash), scoped.slice(slash + 1)];
    if (!known.startsWith('*') || (scope !== '*' && scope !== namespace)) continue;
    if (suffix.endsWith(known.slice(1))) return service;
  }
  return undefined;
}
