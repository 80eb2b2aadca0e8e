import { numberOf, objectsOf, recordOf } from '../../../istio/validate/spec.ts';
import type { KubernetesObject } from '../../../kubernetes/objects.ts';
import type { Istioctl } from '../command.ts';
import { IstioctlError } from '../errors.ts';
import { describeDestinationRule, subsetsOf } from './destination-rule.ts';
import { configDumpOf, type PodLabels, resources, separator } from './objects.ts';
import { describeService } from './pod.ts';
import { destinationRuleOf, type ObjectName, rbacPolicies, virtualServiceOf } from './proxy-facts.ts';
import { describeVirtualService } from './virtual-service.ts';

/** The services of a pod with the rules that its proxy has for them. */
export async function describePodServices(
  ctl: Istioctl,
  pod: KubernetesObject,
  services: readonly KubernetesObject[],
  pods: PodLabels,
): Promise<void> {
  let dump: Awaited<ReturnType<typeof configDumpOf>>;
  try {
    dump = await configDumpOf(ctl, pod, 'sidecar');
  } catch (error) {
    if (ctl.flags.bool('ignoreUnmeshed') && error instanceof IstioctlError) return;
    throw error;
  }
  for (const [row, service] of services.entries()) {
    if (row > 0) await ctl.out(separator);
    await ctl.out(describeService(ctl, service, pod));
    const ports = objectsOf(recordOf(service.spec).ports).map(({ port }) => numberOf(port));
    const several = ports.length > 1;
    for (const port of ports) {
      if (several) await ctl.out(`${port}:\n`);
      const indent = several ? 3 : 0;
      const ruleName = destinationRuleOf(dump, service, port);
      const rule = ruleName && ctl.api.get(resources.destinationRules, ruleName.namespace, ruleName.name);
      if (rule) await ctl.out(describeDestinationRule(ctl, rule, pods, indent));
      else if (ruleName) await ctl.out(stale('destination rule', ruleName));
      const routesName = virtualServiceOf(dump, service, port);
      const routes = routesName && ctl.api.get(resources.virtualServices, routesName.namespace, routesName.name);
      const target = { service, subsets: subsetsOf(rule, pods), destinationRule: rule };
      if (routes) await ctl.out(describeVirtualService(ctl, routes, target, indent));
      else if (routesName) await ctl.out(stale('virtual service', routesName));
      const policies = rbacPolicies(dump, port);
      if (policies.length > 0) await ctl.out(`${several ? `${port} ` : ''}RBAC policies: ${policies.join(', ')}\n`);
    }
  }
}

/** The proxy knows an object that the cluster no longer has. */
export function stale(what: string, { name, namespace }: ObjectName): string {
  return `WARNING: Proxy is stale; it references to non-existent ${what} ${name}.${namespace}\n`;
}
