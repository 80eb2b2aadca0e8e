import type { Json, JsonObject } from '../../kernel/json.ts';
import { printYaml } from '../../kernel/yaml-print.ts';
import type { KubernetesObject } from '../../kubernetes/objects.ts';
import { templateNames } from '../inject/template-names.ts';
import { type ChartContext, chartLabels, ownedLabels } from './metadata.ts';
import { getObject, getPath, getString, isObject, mergeFrom, truthy } from './values-map.ts';

/** ConfigMaps `istio` (mesh), `istio-sidecar-injector` and `values` of one revision. */
export function configurationMaps(context: ChartContext): KubernetesObject[] {
  const { values } = context;
  const objects: KubernetesObject[] = [];
  if (truthy(values.configMap as Json)) {
    const networks = getObject(values, 'global.meshNetworks');
    objects.push(
      configMap(context, 'istio', {
        meshNetworks: truthy(networks) ? printYaml({ networks }).trimEnd() : 'networks: {}',
        mesh: printYaml(meshConfig(context)).trimEnd(),
      }),
    );
  }
  if (getPath(values, 'global.omitSidecarInjectorConfigMap') !== true) {
    objects.push(
      configMap(context, 'istio-sidecar-injector', {
        values: goPrettyJson(injectorValues(values)),
        config: injectorConfig(values),
      }),
    );
  }
  objects.push(
    configMap(
      context,
      'values',
      { 'original-values': goPrettyJson(context.original), 'merged-values': goPrettyJson(values) },
      {
        'kubernetes.io/description':
          'This ConfigMap contains the Helm values used during chart rendering. This ConfigMap is rendered for debugging purposes and external tooling; modifying these values has no effect.',
      },
    ),
  );
  return objects;
}

function configMap(
  { values, namespace, release }: ChartContext,
  base: string,
  data: Record<string, string>,
  annotations?: Record<string, string>,
): KubernetesObject {
  const revision = getString(values, 'revision');
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: revision ? `${base}-${revision}` : base,
      namespace,
      ...(annotations ? { annotations } : {}),
      labels: {
        ...ownedLabels(revision, 'Pilot'),
        release: 'istio',
        'app.kubernetes.io/name': 'istiod',
        ...chartLabels(release, 'istiod'),
      },
    },
    data,
  };
}

/** The mesh config of an installation: what the chart sets, with `values.meshConfig` laid over it. */
export function meshConfig({ values, namespace }: ChartContext): JsonObject {
  const revision = getString(values, 'revision');
  const own = getObject(values, 'meshConfig');
  const metrics =
    !truthy(own.defaultProviders) &&
    ['telemetry.enabled', 'telemetry.v2.enabled', 'telemetry.v2.prometheus.enabled'].every(
      (path) => getPath(values, path) === true,
    );
  const meshId = getString(values, 'global.meshID');
  const imageType = getString(values, 'global.proxy.variant') || getString(values, 'global.variant');
  return mergeFrom(
    {
      trustDomain: 'cluster.local',
      rootNamespace: getString(own, 'rootNamespace') || getString(values, 'global.istioNamespace'),
      ...(metrics ? { defaultProviders: { metrics: ['prometheus'] } } : {}),
      defaultConfig: {
        ...(meshId ? { meshId } : {}),
        ...(imageType ? { image: { imageType } } : {}),
        discoveryAddress: `istiod${revision ? `-${revision}` : ''}.${namespace}.svc:15012`,
      },
    },
    own,
  );
}

/** The part of the values that injection reads. */
export function injectorValues(values: JsonObject): JsonObject {
  const pick = (from: JsonObject, ...keys: string[]): JsonObject =>
    Object.fromEntries(keys.filter((key) => from[key] !== undefined).map((key) => [key, from[key] as Json]));
  return {
    ...pick(values, 'global', 'sidecarInjectorWebhook', 'revision'),
    pilot: pick(values, 'cni', 'env'),
    gateways: pick(getObject(values, 'gateways'), 'securityContext', 'seccompProfile'),
  };
}

/**
 * The injector's own configuration. A release's templates are programs; here each of them is a function of
 * `istio/inject/`, so a template's text only names it: `{{ template "sidecar" . }}`.
 */
function injectorConfig(values: JsonObject): string {
  const webhook = getObject(values, 'sidecarInjectorWebhook');
  const custom = getObject(webhook, 'templates');
  const templates: JsonObject = {};
  for (const name of templateNames) if (!(name in custom)) templates[name] = `{{ template "${name}" . }}\n`;
  const defaults = Array.isArray(webhook.defaultTemplates) ? webhook.defaultTemplates : [];
  return printYaml({
    defaultTemplates: defaults.length > 0 ? defaults : ['sidecar'],
    policy: getString(values, 'global.proxy.autoInject'),
    alwaysInjectSelector: (webhook.alwaysInjectSelector as Json | undefined) ?? [],
    neverInjectSelector: (webhook.neverInjectSelector as Json | undefined) ?? [],
    injectedAnnotations: getObject(webhook, 'injectedAnnotations'),
    templates: { ...templates, ...custom },
  });
}

/** JSON as Go's `json.MarshalIndent` with two blanks writes it: keys sorted, `<`, `>` and `&` escaped. */
export function goPrettyJson(value: unknown): string {
  const sorted = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(sorted);
    if (!isObject(part)) return part;
    return Object.fromEntries(
      Object.keys(part)
        .sort()
        .map((key) => [key, sorted(part[key])]),
    );
  };
  return JSON.stringify(sorted(value), null, 2).replace(
    /[<>&]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  );
}
