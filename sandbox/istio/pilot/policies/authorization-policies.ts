import type { Mesh } from '../api/mesh.ts';
import type { AuthorizationPolicy } from '../api/policies.ts';
import { type Config, groupBy, listConfigs, type ObjectSource } from '../model/config.ts';
import type { Labels } from '../model/labels.ts';
import { attaches } from './attachment.ts';
import { withAliases } from './trust-domains.ts';

export type AuthorizationPolicyConfig = Config<AuthorizationPolicy>;
export type PoliciesByAction = Record<NonNullable<AuthorizationPolicy['action']>, AuthorizationPolicyConfig[]>;

export class AuthorizationPolicies {
  readonly #byNamespace: Map<string, AuthorizationPolicyConfig[]>;
  readonly #rootNamespace: string;

  constructor(source: ObjectSource, { rootNamespace, trustDomain, trustDomainAliases }: Mesh) {
    this.#rootNamespace = rootNamespace;
    const domains = [trustDomain, ...trustDomainAliases];
    const policies = listConfigs<AuthorizationPolicy>(source, 'AuthorizationPolicy').map((policy) => {
      const rules = policy.spec.rules?.map((rule) => withAliases(rule ?? {}, domains));
      return rules ? { ...policy, spec: { ...policy.spec, rules } } : policy;
    });
    this.#byNamespace = groupBy(policies, ({ namespace }) => namespace);
  }

  /** Policies for a workload: those of the root namespace first. */
  policiesFor(workload: { namespace: string; labels: Labels }): PoliciesByAction {
    const found: PoliciesByAction = { ALLOW: [], DENY: [], AUDIT: [], CUSTOM: [] };
    for (const namespace of new Set([this.#rootNamespace, workload.namespace])) {
      for (const policy of this.#byNamespace.get(namespace) ?? []) {
        if (attaches(policy.spec, namespace, workload)) found[policy.spec.action ?? 'ALLOW']?.push(policy);
      }
    }
    return found;
  }
}
