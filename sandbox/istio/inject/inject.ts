import type { Json, JsonObject } from '../../kernel/json.ts';
import { getPath, getString, isObject } from '../install/values-map.ts';
import { checkAnnotations } from './annotations.ts';
import { gatewayTemplate } from './gateway-template.ts';
import { overlayContainer, overlayTemplate } from './overlay.ts';
import { changeProxy, initContainersOf, isProxy } from './pods.ts';
import { dumpProbers, rewriteProbes } from './probes.ts';
import { mergePrometheus } from './prometheus.ts';
import { proxyConfigFor } from './proxy-config.ts';
import { holdsApplication, sidecarTemplate } from './sidecar-template.ts';
import { type TemplateData, templateData } from './template-data.ts';
import { type Container, type InjectablePod, type InjectedTemplate, type Injection, InjectionError } from './types.ts';

/** What upstream's templates of these names yield. */
const templateFunctions: Record<string, (data: TemplateData) => InjectedTemplate> = {
  sidecar: sidecarTemplate,
  gateway: gatewayTemplate,
};

/** The pod with what the templates add (upstream pkg/kube/inject, injectPod). Throws `InjectionError`. */
export function injectPod(request: Injection): InjectablePod {
  checkAnnotations(request.pod.metadata.annotations ?? {});
  const injection = withClusterAndNetwork(request);
  const { pod } = injection;
  const proxyConfig = proxyConfigFor(injection.mesh, pod.metadata.annotations ?? {});
  const data = templateData(injection, pod, proxyConfig);
  let merged = pod;
  let added: InjectedTemplate | undefined;
  for (const name of selectTemplates(injection)) {
    const template = renderTemplate(name, injection, data);
    added = added
      ? (overlayTemplate(added as unknown as InjectablePod, template) as unknown as InjectedTemplate)
      : template;
    merged = overlayTemplate(moveProxy(merged, template), template);
  }
  if (!added) return pod;
  merged = reapplyContainers(merged, pod, added);
  merged = applyEnvironment(merged, injection);
  merged = mergePrometheus(merged, injection.mesh);
  merged = applyProbes(merged, injection);
  merged = applyMetadata(merged, injection, added);
  return reorder(merged, holdsApplication(data));
}

function selectTemplates({ pod, config }: Injection): string[] {
  const wanted = pod.metadata.annotations?.['inject.istio.io/templates'];
  return wanted === undefined ? config.defaultTemplates : wanted.split(',').map((name) => name.trim());
}

function renderTemplate(name: string, { config }: Injection, data: TemplateData): InjectedTemplate {
  const text = config.templates[name];
  if (text === undefined) {
    const known = Object.keys(config.templates).join(', ');
    throw new InjectionError(
      `failed to run injection template: requested template ${JSON.stringify(name)} not found; have ${known}`,
    );
  }
  const render = templateFunctions[name];
  if (render && text.trim() === `{{ template "${name}" . }}`) return render(data);
  throw new InjectionError(
    `failed to run injection template: template ${JSON.stringify(name)} is not available here: only the installation's own sidecar and gateway templates are`,
  );
}

/** Cluster and network from the webhook's path or the pod's label win over the installation's. */
function withClusterAndNetwork(injection: Injection): Injection {
  const environment = { ...injection.proxyEnvironment };
  environment.ISTIO_META_CLUSTER_ID ||= getString(injection.values, 'global.multiCluster.clusterName');
  environment.ISTIO_META_NETWORK ||= getString(injection.values, 'global.network');
  const label = injection.pod.metadata.labels?.['topology.istio.io/network'];
  if (label !== undefined) environment.ISTIO_META_NETWORK = label;
  const entries = Object.entries(environment).filter(([, value]) => value !== '');
  return { ...injection, proxyEnvironment: Object.fromEntries(entries) };
}

/** A container istio-proxy that the user customizes goes where the template has it. */
function moveProxy(pod: InjectablePod, template: InjectedTemplate): InjectablePod {
  const own = pod.spec.containers.find(isProxy);
  if (!own || !template.spec.initContainers?.some(isProxy)) return pod;
  return {
    ...pod,
    spec: {
      ...pod.spec,
      containers: pod.spec.containers.filter((container) => !isProxy(container)),
      initContainers: [...initContainersOf(pod), own],
    },
  };
}

/** What the user set in a container of the template's name wins over the template; `image: auto` asks for the template's. */
function reapplyContainers(merged: InjectablePod, original: InjectablePod, added: InjectedTemplate): InjectablePod {
  const overrides: JsonObject = {};
  const spec = { ...merged.spec };
  for (const field of ['containers', 'initContainers'] as const) {
    for (const { name } of added.spec[field] ?? []) {
      const candidates =
        field === 'containers'
          ? original.spec.containers
          : [...original.spec.containers, ...initContainersOf(original)];
      const own = candidates.find((container) => container.name === name);
      if (!own) continue;
      const { image, ...rest } = own;
      const overlay = (image === 'auto' || image === undefined ? rest : own) as Container;
      spec[field] = overlayContainer((spec[field] as Container[] | undefined) ?? [], overlay);
      overrides[field] = [...((overrides[field] as Json[] | undefined) ?? []), goContainer(overlay)];
    }
  }
  if (Object.keys(overrides).length === 0) return merged;
  const annotations = { ...merged.metadata.annotations, 'proxy.istio.io/overrides': JSON.stringify(overrides) };
  const result: InjectablePod = { ...merged, metadata: { ...merged.metadata, annotations }, spec };
  return adjustUser(result, original);
}

/** Fields of a container in the order of Kubernetes' type, as its JSON has them. */
const containerFields =
  'name image command args workingDir ports envFrom env resources resizePolicy restartPolicy volumeMounts volumeDevices livenessProbe readinessProbe startupProbe lifecycle terminationMessagePath terminationMessagePolicy imagePullPolicy securityContext stdin stdinOnce tty'.split(
    ' ',
  );

function goContainer(container: Container): JsonObject {
  const full: JsonObject = { ...container, resources: container.resources ?? {} };
  return Object.fromEntries(
    containerFields.flatMap((field) => (full[field] === undefined ? [] : [[field, full[field] as Json]])),
  );
}

/** istio-init must let through what the user's own proxy user sends. */
function adjustUser(pod: InjectablePod, original: InjectablePod): InjectablePod {
  const own = [...original.spec.containers, ...initContainersOf(original)].find(isProxy);
  const user = own && isObject(own.securityContext) ? own.securityContext.runAsUser : undefined;
  if (!user) return pod;
  const initContainers = initContainersOf(pod).map((container) => {
    if (container.name !== 'istio-init' || !Array.isArray(container.args)) return container;
    const args = [...container.args];
    const flag = args.indexOf('-u');
    if (flag >= 0) args[flag + 1] = String(user);
    return { ...container, args };
  });
  return { ...pod, spec: { ...pod.spec, initContainers } };
}

function applyEnvironment(pod: InjectablePod, { proxyEnvironment }: Injection): InjectablePod {
  const names = Object.keys(proxyEnvironment).sort();
  if (names.length === 0) return pod;
  return changeProxy(pod, (proxy) => {
    const env = (Array.isArray(proxy.env) ? proxy.env.filter(isObject) : []).filter(
      ({ name }) => !names.includes(name as string),
    );
    return { ...proxy, env: [...env, ...names.map((name) => ({ name, value: proxyEnvironment[name] as string }))] };
  });
}

function applyProbes(pod: InjectablePod, { values, mesh }: Injection): InjectablePod {
  const annotations = pod.metadata.annotations ?? {};
  const wish = annotations['sidecar.istio.io/rewriteAppHTTPProbers'];
  const rewrite =
    wish === undefined ? getPath(values, 'sidecarInjectorWebhook.rewriteAppHTTPProbe') === true : wish === 'true';
  const hasProxy = [...pod.spec.containers, ...initContainersOf(pod)].some(isProxy);
  if (!rewrite || !hasProxy) return pod;
  const meshPort = Number(getPath(mesh, 'defaultConfig.statusPort') ?? 15020);
  const probers = dumpProbers([...initContainersOf(pod), ...pod.spec.containers], meshPort);
  const result = probers
    ? changeProxy(pod, (proxy) => ({
        ...proxy,
        env: [...((proxy.env as Json[] | undefined) ?? []), { name: 'ISTIO_KUBE_APP_PROBERS', value: probers }],
      }))
    : pod;
  const port = Number(annotations['status.sidecar.istio.io/port'] ?? meshPort);
  const all = (list: Container[]) => list.map((container) => rewriteProbes(container, port));
  const init = initContainersOf(result);
  return {
    ...result,
    spec: {
      ...result.spec,
      containers: all(result.spec.containers),
      ...(init.length > 0 ? { initContainers: all(init) } : {}),
    },
  };
}

function applyMetadata(pod: InjectablePod, injection: Injection, added: InjectedTemplate): InjectablePod {
  const names = (list: readonly JsonObject[] | undefined) =>
    list && list.length > 0 ? list.map(({ name }) => name as string) : null;
  const status = {
    initContainers: names(added.spec.initContainers),
    containers: names(added.spec.containers),
    volumes: names(added.spec.volumes),
    imagePullSecrets: names(added.spec.imagePullSecrets),
    revision: injection.revision || 'default',
  };
  const network = injection.proxyEnvironment.ISTIO_META_NETWORK;
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: { ...pod.metadata.labels, ...(network ? { 'topology.istio.io/network': network } : {}) },
      annotations: {
        ...pod.metadata.annotations,
        'sidecar.istio.io/status': JSON.stringify(status),
        ...injection.config.injectedAnnotations,
      },
    },
  };
}

/** istio-proxy last, or first if the application waits for it; among init containers istio-init and istio-proxy come first. */
function reorder(pod: InjectablePod, hold: boolean): InjectablePod {
  const first = (list: Container[], name: string) => [
    ...list.filter((container) => container.name === name),
    ...list.filter((container) => container.name !== name),
  ];
  const last = (list: Container[], name: string) => [
    ...list.filter((container) => container.name !== name),
    ...list.filter((container) => container.name === name),
  ];
  const { containers } = pod.spec;
  const init = initContainersOf(pod);
  const orderedInit = init.some(isProxy) ? first(first(init, 'istio-proxy'), 'istio-init') : last(init, 'istio-init');
  return {
    ...pod,
    spec: {
      ...pod.spec,
      containers: hold ? first(containers, 'istio-proxy') : last(containers, 'istio-proxy'),
      ...(orderedInit.length > 0 ? { initContainers: orderedInit } : {}),
    },
  };
}
