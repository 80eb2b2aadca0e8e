import type { Json, JsonObject } from '../../kernel/json.ts';
import { getObject, getPath, getString, isObject } from '../install/values-map.ts';
import { canonicalResources } from './quantity.ts';
import type { InjectablePod, Injection } from './types.ts';

/** What templates read: the pod as it came, the values, and what follows from both. */
export interface TemplateData extends Injection {
  annotations: Record<string, string>;
  labels: Record<string, string>;
  proxyConfig: JsonObject;
  /** Names of the application's containers. */
  applicationContainers: string[];
  /** Native sidecar for this pod, its annotation considered. */
  native: boolean;
}

export function templateData(injection: Injection, pod: InjectablePod, proxyConfig: JsonObject): TemplateData {
  const annotations = pod.metadata.annotations ?? {};
  const wish = annotations['sidecar.istio.io/nativeSidecar'] || String(injection.nativeSidecars);
  return {
    ...injection,
    pod,
    annotations,
    labels: pod.metadata.labels ?? {},
    proxyConfig,
    applicationContainers: pod.spec.containers.map(({ name }) => name).filter((name) => name !== 'istio-proxy'),
    native: wish !== 'false',
  };
}

/** An annotation, or else a value of the installation as text. */
export function annotationOr(data: TemplateData, annotation: string, valuePath: string): string {
  return data.annotations[annotation] ?? goText(getPath(data.values, valuePath));
}

/** Go's `fmt.Sprint` of a value that may be missing. */
function goText(value: Json | undefined): string {
  return value === undefined || value === null ? '<nil>' : String(value);
}

export function proxyImage(data: TemplateData, valuePath: string): string {
  const own = annotationOr(data, 'sidecar.istio.io/proxyImage', valuePath);
  if (own.includes('/')) return own;
  const global = getObject(data.values, 'global');
  const image = isObject(data.proxyConfig.image) ? getString(data.proxyConfig, 'image.imageType') : undefined;
  const type = data.annotations['sidecar.istio.io/proxyImageType'] ?? image ?? getString(global, 'variant');
  const tag = goText(global.tag);
  return `${getString(global, 'hub')}/${getString(global, 'proxy.image') || 'proxyv2'}:${typedTag(tag, type)}`;
}

/** `1.30.3` and `distroless` → `1.30.3-distroless`; a type already in the tag is replaced. */
function typedTag(tag: string, type: string): string {
  if (type === '') return tag;
  const bare = tag.replace(/-(distroless|debug)$/, '');
  return type === 'default' ? bare : `${bare}-${type}`;
}

/** Resources of the proxy and of istio-init: annotations if there is one, the installation's otherwise. */
export function proxyResources(data: TemplateData): JsonObject {
  const { annotations } = data;
  const pick = (suffix: string): JsonObject => {
    const cpu = annotations[`sidecar.istio.io/proxyCPU${suffix}`];
    const memory = annotations[`sidecar.istio.io/proxyMemory${suffix}`];
    return { ...(cpu === undefined ? {} : { cpu }), ...(memory === undefined ? {} : { memory }) };
  };
  const requests = pick('');
  const limits = pick('Limit');
  const [hasRequests, hasLimits] = [Object.keys(requests).length > 0, Object.keys(limits).length > 0];
  if (!hasRequests && !hasLimits) return canonicalResources(getObject(data.values, 'global.proxy.resources'));
  return canonicalResources({ ...(hasRequests ? { requests } : {}), ...(hasLimits ? { limits } : {}) });
}

/** Labels service.istio.io/canonical-name and -revision. */
export function canonicalLabels(data: TemplateData, limit: number): Record<string, string> {
  const { labels } = data;
  const name =
    labels['service.istio.io/canonical-name'] || labels['app.kubernetes.io/name'] || labels.app || data.workload.name;
  return {
    'service.istio.io/canonical-name': name.slice(0, limit).replace(/-$/, ''),
    'service.istio.io/canonical-revision':
      labels['service.istio.io/canonical-revision'] ||
      labels['app.kubernetes.io/version'] ||
      labels.version ||
      'latest',
  };
}

/** Annotations that every injected pod gets: its revision and the container that kubectl means by default. */
export function injectedAnnotations(data: TemplateData): Record<string, string> {
  const result: Record<string, string> = { 'istio.io/rev': data.revision || 'default' };
  const first = data.applicationContainers[0];
  if (first === undefined) return result;
  for (const name of ['kubectl.kubernetes.io/default-logs-container', 'kubectl.kubernetes.io/default-container']) {
    if (!(name in data.annotations)) result[name] = first;
  }
  return result;
}
