import type { Kubectl } from './kubectl.ts';

/** A time in the cluster's clock after which waiting fails. */
export class Deadline {
  readonly #k: Kubectl;
  readonly at: number;
  #pending: (() => void)[] = [];

  /** `timeout`: milliseconds from now. */
  constructor(k: Kubectl, timeout: number) {
    this.#k = k;
    this.at = k.now() + timeout;
  }

  get passed(): boolean {
    return this.#k.now() >= this.at;
  }

  /** The promise's outcome, or the error when time is up first. */
  race<T>(promise: Promise<T>, late: () => Error): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const off = this.#k.process.kernel.wakeAt(this.at, () => reject(late()));
      this.#pending.push(off);
      promise.then(resolve, reject).finally(off);
    });
  }

  /** Takes back what would still wake up. */
  end(): void {
    for (const off of this.#pending.splice(0)) off();
  }
}
