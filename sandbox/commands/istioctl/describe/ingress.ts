import { selects } from '../../../istio/pilot/model/labels.ts';
import { labelsOf, numberOf, objectsOf, recordOf, textOf, textsOf } from '../../../istio/validate/spec.ts';
import type { KubernetesObject } from '../../../kubernetes/objects.ts';
import type { Istioctl } from '../command.ts';
import { subsetsOf } from './destination-rule.ts';
import { configDumpOf, type PodLabels, resources, separator } from './objects.ts';
import { protocolOf, targetPort } from './pod.ts';
import { destinationRuleOf, virtualServiceOf } from './proxy-facts.ts';
import { stale } from './services.ts';
import { describeVirtualService } from './virtual-service.ts';

/** A Service in front of ingress gateways. */
interface Ingress {
  service: KubernetesObject;
  pods: KubernetesObject[];
}

/** How the services are reached from outside, through the gateways with label `istio=ingressgateway`. */
export async function describeIngress(
  ctl: Istioctl,
  services: readonly KubernetesObject[],
  pods: PodLabels,
): Promise<void> {
  const gatewayPods = ctl.api
    .list(resources.pods, { istio: 'ingressgateway' })
    .filter(({ status }) => recordOf(status).phase === 'Running');
  if (gatewayPods.length === 0) {
    await ctl.out('Skipping Gateway information (no ingress gateway pods)\n');
    return;
  }
  const ingresses = ingressesOf(ctl, gatewayPods);
  if (ingresses.length === 0) await ctl.out('Skipping Gateway information (no ingress gateway service)\n');
  const seen = new Set<string>();
  for (const pod of gatewayPods) {
    const dump = await configDumpOf(ctl, pod, 'ingress gateway sidecar');
    for (const service of services) {
      for (const port of objectsOf(recordOf(service.spec).ports).map((each) => numberOf(each.port))) {
        const ruleName = destinationRuleOf(dump, service, port);
        const rule = ruleName && ctl.api.get(resources.destinationRules, ruleName.namespace, ruleName.name);
        if (ruleName && !rule) await ctl.out(stale('destination rule', ruleName));
        const routesName = virtualServiceOf(dump, service, port);
        const routes = routesName && ctl.api.get(resources.virtualServices, routesName.namespace, routesName.name);
        if (routesName && !routes) await ctl.out(stale('virtual service', routesName));
        if (!routes) continue;
        const target = { service, subsets: subsetsOf(rule, pods), destinationRule: rule };
        for (const gateway of textsOf(recordOf(routes.spec).gateways)) {
          const shown = await describeGateway(ctl, routes, gateway, ingresses, seen);
          if (shown) await ctl.out(describeVirtualService(ctl, routes, target, 0));
        }
      }
    }
  }
}

/** Addresses of a gateway that is met for the first time; whether there were any. */
async function describeGateway(
  ctl: Istioctl,
  routes: KubernetesObject,
  reference: string,
  ingresses: readonly Ingress[],
  seen: Set<string>,
): Promise<boolean> {
  if (reference === '' || reference === 'mesh') return false;
  const id = reference.includes('/') ? reference : `${routes.metadata.namespace ?? ''}/${reference}`;
  if (seen.has(id)) return false;
  const slash = id.indexOf('/');
  const gateway = ctl.api.get(resources.gateways, id.slice(0, slash), id.slice(slash + 1));
  if (!gateway) {
    await ctl.out(`WARNING: Proxy is stale; it references to non-existent gateway ${id}\n`);
    return false;
  }
  seen.add(id);
  const { selector } = recordOf(gateway.spec);
  if (!selector) {
    await ctl.out(`Ingress Gateway ${id} be applied all workloads`);
    return false;
  }
  const matching = ingresses
    .filter((ingress) => ingress.pods.some(({ metadata }) => selects(labelsOf(selector), metadata.labels)))
    .sort((a, b) => (addressOf(a) < addressOf(b) ? -1 : 1));
  if (matching.length === 0) return false;
  await ctl.out(separator);
  for (const ingress of matching) await ctl.out(exposure(ingress));
  return true;
}

function ingressesOf(ctl: Istioctl, pods: readonly KubernetesObject[]): Ingress[] {
  const namespaces = [...new Set(pods.map(({ metadata }) => metadata.namespace ?? ''))].sort();
  return namespaces.flatMap((namespace) =>
    ctl.api.list(resources.services, {}, { namespace }).flatMap((service) => {
      const selector = labelsOf(recordOf(service.spec).selector);
      const own = pods.filter(
        ({ metadata }) => metadata.namespace === namespace && metadata.labels && selects(selector, metadata.labels),
      );
      return own.length > 0 ? [{ service, pods: own }] : [];
    }),
  );
}

function addressOf({ service, pods }: Ingress): string {
  const [balanced] = objectsOf(recordOf(recordOf(service.status).loadBalancer).ingress);
  return balanced ? textOf(balanced.ip) : textOf(recordOf(pods[0]?.status).hostIP) || 'unknown';
}

function exposure(ingress: Ingress): string {
  const [pod] = ingress.pods as [KubernetesObject];
  return objectsOf(recordOf(ingress.service.spec).ports)
    .filter(({ protocol, name }) => protocol === 'TCP' && (name === 'http2' || name === 'http'))
    .filter((port) => targetPort(port, pod) !== undefined)
    .map((port) => {
      const scheme = ['HTTP', 'HTTP2'].includes(protocolOf(port)) ? 'http' : '';
      const number = numberOf(port.port);
      const suffix = scheme === 'http' && number === 80 ? '' : `:${number}`;
      return `Exposed on Ingress Gateway ${scheme}://${addressOf(ingress)}${suffix}\n`;
    })
    .join('');
}
