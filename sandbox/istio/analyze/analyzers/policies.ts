import { labelsOf, objectsOf, recordOf, textOf, textsOf } from '../../validate/spec.ts';
import { podInAmbient, podInMesh } from '../mesh-membership.ts';
import { type Analyzer, type Context, fullName, type Resource } from '../resource.ts';
import { selectorText, selects } from '../selectors.ts';

type Labels = Readonly<Record<string, string>>;

/** AuthorizationPolicies that hold for nothing or name unknown namespaces (upstream authz/authorizationpolicies.go). */
export const authorizationPoliciesAnalyzer: Analyzer = {
  name: 'auth.AuthorizationPoliciesAnalyzer',
  description: 'Checks the validity of authorization policies',
  inputs: ['AuthorizationPolicy', 'Namespace', 'Pod'],
  analyze(context) {
    const pods = meshPods(context);
    for (const policy of context.all('AuthorizationPolicy')) {
      checkWorkloads(policy, pods, context);
      checkNamespaces(policy, context);
    }
  },
};

/** Labels of the pods in the mesh by namespace. */
function meshPods(context: Context): Map<string, Labels[]> {
  const pods = new Map<string, Labels[]>();
  for (const pod of context.all('Pod')) {
    if (!podInMesh(pod, context) && !podInAmbient(pod)) continue;
    pods.set(pod.namespace, [...(pods.get(pod.namespace) ?? []), pod.labels]);
  }
  return pods;
}

function checkWorkloads(policy: Resource, pods: ReadonlyMap<string, Labels[]>, context: Context): void {
  const selector = policy.spec.selector ? labelsOf(recordOf(policy.spec.selector).matchLabels) : undefined;
  const meshWide = policy.namespace === context.mesh.rootNamespace;
  if (meshWide && !selector) return;
  const candidates = meshWide ? [...pods.values()].flat() : (pods.get(policy.namespace) ?? []);
  if (candidates.some((labels) => selects(selector, labels))) return;
  context.report('NoMatchingWorkloadsFound', policy, selectorText(selector ?? {}));
}

function checkNamespaces(policy: Resource, context: Context): void {
  const known = context.all('Namespace').map(({ name }) => name);
  for (const [rule, { from }] of objectsOf(policy.spec.rules).entries()) {
    for (const [place, { source }] of objectsOf(from).entries()) {
      const { namespaces, notNamespaces } = recordOf(source);
      const allowed = textsOf(namespaces);
      for (const [index, pattern] of [...allowed, ...textsOf(notNamespaces)].entries()) {
        if (known.some((name) => namespaceMatches(name, pattern))) continue;
        const line = index < allowed.length ? index : index - allowed.length;
        const path = `.spec.rules[${rule}].from[${place}].source.namespaces[${line}]`;
        context.reportAt(path, 'ReferencedResourceNotFound', policy, 'namespace', pattern);
      }
    }
  }
}

function namespaceMatches(name: string, pattern: string): boolean {
  if (pattern === '*') return true;
  if (pattern.startsWith('*')) return name.endsWith(pattern.slice(1));
  if (pattern.endsWith('*')) return name.startsWith(pattern.slice(0, -1));
  return name.toLowerCase() === pattern.toLowerCase();
}

const shownNames = 5;

/** RequestAuthentications while istiod may fetch keys from anywhere (upstream authn/blockedcidrs.go). */
export const blockedCidrsAnalyzer: Analyzer = {
  name: 'authn.BlockedCIDRsAnalyzer',
  description:
    'Checks that BLOCKED_CIDRS_IN_JWKS_URIS is configured on istiod when RequestAuthentication resources exist',
  inputs: ['RequestAuthentication', 'Deployment'],
  analyze(context) {
    const names = context.all('RequestAuthentication').map(fullName);
    if (names.length === 0) return;
    const shown = names.slice(0, shownNames).join(', ');
    const text = names.length > shownNames ? `${shown}, and ${names.length - shownNames} more` : shown;
    for (const deployment of context.all('Deployment')) {
      if (deployment.labels.app !== 'istiod') continue;
      const containers = objectsOf(recordOf(recordOf(deployment.spec.template).spec).containers);
      const environment = containers.flatMap(({ env }) => objectsOf(env));
      if (environment.some(({ name, value }) => name === 'BLOCKED_CIDRS_IN_JWKS_URIS' && textOf(value) !== ''))
        continue;
      context.report('JwksUriFetchUnrestricted', deployment, names.length, text);
    }
  },
};

const policyKinds = ['AuthorizationPolicy', 'RequestAuthentication', 'Telemetry', 'WasmPlugin'] as const;

/** Selectors that meet pods of a Kubernetes Gateway (upstream k8sgateway/workloadselector.go). */
export const gatewaySelectorAnalyzer: Analyzer = {
  name: 'k8sgateway.SelectorAnalyzer',
  description: 'Check that selectors are effective for Kubernetes gateway',
  inputs: [...policyKinds, 'Pod'],
  analyze(context) {
    const gatewayName = 'gateway.networking.k8s.io/gateway-name';
    const pods = context.all('Pod').filter(({ labels }) => gatewayName in labels);
    for (const policy of policyKinds.flatMap((kind) => context.all(kind))) {
      const { targetRef, selector } = policy.spec;
      if (targetRef || !selector) continue;
      const wanted = labelsOf(recordOf(selector).matchLabels);
      for (const { namespace, labels } of pods) {
        if (namespace === policy.namespace && selects(wanted, labels))
          context.report('IneffectiveSelector', policy, labels[gatewayName] as string);
      }
    }
  },
};
