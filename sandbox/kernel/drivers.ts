import type { Kernel } from './kernel.ts';

/** Lets every promise that can go on go on, then resolves. The host gives it (a macrotask: `setImmediate`, a message channel). */
export type HostTurn = () => Promise<void>;

/** Lets everything go on that can, the host's own work (`Kernel.hold`) included. */
async function settle(kernel: Kernel, turn: HostTurn): Promise<void> {
  await turn();
  for (let work = kernel.held(); work; work = kernel.held()) {
    await work;
    await turn();
  }
}

/** What the `instant` driver does when time stands still and someone still waits. */
export interface Stalled {
  /** Ends the input of readers that nobody will ever feed; false if there was none. */
  endOfInput(): boolean;
  /** Interrupts (SIGINT) what would wait for ever, such as a watch; false if there was nothing to interrupt. */
  interrupt(): boolean;
}

/**
 * Turns the clock until `done` settles: jumps to the next event whenever nothing else can run. If no process sleeps and
 * `done` still waits, whoever reads gets end of input; if no event is left, whoever waits for ever is interrupted. So no
 * part of a cluster may keep a timer for ever: a timer stands only where something is still to come. What goes on for ever (a
 * container that crashes every five minutes, a main process that sleeps for years) has idle timers: time does not jump
 * ahead for them.
 */
export async function runInstant<T>(kernel: Kernel, done: Promise<T>, turn: HostTurn, stalled: Stalled): Promise<T> {
  let settled = false;
  const mark = () => {
    settled = true;
  };
  done.then(mark, mark);
  for (;;) {
    await settle(kernel, turn);
    if (settled) return done;
    // Only another process could still type: controllers and proxies never do, so nobody waits for them before input ends.
    if (kernel.hasSleepers && kernel.step()) continue;
    if (stalled.endOfInput() || (kernel.awaited && kernel.step()) || stalled.interrupt()) continue;
    throw new Error('everything waits and nothing is due');
  }
}

/** Lets `duration` ms of cluster time pass, firing what is due. */
export async function advance(kernel: Kernel, duration: number, turn: HostTurn): Promise<void> {
  const end = kernel.now() + duration;
  await settle(kernel, turn);
  while (kernel.step(end)) await settle(kernel, turn);
  kernel.idleUntil(end);
}

/** The host's clock, for the `realtime` driver. */
export interface HostClock {
  /** Milliseconds, monotonic. */
  now(): number;
  /** Calls back after `delay` ms; the answer takes it back. */
  after(delay: number, callback: () => void): () => void;
}

/** Follows the host's clock, cluster millisecond by host millisecond (times `rate`), until stopped. */
export class RealtimeDriver {
  readonly #kernel: Kernel;
  readonly #host: HostClock;
  readonly #turn: HostTurn;
  #rate = 1;
  #hostStart = 0;
  #clusterStart = 0;
  #cancel: () => void = () => {};
  #running = false;
  #pumping = false;

  constructor(kernel: Kernel, host: HostClock, turn: HostTurn) {
    this.#kernel = kernel;
    this.#host = host;
    this.#turn = turn;
  }

  start(rate = 1): void {
    this.#rate = rate;
    this.#hostStart = this.#host.now();
    this.#clusterStart = this.#kernel.now();
    this.#running = true;
    this.#kernel.virtual = false;
    void this.#pump();
  }

  stop(): void {
    this.#running = false;
    this.#kernel.virtual = true;
    this.#cancel();
  }

  /** Call after something happened from outside (a key, a request): what is due soon may have changed. */
  nudge(): void {
    if (this.#running && !this.#pumping) void this.#pump();
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    this.#cancel();
    await settle(this.#kernel, this.#turn);
    while (this.#running && this.#kernel.step(this.#clusterNow())) await settle(this.#kernel, this.#turn);
    this.#pumping = false;
    if (!this.#running) return;
    const now = this.#clusterNow();
    const next = this.#kernel.nextAt() ?? Number.POSITIVE_INFINITY;
    if (next > now) this.#kernel.idleUntil(now);
    const delay = Math.min(1000, Math.max(0, (next - now) / this.#rate));
    this.#cancel = this.#host.after(delay, () => void this.#pump());
  }

  #clusterNow(): number {
    return this.#clusterStart + (this.#host.now() - this.#hostStart) * this.#rate;
  }
}
