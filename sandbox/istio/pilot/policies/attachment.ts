import type { PolicyTargetReference, Selectable } from '../api/policies.ts';
import { type Labels, selects } from '../model/labels.ts';

const gatewayNameLabel = 'gateway.networking.k8s.io/gateway-name';

/**
 * Whether a policy applies to a workload (model/policyattachment.go): `targetRef` picks gateways made by the Gateway API,
 * `selector` picks workloads by label.
 */
export function attaches(
  policy: Selectable,
  policyNamespace: string,
  workload: { namespace: string; labels: Labels },
): boolean {
  const refs = targetRefs(policy);
  const gateway = workload.labels[gatewayNameLabel];
  if (gateway === undefined || refs.length === 0) {
    return refs.length === 0 && selects(policy.selector?.matchLabels, workload.labels);
  }
  return refs.some(
    ({ group, kind, name, namespace }) =>
      policyNamespace === workload.namespace &&
      (!namespace || namespace === workload.namespace) &&
      group === 'gateway.networking.k8s.io' &&
      kind === 'Gateway' &&
      name === gateway,
  );
}

export function targetRefs(policy: Selectable): PolicyTargetReference[] {
  if (policy.targetRefs?.length) return policy.targetRefs;
  return policy.targetRef ? [policy.targetRef] : [];
}

export function isNamespaceWide(policy: Selectable): boolean {
  return Object.keys(policy.selector?.matchLabels ?? {}).length === 0 && targetRefs(policy).length === 0;
}
