import type { Json, JsonObject } from '../../kernel/json.ts';
import type { GatewayContext } from './gateway.ts';
import { fieldEnv, limitEnv } from './metadata.ts';
import { getObject, getPath, getString, isObject, truthy } from './values-map.ts';

/** The container istio-proxy of a gateway: pilot-agent as `router`. */
export function gatewayContainer(context: GatewayContext): JsonObject {
  const { values, gateway } = context;
  const text = (path: string) => getString(values, path);
  const image = text('global.proxy.image') || 'proxyv2';
  const variant = text('global.proxy.variant') || text('global.variant');
  const tag = String(gateway.tag || getPath(values, 'global.tag'));
  const resources = getObject(gateway, 'resources');
  const pullPolicy = text('global.imagePullPolicy');
  const argument = (flag: string, path: string) => (text(path) ? [`--${flag}=${text(path)}`] : []);
  return {
    name: 'istio-proxy',
    image: image.includes('/') ? image : `${text('global.hub')}/${image}:${tag}${variant ? `-${variant}` : ''}`,
    ...(pullPolicy ? { imagePullPolicy: pullPolicy } : {}),
    ports: containerPorts(context),
    args: [
      'proxy',
      'router',
      '--domain',
      `$(POD_NAMESPACE).svc.${text('global.proxy.clusterDomain')}`,
      ...argument('proxyLogLevel', 'global.proxy.logLevel'),
      ...argument('proxyComponentLogLevel', 'global.proxy.componentLogLevel'),
      ...argument('log_output_level', 'global.logging.level'),
      ...(getPath(values, 'global.logAsJson') === true ? ['--log_as_json'] : []),
    ],
    ...(gateway.runAsRoot === true
      ? {}
      : {
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ['ALL'] },
            privileged: false,
            readOnlyRootFilesystem: true,
          },
        }),
    readinessProbe: {
      failureThreshold: 30,
      httpGet: { path: '/healthz/ready', port: 15021, scheme: 'HTTP' },
      initialDelaySeconds: 1,
      periodSeconds: 2,
      successThreshold: 1,
      timeoutSeconds: 1,
    },
    resources: truthy(resources) ? resources : getObject(values, 'global.defaultResources'),
    env: environment(context),
    volumeMounts: volumeMounts(context),
  };
}

function containerPorts({ gateway }: GatewayContext): JsonObject[] {
  const ports = Array.isArray(gateway.ports) ? gateway.ports.filter(isObject) : [];
  return [
    ...ports.map((port) => ({
      containerPort: (port.targetPort || port.port) as Json,
      protocol: (port.protocol || 'TCP') as Json,
    })),
    { containerPort: 15090, protocol: 'TCP', name: 'http-envoy-prom' },
  ];
}

function environment(context: GatewayContext): JsonObject[] {
  const { values, gateway, name, namespace, revision } = context;
  const text = (path: string) => getString(values, path);
  const own = getObject(gateway, 'env');
  const metadata = getObject(values, 'meshConfig.defaultConfig.proxyMetadata');
  const sorted = (map: JsonObject) =>
    Object.keys(map)
      .sort()
      .map((key) => ({ name: key, value: String(map[key]) }));
  const trustDomain = text('meshConfig.trustDomain');
  const meshId = text('global.meshID') || trustDomain;
  const network = own.ISTIO_META_NETWORK ? '' : text('global.network');
  const discovery = `istiod${revision ? `-${revision}` : ''}.${text('global.istioNamespace')}.svc:15012`;
  return [
    { name: 'PILOT_CERT_PROVIDER', value: text('global.pilotCertProvider') },
    { name: 'CA_ADDR', value: text('global.caAddress') || discovery },
    fieldEnv('NODE_NAME', 'spec.nodeName', 'v1'),
    fieldEnv('POD_NAME', 'metadata.name', 'v1'),
    fieldEnv('POD_NAMESPACE', 'metadata.namespace', 'v1'),
    fieldEnv('INSTANCE_IP', 'status.podIP', 'v1'),
    fieldEnv('HOST_IP', 'status.hostIP', 'v1'),
    limitEnv('ISTIO_CPU_LIMIT', 'limits.cpu'),
    fieldEnv('SERVICE_ACCOUNT', 'spec.serviceAccountName'),
    { name: 'ISTIO_META_WORKLOAD_NAME', value: name },
    { name: 'ISTIO_META_OWNER', value: `kubernetes://apis/apps/v1/namespaces/${namespace}/deployments/${name}` },
    ...(meshId ? [{ name: 'ISTIO_META_MESH_ID', value: meshId }] : []),
    ...(trustDomain ? [{ name: 'TRUST_DOMAIN', value: trustDomain }] : []),
    ...(gateway.runAsRoot === true ? [] : [{ name: 'ISTIO_META_UNPRIVILEGED_POD', value: 'true' }]),
    ...sorted(own),
    ...sorted(metadata),
    ...(network ? [{ name: 'ISTIO_META_NETWORK', value: network }] : []),
    { name: 'ISTIO_META_CLUSTER_ID', value: text('global.multiCluster.clusterName') || 'Kubernetes' },
    fieldEnv('ISTIO_META_NODE_NAME', 'spec.nodeName'),
  ];
}

function objectsAt(gateway: JsonObject, key: string): JsonObject[] {
  const list = gateway[key];
  return Array.isArray(list) ? list.filter(isObject) : [];
}

function volumeMounts({ gateway, values }: GatewayContext): JsonObject[] {
  const own = [...objectsAt(gateway, 'secretVolumes'), ...objectsAt(gateway, 'configVolumes')];
  const istiodCa = getString(values, 'global.pilotCertProvider') === 'istiod';
  return [
    { name: 'workload-socket', mountPath: '/var/run/secrets/workload-spiffe-uds' },
    { name: 'credential-socket', mountPath: '/var/run/secrets/credential-uds' },
    { name: 'workload-certs', mountPath: '/var/run/secrets/workload-spiffe-credentials' },
    { name: 'istio-envoy', mountPath: '/etc/istio/proxy' },
    { name: 'config-volume', mountPath: '/etc/istio/config' },
    ...(istiodCa ? [{ mountPath: '/var/run/secrets/istio', name: 'istiod-ca-cert' }] : []),
    { name: 'istio-token', mountPath: '/var/run/secrets/tokens', readOnly: true },
    { mountPath: '/var/lib/istio/data', name: 'istio-data' },
    { name: 'podinfo', mountPath: '/etc/istio/pod' },
    ...own
      .filter((volume) => volume.mountPath)
      .map((volume) => ({ name: volume.name as Json, mountPath: volume.mountPath as Json, readOnly: true })),
  ];
}

/** The volumes of a gateway's pod. */
export function gatewayVolumes({ gateway, values, revision }: GatewayContext): JsonObject[] {
  const istiodCa = getString(values, 'global.pilotCertProvider') === 'istiod';
  const trustBundle = getString(values, 'global.trustBundleName') || 'istio-ca-root-cert';
  const field = (path: string) => ({ path, fieldRef: { fieldPath: `metadata.${path}` } });
  const token = { path: 'istio-token', expirationSeconds: 43200, audience: getString(values, 'global.sds.token.aud') };
  return [
    { emptyDir: {}, name: 'workload-socket' },
    { emptyDir: {}, name: 'credential-socket' },
    { emptyDir: {}, name: 'workload-certs' },
    ...(istiodCa ? [{ name: 'istiod-ca-cert', configMap: { name: trustBundle } }] : []),
    { name: 'podinfo', downwardAPI: { items: [field('labels'), field('annotations')] } },
    { name: 'istio-envoy', emptyDir: {} },
    { name: 'istio-data', emptyDir: {} },
    { name: 'istio-token', projected: { sources: [{ serviceAccountToken: token }] } },
    { name: 'config-volume', configMap: { name: revision ? `istio-${revision}` : 'istio', optional: true } },
    ...objectsAt(gateway, 'secretVolumes').map((volume) => ({
      name: volume.name as Json,
      secret: { secretName: volume.secretName as Json, optional: true },
    })),
    ...objectsAt(gateway, 'configVolumes').map((volume) => ({
      name: volume.name as Json,
      configMap: { name: volume.configMapName as Json, optional: true },
    })),
  ];
}
