import { bucketLimits, type Stats, type Tags } from './stats.ts';

/** `/stats/prometheus`: counters under `envoy_`, then what filters count under names of their own. */
export function prometheusText(stats: Stats): string {
  const text = new Exposition();
  for (const [name, value] of stats.entries()) {
    const metric = metricOf(name);
    text.add(metric.name, 'counter', [`${metric.name}{${metric.labels}} ${value}`]);
  }
  for (const { metric, tags, value } of stats.tagged()) {
    text.add(metric, 'counter', [`${metric}{${labels(tags)}} ${value}`]);
  }
  for (const { metric, tags, value } of stats.histograms()) {
    const own = labels(tags);
    const bucket = (limit: string, count: number) => `${metric}_bucket{${own}${own && ','}le="${limit}"} ${count}`;
    text.add(metric, 'histogram', [
      ...bucketLimits.map((limit, index) => bucket(String(limit), value.buckets[index] ?? 0)),
      bucket('+Inf', value.count),
      `${metric}_sum{${own}} ${value.sum}`,
      `${metric}_count{${own}} ${value.count}`,
    ]);
  }
  return text.lines.join('\n');
}

/** Lines of the text format; series of one metric follow one TYPE line. */
class Exposition {
  readonly lines: string[] = [];
  #last = '';

  add(metric: string, type: string, series: readonly string[]): void {
    if (metric !== this.#last) this.lines.push(`# TYPE ${metric} ${type}`);
    this.#last = metric;
    this.lines.push(...series, '');
  }
}

/** `cluster.X.upstream_rq_total` as Prometheus sees it. */
function metricOf(name: string): { name: string; labels: string } {
  const match = /^(cluster|http|listener)\.(.+)\.([a-z0-9_]+)$/.exec(name);
  if (!match) return { name: `envoy_${name.replaceAll(/[^a-zA-Z0-9_]/g, '_')}`, labels: '' };
  const [, kind, instance, counter] = match;
  const label = { cluster: 'cluster_name', http: 'http_conn_manager_prefix', listener: 'listener_address' }[kind ?? ''];
  return { name: `envoy_${kind}_${counter}`, labels: `${label}="${instance}"` };
}

function labels(tags: Tags): string {
  return tags.map(([name, value]) => `${name}="${escaped(value)}"`).join(',');
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
