import type { Json, JsonObject } from '../../kernel/json.ts';
import { getObject, getPath, getString, isObject, truthy } from '../install/values-map.ts';
import {
  agentArguments,
  metadataEnvironment,
  proxyEnvironment,
  proxyVolumeMounts,
  proxyVolumes,
} from './proxy-container.ts';
import {
  annotationOr,
  canonicalLabels,
  injectedAnnotations,
  proxyImage,
  proxyResources,
  type TemplateData,
} from './template-data.ts';
import { type Container, type InjectedTemplate, InjectionError } from './types.ts';

/** The template `sidecar`: istio-init, istio-proxy and their volumes (facts of charts' files/injection-template.yaml). */
export function sidecarTemplate(data: TemplateData): InjectedTemplate {
  const { values, native } = data;
  const mode = interceptionMode(data);
  const proxy = proxyContainer(data);
  const initContainers: Container[] = mode === 'NONE' ? [] : [initContainer(data, mode)];
  if (native) initContainers.push(proxy);
  const hbone = getPath(data.proxyConfig, 'proxyMetadata.ISTIO_META_ENABLE_HBONE') === 'true';
  const pullSecrets = getPath(values, 'global.imagePullSecrets');
  return {
    metadata: {
      labels: {
        'security.istio.io/tlsMode': data.labels['security.istio.io/tlsMode'] || 'istio',
        ...(hbone ? { 'networking.istio.io/tunnel': data.labels['networking.istio.io/tunnel'] || 'http' } : {}),
        ...canonicalLabels(data, 63),
      },
      annotations: injectedAnnotations(data),
    },
    spec: {
      ...(initContainers.length > 0 ? { initContainers } : {}),
      ...(native ? {} : { containers: [proxy] }),
      volumes: [...proxyVolumes(data, 'sidecar'), ...userList(data, 'sidecar.istio.io/userVolume')],
      ...(Array.isArray(pullSecrets) && pullSecrets.length > 0
        ? { imagePullSecrets: pullSecrets.map((name) => ({ name })) }
        : {}),
    },
  };
}

function interceptionMode(data: TemplateData): string {
  return (
    data.annotations['sidecar.istio.io/interceptionMode'] ?? String(data.proxyConfig.interceptionMode ?? 'REDIRECT')
  );
}

/** A JSON list in an annotation: volumes or mounts of the user's own. */
function userList(data: TemplateData, annotation: string): JsonObject[] {
  const text = data.annotations[annotation];
  if (text === undefined) return [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InjectionError(
      `failed to run injection template: invalid value '${text}' for annotation '${annotation}'`,
    );
  }
  if (Array.isArray(value)) return value.filter(isObject);
  if (!isObject(value)) return [];
  const named = value;
  return Object.keys(named)
    .sort()
    .map((name) => ({ name, ...(isObject(named[name]) ? named[name] : {}) }));
}

/** Sets up redirection: istio-iptables with the ports and ranges that annotations or the installation name. */
function initContainer(data: TemplateData, mode: string): Container {
  const { values, annotations, mesh } = data;
  const statusPort = annotationOr(data, 'status.sidecar.istio.io/port', 'global.proxy.statusPort');
  const excluded = excludePort(
    statusPort,
    annotationOr(data, 'traffic.sidecar.istio.io/excludeInboundPorts', 'global.proxy.excludeInboundPorts'),
  );
  const optional = (flag: string, annotation: string, valuePath: string): string[] =>
    annotation in annotations || getString(values, valuePath) !== ''
      ? [flag, annotationOr(data, annotation, valuePath)]
      : [];
  const interfaces =
    annotations['istio.io/reroute-virtual-interfaces'] ?? annotations['traffic.sidecar.istio.io/kubevirtInterfaces'];
  const excludedInterfaces = annotations['traffic.sidecar.istio.io/excludeInterfaces'];
  const on = (path: string, flag: string) => (getPath(values, path) === true ? [flag] : []);
  const privileged = getPath(values, 'global.proxy.privileged') === true;
  const metadata = metadataEnvironment(getObject(data.proxyConfig, 'proxyMetadata'));
  const pullPolicy = getString(values, 'global.imagePullPolicy');
  return {
    name: 'istio-init',
    image: proxyImage(data, 'global.proxy_init.image'),
    args: [
      'istio-iptables',
      '-p',
      String(mesh.proxyListenPort || '15001'),
      '-z',
      String(mesh.proxyInboundListenPort || '15006'),
      '-u',
      '1337',
      '-m',
      mode,
      '-i',
      annotationOr(data, 'traffic.sidecar.istio.io/includeOutboundIPRanges', 'global.proxy.includeIPRanges'),
      '-x',
      annotationOr(data, 'traffic.sidecar.istio.io/excludeOutboundIPRanges', 'global.proxy.excludeIPRanges'),
      '-b',
      annotationOr(data, 'traffic.sidecar.istio.io/includeInboundPorts', 'global.proxy.includeInboundPorts'),
      '-d',
      excluded ? `15090,15021,${excluded}` : '15090,15021',
      ...optional('-q', 'traffic.sidecar.istio.io/includeOutboundPorts', 'global.proxy.includeOutboundPorts'),
      ...optional('-o', 'traffic.sidecar.istio.io/excludeOutboundPorts', 'global.proxy.excludeOutboundPorts'),
      ...(interfaces === undefined ? [] : ['-k', interfaces]),
      ...(excludedInterfaces === undefined ? [] : ['-c', excludedInterfaces]),
      `--log_output_level=${annotationOr(data, 'sidecar.istio.io/agentLogLevel', 'global.logging.level')}`,
      ...on('global.logAsJson', '--log_as_json'),
      ...on('global.proxy_init.forceApplyIptables', '--force-apply'),
      ...on('global.nativeNftables', '--native-nftables'),
    ],
    ...(pullPolicy ? { imagePullPolicy: pullPolicy } : {}),
    ...(metadata.length > 0 ? { env: metadata } : {}),
    resources: proxyResources(data),
    securityContext: {
      allowPrivilegeEscalation: privileged,
      privileged,
      capabilities: { add: ['NET_ADMIN', 'NET_RAW'], drop: ['ALL'] },
      readOnlyRootFilesystem: false,
      runAsGroup: 0,
      runAsNonRoot: false,
      runAsUser: 0,
      ...seccomp(values),
    },
  };
}

function seccomp(values: JsonObject): JsonObject {
  const profile = getPath(values, 'global.proxy.seccompProfile');
  return profile !== undefined && truthy(profile) ? { seccompProfile: profile } : {};
}

/** The status port joins the ports that are not redirected, unless it is there. */
function excludePort(statusPort: string, excluded: string): string {
  if (statusPort === '' || statusPort === '0') return excluded;
  const ports = excluded.split(',');
  if (ports.includes(statusPort)) return excluded;
  return [...ports.map((port) => port.trim()).filter((port) => port !== ''), statusPort].join(',');
}

function proxyContainer(data: TemplateData): Container {
  const { values, native } = data;
  const pullPolicy = getString(values, 'global.imagePullPolicy');
  return {
    name: 'istio-proxy',
    image: proxyImage(data, 'global.proxy.image'),
    ...(native ? { restartPolicy: 'Always' } : {}),
    ports: [{ containerPort: 15090, protocol: 'TCP', name: 'http-envoy-prom' }],
    args: agentArguments(data, 'sidecar'),
    ...lifecycle(data),
    env: proxyEnvironment(data, 'sidecar'),
    ...(pullPolicy ? { imagePullPolicy: pullPolicy } : {}),
    ...probes(data),
    securityContext: securityContext(data),
    resources: proxyResources(data),
    volumeMounts: [...proxyVolumeMounts(data, 'sidecar'), ...userList(data, 'sidecar.istio.io/userVolumeMount')],
  };
}

/** Whether the application's containers wait for the proxy. */
export function holdsApplication(data: Pick<TemplateData, 'proxyConfig' | 'values'>): boolean {
  return (
    data.proxyConfig.holdApplicationUntilProxyStarts === true ||
    getPath(data.values, 'global.proxy.holdApplicationUntilProxyStarts') === true
  );
}

function lifecycle(data: TemplateData): JsonObject {
  const own = getPath(data.values, 'global.proxy.lifecycle');
  if (own !== undefined && truthy(own)) return { lifecycle: own };
  if (holdsApplication(data) && !data.native) {
    return { lifecycle: { postStart: { exec: { command: ['pilot-agent', 'wait'] } } } };
  }
  if (!data.native) return {};
  const port = annotationOr(data, 'status.sidecar.istio.io/port', 'global.proxy.statusPort');
  const command = ['pilot-agent', 'request', `--debug-port=${port}`, 'POST', 'drain'];
  return { lifecycle: { preStop: { exec: { command } } } };
}

function probes(data: TemplateData): JsonObject {
  const { values } = data;
  if (annotationOr(data, 'status.sidecar.istio.io/port', 'global.proxy.statusPort') === '0') return {};
  const httpGet = { path: '/healthz/ready', port: 15021 };
  const number = (annotation: string, path: string) =>
    Number(annotationOr(data, `readiness.status.sidecar.istio.io/${annotation}`, `global.proxy.${path}`));
  const initialDelaySeconds = number('initialDelaySeconds', 'readinessInitialDelaySeconds');
  const startup: Json | undefined =
    getPath(values, 'global.proxy.startupProbe.enabled') === true
      ? {
          httpGet,
          periodSeconds: 1,
          timeoutSeconds: 3,
          failureThreshold: getPath(values, 'global.proxy.startupProbe.failureThreshold') ?? 600,
        }
      : undefined;
  return {
    ...(startup ? { startupProbe: startup } : {}),
    readinessProbe: {
      httpGet: { ...httpGet },
      ...(initialDelaySeconds ? { initialDelaySeconds } : {}),
      periodSeconds: number('periodSeconds', 'readinessPeriodSeconds'),
      timeoutSeconds: 3,
      failureThreshold: number('failureThreshold', 'readinessFailureThreshold'),
    },
  };
}

function securityContext(data: TemplateData): JsonObject {
  const { values } = data;
  const tproxy = interceptionMode(data) === 'TPROXY';
  const bindService =
    annotationOr(data, 'sidecar.istio.io/capNetBindService', 'global.proxy.capNetBindService') === 'true';
  const add = [...(tproxy ? ['NET_ADMIN'] : []), ...(bindService ? ['NET_BIND_SERVICE'] : [])];
  const privileged = getPath(values, 'global.proxy.privileged') === true;
  return {
    allowPrivilegeEscalation: privileged,
    capabilities: { ...(add.length > 0 ? { add } : {}), drop: ['ALL'] },
    privileged,
    readOnlyRootFilesystem: true,
    ...(add.length > 0
      ? { runAsNonRoot: false, runAsUser: 0, runAsGroup: 1337 }
      : { runAsNonRoot: true, runAsUser: 1337, runAsGroup: 1337 }),
    ...seccomp(values),
  };
}
