import type { Json, JsonObject } from '../../kernel/json.ts';
import type { KubernetesObject } from '../../kubernetes/objects.ts';
import { gatewayContainer, gatewayVolumes } from './gateway-pod.ts';
import { autoscaler, binding, type ChartContext, chartLabels, ownedLabels, rules } from './metadata.ts';
import { getObject, getPath, getString, truthy } from './values-map.ts';

/** What the ingress and the egress gateway's charts differ in. */
export interface GatewayKind {
  /** Key below `values.gateways`, and the label app.kubernetes.io/name. */
  key: 'istio-ingressgateway' | 'istio-egressgateway';
  component: 'IngressGateways' | 'EgressGateways';
  chart: 'istio-ingress' | 'istio-egress';
  /** Extra ports in the Service alone. */
  portsKey: 'ingressPorts' | 'egressPorts';
}

export const ingressGateway: GatewayKind = {
  key: 'istio-ingressgateway',
  component: 'IngressGateways',
  chart: 'istio-ingress',
  portsKey: 'ingressPorts',
};

export const egressGateway: GatewayKind = {
  key: 'istio-egressgateway',
  component: 'EgressGateways',
  chart: 'istio-egress',
  portsKey: 'egressPorts',
};

/** Everything a gateway's chart looks at. */
export interface GatewayContext extends ChartContext {
  kind: GatewayKind;
  /** `values.gateways.<key>`. */
  gateway: JsonObject;
  name: string;
  revision: string;
}

/** The charts `istio-ingress` and `istio-egress`: account, role, Deployment, Service, autoscaler. */
export function gatewayObjects(context: ChartContext, kind: GatewayKind): KubernetesObject[] {
  const gateway = getObject(getObject(context.values, 'gateways'), kind.key);
  const name = getString(gateway, 'name') || kind.key;
  const full: GatewayContext = { ...context, kind, gateway, name, revision: getString(context.values, 'revision') };
  const { namespace } = context;
  const labels = labelsOf(full);
  const selected = { ...selectorOf(full), ...labels };
  const subject = { name: `${name}-service-account` };
  const role = `${name}-sds`;
  const objects: KubernetesObject[] = [
    deployment(full),
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: role, namespace, labels },
      rules: rules(['"" | secrets | get watch list']),
    },
    binding({ kind: 'RoleBinding', name: role, namespace, labels, subject }),
    serviceAccount(full, selected),
  ];
  if (gateway.customService !== true) objects.push(service(full, selected));
  const [minimum, maximum] = [Number(gateway.autoscaleMin), Number(gateway.autoscaleMax)];
  const automatic = truthy(gateway.autoscaleEnabled as Json);
  if (automatic && minimum && maximum) {
    const cpu = Number(getPath(gateway, 'cpu.targetAverageUtilization'));
    objects.push(autoscaler({ name, namespace, labels: selected, minimum, maximum, cpu }));
  }
  const budget = getPath(context.values, 'global.defaultPodDisruptionBudget.enabled') === true;
  if (budget && (automatic ? minimum > 1 : Number(gateway.replicaCount) > 1)) {
    objects.push({
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name, namespace, labels: selected },
      spec: { minAvailable: 1, selector: { matchLabels: selectorOf(full) } },
    });
  }
  return objects;
}

function selectorOf({ gateway }: GatewayContext): Record<string, string> {
  return getObject(gateway, 'labels') as Record<string, string>;
}

function labelsOf({ release, kind, revision }: GatewayContext): Record<string, string> {
  return {
    release: 'istio',
    ...ownedLabels(revision, kind.component),
    'app.kubernetes.io/name': kind.key,
    ...chartLabels(release, kind.chart),
  };
}

function serviceAccount(context: GatewayContext, labels: Record<string, string>): KubernetesObject {
  const annotations = getObject(context.gateway, 'serviceAccount.annotations') as Record<string, string>;
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      name: `${context.name}-service-account`,
      namespace: context.namespace,
      labels,
      ...(truthy(annotations) ? { annotations } : {}),
    },
  };
}

function service(context: GatewayContext, labels: Record<string, string>): KubernetesObject {
  const { gateway, kind } = context;
  const annotations = getObject(gateway, 'serviceAnnotations') as Record<string, string>;
  const ports = Array.isArray(gateway.ports) ? gateway.ports : [];
  const more = Array.isArray(gateway[kind.portsKey]) ? (gateway[kind.portsKey] as Json[]) : [];
  const given = (key: string): JsonObject => {
    const value = gateway[key];
    return value !== undefined && truthy(value) ? { [key]: value } : {};
  };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: context.name,
      namespace: context.namespace,
      // The chart writes the key also where it has nothing to say.
      annotations: (truthy(annotations) ? annotations : null) as Record<string, string>,
      labels,
    },
    spec: {
      ...given('loadBalancerIP'),
      ...given('loadBalancerSourceRanges'),
      ...given('externalTrafficPolicy'),
      type: gateway.type,
      selector: selectorOf(context),
      ports: [...ports, ...more],
      ...given('ipFamilyPolicy'),
      ...given('ipFamilies'),
    },
  };
}

function deployment(context: GatewayContext): KubernetesObject {
  const { gateway, kind, name, namespace, revision, values } = context;
  const { release: _, ...owned } = labelsOf(context);
  const selector = selectorOf(context);
  const fixedReplicas = !truthy(gateway.autoscaleEnabled as Json) && truthy(gateway.replicaCount as Json);
  const merged = getPath(values, 'meshConfig.enablePrometheusMerge') === true;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      namespace,
      labels: { ...selector, ...labelsOf(context), 'istio.io/dataplane-mode': 'none' },
    },
    spec: {
      ...(fixedReplicas ? { replicas: gateway.replicaCount } : {}),
      selector: { matchLabels: selector },
      strategy: {
        rollingUpdate: { maxSurge: gateway.rollingMaxSurge, maxUnavailable: gateway.rollingMaxUnavailable },
      },
      template: {
        metadata: {
          labels: {
            ...selector,
            ...(namespace === 'istio-system' ? { heritage: 'Tiller', release: 'istio', chart: 'gateways' } : {}),
            'service.istio.io/canonical-name': name,
            'service.istio.io/canonical-revision':
              selector['app.kubernetes.io/version'] || selector.version || revision || 'latest',
            ...owned,
            'sidecar.istio.io/inject': 'false',
            'app.kubernetes.io/name': kind.key,
            'istio.io/dataplane-mode': 'none',
          },
          annotations: {
            'istio.io/rev': revision || 'default',
            ...(merged
              ? {
                  'prometheus.io/port': '15020',
                  'prometheus.io/scrape': 'true',
                  'prometheus.io/path': '/stats/prometheus',
                }
              : {}),
            'sidecar.istio.io/inject': 'false',
            ...getObject(gateway, 'podAnnotations'),
          },
        },
        spec: podSpec(context),
      },
    },
  };
}

function podSpec(context: GatewayContext): JsonObject {
  const { gateway, values } = context;
  const priority = getString(values, 'global.priorityClassName');
  const tolerations = [gateway.tolerations, getPath(values, 'global.defaultTolerations')].find(
    (list) => list !== undefined && truthy(list),
  );
  const additional = Array.isArray(gateway.additionalContainers) ? gateway.additionalContainers : [];
  return {
    ...(gateway.runAsRoot === true
      ? {}
      : { securityContext: { runAsUser: 1337, runAsGroup: 1337, runAsNonRoot: true } }),
    serviceAccountName: `${context.name}-service-account`,
    ...(priority ? { priorityClassName: priority } : {}),
    containers: [gatewayContainer(context), ...additional],
    volumes: gatewayVolumes(context),
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: nodeSelectorTerms(context),
        preferredDuringSchedulingIgnoredDuringExecution: null,
      },
    },
    ...(tolerations ? { tolerations } : {}),
  };
}

/** `nodeSelector` of a gateway as a node affinity, which is how its chart says it. */
function nodeSelectorTerms({ gateway, values }: GatewayContext): Json {
  const own = getObject(gateway, 'nodeSelector');
  const selector = truthy(own) ? own : getObject(values, 'global.defaultNodeSelector');
  if (!truthy(selector)) return null;
  const matchExpressions = Object.keys(selector)
    .sort()
    .map((key) => ({ key, operator: 'In', values: [String(selector[key])] }));
  return { nodeSelectorTerms: [{ matchExpressions }] };
}
