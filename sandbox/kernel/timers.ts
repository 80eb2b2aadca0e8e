import type { Stateful } from './json.ts';

/** A timer as data: at time `at` (ms since 1970) `owner` is told `key`. One timer an owner and key. */
export interface Timer {
  owner: string;
  key: string;
  at: number;
  order: number;
  /** Nobody waits for it: time does not jump ahead for its sake, it only fires when time passes anyhow. */
  idle?: true;
}

export interface TimerOptions {
  idle?: boolean;
}

/** Told when one of its timers is due. Runs synchronously; looks at the state and moves it one step nearer to what is wanted. */
export type TimerHandler = (key: string) => void;

/**
 * The event queue whose entries outlive a command: controllers' work queues, the kubelet's next steps, log flushes.
 * Entries are data, so a snapshot holds them; whoever owns them registers a handler when the cluster is put together.
 */
export class Timers implements Stateful<Timer[]> {
  readonly #handlers = new Map<string, TimerHandler>();
  readonly #timers = new Map<string, Timer>();
  readonly #heap: Timer[] = [];
  #nextOrder: () => number;
  #awaited = 0;

  constructor(nextOrder: () => number) {
    this.#nextOrder = nextOrder;
  }

  /** The answer takes the handler back; whoever does so cancels the owner's timers first. */
  handle(owner: string, handler: TimerHandler): () => void {
    if (this.#handlers.has(owner)) throw new Error(`timers: two handlers for ${owner}`);
    this.#handlers.set(owner, handler);
    return () => this.#handlers.delete(owner);
  }

  /** Sets the timer of `owner` and `key`; an earlier one stays, a later one is moved forward. */
  set(owner: string, key: string, at: number, options: TimerOptions = {}): void {
    const present = this.#timers.get(`${owner}\0${key}`);
    if (present && present.at <= at && (!present.idle || options.idle)) return;
    this.replace(owner, key, Math.min(at, present?.at ?? at), options);
  }

  /** Sets the timer of `owner` and `key`, whatever stood there. */
  replace(owner: string, key: string, at: number, options: TimerOptions = {}): void {
    this.cancel(owner, key);
    const timer: Timer = { owner, key, at, order: this.#nextOrder(), ...(options.idle && { idle: true }) };
    this.#timers.set(`${owner}\0${key}`, timer);
    if (!timer.idle) this.#awaited++;
    this.#push(timer);
  }

  cancel(owner: string, key: string): void {
    const timer = this.#timers.get(`${owner}\0${key}`);
    if (!timer) return;
    this.#timers.delete(`${owner}\0${key}`);
    if (!timer.idle) this.#awaited--;
  }

  /** True if a timer stands that is not idle. */
  get awaited(): boolean {
    return this.#awaited > 0;
  }

  has(owner: string, key: string): boolean {
    return this.#timers.has(`${owner}\0${key}`);
  }

  /** The earliest timer, or undefined. */
  peek(): Timer | undefined {
    for (let top = this.#heap[0]; top; top = this.#heap[0]) {
      if (this.#timers.get(`${top.owner}\0${top.key}`) === top) return top;
      this.#pop();
    }
    return undefined;
  }

  /** Takes the earliest timer out and tells its owner. */
  fire(): void {
    const timer = this.peek();
    if (!timer) return;
    this.#pop();
    this.cancel(timer.owner, timer.key);
    const handler = this.#handlers.get(timer.owner);
    if (!handler) throw new Error(`timers: nobody handles ${timer.owner}`);
    handler(timer.key);
  }

  /** In the order in which they are due; `order` counts from 0, so what was loaded is saved as it was. */
  save(): Timer[] {
    return [...this.#timers.values()].sort(byTime).map((timer, order) => ({ ...timer, order }));
  }

  load(state: Timer[]): void {
    this.#timers.clear();
    this.#heap.length = 0;
    this.#awaited = 0;
    for (const { owner, key, at, idle } of state) this.replace(owner, key, at, idle ? { idle } : {});
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let index = heap.push(timer) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (byTime(heap[parent] as Timer, timer) <= 0) break;
      heap[index] = heap[parent] as Timer;
      index = parent;
    }
    heap[index] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && byTime(heap[child + 1] as Timer, heap[child] as Timer) < 0) child++;
      if (byTime(last, heap[child] as Timer) <= 0) break;
      heap[index] = heap[child] as Timer;
      index = child;
    }
    heap[index] = last;
  }
}

function byTime(a: Timer, b: Timer): number {
  return a.at - b.at || a.order - b.order;
}
