import type { Json, JsonObject } from '../../kernel/json.ts';
import type { KubernetesObject } from '../../kubernetes/objects.ts';
import type { IstioRelease } from '../../releases/types.ts';
import { crds } from '../kinds/index.ts';
import { baseObjects } from './base.ts';
import { checkOperator } from './check.ts';
import { egressGateway, type GatewayKind, gatewayObjects, ingressGateway } from './gateway.ts';
import { istiodObjects } from './istiod.ts';
import type { ChartContext } from './metadata.ts';
import { InstallError, mergeInputs, type OperatorInputs } from './operator.ts';
import { patchComponent } from './patches.ts';
import { getObject, getPath, getString, isObject, mergeFrom, setPath, truthy } from './values-map.ts';

export type ComponentName = 'Base' | 'Pilot' | 'IngressGateways' | 'EgressGateways' | 'Cni' | 'Ztunnel';

/** The objects of one component, in the order its chart gives them. */
export interface ComponentManifest {
  component: ComponentName;
  objects: KubernetesObject[];
}

export interface Manifests {
  components: ComponentManifest[];
  /** The merged IstioOperator the objects were made from. */
  operator: JsonObject;
}

export interface GenerateOptions extends OperatorInputs {
  release: IstioRelease;
  /** Goes on where validation refuses (`--force`). */
  force?: boolean;
  /** CustomResourceDefinitions of component Base, where not Istio's own. */
  crds?: readonly KubernetesObject[];
}

/**
 * The objects of an installation, component by component (upstream operator/pkg/render). Throws `InstallError` with
 * istioctl's words. Pure: nothing is asked of a cluster.
 */
export function generateManifests(options: GenerateOptions): Manifests {
  const { release } = options;
  const operator = mergeInputs(release, options);
  if (!options.force) checkOperator(release, operator);
  const unvalidated = getPath(operator, 'spec.unvalidatedValues');
  if (isObject(unvalidated)) mergeFrom(operator, { spec: { values: unvalidated } });
  const components: ComponentManifest[] = [];
  const single = (component: ComponentName, key: string, make: (context: ChartContext) => KubernetesObject[]) => {
    const spec = getObject(operator, `spec.components.${key}`);
    if (spec.enabled === false) return;
    const context = chartContext(release, operator, component === 'Base' ? 'base' : 'istiod', spec);
    const target = { kind: 'Deployment', name: resourceName(component, operator), container: 'discovery' };
    components.push({ component, objects: patchComponent(make(context), spec, target) });
  };
  single('Base', 'base', (context) => [
    ...(getPath(operator, 'spec.values.base.enableIstioConfigCRDs') === false
      ? []
      : labelCrds(context, options.crds ?? crds)),
    ...baseObjects(context),
  ]);
  single('Pilot', 'pilot', istiodObjects);
  for (const kind of [ingressGateway, egressGateway]) gatewayComponents(release, operator, kind, components);
  for (const name of ['cni', 'ztunnel']) {
    if (getPath(operator, `spec.components.${name}.enabled`) === true) {
      throw new InstallError(
        `component ${name} is not available here: ambient mode and the CNI node agent are not simulated`,
      );
    }
  }
  return { components, operator };
}

/** All objects in the order `istioctl manifest generate` prints them. */
export function sortedObjects({ components }: Manifests): KubernetesObject[] {
  const group = (object: KubernetesObject) => (object.apiVersion.includes('/') ? object.apiVersion.split('/')[0]! : '');
  const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return components
    .flatMap((component) => component.objects)
    .sort(
      (a, b) =>
        (kindOrder[a.kind] ?? 1000) - (kindOrder[b.kind] ?? 1000) ||
        compare(group(a), group(b)) ||
        compare(a.kind, b.kind) ||
        compare(a.metadata.name, b.metadata.name),
    );
}

const kindOrder: Record<string, number> = {
  CustomResourceDefinition: -1000,
  ServiceAccount: 1,
  ClusterRole: 1,
  ClusterRoleBinding: 2,
  ValidatingWebhookConfiguration: 3,
  ConfigMap: 100,
  HorizontalPodAutoscaler: 1001,
  Service: 10000,
};

function resourceName(component: ComponentName, operator: JsonObject): string {
  const revision = getString(operator, 'spec.values.revision');
  return component === 'Pilot' ? `istiod${revision ? `-${revision}` : ''}` : '';
}

/** CustomResourceDefinitions carry the chart's labels and keep themselves on uninstall. */
function labelCrds({ release }: ChartContext, definitions: readonly KubernetesObject[]): KubernetesObject[] {
  const labels = {
    'app.kubernetes.io/instance': 'istio',
    'app.kubernetes.io/managed-by': 'Helm',
    'app.kubernetes.io/part-of': 'istio',
    'app.kubernetes.io/version': release.version,
    'helm.sh/chart': `base-${release.version}`,
  };
  return definitions.map((crd) => ({ ...crd, metadata: { ...crd.metadata, labels } }));
}

function gatewayComponents(
  release: IstioRelease,
  operator: JsonObject,
  kind: GatewayKind,
  components: ComponentManifest[],
): void {
  const key = kind.component === 'IngressGateways' ? 'ingressGateways' : 'egressGateways';
  const list = getPath(operator, `spec.components.${key}`);
  const specs: Json[] = Array.isArray(list) ? list : kind.component === 'IngressGateways' ? [{}] : [];
  const forced = getPath(operator, `spec.values.gateways.${kind.key}.enabled`) === true;
  const objects: KubernetesObject[] = [];
  for (const spec of specs) {
    if (!isObject(spec) || (spec.enabled === false && !forced)) continue;
    const chart = kind.component === 'IngressGateways' ? 'ingress' : 'egress';
    const context = chartContext(release, gatewayView(operator, kind, spec), chart, spec);
    const name = getString(spec, 'name') || kind.key;
    const target = { kind: 'Deployment', name, container: 'istio-proxy' };
    objects.push(...patchComponent(gatewayObjects(context, kind), spec, target));
  }
  if (objects.length > 0) components.push({ component: kind.component, objects });
}

/** The operator as one gateway of a list sees it: its own name, labels, ports and tag below `values.gateways`. */
function gatewayView(operator: JsonObject, kind: GatewayKind, spec: JsonObject): JsonObject {
  const view = structuredClone(operator);
  const root = `spec.values.gateways.${kind.key}`;
  setPath(view, `${root}.name`, getString(spec, 'name'));
  setPath(view, `${root}.labels`, getObject(spec, 'label'));
  const ports = getPath(spec, 'k8s.service.ports');
  if (Array.isArray(ports) && ports.length > 0) setPath(view, `${root}.ports`, ports);
  if (spec.hub) setPath(view, `${root}.hub`, spec.hub);
  if (spec.tag) setPath(view, `${root}.tag`, spec.tag);
  return view;
}

/** Chart defaults < the values' profile < the user's values (the charts' own zzz_profile.yaml). */
function chartContext(
  release: IstioRelease,
  operator: JsonObject,
  chart: keyof IstioRelease['chartDefaults'],
  spec: JsonObject,
): ChartContext {
  const original = structuredClone(getObject(operator, 'spec.values'));
  if (chart === 'istiod') {
    if (spec.hub) setPath(original, 'pilot.hub', spec.hub);
    if (spec.tag) setPath(original, 'pilot.tag', spec.tag);
  }
  const values = structuredClone(release.chartDefaults[chart]);
  const profileName = getString(original, 'profile') || getString(original, 'global.profile');
  const profile = profileName ? valueProfile(release, profileName) : {};
  mergeFrom(values, profile);
  if (chart === 'istiod') {
    // This chart's settings stand at the top of its values, but users write them below `pilot`.
    mergeFrom(values, getObject(profile, 'pilot'));
    mergeFrom(values, getObject(original, 'pilot'));
  }
  mergeFrom(values, original);
  const namespace = getString(spec, 'namespace') || getString(operator, 'metadata.namespace') || 'istio-system';
  if (truthy(values.gateways as Json)) dropEmptyGatewayFields(values);
  return { release, values, original, namespace };
}

/** An unset name or label of a gateway must not hide its chart's own. */
function dropEmptyGatewayFields(values: JsonObject): void {
  for (const gateway of Object.values(getObject(values, 'gateways'))) {
    if (isObject(gateway) && gateway.name === '') delete gateway.name;
  }
}

function valueProfile(release: IstioRelease, name: string): JsonObject {
  const profile = release.valueProfiles[name];
  if (!profile) throw new InstallError(`helm render: render chart: execution error: unknown profile ${name}`);
  return profile;
}
