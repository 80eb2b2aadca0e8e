import type { Trace } from '../../network/trace.ts';
import { note, type ProxyContext } from '../context.ts';
import type { StreamInfo } from '../stream-info.ts';
import type { Any } from '../xds/types.ts';
import { evaluate, type Rules } from './rbac-engine.ts';

/** envoy.filters.network.rbac: false ends the connection, with the reason for its log line. */
export function networkRbac(config: Any, info: StreamInfo, context: ProxyContext, trace: Trace | undefined): boolean {
  const rules = config.rules as Rules | undefined;
  if (!rules) return true;
  const verdict = evaluate(rules, info);
  note(context, trace, 'filter-chain', verdict.allowed ? 'rbac-allowed' : 'rbac-denied', {
    action: rules.action ?? 'ALLOW',
    policy: verdict.policy ?? 'none',
  });
  if (!verdict.allowed) {
    info.connectionTerminationDetails = `rbac_access_denied_matched_policy[${verdict.policy ?? 'none'}]`;
  }
  return verdict.allowed;
}
