import type { Stateful } from '../kernel/json.ts';

/** Tags in the order in which they were given. */
export type Tags = readonly (readonly [name: string, value: string])[];

export interface Histogram {
  count: number;
  sum: number;
  /** Values not above each of `bucketLimits`. */
  buckets: number[];
}

export interface StatsState {
  counters: Record<string, number>;
  /** By `[metric, tag, value, …]` as JSON. */
  tagged: Record<string, number>;
  histograms: Record<string, Histogram>;
}

/** Upper limits of a histogram's buckets where none are configured (stats/histogram_impl.cc). */
export const bucketLimits: readonly number[] = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
  3_600_000,
];

/** Counters by Envoy's own dotted names, and what filters count by tags in a name space of their own. */
export class Stats implements Stateful<StatsState> {
  #counters = new Map<string, number>();
  #tagged = new Map<string, number>();
  #histograms = new Map<string, Histogram>();

  increment(name: string, by = 1): void {
    this.#counters.set(name, (this.#counters.get(name) ?? 0) + by);
  }

  get(name: string): number {
    return this.#counters.get(name) ?? 0;
  }

  /** Counts under a metric's full Prometheus name. */
  count(metric: string, tags: Tags, by = 1): void {
    const key = seriesKey(metric, tags);
    this.#tagged.set(key, (this.#tagged.get(key) ?? 0) + by);
  }

  record(metric: string, tags: Tags, value: number): void {
    const key = seriesKey(metric, tags);
    const histogram = this.#histograms.get(key) ?? { count: 0, sum: 0, buckets: bucketLimits.map(() => 0) };
    histogram.count++;
    histogram.sum += value;
    histogram.buckets = histogram.buckets.map((count, index) => count + (value <= (bucketLimits[index] ?? 0) ? 1 : 0));
    this.#histograms.set(key, histogram);
  }

  entries(): [name: string, value: number][] {
    return sorted(this.#counters);
  }

  tagged(): { metric: string; tags: Tags; value: number }[] {
    return sorted(this.#tagged).map(([key, value]) => ({ ...parseKey(key), value }));
  }

  histograms(): { metric: string; tags: Tags; value: Histogram }[] {
    return sorted(this.#histograms).map(([key, value]) => ({ ...parseKey(key), value }));
  }

  clear(): void {
    this.#counters.clear();
    this.#tagged.clear();
    this.#histograms.clear();
  }

  save(): StatsState {
    return structuredClone({
      counters: Object.fromEntries(this.#counters),
      tagged: Object.fromEntries(this.#tagged),
      histograms: Object.fromEntries(this.#histograms),
    });
  }

  load(state: StatsState): void {
    const { counters, tagged, histograms } = structuredClone(state);
    this.#counters = new Map(Object.entries(counters));
    this.#tagged = new Map(Object.entries(tagged));
    this.#histograms = new Map(Object.entries(histograms));
  }
}

function seriesKey(metric: string, tags: Tags): string {
  return JSON.stringify([metric, ...tags.flat()]);
}

function parseKey(key: string): { metric: string; tags: Tags } {
  const [metric = '', ...words] = JSON.parse(key) as string[];
  const tags: [string, string][] = [];
  for (let index = 0; index < words.length; index += 2) tags.push([words[index] ?? '', words[index + 1] ?? '']);
  return { metric, tags };
}

function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
