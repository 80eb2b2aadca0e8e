import type { NamedAny } from '../../../envoy/xds/types.ts';
import type { AuthorizationPolicyConfig, PoliciesByAction } from '../policies/authorization-policies.ts';
import type { PushContext } from '../push-context.ts';
import { type ExtAuthz, extAuthz } from './ext-authz.ts';
import { type RbacPolicy, rbacPolicy } from './rbac-rules.ts';

type Action = 'ALLOW' | 'DENY' | 'LOG';

/** Envoy's config.rbac.v3.RBAC; ALLOW is its default. */
interface Rbac {
  action?: Action;
  policies?: Record<string, RbacPolicy>;
}

const httpRbac = 'envoy.filters.http.rbac';
const tcpRbac = 'envoy.filters.network.rbac';
const never: RbacPolicy = {
  permissions: [{ notRule: { any: true } }],
  principals: [{ notId: { any: true } }],
};

function filter(forTcp: boolean, config: Record<string, unknown>): NamedAny {
  return forTcp
    ? {
        name: tcpRbac,
        typedConfig: {
          '@type': 'type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC',
          ...config,
          statPrefix: 'tcp.',
        },
      }
    : {
        name: httpRbac,
        typedConfig: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC', ...config },
      };
}

/** The filters of AUDIT, DENY and ALLOW policies, in this order. */
export function authorizationFilters(policies: PoliciesByAction, forTcp: boolean): NamedAny[] {
  const actions = [
    ['LOG', policies.AUDIT],
    ['DENY', policies.DENY],
    ['ALLOW', policies.ALLOW],
  ] as const;
  return actions.flatMap(([action, list]) => {
    if (list.length === 0) return [];
    const enforced = list.filter((policy) => !isDryRun(policy));
    const dryRun = list.filter(isDryRun);
    // Istio names ALLOW where there is nothing in dry run, too.
    const prefix = { ALLOW: 'istio_dry_run_allow_', DENY: 'istio_dry_run_deny_', LOG: undefined };
    const shadowRulesStatPrefix = prefix[dryRun.length > 0 ? action : 'ALLOW'];
    return filter(forTcp, {
      ...(enforced.length > 0 ? { rules: rbac(action, enforced, forTcp) } : {}),
      ...(dryRun.length > 0 ? { shadowRules: rbac(action, dryRun, forTcp) } : {}),
      ...(shadowRulesStatPrefix ? { shadowRulesStatPrefix } : {}),
    });
  });
}

function isDryRun({ annotations }: AuthorizationPolicyConfig): boolean {
  return annotations['istio.io/dry-run'] === 'true';
}

function rbac(
  action: Action,
  policies: readonly AuthorizationPolicyConfig[],
  forTcp: boolean,
  provider?: string,
): Rbac {
  const rules: Record<string, RbacPolicy> = {};
  const prefix = provider === undefined ? '' : `istio-ext-authz-${provider ? `${provider}-` : ''}`;
  for (const { namespace, name, spec } of policies) {
    const policyName = (rule: number) => `${prefix}ns[${namespace}]-policy[${name}]-rule[${rule}]`;
    for (const [index, rule] of (spec.rules ?? []).entries()) {
      const policy = rbacPolicy(rule ?? {}, { forTcp, policyNamespace: namespace, allow: action === 'ALLOW' });
      if (policy) rules[policyName(index)] = policy;
    }
    if (!spec.rules?.length) rules[policyName(0)] = never;
  }
  return {
    ...(action === 'ALLOW' ? {} : { action }),
    ...(Object.keys(rules).length > 0 ? { policies: rules } : {}),
  };
}

/** For each provider of CUSTOM policies: a filter that tells by metadata which requests are meant, and one that asks. */
export function customAuthorizationFilters(
  push: PushContext,
  policies: readonly AuthorizationPolicyConfig[],
  forTcp: boolean,
): NamedAny[] {
  const providers = [...new Set(policies.map(({ spec }) => spec.provider?.name ?? ''))].sort();
  const several = providers.length > 1;
  return providers.flatMap((provider) => {
    const own = policies.filter(({ spec }) => (spec.provider?.name ?? '') === provider);
    const enforced = own.filter((policy) => !isDryRun(policy));
    const rules = rbac('DENY', enforced, forTcp, provider);
    const ask = several ? undefined : extAuthz(push, provider);
    if (!ask) return filter(forTcp, { rules: denyAll(rules) });
    const filters = customFilters(ask, provider, rules, forTcp);
    const dryRun = own.filter(isDryRun);
    if (dryRun.length > 0 && filters[0]?.typedConfig) {
      filters[0].typedConfig.rules = rbac('DENY', dryRun, forTcp, provider);
    }
    return filters;
  });
}

function customFilters(ask: ExtAuthz, provider: string, rules: Rbac, forTcp: boolean): NamedAny[] {
  const config = forTcp ? ask.tcp : ask.http;
  if (!config) return [];
  const filterEnabledMetadata = {
    filter: forTcp ? tcpRbac : httpRbac,
    path: [{ key: 'istio_ext_authz_shadow_effective_policy_id' }],
    value: { stringMatch: { prefix: `istio-ext-authz-${provider}` } },
  };
  return [
    filter(forTcp, { shadowRules: rules, shadowRulesStatPrefix: 'istio_ext_authz_' }),
    {
      name: forTcp ? 'envoy.filters.network.ext_authz' : 'envoy.filters.http.ext_authz',
      typedConfig: { ...config, filterEnabledMetadata },
    },
  ];
}

/** A CUSTOM action nobody can decide denies what it is for. */
function denyAll({ policies = {} }: Rbac): Rbac {
  const renamed = Object.entries(policies).map(([name, policy]) => [`${name}-deny-due-to-bad-CUSTOM-action`, policy]);
  return { action: 'DENY', ...(renamed.length > 0 ? { policies: Object.fromEntries(renamed) } : {}) };
}
