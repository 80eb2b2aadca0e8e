import { note } from '../context.ts';
import { localReply } from '../http/stream.ts';
import type { HttpFilterFactory } from './filter.ts';
import { evaluate, type Rules } from './rbac-engine.ts';

/** envoy.filters.http.rbac. Shadow rules only leave metadata for the log. */
export const rbac: HttpFilterFactory = (config) => ({
  onRequest(stream) {
    const own = stream.perFilterConfig('envoy.filters.http.rbac') as { rbac?: object } | undefined;
    const { rules, shadowRules, shadowRulesStatPrefix } = (own?.rbac ?? config) as {
      rules?: Rules;
      shadowRules?: Rules;
      shadowRulesStatPrefix?: string;
    };
    const { info, context } = stream;
    if (shadowRules) {
      const verdict = evaluate(shadowRules, info);
      const prefix = shadowRulesStatPrefix ?? '';
      info.dynamicMetadata['envoy.filters.http.rbac'] = {
        ...info.dynamicMetadata['envoy.filters.http.rbac'],
        [`${prefix}shadow_engine_result`]: verdict.allowed ? 'allowed' : 'denied',
        ...(verdict.policy !== undefined && { [`${prefix}shadow_effective_policy_id`]: verdict.policy }),
      };
    }
    if (!rules) return undefined;
    const verdict = evaluate(rules, info);
    note(context, stream.trace, 'http-filter', verdict.allowed ? 'rbac-allowed' : 'rbac-denied', {
      action: rules.action ?? 'ALLOW',
      policy: verdict.policy ?? 'none',
    });
    if (verdict.allowed) return undefined;
    // The body says nothing of the policy; spaces in the details become underscores when they are printed.
    return localReply(stream, 403, 'RBAC: access denied', {
      details: `rbac_access_denied_matched_policy[${verdict.policy ?? 'none'}]`,
    });
  },
});
