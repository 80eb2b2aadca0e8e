import type { Json, JsonObject } from '../../kernel/json.ts';
import type { KubernetesObject } from '../../kubernetes/objects.ts';
import { configurationMaps } from './istiod-config.ts';
import { istiodPorts } from './istiod-ports.ts';
import { istiodRbac } from './istiod-rbac.ts';
import { revisionValidator, sidecarInjectorWebhook } from './istiod-webhooks.ts';
import { autoscaler, type ChartContext, chartLabels, fieldEnv, limitEnv, ownedLabels } from './metadata.ts';
import { getObject, getPath, getString, truthy } from './values-map.ts';

/** The chart `istiod`: accounts, configuration, webhooks, Deployment, Service. */
export function istiodObjects(context: ChartContext): KubernetesObject[] {
  const { values } = context;
  const objects = [...istiodRbac(context), ...configurationMaps(context)];
  if (getPath(values, 'global.operatorManageWebhooks') !== true) objects.push(sidecarInjectorWebhook(context));
  if (getPath(values, 'istiodRemote.enabled') === true) return objects;
  if (getPath(values, 'global.configValidation') === true) objects.push(revisionValidator(context));
  objects.push(deployment(context), service(context));
  const name = istiodName(context);
  const [minimum, maximum] = [Number(values.autoscaleMin), Number(values.autoscaleMax)];
  const automatic = truthy(values.autoscaleEnabled as Json);
  if (automatic && minimum && maximum) {
    const cpu = Number(getPath(values, 'cpu.targetAverageUtilization'));
    const labels = { app: 'istiod', ...commonLabels(context) };
    objects.push(autoscaler({ name, namespace: context.namespace, labels, minimum, maximum, cpu }));
  }
  const budget = getPath(values, 'global.defaultPodDisruptionBudget.enabled') === true;
  if (budget && (automatic ? minimum > 1 : Number(values.replicaCount) > 1)) objects.push(disruptionBudget(context));
  return objects;
}

function revisionOf({ values }: ChartContext): string {
  return getString(values, 'revision');
}

function istiodName(context: ChartContext): string {
  const revision = revisionOf(context);
  return revision ? `istiod-${revision}` : 'istiod';
}

function commonLabels(context: ChartContext): Record<string, string> {
  return {
    ...ownedLabels(revisionOf(context), 'Pilot'),
    release: 'istio',
    'app.kubernetes.io/name': 'istiod',
    ...chartLabels(context.release, 'istiod'),
  };
}

function podSelector(context: ChartContext): JsonObject {
  const revision = revisionOf(context);
  return { app: 'istiod', ...(revision ? { 'istio.io/rev': revision } : { istio: 'pilot' }) };
}

/** Service istiod: discovery (15010 plain, 15012 mTLS), webhooks (443), monitoring (15014). */
function service(context: ChartContext): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: istiodName(context),
      namespace: context.namespace,
      labels: { ...commonLabels(context), app: 'istiod', istio: 'pilot' },
    },
    spec: { ports: istiodPorts, selector: podSelector(context) },
  };
}

function disruptionBudget(context: ChartContext): KubernetesObject {
  const { values } = context;
  const maximum = getPath(values, 'pdb.maxUnavailable');
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: {
      name: istiodName(context),
      namespace: context.namespace,
      labels: { ...commonLabels(context), app: 'istiod', istio: 'pilot' },
    },
    spec: {
      ...(maximum === undefined ? { minAvailable: getPath(values, 'pdb.minAvailable') } : { maxUnavailable: maximum }),
      selector: { matchLabels: podSelector(context) },
    },
  };
}

function deployment(context: ChartContext): KubernetesObject {
  const { values } = context;
  const revision = revisionOf(context);
  const annotations = getObject(values, 'deploymentAnnotations');
  const common = commonLabels(context);
  const { release: _, ...podLabels } = common;
  const fixedReplicas = !truthy(values.autoscaleEnabled as Json) && truthy(values.replicaCount as Json);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: istiodName(context),
      namespace: context.namespace,
      labels: { app: 'istiod', istio: 'pilot', ...common, ...getObject(values, 'deploymentLabels') } as Record<
        string,
        string
      >,
      ...(truthy(annotations) ? { annotations: annotations as Record<string, string> } : {}),
    },
    spec: {
      ...(fixedReplicas ? { replicas: values.replicaCount } : {}),
      strategy: {
        rollingUpdate: { maxSurge: values.rollingMaxSurge, maxUnavailable: values.rollingMaxUnavailable },
      },
      selector: { matchLabels: revision ? podSelector(context) : { istio: 'pilot' } },
      template: {
        metadata: {
          labels: {
            app: 'istiod',
            ...podLabels,
            'sidecar.istio.io/inject': 'false',
            istio: revision ? 'istiod' : 'pilot',
            ...getObject(values, 'podLabels'),
            'istio.io/dataplane-mode': 'none',
          },
          annotations: {
            'prometheus.io/port': '15014',
            'prometheus.io/scrape': 'true',
            'sidecar.istio.io/inject': 'false',
            ...getObject(values, 'podAnnotations'),
          },
        },
        spec: podSpec(context),
      },
    },
  };
}

/** `key: value` if the value is set, nothing otherwise: `with` of a chart. */
function given(key: string, value: Json | undefined): JsonObject {
  return value !== undefined && truthy(value) ? { [key]: value } : {};
}

function podSpec(context: ChartContext): JsonObject {
  const { values } = context;
  const list = (key: string): Json[] => (Array.isArray(values[key]) ? (values[key] as Json[]) : []);
  return {
    ...given('nodeSelector', values.nodeSelector),
    ...given('affinity', values.affinity),
    tolerations: [{ key: 'cni.istio.io/not-ready', operator: 'Exists' }, ...list('tolerations')],
    ...given('topologySpreadConstraints', values.topologySpreadConstraints),
    serviceAccountName: istiodName(context),
    ...given('priorityClassName', getPath(values, 'global.priorityClassName')),
    ...given('initContainers', values.initContainers),
    containers: [container(context)],
    volumes: [
      { emptyDir: { medium: 'Memory' }, name: 'local-certs' },
      {
        name: 'istio-token',
        projected: {
          sources: [
            {
              serviceAccountToken: {
                audience: getString(values, 'global.sds.token.aud'),
                expirationSeconds: 43200,
                path: 'istio-token',
              },
            },
          ],
        },
      },
      { name: 'cacerts', secret: { secretName: 'cacerts', optional: true } },
      { name: 'istio-kubeconfig', secret: { secretName: 'istio-kubeconfig', optional: true } },
      { name: 'istio-csr-dns-cert', secret: { secretName: 'istiod-tls', optional: true } },
      {
        name: 'istio-csr-ca-configmap',
        configMap: {
          name: getString(values, 'global.trustBundleName') || 'istio-ca-root-cert',
          defaultMode: 420,
          optional: true,
        },
      },
      ...list('volumes'),
    ],
  };
}

function container(context: ChartContext): JsonObject {
  const { values } = context;
  const text = (path: string) => getString(values, path);
  const image = text('image') || 'pilot';
  const hub = text('hub') || text('global.hub');
  const tag = values.tag || getPath(values, 'global.tag');
  const variant = text('variant') || text('global.variant');
  const extra = Array.isArray(values.extraContainerArgs) ? values.extraContainerArgs : [];
  const mounts = Array.isArray(values.volumeMounts) ? values.volumeMounts : [];
  const resources = getObject(values, 'resources');
  return {
    name: 'discovery',
    image: image.includes('/') ? image : `${hub}/${image}:${String(tag)}${variant ? `-${variant}` : ''}`,
    ...given('imagePullPolicy', getPath(values, 'global.imagePullPolicy')),
    args: [
      'discovery',
      '--monitoringAddr=:15014',
      ...(text('global.logging.level') ? [`--log_output_level=${text('global.logging.level')}`] : []),
      ...(getPath(values, 'global.logAsJson') === true ? ['--log_as_json'] : []),
      '--domain',
      text('global.proxy.clusterDomain'),
      ...(text('taint.namespace') ? [`--cniNamespace=${text('taint.namespace')}`] : []),
      '--keepaliveMaxServerConnectionAge',
      text('keepaliveMaxServerConnectionAge'),
      ...extra,
    ],
    ports: [
      { containerPort: 8080, protocol: 'TCP', name: 'http-debug' },
      { containerPort: 15010, protocol: 'TCP', name: 'grpc-xds' },
      { containerPort: 15012, protocol: 'TCP', name: 'tls-xds' },
      { containerPort: 15017, protocol: 'TCP', name: 'https-webhooks' },
      { containerPort: 15014, protocol: 'TCP', name: 'http-monitoring' },
    ],
    readinessProbe: {
      httpGet: { path: '/ready', port: 8080 },
      initialDelaySeconds: 1,
      periodSeconds: 3,
      timeoutSeconds: 5,
    },
    env: environment(context),
    resources: truthy(resources) ? resources : getObject(values, 'global.defaultResources'),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
      ...given('seccompProfile', values.seccompProfile),
    },
    volumeMounts: [
      { name: 'istio-token', mountPath: '/var/run/secrets/tokens', readOnly: true },
      { name: 'local-certs', mountPath: '/var/run/secrets/istio-dns' },
      { name: 'cacerts', mountPath: '/etc/cacerts', readOnly: true },
      { name: 'istio-kubeconfig', mountPath: '/var/run/secrets/remote', readOnly: true },
      { name: 'istio-csr-dns-cert', mountPath: '/var/run/secrets/istiod/tls', readOnly: true },
      { name: 'istio-csr-ca-configmap', mountPath: '/var/run/secrets/istiod/ca', readOnly: true },
      ...mounts,
    ],
  };
}

function environment(context: ChartContext): JsonObject[] {
  const { values, namespace } = context;
  const own = getObject(values, 'env');
  const trusted = `${getString(values, 'trustedZtunnelNamespace') || namespace}/${getString(values, 'trustedZtunnelName') || 'ztunnel'}`;
  const sampling = values.traceSampling;
  return [
    { name: 'REVISION', value: revisionOf(context) || 'default' },
    { name: 'PILOT_CERT_PROVIDER', value: getString(values, 'global.pilotCertProvider') },
    fieldEnv('POD_NAME', 'metadata.name', 'v1'),
    fieldEnv('POD_NAMESPACE', 'metadata.namespace', 'v1'),
    fieldEnv('SERVICE_ACCOUNT', 'spec.serviceAccountName', 'v1'),
    { name: 'KUBECONFIG', value: '/var/run/secrets/remote/config' },
    ...(own.CA_TRUSTED_NODE_ACCOUNTS ? [] : [{ name: 'CA_TRUSTED_NODE_ACCOUNTS', value: trusted }]),
    ...Object.keys(own)
      .sort()
      .map((name) => ({ name, value: String(own[name]) })),
    ...(Array.isArray(values.envVarFrom) ? (values.envVarFrom as JsonObject[]) : []),
    ...(sampling ? [{ name: 'PILOT_TRACE_SAMPLING', value: String(sampling) }] : []),
    { name: 'PILOT_ENABLE_ANALYSIS', value: String(getPath(values, 'global.istiod.enableAnalysis')) },
    { name: 'CLUSTER_ID', value: getString(values, 'global.multiCluster.clusterName') || 'Kubernetes' },
    limitEnv('GOMAXPROCS', 'limits.cpu'),
    { name: 'PLATFORM', value: getString(values, 'global.platform') || getString(values, 'platform') },
  ];
}
