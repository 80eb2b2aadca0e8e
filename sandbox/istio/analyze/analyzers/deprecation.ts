import { numberOf, objectsOf, recordOf } from '../../validate/spec.ts';
import type { Analyzer } from '../resource.ts';

const removedKinds = ['ClusterRbacConfig', 'RbacConfig', 'ServiceRole', 'ServiceRoleBinding'];
const removedGroup = 'rbac.istio.io';

/** Fields and kinds of the past (upstream deprecation/deprecation.go). */
export const deprecationAnalyzer: Analyzer = {
  name: 'deprecation.DeprecationAnalyzer',
  description: 'Checks for deprecated Istio types and fields',
  inputs: ['VirtualService', 'Sidecar', 'CustomResourceDefinition'],
  analyze(context) {
    for (const rule of context.all('VirtualService')) {
      for (const { fault } of objectsOf(rule.spec.http)) {
        if (numberOf(recordOf(recordOf(fault).delay).percent) <= 0) continue;
        const [old, today] = ['HTTPRoute.fault.delay.percent', 'HTTPRoute.fault.delay.percentage'];
        context.report('Deprecated', rule, `${old} is deprecated; use ${today}`);
      }
    }
    for (const sidecar of context.all('Sidecar')) {
      if (recordOf(sidecar.spec.outboundTrafficPolicy).egressProxy)
        context.report('Deprecated', sidecar, 'OutboundTrafficPolicy.EgressProxy ignored');
    }
    for (const crd of context.all('CustomResourceDefinition')) {
      const kind = String(recordOf(crd.spec.names).kind);
      if (crd.spec.group === removedGroup && removedKinds.includes(kind))
        context.report('Deprecated', crd, `Custom resource type ${removedGroup} ${kind} is removed`);
    }
  },
};
