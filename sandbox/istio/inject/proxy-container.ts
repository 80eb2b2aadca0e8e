import type { Json, JsonObject } from '../../kernel/json.ts';
import { fieldEnv, limitEnv } from '../install/metadata.ts';
import { getObject, getPath, getString, isObject } from '../install/values-map.ts';
import { proxyConfigJson } from './proxy-config.ts';
import { annotationOr, type TemplateData } from './template-data.ts';

/** The arguments of pilot-agent as `sidecar` or `router`. */
export function agentArguments(data: TemplateData, role: 'sidecar' | 'router'): string[] {
  const { values } = data;
  const outlierLog = role === 'sidecar' ? getString(values, 'global.proxy.outlierLogPath') : '';
  return [
    'proxy',
    role,
    '--domain',
    `$(POD_NAMESPACE).svc.${getString(values, 'global.proxy.clusterDomain')}`,
    `--proxyLogLevel=${annotationOr(data, 'sidecar.istio.io/logLevel', 'global.proxy.logLevel')}`,
    `--proxyComponentLogLevel=${annotationOr(data, 'sidecar.istio.io/componentLogLevel', 'global.proxy.componentLogLevel')}`,
    `--log_output_level=${annotationOr(data, 'sidecar.istio.io/agentLogLevel', 'global.logging.level')}`,
    ...(getPath(values, 'global.logAsJson') === true ? ['--log_as_json'] : []),
    ...(outlierLog ? [`--outlierLogPath=${outlierLog}`] : []),
  ];
}

const text = (name: string, value: string): JsonObject[] => (value ? [{ name, value }] : []);

/** The environment of the container istio-proxy. Sidecars and gateways differ in the order of a few. */
export function proxyEnvironment(data: TemplateData, role: 'sidecar' | 'router'): JsonObject[] {
  const { values, workload } = data;
  const revision = getString(values, 'revision');
  const namespace = getString(values, 'global.istioNamespace');
  const inboundMode = getString(data.mesh, 'inboundTrafficPolicy.mode');
  const appContainers = { name: 'ISTIO_META_APP_CONTAINERS', ...textValue(data.applicationContainers.join(',')) };
  const limits = [limitEnv('GOMEMLIMIT', 'limits.memory'), limitEnv('GOMAXPROCS', 'limits.cpu')];
  const metadata = getObject(data.proxyConfig, 'proxyMetadata');
  const trustDomain = getString(data.mesh, 'trustDomain') || getString(values, 'global.trustDomain');
  const mode = String(data.proxyConfig.interceptionMode ?? 'REDIRECT');
  const owner = `kubernetes://apis/${workload.apiVersion}/namespaces/${workload.namespace || 'default'}/${workload.kind.toLowerCase()}s/${workload.name}`;
  return [
    ...(role === 'sidecar' && inboundMode === 'LOCALHOST'
      ? [{ name: 'REWRITE_PROBE_LEGACY_LOCALHOST_DESTINATION', value: 'true' }]
      : []),
    { name: 'PILOT_CERT_PROVIDER', value: getString(values, 'global.pilotCertProvider') },
    {
      name: 'CA_ADDR',
      value: getString(values, 'global.caAddress') || `istiod${revision ? `-${revision}` : ''}.${namespace}.svc:15012`,
    },
    fieldEnv('POD_NAME', 'metadata.name'),
    fieldEnv('POD_NAMESPACE', 'metadata.namespace'),
    fieldEnv('INSTANCE_IP', 'status.podIP'),
    fieldEnv('SERVICE_ACCOUNT', 'spec.serviceAccountName'),
    fieldEnv('HOST_IP', 'status.hostIP'),
    limitEnv('ISTIO_CPU_LIMIT', 'limits.cpu'),
    { name: 'PROXY_CONFIG', value: `${proxyConfigJson(data.proxyConfig)}\n` },
    { name: 'ISTIO_META_POD_PORTS', value: podPorts(data) },
    ...(role === 'sidecar' ? [appContainers, ...limits] : [...limits, appContainers]),
    { name: 'ISTIO_META_CLUSTER_ID', value: getString(values, 'global.multiCluster.clusterName') || 'Kubernetes' },
    fieldEnv('ISTIO_META_NODE_NAME', 'spec.nodeName'),
    {
      name: 'ISTIO_META_INTERCEPTION_MODE',
      value: role === 'sidecar' ? data.annotations['sidecar.istio.io/interceptionMode'] || mode : mode,
    },
    ...text('ISTIO_META_NETWORK', getString(values, 'global.network')),
    ...text(
      'ISTIO_META_WORKLOAD_NAME',
      (role === 'sidecar' && data.labels['service.istio.io/workload-name']) || workload.name,
    ),
    ...(workload.apiVersion && workload.name ? [{ name: 'ISTIO_META_OWNER', value: owner }] : []),
    ...('sidecar.istio.io/bootstrapOverride' in data.annotations
      ? [{ name: 'ISTIO_BOOTSTRAP_OVERRIDE', value: '/etc/istio/custom-bootstrap/custom_bootstrap.json' }]
      : []),
    ...text('ISTIO_META_MESH_ID', getString(values, 'global.meshID') || trustDomain),
    ...text('TRUST_DOMAIN', trustDomain),
    ...metadataEnvironment(metadata),
  ];
}

/** Kubernetes leaves an empty value out. */
function textValue(value: string): JsonObject {
  return value === '' ? {} : { value };
}

export function metadataEnvironment(metadata: JsonObject): JsonObject[] {
  return Object.keys(metadata)
    .sort()
    .map((name) => ({ name, value: String(metadata[name]) }));
}

/** The ports that the application's containers declare, as JSON in the template's layout. */
function podPorts(data: TemplateData): string {
  const lines = data.pod.spec.containers.flatMap((container) => {
    const ports = Array.isArray(container.ports) ? container.ports.filter(isObject) : [];
    return ports.map((port) => {
      const known = ['name', 'hostPort', 'containerPort', 'protocol', 'hostIP'].filter(
        (key) => port[key] !== undefined,
      );
      return JSON.stringify(Object.fromEntries(known.map((key) => [key, port[key] as Json])));
    });
  });
  return ['[', ...lines.map((line, index) => `    ${index > 0 ? ',' : ''}${line}`), ']'].join('\n');
}

/** Where the proxy finds its certificates, tokens and configuration. */
export function proxyVolumeMounts(data: TemplateData, role: 'sidecar' | 'router'): JsonObject[] {
  const istiodCa = getString(data.values, 'global.pilotCertProvider') === 'istiod';
  const mounts: [name: string, path: string][] = [
    ['workload-socket', '/var/run/secrets/workload-spiffe-uds'],
    ['credential-socket', '/var/run/secrets/credential-uds'],
    ['workload-certs', '/var/run/secrets/workload-spiffe-credentials'],
    ...(istiodCa ? [['istiod-ca-cert', '/var/run/secrets/istio'] as [string, string]] : []),
    ...(istiodCa && role === 'sidecar' ? [['istio-ca-crl', '/var/run/secrets/istio/crl'] as [string, string]] : []),
    ['istio-data', '/var/lib/istio/data'],
    ...('sidecar.istio.io/bootstrapOverride' in data.annotations
      ? [['custom-bootstrap-volume', '/etc/istio/custom-bootstrap'] as [string, string]]
      : []),
    ['istio-envoy', '/etc/istio/proxy'],
    ['istio-token', '/var/run/secrets/tokens'],
    ['istio-podinfo', '/etc/istio/pod'],
  ];
  return mounts.map(([name, mountPath]) => ({ mountPath, name }));
}

/** The volumes behind them. The three sockets have no source in a sidecar's template, so the API server's default holds. */
export function proxyVolumes(data: TemplateData, role: 'sidecar' | 'router'): JsonObject[] {
  const { values } = data;
  const bootstrap = data.annotations['sidecar.istio.io/bootstrapOverride'];
  const istiodCa = getString(values, 'global.pilotCertProvider') === 'istiod';
  const bare: JsonObject = role === 'sidecar' ? {} : { emptyDir: {} };
  const field = (path: string) => ({ path, fieldRef: { fieldPath: `metadata.${path}` } });
  const token = { path: 'istio-token', expirationSeconds: 43200, audience: getString(values, 'global.sds.token.aud') };
  const trustBundle = getString(values, 'global.trustBundleName') || 'istio-ca-root-cert';
  const revoked = getString(values, 'pilot.crlConfigMapName') || 'istio-ca-crl';
  return [
    { name: 'workload-socket' },
    { ...bare, name: 'credential-socket' },
    { ...bare, name: 'workload-certs' },
    ...(bootstrap === undefined ? [] : [{ name: 'custom-bootstrap-volume', configMap: { name: bootstrap } }]),
    { emptyDir: { medium: 'Memory' }, name: 'istio-envoy' },
    { name: 'istio-data', emptyDir: {} },
    { name: 'istio-podinfo', downwardAPI: { items: [field('labels'), field('annotations')] } },
    { name: 'istio-token', projected: { sources: [{ serviceAccountToken: token }] } },
    ...(istiodCa ? [{ name: 'istiod-ca-cert', configMap: { name: trustBundle } }] : []),
    ...(role === 'sidecar' ? [{ name: 'istio-ca-crl', configMap: { name: revoked, optional: true } }] : []),
  ];
}
