import { labelsOf, objectsOf, recordOf, textOf } from '../../validate/spec.ts';
import type { KindName } from '../kinds.ts';
import { namespaceInAmbient, podInAmbient } from '../mesh-membership.ts';
import type { MessageName } from '../messages.ts';
import { type Analyzer, type Context, fullName, type Resource } from '../resource.ts';
import { firstLabel, selectorText, selects } from '../selectors.ts';

/** How objects of a kind select workloads, and what is said when two select the same. */
interface SelectingKind {
  kind: KindName;
  /** Of the labels, in a specification. */
  path: string;
  labels(resource: Resource): Record<string, string>;
  conflict: MessageName;
}

const sidecars: SelectingKind = {
  kind: 'Sidecar',
  path: '.spec.workloadSelector.labels',
  labels: ({ spec }) => labelsOf(recordOf(spec.workloadSelector).labels),
  conflict: 'ConflictingSidecarWorkloadSelectors',
};

const telemetries: SelectingKind = {
  kind: 'Telemetry',
  path: '.spec.selector.matchLabels',
  labels: ({ spec }) => labelsOf(recordOf(spec.selector).matchLabels),
  conflict: 'ConflictingTelemetryWorkloadSelectors',
};

const namesOf = (resources: readonly Resource[]) => resources.map(({ name }) => name).sort();
const isEmpty = (labels: Record<string, string>) => Object.keys(labels).length === 0;

/** Objects by the pod they select; selectors that select nothing are reported. */
function byPod(selecting: SelectingKind, context: Context): Map<Resource, Resource[]> {
  const found = new Map<Resource, Resource[]>();
  for (const resource of context.all(selecting.kind)) {
    const labels = selecting.labels(resource);
    if (isEmpty(labels)) continue;
    const pods = context
      .all('Pod')
      .filter((pod) => pod.namespace === resource.namespace && selects(labels, pod.labels));
    for (const pod of pods) found.set(pod, [...(found.get(pod) ?? []), resource]);
    if (pods.length > 0) continue;
    const selector = selectorText(labels);
    const path = `${selecting.path}.${firstLabel(selector)}`;
    context.reportAt(path, 'ReferencedResourceNotFound', resource, 'selector', selector);
  }
  return found;
}

function reportConflict({ conflict }: SelectingKind, pod: Resource, all: readonly Resource[], context: Context): void {
  for (const resource of all)
    context.reportAt('.metadata.name', conflict, resource, namesOf(all), pod.namespace, pod.name);
}

function byNamespace(resources: readonly Resource[]): Map<string, Resource[]> {
  const found = new Map<string, Resource[]>();
  for (const resource of resources) found.set(resource.namespace, [...(found.get(resource.namespace) ?? []), resource]);
  return found;
}

/** Sidecars that select nothing, or the same as another (upstream sidecar/selector.go). */
export const sidecarSelectorAnalyzer: Analyzer = {
  name: 'sidecar.SelectorAnalyzer',
  description:
    'Validates that sidecars that define a workload selector match at least one pod, and that there ' +
    "aren't multiple sidecar resources that select overlapping pods",
  inputs: ['Sidecar', 'Pod', 'Namespace'],
  analyze(context) {
    const reported = new Set<string>();
    const ineffective = (resource: Resource, what: string) => {
      if (reported.has(fullName(resource))) return;
      reported.add(fullName(resource));
      context.report('IneffectivePolicy', resource, `${what} is in ambient mode, the policy has no impact`);
    };
    for (const [pod, all] of byPod(sidecars, context)) {
      if (podInAmbient(pod)) for (const resource of all) ineffective(resource, 'selected workload');
      else if (all.length > 1) reportConflict(sidecars, pod, all, context);
    }
    const general = context.all('Sidecar').filter((sidecar) => isEmpty(sidecars.labels(sidecar)));
    for (const [namespace, all] of byNamespace(general)) {
      if (namespaceInAmbient(context.find('Namespace', namespace)))
        for (const resource of all) ineffective(resource, 'namespace');
      else if (all.length > 1)
        for (const resource of all)
          context.report('MultipleSidecarsWithoutWorkloadSelectors', resource, namesOf(all), namespace);
    }
  },
};

/** Telemetries that select nothing, or the same as another (upstream telemetry/selector.go). */
export const telemetrySelectorAnalyzer: Analyzer = {
  name: 'telemetry.SelectorAnalyzer',
  description:
    'Validates that telemetries that define a selector match at least one pod, and that there ' +
    "aren't multiple telemetry resources that select overlapping pods",
  inputs: ['Telemetry', 'Pod'],
  analyze(context) {
    for (const [pod, all] of byPod(telemetries, context))
      if (all.length > 1) reportConflict(telemetries, pod, all, context);
  },
};

/** Several Telemetries for one whole namespace (upstream telemetry/default_selector.go). */
export const telemetryDefaultAnalyzer: Analyzer = {
  name: 'telemetry.DefaultSelectorAnalyzer',
  description: "Validates that there aren't multiple telemetry resources that have no selector",
  inputs: ['Telemetry'],
  analyze(context) {
    const general = context.all('Telemetry').filter(({ spec }) => !spec.selector);
    for (const [namespace, all] of byNamespace(general)) {
      if (all.length < 2) continue;
      for (const resource of all)
        context.report('MultipleTelemetriesWithoutWorkloadSelectors', resource, namesOf(all), namespace);
    }
  },
};

/** Access logging without a provider (upstream telemetry/providers.go). */
export const telemetryProviderAnalyzer: Analyzer = {
  name: 'telemetry.ProviderAnalyzer',
  description: 'Validates that providers in telemetry resource is valid',
  inputs: ['Telemetry'],
  analyze(context) {
    if ((context.mesh.defaultProviders.accessLogging ?? []).length > 0) return;
    for (const telemetry of context.all('Telemetry')) {
      for (const { disabled, providers } of objectsOf(telemetry.spec.accessLogging)) {
        if (disabled === true || objectsOf(providers).length > 0) continue;
        context.report('InvalidTelemetryProvider', telemetry, telemetry.name, telemetry.namespace);
      }
    }
  },
};

/** Tracing to a provider that was given up (upstream telemetry/lightstep.go). */
export const lightstepAnalyzer: Analyzer = {
  name: 'telemetry.LightstepAnalyzer',
  description: 'Validates that lightstep provider is still used',
  inputs: ['Telemetry'],
  analyze(context) {
    const names = context.mesh.extensionProviders
      .filter((provider) => 'lightstep' in provider)
      .map(({ name }) => String(name));
    for (const telemetry of context.all('Telemetry')) {
      const providers = objectsOf(telemetry.spec.tracing).flatMap((tracing) => objectsOf(tracing.providers));
      for (const name of providers.map((provider) => textOf(provider.name)).filter((each) => names.includes(each))) {
        const advice = 'is deprecated, please migrate to OpenTelemetry provider.';
        context.report('Deprecated', telemetry, `The Lightstep provider ${name} ${advice}`);
      }
    }
  },
};
