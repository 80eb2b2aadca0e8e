import type { Stateful } from '../kernel/json.ts';

/** Counters by Envoy's own dotted names. */
export class Stats implements Stateful<Record<string, number>> {
  #counters = new Map<string, number>();

  increment(name: string, by = 1): void {
    this.#counters.set(name, (this.#counters.get(name) ?? 0) + by);
  }

  get(name: string): number {
    return this.#counters.get(name) ?? 0;
  }

  entries(): [name: string, value: number][] {
    return [...this.#counters].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  }

  clear(): void {
    this.#counters.clear();
  }

  save(): Record<string, number> {
    return Object.fromEntries(this.#counters);
  }

  load(state: Record<string, number>): void {
    this.#counters = new Map(Object.entries(state));
  }
}
