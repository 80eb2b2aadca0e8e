import { equalJson } from '../../kernel/json.ts';
import { formatSeconds } from '../../kernel/time.ts';
import type { KubernetesObject } from '../objects.ts';
import { withCondition } from './conditions.ts';
import { type ControllerContext, keyOf, kinds, splitKey } from './context.ts';
import { Controller } from './controller.ts';
import { selectedBy } from './labels.ts';
import { isActive, isReady } from './pods.ts';
import type { Condition, LabelSelector, Pod } from './types.ts';

interface PodDisruptionBudget extends KubernetesObject {
  spec: { minAvailable?: number | string; maxUnavailable?: number | string; selector?: LabelSelector };
  status?: Record<string, unknown> & { conditions?: Condition[] };
}

/** Says how many pods may be evicted (pkg/controller/disruption); nothing here evicts. */
export class DisruptionController extends Controller {
  constructor(context: ControllerContext) {
    super(context, 'disruption-controller', 20);
    this.client.onChange(kinds.podDisruptionBudgets, ({ type, object }) => {
      if (type !== 'DELETED') this.enqueue(keyOf(object));
    });
    this.client.onChange(kinds.pods, ({ object, old }) => {
      if (old && isReady(old as Pod) === isReady(object as Pod) && isActive(old as Pod) === isActive(object as Pod))
        return;
      const budgets = this.client.list<PodDisruptionBudget>(kinds.podDisruptionBudgets, object.metadata.namespace);
      for (const budget of budgets) if (selectedBy(budget.spec.selector, object)) this.enqueue(keyOf(budget));
    });
  }

  protected reconcile(key: string): void {
    const { namespace, name } = splitKey(key);
    const budget = this.client.get<PodDisruptionBudget>(kinds.podDisruptionBudgets, namespace, name);
    if (!budget) return;
    const pods = this.client
      .list<Pod>(kinds.pods, namespace)
      .filter((pod) => isActive(pod) && selectedBy(budget.spec.selector, pod));
    const expected = pods.length;
    const { minAvailable, maxUnavailable } = budget.spec;
    const desired =
      maxUnavailable !== undefined
        ? Math.max(0, expected - amount(maxUnavailable, expected))
        : Math.min(amount(minAvailable ?? 0, expected), expected === 0 ? 0 : Number.POSITIVE_INFINITY);
    const healthy = pods.filter(isReady).length;
    const allowed = expected === 0 ? 0 : Math.max(0, healthy - desired);
    const conditions = withCondition(
      budget.status?.conditions,
      {
        type: 'DisruptionAllowed',
        status: allowed > 0 ? 'True' : 'False',
        reason: allowed > 0 ? 'SufficientPods' : 'InsufficientPods',
        message: '',
        observedGeneration: budget.metadata.generation ?? 0,
      },
      formatSeconds(this.kernel.now()),
    );
    const status = {
      observedGeneration: budget.metadata.generation ?? 0,
      disruptionsAllowed: allowed,
      currentHealthy: healthy,
      desiredHealthy: desired,
      expectedPods: expected,
      conditions,
    };
    if (!equalJson(status, budget.status)) {
      this.client.updateStatus<PodDisruptionBudget>(kinds.podDisruptionBudgets, { ...budget, status });
    }
  }
}

/** An absolute number, or a percentage rounded up. */
function amount(value: number | string, total: number): number {
  return typeof value === 'number' ? value : Math.ceil((Number.parseInt(value, 10) * total) / 100);
}
