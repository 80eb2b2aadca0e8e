import type { JsonObject } from '../../kernel/json.ts';
import type { KubernetesObject } from '../../kubernetes/objects.ts';
import { fieldEnv, limitEnv } from '../install/metadata.ts';
import { getObject, getPath, getString, isObject, truthy } from '../install/values-map.ts';
import { proxyConfigFor, proxyConfigJson } from './proxy-config.ts';
import { metadataEnvironment } from './proxy-container.ts';
import { canonicalResources } from './quantity.ts';

/** What the template `kube-gateway` is rendered with. */
export interface KubeGateway {
  /** A Gateway of the Gateway API. */
  gateway: KubernetesObject;
  className: string;
  name: string;
  serviceAccount: string;
  serviceType: string;
  ports: readonly { name: string; port: number; appProtocol: string }[];
  /** Labels and annotations that everything gets. */
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  revision: string;
  values: JsonObject;
  mesh: JsonObject;
  /** For `spec.loadBalancerIP`. */
  address?: string;
}

const nameLabel = 'gateway.networking.k8s.io/gateway-name';
const managed = { 'gateway.istio.io/managed': 'istio.io-gateway-controller' };
/** Annotations of a Gateway that are its own. */
const omitted = [
  'kubectl.kubernetes.io/last-applied-configuration',
  'gateway.istio.io/name-override',
  'gateway.istio.io/service-account',
  'gateway.istio.io/controller-version',
];

/** The ServiceAccount, Deployment and Service of a Gateway that istiod deploys (the chart's files/kube-gateway.yaml). */
export function kubeGatewayObjects(input: KubeGateway): {
  serviceAccount: KubernetesObject;
  deployment: KubernetesObject;
  service: KubernetesObject;
} {
  const { gateway, name } = input;
  const namespace = gateway.metadata.namespace ?? '';
  const annotations = Object.fromEntries(Object.entries(input.annotations).filter(([key]) => !omitted.includes(key)));
  const labels = {
    ...input.labels,
    [nameLabel]: gateway.metadata.name,
    'gateway.networking.k8s.io/gateway-class-name': input.className,
    ...managed,
  };
  const metadata = {
    name,
    namespace,
    annotations,
    labels,
    ownerReferences: [
      {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'Gateway',
        name: gateway.metadata.name,
        uid: gateway.metadata.uid ?? '',
      },
    ],
  };
  const selector = { [nameLabel]: gateway.metadata.name };
  const template = {
    metadata: {
      annotations: {
        ...annotations,
        'istio.io/rev': input.revision || 'default',
        'prometheus.io/path': '/stats/prometheus',
        'prometheus.io/port': '15020',
        'prometheus.io/scrape': 'true',
      },
      labels: {
        'sidecar.istio.io/inject': 'false',
        'service.istio.io/canonical-name': name,
        'service.istio.io/canonical-revision': 'latest',
        ...labels,
      },
    },
    spec: podSpec(input, namespace),
  };
  return {
    serviceAccount: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { ...metadata, name: input.serviceAccount } },
    deployment: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { selector: { matchLabels: selector }, template },
    },
    service: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        ipFamilyPolicy: 'PreferDualStack',
        ports: input.ports.map((port) => ({ ...port, protocol: 'TCP' })),
        selector,
        ...(input.address && input.serviceType === 'LoadBalancer' ? { loadBalancerIP: input.address } : {}),
        type: input.serviceType,
      },
    },
  };
}

function podSpec(input: KubeGateway, namespace: string): JsonObject {
  const { values } = input;
  const own = getPath(values, 'gateways.securityContext');
  const seccomp = getPath(values, 'gateways.seccompProfile');
  const pullSecrets = getPath(values, 'global.imagePullSecrets');
  return {
    securityContext:
      own !== undefined && truthy(own)
        ? own
        : {
            sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }],
            ...(seccomp !== undefined && truthy(seccomp) ? { seccompProfile: seccomp } : {}),
          },
    serviceAccountName: input.serviceAccount,
    containers: [proxy(input, namespace)],
    volumes: volumes(values),
    ...(Array.isArray(pullSecrets) && pullSecrets.length > 0
      ? { imagePullSecrets: pullSecrets.map((name) => ({ name })) }
      : {}),
  };
}

function proxy(input: KubeGateway, namespace: string): JsonObject {
  const { values, mesh } = input;
  const own = input.gateway.metadata.annotations ?? {};
  const option = (annotation: string, path: string) => own[annotation] ?? getString(values, path);
  const pullPolicy = getString(values, 'global.imagePullPolicy');
  const resources = getObject(values, 'global.proxy.resources');
  const lifecycle = getPath(values, 'global.proxy.lifecycle');
  const config = proxyConfigFor(mesh, {});
  const check = {
    httpGet: { path: '/healthz/ready', port: 15021, scheme: 'HTTP' },
    successThreshold: 1,
    timeoutSeconds: 1,
  };
  const port = (containerPort: number, name: string) => ({ containerPort, name, protocol: 'TCP' });
  return {
    name: 'istio-proxy',
    image: image(values, config, own),
    ...(truthy(resources) ? { resources: canonicalResources(resources) } : {}),
    ...(pullPolicy ? { imagePullPolicy: pullPolicy } : {}),
    securityContext: {
      capabilities: { drop: ['ALL'] },
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      runAsUser: 1337,
      runAsGroup: 1337,
      runAsNonRoot: true,
    },
    ports: [port(15020, 'metrics'), port(15021, 'status-port'), port(15090, 'http-envoy-prom')],
    args: [
      'proxy',
      'router',
      '--domain',
      `$(POD_NAMESPACE).svc.${getString(values, 'global.proxy.clusterDomain')}`,
      '--proxyLogLevel',
      option('sidecar.istio.io/logLevel', 'global.proxy.logLevel'),
      '--proxyComponentLogLevel',
      option('sidecar.istio.io/componentLogLevel', 'global.proxy.componentLogLevel'),
      '--log_output_level',
      option('sidecar.istio.io/agentLogLevel', 'global.logging.level'),
      ...(getPath(values, 'global.logAsJson') === true ? ['--log_as_json'] : []),
    ],
    ...(lifecycle !== undefined && truthy(lifecycle) ? { lifecycle } : {}),
    env: environment(input, config, namespace),
    startupProbe: { ...check, failureThreshold: 30, initialDelaySeconds: 1, periodSeconds: 1 },
    readinessProbe: { ...check, failureThreshold: 4, periodSeconds: 15 },
    volumeMounts: mounts.flatMap(([name, mountPath]) =>
      name === 'istiod-ca-cert' && !ofIstiod(values) ? [] : [{ mountPath, name }],
    ),
  };
}

/** The proxy's image; a type already in the tag is replaced. */
function image(values: JsonObject, config: JsonObject, own: Readonly<Record<string, string>>): string {
  const named = own['sidecar.istio.io/proxyImage'] ?? getString(values, 'global.proxy.image');
  if (named.includes('/')) return named;
  const type =
    own['sidecar.istio.io/proxyImageType'] ??
    (isObject(config.image) ? getString(config, 'image.imageType') : getString(values, 'global.variant'));
  const tag = String(getPath(values, 'global.tag') ?? '');
  const bare = tag.replace(/-(distroless|debug)$/, '');
  const typed = type === '' ? tag : type === 'default' ? bare : `${bare}-${type}`;
  return `${getString(values, 'global.hub')}/${getString(values, 'global.proxy.image') || 'proxyv2'}:${typed}`;
}

function environment(input: KubeGateway, config: JsonObject, namespace: string): JsonObject[] {
  const { values, mesh, name } = input;
  const revision = getString(values, 'revision');
  const istiod = `istiod${revision ? `-${revision}` : ''}.${getString(values, 'global.istioNamespace')}.svc:15012`;
  const trustDomain = getString(mesh, 'trustDomain') || getString(values, 'global.trustDomain');
  const requested = input.labels['topology.istio.io/network'];
  const text = (key: string, value: string | undefined): JsonObject[] => (value ? [{ name: key, value }] : []);
  return [
    { name: 'PILOT_CERT_PROVIDER', value: getString(values, 'global.pilotCertProvider') },
    { name: 'CA_ADDR', value: getString(values, 'global.caAddress') || istiod },
    fieldEnv('POD_NAME', 'metadata.name'),
    fieldEnv('POD_NAMESPACE', 'metadata.namespace'),
    fieldEnv('INSTANCE_IP', 'status.podIP'),
    fieldEnv('SERVICE_ACCOUNT', 'spec.serviceAccountName'),
    fieldEnv('HOST_IP', 'status.hostIP'),
    limitEnv('ISTIO_CPU_LIMIT', 'limits.cpu'),
    { name: 'PROXY_CONFIG', value: `${proxyConfigJson(config)}\n` },
    { name: 'ISTIO_META_POD_PORTS', value: '[]' },
    { name: 'ISTIO_META_APP_CONTAINERS' },
    limitEnv('GOMEMLIMIT', 'limits.memory'),
    limitEnv('GOMAXPROCS', 'limits.cpu'),
    { name: 'ISTIO_META_CLUSTER_ID', value: getString(values, 'global.multiCluster.clusterName') || 'Kubernetes' },
    fieldEnv('ISTIO_META_NODE_NAME', 'spec.nodeName'),
    { name: 'ISTIO_META_INTERCEPTION_MODE', value: String(config.interceptionMode ?? 'REDIRECT') },
    ...text('ISTIO_META_NETWORK', requested || getString(values, 'global.network')),
    { name: 'ISTIO_META_WORKLOAD_NAME', value: name },
    { name: 'ISTIO_META_OWNER', value: `kubernetes://apis/apps/v1/namespaces/${namespace}/deployments/${name}` },
    ...text('ISTIO_META_MESH_ID', getString(values, 'global.meshID') || trustDomain),
    ...text('TRUST_DOMAIN', trustDomain),
    ...metadataEnvironment(getObject(config, 'proxyMetadata')),
    ...text('ISTIO_META_REQUESTED_NETWORK_VIEW', requested),
  ];
}

const ofIstiod = (values: JsonObject): boolean => getString(values, 'global.pilotCertProvider') === 'istiod';

const mounts: readonly [name: string, path: string][] = [
  ['workload-socket', '/var/run/secrets/workload-spiffe-uds'],
  ['credential-socket', '/var/run/secrets/credential-uds'],
  ['workload-certs', '/var/run/secrets/workload-spiffe-credentials'],
  ['istiod-ca-cert', '/var/run/secrets/istio'],
  ['istio-data', '/var/lib/istio/data'],
  ['istio-envoy', '/etc/istio/proxy'],
  ['istio-token', '/var/run/secrets/tokens'],
  ['istio-podinfo', '/etc/istio/pod'],
];

function volumes(values: JsonObject): JsonObject[] {
  const field = (path: string) => ({ path, fieldRef: { fieldPath: `metadata.${path}` } });
  const token = { path: 'istio-token', expirationSeconds: 43200, audience: getString(values, 'global.sds.token.aud') };
  const bundle = getString(values, 'global.trustBundleName') || 'istio-ca-root-cert';
  return [
    { emptyDir: {}, name: 'workload-socket' },
    { emptyDir: {}, name: 'credential-socket' },
    { emptyDir: {}, name: 'workload-certs' },
    { emptyDir: { medium: 'Memory' }, name: 'istio-envoy' },
    { emptyDir: {}, name: 'istio-data' },
    { name: 'istio-podinfo', downwardAPI: { items: [field('labels'), field('annotations')] } },
    { name: 'istio-token', projected: { sources: [{ serviceAccountToken: token }] } },
    ...(ofIstiod(values) ? [{ name: 'istiod-ca-cert', configMap: { name: bundle } }] : []),
  ];
}
