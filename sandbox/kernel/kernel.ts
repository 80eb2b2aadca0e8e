import type { Cancellation } from './cancellation.ts';
import { Random } from './random.ts';
import { type Timer, Timers } from './timers.ts';

export interface KernelState {
  now: number;
  random: number[];
  timers: Timer[];
}

interface Sleeper {
  at: number;
  order: number;
  wake: () => void;
}

/**
 * Time, chance and events of one cluster. Nothing here moves by itself: a driver (`drivers.ts`) calls `step`.
 * `timers` are data and outlive commands; sleepers belong to running processes and are never part of a snapshot.
 */
export class Kernel {
  readonly random: Random;
  readonly timers: Timers;
  /** Does time jump from event to event? Set by drivers. */
  virtual = true;
  #now: number;
  #order = 0;
  #sleepers: Sleeper[] = [];
  readonly #held = new Set<Promise<unknown>>();

  /** `epoch`: ms since 1970 at which the cluster's clock starts. */
  constructor(options: { epoch: number; seed: number }) {
    this.#now = options.epoch;
    this.random = new Random(options.seed);
    this.timers = new Timers(() => this.#order++);
  }

  /** Milliseconds since 1970 in the cluster's own time. */
  now(): number {
    return this.#now;
  }

  /** Resolves `duration` ms of cluster time later; rejects with the reason when cancelled. */
  sleep(duration: number, cancellation?: Cancellation): Promise<void> {
    return new Promise((resolve, reject) => {
      let off = () => {};
      const sleeper = this.wakeAt(this.#now + Math.max(0, duration), () => {
        off();
        resolve();
      });
      if (cancellation) {
        off = cancellation.onCancel((reason) => {
          sleeper();
          reject(reason);
        });
      }
    });
  }

  /**
   * Lets the time pass that a program takes to start and to compute, ms. Where the clock follows the host's, that time has
   * passed already; in virtual time it would otherwise take none, and what other parts do meanwhile would always come too late.
   */
  compute(duration: number, cancellation?: Cancellation): Promise<void> {
    return this.virtual ? this.sleep(duration, cancellation) : Promise.resolve();
  }

  /** Calls `wake` at `at` (ms since 1970); the answer takes it back. For what lives no longer than a running process. */
  wakeAt(at: number, wake: () => void): () => void {
    const sleeper: Sleeper = { at, order: this.#order++, wake };
    const sleepers = this.#sleepers;
    let index = sleepers.length;
    while (index > 0 && (sleepers[index - 1] as Sleeper).at <= at) index--;
    sleepers.splice(index, 0, sleeper); // latest first: the next one is at the end
    return () => {
      const place = this.#sleepers.indexOf(sleeper);
      if (place >= 0) this.#sleepers.splice(place, 1);
    };
  }

  /** The outcome of host work that takes no cluster time, such as `import()`; drivers let the clock stand still meanwhile. */
  hold<T>(work: Promise<T>): Promise<T> {
    const done = () => this.#held.delete(held);
    const held: Promise<unknown> = work.then(done, done);
    this.#held.add(held);
    return work;
  }

  /** Settles when one piece of held work is done; undefined if there is none. */
  held(): Promise<unknown> | undefined {
    for (const work of this.#held) return work;
    return undefined;
  }

  /** Whether a running process waits for time to pass. */
  get hasSleepers(): boolean {
    return this.#sleepers.length > 0;
  }

  /** Whether anything is pending that somebody waits for: a sleeper or a timer that is not idle. */
  get awaited(): boolean {
    return this.#sleepers.length > 0 || this.timers.awaited;
  }

  /** When the next event is due (ms since 1970), or undefined if nothing is pending. */
  nextAt(): number | undefined {
    const timer = this.timers.peek()?.at;
    const sleeper = this.#sleepers.at(-1)?.at;
    if (timer === undefined) return sleeper;
    return sleeper === undefined ? timer : Math.min(timer, sleeper);
  }

  /** Moves the clock to the next event due no later than `limit` and fires it; false if there is none. */
  step(limit = Number.POSITIVE_INFINITY): boolean {
    const timer = this.timers.peek();
    const sleeper = this.#sleepers.at(-1);
    const at = this.nextAt();
    if (at === undefined || at > limit) return false;
    this.#now = Math.max(this.#now, at);
    const timerFirst =
      timer && (!sleeper || timer.at < sleeper.at || (timer.at === sleeper.at && timer.order < sleeper.order));
    if (timerFirst) this.timers.fire();
    else this.#sleepers.pop()?.wake();
    return true;
  }

  /** Sets the clock forward to `at` when nothing is due before. */
  idleUntil(at: number): void {
    if ((this.nextAt() ?? Number.POSITIVE_INFINITY) < at) throw new Error('kernel: events are due before');
    this.#now = Math.max(this.#now, at);
  }

  save(): KernelState {
    return { now: this.#now, random: this.random.save(), timers: this.timers.save() };
  }

  load(state: KernelState): void {
    this.#now = state.now;
    this.#sleepers = [];
    this.random.load(state.random);
    this.timers.load(state.timers);
  }
}
