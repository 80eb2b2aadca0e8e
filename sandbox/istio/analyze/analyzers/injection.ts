import { parse } from 'yaml';
import type { JsonObject } from '../../../kernel/json.ts';
import { isRecord, labelsOf, objectsOf, recordOf, textOf } from '../../validate/spec.ts';
import { allContainers, hasProxy } from '../mesh-membership.ts';
import { type Analyzer, type Context, fullName, type Resource } from '../resource.ts';
import { labelSelectorMatches, selects } from '../selectors.ts';

const injectionLabel = 'istio-injection';
const revisionLabel = 'istio.io/rev';
const dataplaneLabel = 'istio.io/dataplane-mode';
const injectLabel = 'sidecar.istio.io/inject';
const injectorConfigMap = 'istio-sidecar-injector';

function injectorName(revision: string | undefined): string {
  return !revision || revision === 'default' ? injectorConfigMap : `${injectorConfigMap}-${revision}`;
}

function injectorValues({ object }: Resource): JsonObject {
  try {
    const values: unknown = JSON.parse(textOf(recordOf(object.data).values));
    return isRecord(values) ? values : {};
  } catch {
    return {};
  }
}

/** Namespaces without injection, pods without proxy (upstream injection/injection.go). */
export const injectionAnalyzer: Analyzer = {
  name: 'injection.Analyzer',
  description: 'Checks conditions related to Istio sidecar injection',
  inputs: ['Namespace', 'Pod', 'ConfigMap'],
  analyze(context) {
    const injected = new Set<string>();
    let byDefault = false;
    for (const namespace of context.all('Namespace')) {
      const { name, labels } = namespace;
      if (name === 'istio-system') continue;
      checkLabels(namespace, context);
      if (labels[dataplaneLabel] === 'ambient') continue;
      const injector = context.all('ConfigMap').find((each) => each.name === injectorName(labels[revisionLabel]));
      if (injector)
        byDefault = recordOf(injectorValues(injector).sidecarInjectorWebhook).enableNamespacesByDefault === true;
      if (!labels[injectionLabel] && !(revisionLabel in labels)) {
        if (byDefault) context.report('NamespaceInjectionEnabledByDefault', namespace);
        else context.reportAt('.metadata.name', 'NamespaceNotInjected', namespace, name, name);
      } else if (labels[injectionLabel] === 'enabled') injected.add(name);
    }
    for (const pod of context.all('Pod')) {
      if (!injected.has(pod.namespace) || pod.spec.hostNetwork === true) continue;
      const wish = pod.labels[injectLabel] ?? pod.annotations[injectLabel] ?? '';
      if (wish.toLowerCase() !== 'false' && !hasProxy(allContainers(pod.spec)))
        context.report('PodMissingProxy', pod, fullName(pod));
    }
  },
};

function checkLabels(namespace: Resource, context: Context): void {
  const { labels } = namespace;
  const injection = labels[injectionLabel];
  const others = injection === undefined || injection === 'enabled' ? [revisionLabel, dataplaneLabel] : [];
  const found = [injectionLabel, ...others].filter((label) => label in labels);
  if (found.length < 2) return;
  context.report(
    'NamespaceMultipleInjectionLabels',
    namespace,
    found.map((label) => `${label}=${labels[label]}`),
  );
}

/** Proxies of another image than the injector would write today (upstream injection/injection-image.go). */
export const injectionImageAnalyzer: Analyzer = {
  name: 'injection.ImageAnalyzer',
  description: 'Checks the image of auto-injection configured with the running proxies on pods',
  inputs: ['Namespace', 'Pod', 'ConfigMap', 'ProxyConfig'],
  analyze(context) {
    const images = new Map(
      context
        .all('ConfigMap')
        .filter(({ name }) => name.startsWith(injectorConfigMap))
        .map((configMap) => [configMap.name, proxyImage(configMap)]),
    );
    if (images.size === 0) return;
    for (const namespace of context.all('Namespace')) {
      const { labels, name } = namespace;
      if (labels[injectionLabel] !== 'enabled' && !(revisionLabel in labels)) continue;
      const image = images.get(injectorName(labels[revisionLabel]));
      if (image === undefined) continue;
      const differing = context
        .all('Pod')
        .filter((pod) => pod.namespace === name && !pod.annotations['sidecar.istio.io/proxyImage'])
        .flatMap((pod) => differingProxies(pod, image, context));
      if (differing.length > 0) context.report('PodsIstioProxyImageMismatchInNamespace', namespace, differing.sort());
    }
  },
};

function proxyImage(configMap: Resource): string {
  const { hub, tag, proxy } = recordOf(injectorValues(configMap).global);
  const image = textOf(recordOf(proxy).image);
  return image.includes('/') ? image : `${textOf(hub)}/${image}:${String(tag ?? '')}`;
}

/** The pod's name once for each proxy that runs another image. */
function differingProxies(pod: Resource, image: string, context: Context): string[] {
  const wanted = [image, `${image}-${imageType(pod, context)}`];
  const proxies = allContainers(pod.spec).filter(({ name }) => name === 'istio-proxy');
  return proxies.flatMap((container) => (wanted.includes(textOf(container.image)) ? [] : [pod.name]));
}

/** The variant of the image: mesh, root namespace, namespace, workload, annotation; the last one that says something. */
function imageType(pod: Resource, context: Context): string {
  const typeOf = (config: unknown) => textOf(recordOf(recordOf(config).image).imageType);
  const configs = context.all('ProxyConfig');
  const { rootNamespace, defaultConfig } = context.mesh;
  const own = configs.filter(({ namespace }) => namespace === pod.namespace && namespace !== rootNamespace);
  const selected = own.filter(
    ({ spec }) => spec.selector && selects(labelsOf(recordOf(spec.selector).matchLabels), pod.labels),
  );
  const types = [
    typeOf(defaultConfig),
    ...configs.filter(({ namespace }) => namespace === rootNamespace).map(({ spec }) => typeOf(spec)),
    ...own.filter(({ spec }) => !spec.selector).map(({ spec }) => typeOf(spec)),
    ...selected.map(({ spec }) => typeOf(spec)),
    typeOf(annotatedConfig(pod)),
  ];
  const type = types.filter(Boolean).at(-1) ?? '';
  return type === 'default' ? '' : type;
}

function annotatedConfig({ annotations }: Resource): unknown {
  try {
    return parse(annotations['proxy.istio.io/config'] ?? '');
  } catch {
    return undefined;
  }
}

/** `image: auto` where nothing will be injected (upstream injection/image-auto.go). */
export const imageAutoAnalyzer: Analyzer = {
  name: 'injection.ImageAutoAnalyzer',
  description: 'Makes sure that Pods and Deployments with `image: auto` are going to be injected',
  inputs: ['Namespace', 'Pod', 'Deployment', 'MutatingWebhookConfiguration'],
  analyze(context) {
    const webhooks = context
      .all('MutatingWebhookConfiguration')
      .flatMap(({ object }) => objectsOf(object.webhooks))
      .filter(({ name }) => textOf(name).endsWith('istio.io'));
    for (const pod of context.all('Pod'))
      if (hasAutoImage(pod.spec)) context.report('ImageAutoWithoutInjectionError', pod, 'Pod', pod.name);
    for (const deployment of context.all('Deployment')) {
      const { spec, metadata } = recordOf(deployment.spec.template);
      if (!hasAutoImage(recordOf(spec))) continue;
      const namespace = context.find('Namespace', deployment.namespace || 'default')?.labels ?? {};
      const labels = labelsOf(recordOf(metadata).labels);
      const injected = webhooks.some(
        ({ namespaceSelector, objectSelector }) =>
          labelSelectorMatches(namespaceSelector, namespace) && labelSelectorMatches(objectSelector, labels),
      );
      if (!injected) context.report('ImageAutoWithoutInjectionWarning', deployment, 'Deployment', deployment.name);
    }
  },
};

function hasAutoImage(podSpec: JsonObject): boolean {
  return objectsOf(podSpec.containers).some(({ name, image }) => name === 'istio-proxy' && image === 'auto');
}
