import type { KubernetesObject } from '../../kubernetes/objects.ts';
import { binding, type ChartContext, chartLabels, rules } from './metadata.ts';
import { getPath, getString } from './values-map.ts';

const istioGroups =
  'config.istio.io security.istio.io networking.istio.io authentication.istio.io rbac.istio.io telemetry.istio.io extensions.istio.io';
const all = 'get watch list update patch create delete';

const readerRules = [
  `${istioGroups} | * | get list watch`,
  '"" | endpoints pods services nodes replicationcontrollers namespaces secrets configmaps | get list watch',
  'networking.istio.io | workloadentries | get watch list',
  'networking.x-k8s.io gateway.networking.k8s.io | gateways | get watch list',
  'apiextensions.k8s.io | customresourcedefinitions | get list watch',
  'discovery.k8s.io | endpointslices | get list watch',
  'multicluster.x-k8s.io | serviceexports | get list watch create delete',
  'multicluster.x-k8s.io | serviceimports | get list watch',
  'apps | replicasets | get list watch',
  'authentication.k8s.io | tokenreviews | create',
  'authorization.k8s.io | subjectaccessreviews | create',
];

/** More for a reader that a remote istiod acts through. */
const remoteReaderRules = [
  '"" | configmaps | create get list watch update',
  'admissionregistration.k8s.io | mutatingwebhookconfigurations | get list watch update patch',
  'admissionregistration.k8s.io | validatingwebhookconfigurations | get list watch update',
];

const istiodRules = [
  'admissionregistration.k8s.io | mutatingwebhookconfigurations | get list watch update patch',
  'admissionregistration.k8s.io | validatingwebhookconfigurations | get list watch update',
  `${istioGroups} | * | get watch list`,
  'networking.istio.io | workloadentries | get watch list update patch create delete',
  'networking.istio.io | workloadentries/status serviceentries/status | get watch list update patch create delete',
  'security.istio.io | authorizationpolicies/status | get watch list update patch create delete',
  '"" | services/status | get watch list update patch create delete',
  'apiextensions.k8s.io | customresourcedefinitions | get list watch',
  '"" | pods nodes services namespaces endpoints | get list watch',
  'discovery.k8s.io | endpointslices | get list watch',
  'networking.k8s.io | ingresses ingressclasses | get list watch',
  'networking.k8s.io | ingresses/status | *',
  '"" | configmaps | create get list watch update',
  'authentication.k8s.io | tokenreviews | create',
  'authorization.k8s.io | subjectaccessreviews | create',
  'gateway.networking.k8s.io gateway.networking.x-k8s.io | * | get watch list',
  'gateway.networking.x-k8s.io | xbackendtrafficpolicies/status | update patch',
  'gateway.networking.k8s.io | backendtlspolicies/status gatewayclasses/status gateways/status grpcroutes/status httproutes/status referencegrants/status tcproutes/status tlsroutes/status udproutes/status listenersets/status | update patch',
  'gateway.networking.k8s.io | gatewayclasses | create update patch delete',
  'inference.networking.k8s.io | inferencepools | get watch list',
  'inference.networking.k8s.io | inferencepools/status | update patch',
  '"" | secrets | get watch list',
  'multicluster.x-k8s.io | serviceexports | get watch list create delete',
  'multicluster.x-k8s.io | serviceimports | get watch list',
];

const gatewayControllerRules = [
  `apps | deployments | ${all}`,
  `autoscaling | horizontalpodautoscalers | ${all}`,
  `policy | poddisruptionbudgets | ${all}`,
  `"" | services | ${all}`,
  `"" | serviceaccounts | ${all}`,
];

const istiodRoleRules = [
  'networking.istio.io | gateways | create',
  '"" | secrets | create get watch list update delete',
  '"" | configmaps | delete',
  'coordination.k8s.io | leases | get update patch create',
];

/** Accounts, roles and bindings of istiod and of the readers of other clusters. */
export function istiodRbac(context: ChartContext): KubernetesObject[] {
  const { values, release } = context;
  const revision = getString(values, 'revision');
  const namespace = getString(values, 'global.istioNamespace');
  const suffix = revision ? `-${revision}` : '';
  const remote = getPath(values, 'istiodRemote.enabled') === true;
  const account = `istiod${suffix}`;
  const labelsOf = (app: string) => ({
    app,
    release: 'istio',
    'app.kubernetes.io/name': app,
    ...chartLabels(release, 'istiod'),
  });
  const clusterRole = (base: string, app: string, lines: readonly string[], subject: string): KubernetesObject[] => {
    const name = `${base}${suffix}-${context.namespace}`;
    const labels = labelsOf(app);
    return [
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata: { name, labels },
        rules: rules(lines),
      },
      binding({ kind: 'ClusterRoleBinding', name, labels, subject: { name: subject, namespace } }),
    ];
  };
  const reader = remote ? [...readerRules, ...remoteReaderRules] : readerRules;
  const readers = clusterRole('istio-reader-clusterrole', 'istio-reader', reader, 'istio-reader-service-account');
  if (remote) return readers;
  const labels = labelsOf('istiod');
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account, namespace, labels } },
    ...readers,
    ...clusterRole('istiod-clusterrole', 'istiod', istiodRules, account),
    ...clusterRole('istiod-gateway-controller', 'istiod', gatewayControllerRules, account),
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: account, namespace, labels },
      rules: rules(istiodRoleRules),
    },
    binding({ kind: 'RoleBinding', name: account, namespace, labels, subject: { name: account, namespace } }),
  ];
}
