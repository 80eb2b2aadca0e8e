import type { Json, JsonObject } from '../../kernel/json.ts';
import type { KubernetesObject } from '../../kubernetes/objects.ts';
import type { IstioRelease } from '../../releases/types.ts';
import { istiodPorts } from './istiod-ports.ts';
import { type ChartContext, chartLabels, ownedLabels } from './metadata.ts';
import { getPath, getString } from './values-map.ts';

const configurationGroups = ['security.istio.io', 'networking.istio.io', 'telemetry.istio.io', 'extensions.istio.io'];

const is = (key: string, operator: 'In' | 'NotIn', ...values: string[]): JsonObject => ({ key, operator, values });
const absent = (key: string): JsonObject => ({ key, operator: 'DoesNotExist' });
const notDisabled = is('sidecar.istio.io/inject', 'NotIn', 'false');
const unlabeled = [absent('istio-injection'), absent('istio.io/rev')];
const systemNamespaces = ['kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage'];

/** Which pods which webhook gets: selectors on namespace and pod, in the order of the chart. */
function injectionSelectors(revision: string, byDefault: boolean): [prefix: string, namespace: Json[], pod: Json[]][] {
  const rev = revision || 'default';
  const revisioned: [string, Json[], Json[]][] = [
    ['rev.namespace.', [is('istio.io/rev', 'In', rev), absent('istio-injection')], [notDisabled]],
    ['rev.object.', [absent('istio.io/rev'), absent('istio-injection')], [notDisabled, is('istio.io/rev', 'In', rev)]],
  ];
  if (revision) return revisioned;
  revisioned.push(
    ['namespace.', [is('istio-injection', 'In', 'enabled')], [notDisabled]],
    ['object.', unlabeled, [is('sidecar.istio.io/inject', 'In', 'true'), absent('istio.io/rev')]],
  );
  if (byDefault) {
    revisioned.push([
      'auto.',
      [...unlabeled, is('kubernetes.io/metadata.name', 'NotIn', ...systemNamespaces)],
      [absent('sidecar.istio.io/inject'), absent('istio.io/rev')],
    ]);
  }
  return revisioned;
}

function injector(selector: [string, Json[], Json[]], clientConfig: JsonObject, reinvocation?: string): JsonObject {
  const [prefix, namespaceExpressions, podExpressions] = selector;
  return {
    name: `${prefix}sidecar-injector.istio.io`,
    clientConfig,
    sideEffects: 'None',
    rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
    failurePolicy: 'Fail',
    ...(reinvocation === undefined ? {} : { reinvocationPolicy: reinvocation }),
    admissionReviewVersions: ['v1'],
    namespaceSelector: { matchExpressions: namespaceExpressions },
    objectSelector: { matchExpressions: podExpressions },
  };
}

function validator(name: string, clientConfig: JsonObject, objectSelector: Json[]): JsonObject {
  return {
    name,
    clientConfig,
    rules: [{ operations: ['CREATE', 'UPDATE'], apiGroups: configurationGroups, apiVersions: ['*'], resources: ['*'] }],
    failurePolicy: 'Ignore',
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    objectSelector: { matchExpressions: objectSelector },
  };
}

/** MutatingWebhookConfiguration istio-sidecar-injector of one revision. */
export function sidecarInjectorWebhook({ values, namespace, release }: ChartContext): KubernetesObject {
  const revision = getString(values, 'revision');
  const suffix = `${revision ? `-${revision}` : ''}${namespace === 'istio-system' ? '' : `-${namespace}`}`;
  const url = getString(values, 'istiodRemote.injectionURL');
  const path = getString(values, 'istiodRemote.injectionPath');
  const service = { name: `istiod${revision ? `-${revision}` : ''}`, namespace, path, port: 443 };
  const byDefault = getPath(values, 'sidecarInjectorWebhook.enableNamespacesByDefault') === true;
  const reinvocation = getString(values, 'sidecarInjectorWebhook.reinvocationPolicy');
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: {
      name: `istio-sidecar-injector${suffix}`,
      labels: {
        ...ownedLabels(revision, 'Pilot'),
        app: 'sidecar-injector',
        release: 'istio',
        'app.kubernetes.io/name': 'istiod',
        ...chartLabels(release, 'istiod'),
      },
    },
    webhooks: injectionSelectors(revision, byDefault).map((selector) =>
      injector(selector, url ? { url } : { service }, reinvocation),
    ),
  };
}

/** ValidatingWebhookConfiguration of one revision: objects that name the revision by label. */
export function revisionValidator({ values, release }: ChartContext): KubernetesObject {
  const revision = getString(values, 'revision');
  const suffix = revision ? `-${revision}` : '';
  const namespace = getString(values, 'global.istioNamespace');
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: {
      name: `istio-validator${suffix}-${namespace}`,
      labels: {
        app: 'istiod',
        release: 'istio',
        istio: 'istiod',
        'istio.io/rev': revision || 'default',
        'app.kubernetes.io/name': 'istiod',
        ...chartLabels(release, 'istiod'),
      },
    },
    webhooks: [
      validator('rev.validation.istio.io', { service: { name: `istiod${suffix}`, namespace, path: '/validate' } }, [
        is('istio.io/rev', 'In', revision || 'default'),
      ]),
    ],
  };
}

/**
 * What an installation of the default revision adds beside the charts: webhooks of the tag `default` for objects without a
 * revision's label (upstream operator/pkg/webhook, istioctl/pkg/tag Generate). With `istio-revision-tag-default` in place the
 * selectors for unrevisioned pods in `istio-sidecar-injector` are switched off by `deactivateInjection`.
 */
export function defaultTagWebhooks(
  release: IstioRelease,
  options: { revision: string; namespace: string; labels: Record<string, string> },
): KubernetesObject[] {
  const { revision, namespace } = options;
  const service = `istiod${revision ? `-${revision}` : ''}`;
  const tagged = {
    'istio.io/tag': 'default',
    'install.operator.istio.io/owning-resource-not-pruned': 'true',
    'app.kubernetes.io/name': 'istiod',
    ...chartLabels(release, 'istiod'),
    ...ownedLabels(revision, 'Pilot'),
    release: 'istio',
    ...options.labels,
  };
  return [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'istio-revision-tag-default', labels: { ...tagged, app: 'sidecar-injector' } },
      webhooks: injectionSelectors('', false).map((selector) =>
        injector(selector, { service: { name: service, namespace, path: '/inject', port: 443 } }, 'Never'),
      ),
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'istiod-default-validator', labels: { ...tagged, app: 'istiod', istio: 'istiod' } },
      webhooks: [
        validator('validation.istio.io', { service: { name: service, namespace, path: '/validate' } }, [
          absent('istio.io/rev'),
        ]),
      ],
    },
  ];
}

/** Service of the tag `default`, so that gateways and tools find istiod by tag. */
export function tagService(
  release: IstioRelease,
  options: { revision: string; namespace: string; labels: Record<string, string> },
): KubernetesObject {
  const { revision, namespace } = options;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'istiod-revision-tag-default',
      namespace,
      labels: {
        'istio.io/tag': 'default',
        'install.operator.istio.io/owning-resource-not-pruned': 'true',
        app: 'istiod',
        istio: 'pilot',
        release: 'istio',
        'app.kubernetes.io/name': 'istiod',
        ...chartLabels(release, 'istiod'),
        ...ownedLabels(revision, 'Pilot'),
        ...options.labels,
      },
    },
    spec: {
      ports: istiodPorts,
      selector: { app: 'istiod', ...(revision ? { 'istio.io/rev': revision } : { istio: 'pilot' }) },
    },
  };
}

/** Makes the webhooks of a default revision match nothing, for the tag `default` now does their work. */
export function deactivateInjection(webhooks: readonly JsonObject[]): JsonObject[] {
  const never = { matchLabels: { 'istio.io/deactivated': 'never-match' } };
  return webhooks.map((webhook) => ({ ...webhook, namespaceSelector: never, objectSelector: never }));
}
