import type { JsonObject } from '../../kernel/json.ts';
import type { Schema } from '../../kubernetes/schema.ts';
import { crds } from '../kinds/index.ts';
import { isRecord, textOf } from './spec.ts';

/** Protocol buffer packages of the API groups. */
const packages: Record<string, string> = {
  'extensions.istio.io': 'istio.extensions.v1alpha1',
  'networking.istio.io': 'istio.networking.v1alpha3',
  'security.istio.io': 'istio.security.v1beta1',
  'telemetry.istio.io': 'istio.telemetry.v1alpha1',
};

/** Messages that fields hold, where a field does not simply name its message. */
const messages: Record<string, string> = {
  'VirtualService.http': 'HTTPRoute',
  'VirtualService.http.match': 'HTTPMatchRequest',
  'VirtualService.http.route': 'HTTPRouteDestination',
  'VirtualService.http.redirect': 'HTTPRedirect',
  'VirtualService.http.rewrite': 'HTTPRewrite',
  'VirtualService.http.retries': 'HTTPRetry',
  'VirtualService.http.fault': 'HTTPFaultInjection',
  'VirtualService.http.mirror': 'Destination',
  'VirtualService.tls': 'TLSRoute',
  'VirtualService.tls.match': 'TLSMatchAttributes',
  'VirtualService.tls.route': 'RouteDestination',
  'VirtualService.tcp': 'TCPRoute',
  'VirtualService.tcp.match': 'L4MatchAttributes',
  'VirtualService.tcp.route': 'RouteDestination',
  'DestinationRule.subsets': 'Subset',
  'DestinationRule.subsets.trafficPolicy': 'TrafficPolicy',
  'DestinationRule.trafficPolicy.tls': 'ClientTLSSettings',
  'DestinationRule.trafficPolicy.portLevelSettings': 'TrafficPolicy.PortTrafficPolicy',
  'DestinationRule.trafficPolicy.loadBalancer': 'LoadBalancerSettings',
  'DestinationRule.trafficPolicy.connectionPool': 'ConnectionPoolSettings',
  'Gateway.servers': 'Server',
  'Gateway.servers.tls': 'ServerTLSSettings',
  'ServiceEntry.ports': 'ServicePort',
  'ServiceEntry.endpoints': 'WorkloadEntry',
  'AuthorizationPolicy.rules': 'Rule',
  'AuthorizationPolicy.rules.from': 'Rule.From',
  'AuthorizationPolicy.rules.to': 'Rule.To',
  'AuthorizationPolicy.rules.when': 'Condition',
  'AuthorizationPolicy.rules.from.source': 'Source',
  'AuthorizationPolicy.rules.to.operation': 'Operation',
  'PeerAuthentication.mtls': 'PeerAuthentication.MutualTLS',
  'Sidecar.egress': 'IstioEgressListener',
  'Sidecar.ingress': 'IstioIngressListener',
};

/** The first field of a specification that its kind does not know, in the words of Go's jsonpb; undefined if all are known. */
export function unknownField(object: JsonObject): string | undefined {
  const [kind, group] = [textOf(object.kind), textOf(object.apiVersion).split('/')[0] as string];
  const crd = crds.find(({ spec }) => spec.names.kind === kind && spec.group === group);
  const schema = crd?.spec.versions[0]?.schema?.openAPIV3Schema?.properties?.spec as Schema | undefined;
  const found = schema && search(object.spec, schema, kind);
  if (!found) return undefined;
  const last = found.path.split('.').at(-1) as string;
  const message = messages[found.path] ?? `${last[0]?.toUpperCase()}${last.slice(1)}`;
  return `unknown field ${JSON.stringify(found.field)} in ${packages[group]}.${message}`;
}

function search(value: unknown, schema: Schema, path: string): { field: string; path: string } | undefined {
  if (Array.isArray(value)) {
    for (const item of value) {
      const found = schema.items && search(item, schema.items, path);
      if (found) return found;
    }
    return undefined;
  }
  if (!isRecord(value) || !schema.properties || schema['x-kubernetes-preserve-unknown-fields']) return undefined;
  for (const [field, member] of Object.entries(value)) {
    const known = schema.properties[field];
    if (!known) return { field, path };
    const found = search(member, known, `${path}.${field}`);
    if (found) return found;
  }
  return undefined;
}
