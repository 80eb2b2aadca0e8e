import type { JsonObject } from '../../../kernel/json.ts';
import { objectsOf, textOf } from '../../validate/spec.ts';
import type { KindName } from '../kinds.ts';
import type { Analyzer } from '../resource.ts';

const route = ['Accepted', 'Programmed', 'ResolvedRefs'];

/** Conditions that are worth a word when they are False. */
const reported: [kind: KindName, types: readonly string[]][] = [
  ['Service', ['istio.io/WaypointBound']],
  ['ServiceEntry', ['istio.io/WaypointBound']],
  ['WorkloadEntry', ['istio.io/WaypointBound']],
  ['AuthorizationPolicy', ['ZtunnelAccepted', 'WaypointAccepted']],
  ['KubernetesGateway', route],
  ['HTTPRoute', route],
  ['GRPCRoute', route],
];

/** Negative conditions in the status of objects (upstream conditions/conditions.go). */
export const conditionAnalyzer: Analyzer = {
  name: 'conditions.ConditionAnalyzer',
  description: 'Checks for negative status conditions on resources',
  inputs: reported.map(([kind]) => kind),
  analyze(context) {
    for (const [kind, types] of reported) {
      for (const resource of context.all(kind)) {
        for (const condition of conditionsOf(kind, resource.status)) {
          const [type, reason] = [textOf(condition.type), textOf(condition.reason)];
          const partly = kind === 'AuthorizationPolicy' && type === 'WaypointAccepted' && reason === 'PartiallyInvalid';
          if (partly || (types.includes(type) && condition.status === 'False'))
            context.report('NegativeConditionStatus', resource, type, reason, textOf(condition.message));
        }
      }
    }
  },
};

function conditionsOf(kind: KindName, status: JsonObject): JsonObject[] {
  if (kind !== 'HTTPRoute' && kind !== 'GRPCRoute') return objectsOf(status.conditions);
  return objectsOf(status.parents).flatMap(({ conditions }) => objectsOf(conditions));
}
