import type { Kernel } from '../../kernel/kernel.ts';
import { ApiError } from '../apiserver/errors.ts';
import type { ApiClient } from '../objects.ts';
import type { ControllerContext } from './context.ts';
import type { EventRecorder } from './events.ts';

/** Refusals are tried again after 5 ms, 10 ms, … up to 1000 s (client-go's ItemExponentialFailureRateLimiter). */
const firstRetry = 5;
const longestRetry = 1_000_000;
/** From this delay on nobody waits for the next try. */
const patience = 60_000;

/**
 * A level-triggered control loop. Its queue is `kernel.timers` (data): one entry a key, due some ms after the change that
 * caused it. `reconcile` looks at the store alone and moves it one step nearer to what is wanted.
 */
export abstract class Controller {
  protected readonly kernel: Kernel;
  protected readonly client: ApiClient;
  protected readonly events: EventRecorder;
  readonly #owner: string;
  readonly #latency: number;

  /** `latency`: ms between a change and the reaction to it. */
  constructor(context: ControllerContext, owner: string, latency: number) {
    this.kernel = context.kernel;
    this.client = context.client;
    this.events = context.events;
    this.#owner = owner;
    this.#latency = latency;
    context.kernel.timers.handle(owner, (entry) => this.#run(entry));
  }

  protected abstract reconcile(key: string): void;

  /** Queues a key; `delay` in ms, the controller's own latency if left out. */
  enqueue(key: string, delay = this.#latency, options: { idle?: boolean } = {}): void {
    this.kernel.timers.set(this.#owner, key, this.kernel.now() + delay, options);
  }

  /** An entry is a key, or `key#n` for the nth try after a refusal. */
  #run(entry: string): void {
    const [key = '', tries = '0'] = entry.split('#');
    try {
      this.reconcile(key);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const next = Number(tries) + 1;
      const delay = Math.min(longestRetry, firstRetry * 2 ** (next - 1));
      this.enqueue(`${key}#${next}`, delay, { idle: delay >= patience });
    }
  }
}
