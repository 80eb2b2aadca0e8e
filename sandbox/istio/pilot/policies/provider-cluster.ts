import type { PushContext } from '../push-context.ts';
import { subsetKey } from '../registry/service.ts';

/**
 * The host and cluster of a provider's service, written as `host` or `namespace/host`; undefined if the registry has no such
 * service or has it in several namespaces (model/telemetry_logging.go, LookupCluster).
 */
export function providerCluster(
  push: PushContext,
  service: string | undefined,
  port: number | undefined,
): { hostname: string; cluster: string } | undefined {
  if (!service) return undefined;
  const [namespace, name] = service.includes('/') ? service.split('/') : [undefined, service];
  const byNamespace = push.serviceIndex.byHostname.get(name ?? '');
  if (!byNamespace) return undefined;
  const found =
    namespace !== undefined
      ? byNamespace.get(namespace)
      : byNamespace.size === 1
        ? [...byNamespace.values()][0]
        : undefined;
  return found && { hostname: found.hostname, cluster: subsetKey('', found.hostname, port ?? 0) };
}
