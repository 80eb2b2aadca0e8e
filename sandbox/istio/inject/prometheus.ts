import type { Json, JsonObject } from '../../kernel/json.ts';
import { getPath } from '../install/values-map.ts';
import { changeProxy } from './pods.ts';
import type { InjectablePod } from './types.ts';

const sanitize = (name: string) => name.replace(/[^a-zA-Z0-9_]/g, '_');
const isTrue = (text: string) => ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text);
const isFalse = (text: string) => ['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text);

/**
 * Points the annotations for Prometheus at pilot-agent, which merges the application's metrics with its own; what stood there
 * goes to the agent in ISTIO_PROMETHEUS_ANNOTATIONS (upstream applyPrometheusMerge).
 */
export function mergePrometheus(pod: InjectablePod, mesh: JsonObject): InjectablePod {
  const annotations = pod.metadata.annotations ?? {};
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(annotations)) {
    const match = /^prometheus_io_(scrape|path|port)$/.exec(sanitize(name));
    if (match) found[match[1] as string] = value;
  }
  if (found.scrape !== undefined && isFalse(found.scrape)) return pod;
  const wish = annotations['prometheus.istio.io/merge-metrics'];
  const merge = wish === undefined ? getPath(mesh, 'enablePrometheusMerge') !== false : isTrue(wish);
  const port = String(getPath(mesh, 'defaultConfig.statusPort') ?? 15020);
  if (!merge || found.port === port) return pod;
  const kept = Object.entries(annotations).filter(
    ([name]) => !/^prometheus_io_(scrape|path|port)$/.test(sanitize(name)),
  );
  const scrape = { scrape: found.scrape ?? '', path: found.path ?? '', port: found.port ?? '' };
  const result =
    Object.keys(found).length > 0
      ? changeProxy(pod, (proxy) => ({
          ...proxy,
          env: [
            ...((proxy.env as Json[] | undefined) ?? []),
            { name: 'ISTIO_PROMETHEUS_ANNOTATIONS', value: JSON.stringify(scrape) },
          ],
        }))
      : pod;
  return {
    ...result,
    metadata: {
      ...result.metadata,
      annotations: {
        ...Object.fromEntries(kept),
        'prometheus.io/port': port,
        'prometheus.io/path': '/stats/prometheus',
        'prometheus.io/scrape': 'true',
      },
    },
  };
}
