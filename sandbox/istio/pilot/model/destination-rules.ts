import type { DestinationRule } from '../api/networking.ts';
import type { Service } from '../registry/service.ts';
import { type Config, compareAge, listConfigs, type ObjectSource } from './config.ts';
import { type HostIndex, isWildcard, mostSpecificMatch, newHostIndex, resolveShortname } from './host.ts';
import { equalLabels } from './labels.ts';

/** One rule, or several for one host that were merged into it. */
export interface ConsolidatedRule {
  rule: Config<DestinationRule>;
  /** `namespace/name` of what was merged. */
  from: string[];
  exportTo: readonly string[];
}

type RuleIndex = HostIndex<ConsolidatedRule[]>;

/** Rules as proxies look them up: those of the client's namespace, then the service's, then the root namespace. */
export interface DestinationRuleIndex {
  local: Map<string, RuleIndex>;
  exported: Map<string, RuleIndex>;
  /** Rules of the root namespace that only proxies there see. */
  rootPrivate: RuleIndex;
  rootNamespace: string;
  /** Whether any rule is for some clients only. */
  selectsClients: boolean;
}

export function buildDestinationRuleIndex(
  source: ObjectSource,
  options: { rootNamespace: string; domain: string; defaultExportTo: readonly string[] },
): DestinationRuleIndex {
  const { rootNamespace } = options;
  const index: DestinationRuleIndex = {
    local: new Map(),
    exported: new Map(),
    rootPrivate: newHostIndex(),
    rootNamespace,
    selectsClients: false,
  };
  for (const config of sorted(listConfigs<DestinationRule>(source, 'DestinationRule'))) {
    const { namespace, spec } = config;
    const host = resolveShortname(spec.host ?? '', namespace, options.domain);
    const rule = { ...config, spec: { ...spec, host } };
    const exportTo = spec.workloadSelector ? ['.'] : (spec.exportTo ?? []);
    if (spec.workloadSelector) index.selectsClients = true;
    const everywhere = exportTo.length === 0;
    if (everywhere || exportTo.some((to) => to === '*' || to === '.' || to === namespace)) {
      add(indexOf(index.local, namespace), rule, exportTo);
    }
    const privateOnly = everywhere
      ? options.defaultExportTo.includes('.')
      : exportTo.length === 1 && (exportTo[0] === '.' || exportTo[0] === namespace);
    if (!privateOnly) add(indexOf(index.exported, namespace), rule, exportTo);
    else if (namespace === rootNamespace) add(index.rootPrivate, rule, exportTo);
  }
  return index;
}

/** Rules for some workloads come first, so that general rules do not swallow them. */
function sorted(configs: Config<DestinationRule>[]): Config<DestinationRule>[] {
  const general = ({ spec }: Config<DestinationRule>) => (spec.workloadSelector ? 0 : 1);
  return configs.sort((a, b) => general(a) - general(b) || compareAge(a, b));
}

function indexOf(indexes: Map<string, RuleIndex>, namespace: string): RuleIndex {
  let index = indexes.get(namespace);
  if (!index) {
    index = newHostIndex();
    indexes.set(namespace, index);
  }
  return index;
}

/**
 * Merges a rule into those there are for its host (model/destination_rule.go): with the same visibility and selector its new
 * subsets are added, and its traffic policy if there was none; otherwise it stands beside them.
 */
function add(index: RuleIndex, rule: Config<DestinationRule>, exportTo: readonly string[]): void {
  const { host } = rule.spec;
  const byHost = isWildcard(host) ? index.wildcard : index.specific;
  const present = byHost.get(host);
  const alone = (): ConsolidatedRule => ({ rule, from: [`${rule.namespace}/${rule.name}`], exportTo });
  if (!present) {
    byHost.set(host, [alone()]);
    return;
  }
  let separate = true;
  for (const consolidated of present) {
    if (!sameSet(exportTo, consolidated.exportTo)) {
      separate = true;
      continue;
    }
    separate = false;
    const existing = consolidated.rule.spec;
    const both = existing.workloadSelector && rule.spec.workloadSelector;
    const neither = !existing.workloadSelector && !rule.spec.workloadSelector;
    const same = equalLabels(existing.workloadSelector?.matchLabels, rule.spec.workloadSelector?.matchLabels);
    if (both && !same) {
      separate = true;
      continue;
    }
    if (neither || (both && same)) separate = false;
    merge(consolidated, rule);
  }
  if (separate) present.push(alone());
}

function merge(into: ConsolidatedRule, rule: Config<DestinationRule>): void {
  const existing = into.rule.spec;
  const known = new Set(existing.subsets?.map(({ name }) => name));
  const added = (rule.spec.subsets ?? []).filter(({ name }) => !known.has(name));
  const trafficPolicy = existing.trafficPolicy ?? rule.spec.trafficPolicy;
  into.rule = {
    ...into.rule,
    spec: {
      ...existing,
      subsets: [...(existing.subsets ?? []), ...added],
      ...(trafficPolicy ? { trafficPolicy } : {}),
    },
  };
  into.from.push(`${rule.namespace}/${rule.name}`);
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.every((item) => b.includes(item)) && b.every((item) => a.includes(item));
}

/** The rules for a service as seen from a namespace. */
export function destinationRulesFor(
  index: DestinationRuleIndex,
  clientNamespace: string,
  service: Service,
): readonly ConsolidatedRule[] {
  const { rootNamespace } = index;
  const local = clientNamespace === rootNamespace ? index.rootPrivate : index.local.get(clientNamespace);
  const own = local && mostSpecificMatch(service.hostname, local);
  if (own) return own;
  for (const namespace of [service.namespace, rootNamespace]) {
    const exported = index.exported.get(namespace);
    const found = (exported && mostSpecificMatch(service.hostname, exported)) ?? [];
    const visible = found.filter(
      ({ exportTo }) => exportTo.length === 0 || exportTo.includes('*') || exportTo.includes(clientNamespace),
    );
    if (visible.length > 0) return visible;
  }
  return [];
}
