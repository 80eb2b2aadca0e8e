import type { ExtensionProvider, Mesh } from '../api/mesh.ts';
import type { AccessLogging, Metrics, Telemetry, Tracing, WorkloadMode } from '../api/policies.ts';
import { type Config, groupBy, listConfigs, type ObjectSource } from '../model/config.ts';
import type { Labels } from '../model/labels.ts';
import { attaches, isNamespaceWide } from './attachment.ts';

/** Where in a proxy a listener stands; gateways and outbound listeners act as clients. */
export type ListenerClass = 'inbound' | 'outbound' | 'gateway';

interface Applicable {
  accessLogging: AccessLogging[][];
  metrics: Metrics[];
  tracing: Tracing[];
}

export interface LogProvider {
  provider: ExtensionProvider;
  disabled: boolean;
  /** A CEL expression. */
  filter?: string;
}

export interface MetricsProvider {
  provider: ExtensionProvider;
  disabled: boolean;
  reportingInterval?: string;
  /** Sorted by metric. */
  overrides: { metric: string; drop: boolean; tags: { name: string; value?: string }[] }[];
}

export interface TracingChoice {
  provider?: ExtensionProvider;
  disabled: boolean;
  sampling?: number;
  customTags?: Tracing['customTags'];
  useRequestId: boolean;
  istioTags: boolean;
  noContextPropagation: boolean;
}

const allMetrics = [
  'GRPC_REQUEST_MESSAGES',
  'GRPC_RESPONSE_MESSAGES',
  'REQUEST_COUNT',
  'REQUEST_DURATION',
  'REQUEST_SIZE',
  'RESPONSE_SIZE',
  'TCP_CLOSED_CONNECTIONS',
  'TCP_OPENED_CONNECTIONS',
  'TCP_RECEIVED_BYTES',
  'TCP_SENT_BYTES',
];

/** Telemetry objects and the mesh's default providers, merged for one workload (model/telemetry.go). */
export class Telemetries {
  readonly #byNamespace: Map<string, Config<Telemetry>[]>;
  readonly #mesh: Mesh;

  constructor(source: ObjectSource, mesh: Mesh) {
    this.#mesh = mesh;
    this.#byNamespace = groupBy(listConfigs<Telemetry>(source, 'Telemetry'), ({ namespace }) => namespace);
  }

  /** The oldest of the mesh, then of the namespace, then all that select the workload. */
  #applicable(workload: { namespace: string; labels: Labels }): Applicable {
    const { rootNamespace } = this.#mesh;
    const wide = [...new Set([rootNamespace, workload.namespace])].flatMap(
      (namespace) => this.#byNamespace.get(namespace)?.find(({ spec }) => isNamespaceWide(spec)) ?? [],
    );
    const own = (this.#byNamespace.get(workload.namespace) ?? []).filter(
      ({ spec, namespace }) => !isNamespaceWide(spec) && attaches(spec, namespace, workload),
    );
    const specs = [...wide, ...own].map(({ spec }) => spec);
    return {
      accessLogging: specs.flatMap(({ accessLogging }) => (accessLogging?.length ? [accessLogging] : [])),
      metrics: specs.flatMap(({ metrics }) => metrics ?? []),
      tracing: specs.flatMap(({ tracing }) => tracing ?? []),
    };
  }

  #provider(name: string): ExtensionProvider | undefined {
    return this.#mesh.extensionProviders.find((provider) => provider.name.toLowerCase() === name.toLowerCase());
  }

  /** Undefined: nothing says anything, so the mesh's `accessLogFile` counts. */
  accessLogging(workload: { namespace: string; labels: Labels }, listener: ListenerClass): LogProvider[] | undefined {
    const { accessLogging } = this.#applicable(workload);
    const defaults = this.#mesh.defaultProviders.accessLogging ?? [];
    if (accessLogging.length === 0 && defaults.length === 0) return undefined;
    const merged = mergeLogs(accessLogging, defaults, modeOf(listener));
    const found = [...merged].flatMap(([name, log]) => {
      const provider = this.#provider(name);
      return provider ? [{ provider, ...log }] : [];
    });
    const sorted = found.sort((a, b) => (a.provider.name < b.provider.name ? -1 : 1));
    return sorted.length > 0 ? sorted : undefined;
  }

  metrics(workload: { namespace: string; labels: Labels }, listener: ListenerClass): MetricsProvider[] {
    const { metrics } = this.#applicable(workload);
    const merged = mergeMetrics(metrics, this.#mesh.defaultProviders.metrics ?? [], modeOf(listener));
    return [...merged]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([name, each]) => {
        const provider = this.#provider(name);
        return provider ? [{ provider, ...each }] : [];
      });
  }

  /** Undefined: nothing says anything. */
  tracing(workload: { namespace: string; labels: Labels }, listener: ListenerClass): TracingChoice | undefined {
    const { tracing } = this.#applicable(workload);
    const [byDefault] = this.#mesh.defaultProviders.tracing ?? [];
    if (tracing.length === 0 && byDefault === undefined) return undefined;
    const choice: TracingChoice = { disabled: false, useRequestId: true, istioTags: true, noContextPropagation: false };
    const choose = (name: string) => {
      const provider = this.#provider(name);
      if (provider) choice.provider = provider;
      else delete choice.provider;
    };
    if (byDefault !== undefined) choose(byDefault);
    for (const each of tracing) {
      const mode = each.match?.mode ?? 'CLIENT_AND_SERVER';
      if (mode !== 'CLIENT_AND_SERVER' && mode !== modeOf(listener)) continue;
      const [provider] = each.providers ?? [];
      if (provider) choose(provider.name);
      choice.disabled = each.disableSpanReporting ?? choice.disabled;
      if (each.customTags) choice.customTags = each.customTags;
      if (each.randomSamplingPercentage !== undefined) choice.sampling = each.randomSamplingPercentage;
      choice.useRequestId = each.useRequestIdForTraceSampling ?? choice.useRequestId;
      choice.istioTags = each.enableIstioTags ?? choice.istioTags;
      choice.noContextPropagation = each.disableContextPropagation ?? choice.noContextPropagation;
    }
    if (!choice.provider) choice.disabled = true;
    return choice;
  }
}

function modeOf(listener: ListenerClass): WorkloadMode {
  return listener === 'inbound' ? 'SERVER' : 'CLIENT';
}

function isForMode(match: { mode?: WorkloadMode } | undefined, mode: WorkloadMode): boolean {
  const wanted = match?.mode ?? 'CLIENT_AND_SERVER';
  return wanted === 'CLIENT_AND_SERVER' || wanted === mode;
}

function mergeLogs(levels: AccessLogging[][], defaults: readonly string[], mode: WorkloadMode) {
  const merged = new Map<string, { disabled: boolean; filter?: string }>();
  if (levels.length === 0) {
    for (const name of defaults) merged.set(name, { disabled: false });
    return merged;
  }
  let inScope: readonly string[] = defaults;
  const filters = new Map<string, string | undefined>();
  for (const level of levels) {
    const names: string[] = [];
    for (const { match, providers, filter } of level) {
      if (!isForMode(match, mode)) continue;
      for (const { name } of providers ?? []) {
        names.push(name);
        filters.set(name, filter?.expression);
      }
    }
    if (names.length > 0) inScope = names;
  }
  let parent: readonly string[] = defaults;
  for (const { match, providers, disabled } of levels.flat()) {
    const names = providers?.length ? providers.map(({ name }) => name) : parent;
    parent = names;
    for (const name of names) {
      if (!inScope.includes(name) || !isForMode(match, mode)) continue;
      const filter = filters.get(name);
      merged.set(
        name,
        disabled ? { disabled: true } : { disabled: false, ...(filter !== undefined ? { filter } : {}) },
      );
    }
  }
  return merged;
}

type Overrides = Map<string, { drop: boolean; tags: Map<string, string | undefined> }>;

function mergeMetrics(
  metrics: readonly Metrics[],
  defaults: readonly string[],
  mode: WorkloadMode,
): Map<string, Omit<MetricsProvider, 'provider'>> {
  if (metrics.length === 0) return new Map(defaults.map((name) => [name, { disabled: false, overrides: [] }]));
  const withProviders = metrics.filter(({ providers }) => providers?.length);
  const inScope = withProviders.at(-1)?.providers?.map(({ name }) => name) ?? defaults;
  const overrides = new Map<string, Overrides>();
  const disabled = new Set<string>();
  const intervals = new Map<string, string>();
  let parent: readonly string[] = defaults;
  for (const each of metrics) {
    const names = each.providers?.length ? each.providers.map(({ name }) => name) : parent;
    parent = names;
    for (const name of names) {
      if (!inScope.includes(name)) continue;
      if (each.reportingInterval !== undefined) intervals.set(name, each.reportingInterval);
      const known = overrides.get(name) ?? new Map();
      overrides.set(name, known);
      for (const override of each.overrides ?? []) {
        if (!isForMode(override.match, mode)) continue;
        const metric = override.match?.metric ?? override.match?.customMetric;
        const all = metric === undefined || metric === 'ALL_METRICS';
        if (all && override.disabled) {
          disabled.add(name);
          continue;
        }
        disabled.delete(name);
        for (const one of all ? allMetrics : [metric]) addOverride(known, one, override);
      }
    }
  }
  return new Map(
    [...overrides].map(([name, byMetric]) => {
      const reportingInterval = intervals.get(name);
      const off = disabled.has(name);
      return [
        name,
        {
          disabled: off,
          ...(reportingInterval !== undefined ? { reportingInterval } : {}),
          overrides: off ? [] : sortedOverrides(byMetric),
        },
      ];
    }),
  );
}

function addOverride(overrides: Overrides, metric: string, override: NonNullable<Metrics['overrides']>[number]): void {
  const known = overrides.get(metric) ?? { drop: false, tags: new Map<string, string | undefined>() };
  known.drop = override.disabled ?? known.drop;
  for (const [tag, { operation, value }] of Object.entries(override.tagOverrides ?? {})) {
    known.tags.set(tag, operation === 'REMOVE' ? undefined : (value ?? ''));
  }
  overrides.set(metric, known);
}

function sortedOverrides(overrides: Overrides): MetricsProvider['overrides'] {
  return [...overrides]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([metric, { drop, tags }]) => ({
      metric,
      drop,
      tags: [...tags]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, value]) => (value === undefined ? { name } : { name, value })),
    }));
}
