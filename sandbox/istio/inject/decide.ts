import type { JsonObject } from '../../kernel/json.ts';
import type { InjectablePod, InjectorConfig } from './types.ts';

/** Namespaces that are never injected (upstream pkg/kube/inject, IgnoredNamespaces). */
const ignoredNamespaces = ['kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage'];

/**
 * Whether the injector touches a pod that its webhook's selectors let through (upstream injectRequired): not on the host's
 * network, not in a system namespace; then label, else annotation sidecar.istio.io/inject, then the selectors, then the policy.
 */
export function injectRequired(pod: InjectablePod, namespace: string, config: InjectorConfig): boolean {
  if (pod.spec.hostNetwork === true || ignoredNamespaces.includes(namespace)) return false;
  const labels = pod.metadata.labels ?? {};
  const wish = labels['sidecar.istio.io/inject'] ?? pod.metadata.annotations?.['sidecar.istio.io/inject'] ?? '';
  if (config.policy !== 'enabled' && config.policy !== 'disabled') return false;
  if (wish === 'true') return true;
  if (wish === 'false') return false;
  if (config.neverInjectSelector.some((selector) => selects(selector, labels))) return false;
  if (config.alwaysInjectSelector.some((selector) => selects(selector, labels))) return true;
  return config.policy === 'enabled';
}

/** A LabelSelector; one that says nothing selects nothing here. */
function selects(selector: JsonObject, labels: Record<string, string>): boolean {
  const wanted = Object.entries((selector.matchLabels as Record<string, string> | undefined) ?? {});
  const expressions = (selector.matchExpressions as JsonObject[] | undefined) ?? [];
  if (wanted.length + expressions.length === 0) return false;
  if (!wanted.every(([key, value]) => labels[key] === value)) return false;
  return expressions.every((expression) => {
    const value = labels[expression.key as string];
    const values = (expression.values as string[] | undefined) ?? [];
    switch (expression.operator) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      default:
        return false;
    }
  });
}
