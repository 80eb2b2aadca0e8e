import type { JsonObject } from '../../kernel/json.ts';
import type { Schema } from '../../kubernetes/schema.ts';
import { crds } from '../kinds/index.ts';
import { isRecord, textOf } from './spec.ts';

/** Reading of objects that no API server has checked (upstream decodes into Go structs and protocol buffers). */

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
  const schema = specSchema(object);
  const found = schema && search(object.spec, schema, textOf(object.kind));
  return found && `unknown field ${JSON.stringify(found.field)} in ${messageName(object, found.path)}`;
}

/**
 * The first value that cannot be read because it is of another type than its field, in the words of Go's decoders; undefined if
 * there is none. Objects of a cluster have passed their schema; those of files have not.
 */
export function typeProblem(object: JsonObject): string | undefined {
  const { metadata = {} } = object;
  if (!isRecord(metadata)) return `${cannot(metadata)} into Go struct field Object.metadata of type v1.ObjectMeta`;
  const field = (name: string, type: string) => `into Go struct field ObjectMeta.metadata.${name} of type ${type}`;
  for (const name of ['name', 'namespace']) {
    const value = metadata[name];
    if (value !== undefined && value !== null && typeof value !== 'string')
      return `${cannot(value)} ${field(name, 'string')}`;
  }
  for (const name of ['labels', 'annotations']) {
    const value = metadata[name] ?? {};
    if (!isRecord(value)) return `${cannot(value)} ${field(name, 'map[string]string')}`;
    const wrong = Object.values(value).find((text) => typeof text !== 'string');
    if (wrong !== undefined) return `${cannot(wrong)} ${field(name, 'string')}`;
  }
  const schema = specSchema(object);
  return schema && mismatch(object.spec, schema, (path) => messageName(object, path), textOf(object.kind));
}

const typeName = (value: unknown) => (Array.isArray(value) ? 'array' : value === null ? 'null' : boolOr(typeof value));
const boolOr = (type: string) => (type === 'boolean' ? 'bool' : type);
const cannot = (value: unknown) => `json: cannot unmarshal ${typeName(value)}`;

/** Go's types for what is no message. */
const goTypes: Record<string, string> = {
  object: 'map[string]json.RawMessage',
  array: '[]json.RawMessage',
  string: 'string',
  boolean: 'bool',
  integer: 'int32',
  number: 'float64',
};

function mismatch(value: unknown, schema: Schema, message: (path: string) => string, path: string): string | undefined {
  if (value === undefined || value === null || schema['x-kubernetes-preserve-unknown-fields']) return undefined;
  if (schema['x-kubernetes-int-or-string'] || schema.type === undefined) return undefined;
  const wrong = `${cannot(value)} into Go value of type ${goTypes[schema.type]}`;
  switch (schema.type) {
    case 'array': {
      if (!Array.isArray(value)) return wrong;
      const items = schema.items ?? {};
      if (items.type === 'object' && value.includes(null))
        return `${cannot(null)} into Go value of type ${goTypes.object}`;
      return first(value, (item) => mismatch(item, items, message, path));
    }
    case 'object':
      if (!isRecord(value)) return wrong;
      return first(Object.entries(value), ([key, member]) => {
        const known = schema.properties?.[key] ?? schema.additionalProperties;
        return typeof known === 'object' ? mismatch(member, known, message, `${path}.${key}`) : undefined;
      });
    case 'string':
      if (typeof value !== 'string') return wrong;
      if (!schema.enum || schema.enum.includes(value)) return undefined;
      return `unknown value ${JSON.stringify(value)} for enum ${message(path)}`;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : wrong;
    default:
      // Numbers may also be written as texts.
      return typeof value === 'number' || (typeof value === 'string' && /^-?[0-9.]+$/.test(value)) ? undefined : wrong;
  }
}

function first<T>(items: readonly T[], problem: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = problem(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function specSchema(object: JsonObject): Schema | undefined {
  const crd = crds.find(({ spec }) => spec.names.kind === object.kind && spec.group === groupOf(object));
  return crd?.spec.versions[0]?.schema?.openAPIV3Schema?.properties?.spec as Schema | undefined;
}

const groupOf = ({ apiVersion }: JsonObject) => textOf(apiVersion).split('/')[0] as string;

/** The protocol buffer message behind a path such as `VirtualService.http`. */
function messageName(object: JsonObject, path: string): string {
  const last = path.split('.').at(-1) as string;
  return `${packages[groupOf(object)]}.${messages[path] ?? `${last.charAt(0).toUpperCase()}${last.slice(1)}`}`;
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
