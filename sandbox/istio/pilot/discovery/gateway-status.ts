import { equalJson } from '../../../kernel/json.ts';
import { formatSeconds } from '../../../kernel/time.ts';
import type { ApiClient, KubernetesObject } from '../../../kubernetes/objects.ts';
import { classControllers, gatewayController } from '../gateway-api/classes.ts';
import { GatewayStatuses, type WantedCondition } from '../gateway-api/status.ts';
import type { WatchedKind } from '../model/config.ts';
import type { PushContext } from '../push-context.ts';
import { apiSource, watchedResources } from './watched-kinds.ts';

interface Condition extends WantedCondition {
  lastTransitionTime: string;
  observedGeneration: number;
}

interface ParentStatus {
  parentRef: Record<string, unknown>;
  controllerName: string;
  conditions: Condition[];
}

interface StatusObject extends KubernetesObject {
  spec: { controllerName?: string };
  status?: {
    conditions?: Condition[];
    listeners?: { name: string; conditions?: Condition[] }[];
    parents?: ParentStatus[];
    [field: string]: unknown;
  };
}

/** Writes what istiod says of GatewayClasses, Gateways and routes. A status that already says so is left alone. */
export function writeGatewayStatuses(client: ApiClient, push: PushContext, now: number): void {
  const objects = (kind: WatchedKind) => client.list<StatusObject>(watchedResources[kind]);
  const write = (kind: WatchedKind, object: StatusObject, status: Record<string, unknown>) => {
    if (equalJson(status, object.status)) return;
    client.updateStatus(watchedResources[kind], { ...object, status });
  };
  for (const object of objects('GatewayClass')) {
    if (!Object.values(classControllers).includes(object.spec.controllerName ?? '')) continue;
    const accepted: WantedCondition = {
      type: 'Accepted',
      status: 'True',
      reason: 'Accepted',
      message: 'Handled by Istio controller',
    };
    const conditions = withConditions(object.status?.conditions, [accepted], object, now);
    write('GatewayClass', object, { ...object.status, conditions });
  }
  const routeKinds = (['HTTPRoute', 'GRPCRoute', 'TLSRoute'] as const).filter((kind) => objects(kind).length > 0);
  if (routeKinds.length === 0 && objects('KubernetesGateway').length === 0) return;
  const statuses = new GatewayStatuses(apiSource(client), push);
  for (const kind of routeKinds) {
    const wanted = statuses.routes(kind);
    for (const object of objects(kind)) {
      const present = object.status?.parents ?? [];
      const parents = (wanted.get(keyOf(object))?.parents ?? []).map(({ parentRef, conditions }) => {
        const known = present.find((each) => isOurs(each) && equalJson(each.parentRef, parentRef));
        return {
          conditions: withConditions(known?.conditions, conditions, object, now),
          controllerName: gatewayController,
          parentRef,
        };
      });
      write(kind, object, { ...object.status, parents: [...present.filter((each) => !isOurs(each)), ...parents] });
    }
  }
  const wanted = statuses.gateways();
  for (const object of objects('KubernetesGateway')) {
    const status = wanted.get(keyOf(object));
    if (!status) continue;
    const { conditions, addresses, listeners } = status;
    const present = object.status;
    write('KubernetesGateway', object, {
      ...present,
      ...(addresses.length > 0 ? { addresses } : {}),
      conditions: withConditions(present?.conditions, conditions, object, now),
      listeners: listeners.map((listener) => {
        const known = present?.listeners?.find(({ name }) => name === listener.name)?.conditions;
        return { ...listener, conditions: withConditions(known, listener.conditions, object, now) };
      }),
    });
  }
}

function isOurs({ controllerName }: ParentStatus): boolean {
  return controllerName === gatewayController;
}

function keyOf({ metadata }: KubernetesObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** A condition keeps its time until it says something else; it is written anew for a new generation. */
function withConditions(
  present: readonly Condition[] = [],
  wanted: readonly WantedCondition[],
  { metadata }: KubernetesObject,
  now: number,
): Condition[] {
  const conditions = [...present];
  for (const condition of wanted) {
    const index = conditions.findIndex(({ type }) => type === condition.type);
    const known = conditions[index];
    const observedGeneration = metadata.generation ?? 1;
    const lastTransitionTime = known?.status === condition.status ? known.lastTransitionTime : formatSeconds(now);
    const next = { lastTransitionTime, observedGeneration, ...condition };
    if (known) conditions[index] = next;
    else conditions.push(next);
  }
  return conditions;
}
