import type { TrafficPolicy } from '../api/networking.ts';

/** A rule's policy for one port: the port's own settings replace the whole, apart from nothing (networking/util). */
export function policyForPort(
  policy: TrafficPolicy | undefined,
  port: number,
): { policy: TrafficPolicy | undefined; ofPort: boolean } {
  const settings = policy?.portLevelSettings?.find((each) => each.port?.number === port);
  if (!settings) return { policy, ofPort: false };
  const { port: _, ...own } = settings;
  return { policy: own, ofPort: true };
}

const overridden = ['connectionPool', 'outlierDetection', 'loadBalancer', 'tls'] as const;
const added = ['tunnel', 'proxyProtocol', 'retryBudget'] as const;

/** A subset's policy over its rule's, each as it is for the port. */
export function subsetPolicy(
  rule: TrafficPolicy | undefined,
  subset: TrafficPolicy | undefined,
  port: number,
): TrafficPolicy | undefined {
  const base = policyForPort(rule, port).policy;
  if (!subset) return base;
  const { policy, ofPort } = policyForPort(subset, port);
  if (!base || !policy) return policy ?? base;
  const merged: TrafficPolicy = {};
  for (const field of overridden) {
    const value = policy[field] !== undefined || ofPort ? policy[field] : base[field];
    if (value !== undefined) Object.assign(merged, { [field]: value });
  }
  for (const field of added) {
    const value = policy[field] ?? base[field];
    if (value !== undefined) Object.assign(merged, { [field]: value });
  }
  return merged;
}
