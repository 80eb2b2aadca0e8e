import type { JsonObject } from '../../kernel/json.ts';

/** `manifests/profiles/<name>.yaml` of the release: IstioOperator objects laid over `default`. */
export const operatorProfiles: Record<string, JsonObject> = {
  default: {
    apiVersion: 'install.istio.io/v1alpha1',
    kind: 'IstioOperator',
    metadata: { namespace: 'istio-system' },
    spec: {
      hub: 'docker.io/istio',
      tag: '1.30.3',
      components: {
        base: { enabled: true },
        pilot: { enabled: true },
        ingressGateways: [{ name: 'istio-ingressgateway', enabled: true }],
        egressGateways: [{ name: 'istio-egressgateway', enabled: false }],
      },
      values: {
        defaultRevision: '',
        global: { istioNamespace: 'istio-system', configValidation: true },
        gateways: { 'istio-ingressgateway': {}, 'istio-egressgateway': {} },
        ztunnel: { resourceName: 'ztunnel' },
      },
    },
  },
  demo: {
    apiVersion: 'install.istio.io/v1alpha1',
    kind: 'IstioOperator',
    spec: {
      components: { egressGateways: [{ name: 'istio-egressgateway', enabled: true }] },
      values: { profile: 'demo' },
    },
  },
  minimal: {
    apiVersion: 'install.istio.io/v1alpha1',
    kind: 'IstioOperator',
    spec: { components: { ingressGateways: [{ name: 'istio-ingressgateway', enabled: false }] } },
  },
  empty: {
    apiVersion: 'install.istio.io/v1alpha1',
    kind: 'IstioOperator',
    spec: {
      components: {
        base: { enabled: false },
        pilot: { enabled: false },
        ingressGateways: [{ name: 'istio-ingressgateway', enabled: false }],
      },
    },
  },
  preview: { apiVersion: 'install.istio.io/v1alpha1', kind: 'IstioOperator', spec: { values: { profile: 'preview' } } },
  remote: {
    apiVersion: 'install.istio.io/v1alpha1',
    kind: 'IstioOperator',
    spec: {
      components: {
        base: { enabled: true },
        pilot: { enabled: true },
        ingressGateways: [{ name: 'istio-ingressgateway', enabled: false }],
      },
      values: { profile: 'remote' },
    },
  },
  stable: { apiVersion: 'install.istio.io/v1alpha1', kind: 'IstioOperator', spec: { values: { profile: 'stable' } } },
  ambient: {
    apiVersion: 'install.istio.io/v1alpha1',
    kind: 'IstioOperator',
    spec: {
      components: {
        cni: { enabled: true },
        ztunnel: { enabled: true },
        ingressGateways: [{ name: 'istio-ingressgateway', enabled: false }],
      },
      values: { profile: 'ambient' },
    },
  },
  openshift: {
    apiVersion: 'install.istio.io/v1alpha1',
    kind: 'IstioOperator',
    spec: {
      components: { cni: { enabled: true, namespace: 'kube-system' } },
      values: { global: { platform: 'openshift' } },
    },
  },
  'openshift-ambient': {
    apiVersion: 'install.istio.io/v1alpha1',
    kind: 'IstioOperator',
    spec: {
      components: {
        cni: { enabled: true, namespace: 'kube-system' },
        ztunnel: { enabled: true, namespace: 'kube-system' },
        ingressGateways: [{ name: 'istio-ingressgateway', enabled: false }],
      },
      values: { profile: 'ambient', global: { platform: 'openshift' } },
    },
  },
};

/** Values that the charts take for `values.profile`. */
export const valueProfiles: Record<string, JsonObject> = {
  demo: {
    meshConfig: {
      accessLogFile: '/dev/stdout',
      extensionProviders: [
        {
          name: 'otel',
          envoyOtelAls: { service: 'opentelemetry-collector.observability.svc.cluster.local', port: 4317 },
        },
        { name: 'skywalking', skywalking: { service: 'tracing.istio-system.svc.cluster.local', port: 11800 } },
        {
          name: 'otel-tracing',
          opentelemetry: { port: 4317, service: 'opentelemetry-collector.observability.svc.cluster.local' },
        },
        { name: 'jaeger', opentelemetry: { port: 4317, service: 'jaeger-collector.istio-system.svc.cluster.local' } },
      ],
    },
    cni: { resources: { requests: { cpu: '10m', memory: '40Mi' } } },
    ztunnel: { resources: { requests: { cpu: '10m', memory: '40Mi' } } },
    global: {
      proxy: { resources: { requests: { cpu: '10m', memory: '40Mi' } } },
      waypoint: { resources: { requests: { cpu: '10m', memory: '40Mi' } } },
    },
    pilot: { autoscaleEnabled: false, traceSampling: 100, resources: { requests: { cpu: '10m', memory: '100Mi' } } },
    gateways: {
      'istio-egressgateway': { autoscaleEnabled: false, resources: { requests: { cpu: '10m', memory: '40Mi' } } },
      'istio-ingressgateway': {
        autoscaleEnabled: false,
        ports: [
          { port: 15021, targetPort: 15021, name: 'status-port' },
          { port: 80, targetPort: 8080, name: 'http2' },
          { port: 443, targetPort: 8443, name: 'https' },
          { port: 31400, targetPort: 31400, name: 'tcp' },
          { port: 15443, targetPort: 15443, name: 'tls' },
        ],
        resources: { requests: { cpu: '10m', memory: '40Mi' } },
      },
    },
  },
  preview: { meshConfig: { defaultConfig: { proxyMetadata: { ISTIO_META_DNS_CAPTURE: 'true' } } } },
  remote: {
    istiodRemote: { enabled: true },
    configMap: false,
    telemetry: { enabled: false },
    global: { omitSidecarInjectorConfigMap: true },
  },
  stable: { experimental: { stableValidationPolicy: true } },
  ambient: {
    meshConfig: {
      defaultConfig: { proxyMetadata: { ISTIO_META_ENABLE_HBONE: 'true' } },
      serviceScopeConfigs: [
        {
          servicesSelector: { matchExpressions: [{ key: 'istio.io/global', operator: 'In', values: ['true'] }] },
          scope: 'GLOBAL',
        },
      ],
    },
    global: { variant: 'distroless' },
    pilot: { env: { PILOT_ENABLE_AMBIENT: 'true' } },
    cni: { ambient: { enabled: true } },
  },
};
