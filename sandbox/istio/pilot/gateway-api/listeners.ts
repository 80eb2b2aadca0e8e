import { matchesSelector } from '../../../kubernetes/selector.ts';
import type { GatewayListener, GatewaySpec } from '../api/gateway-api.ts';
import type { Gateway, Server, ServerTlsSettings } from '../api/networking.ts';
import { type Config, compareText, listConfigs, type ObjectSource } from '../model/config.ts';
import { gatewayServiceAnnotation } from '../model/gateways.ts';
import { classControllers, gatewayController, isManaged, managedName } from './classes.ts';
import { gatewayApiGroup, generatedName, parentsAnnotation, referenceKind } from './names.ts';
import type { ReferenceGrants } from './reference-grants.ts';

/** A listener of a Gateway as routes see it. */
export interface ParentListener {
  /** `namespace/name` of the Gateway. */
  parent: string;
  section: string;
  /** The name of its Istio Gateway, as VirtualServices bind to it. */
  gateway: string;
  /** `namespace/host`. */
  hosts: string[];
  hostname: string;
  port: number;
  protocol: string;
  /** Kinds of routes it takes. */
  kinds: string[];
}

export interface ConvertedListener {
  parent: ParentListener;
  /** Undefined: it is in error, and serves nothing. */
  config?: Config<Gateway>;
}

/** Each listener of a Gateway is an Istio Gateway of its own. */
export function convertGateways(source: ObjectSource, domain: string, grants: ReferenceGrants): ConvertedListener[] {
  const classes = new Map(
    listConfigs<{ controllerName?: string }>(source, 'GatewayClass').map(({ name, spec }) => [
      name,
      spec.controllerName,
    ]),
  );
  return listConfigs<GatewaySpec>(source, 'KubernetesGateway').flatMap((gateway) => {
    const { gatewayClassName } = gateway.spec;
    if ((classes.get(gatewayClassName) ?? classControllers[gatewayClassName]) !== gatewayController) return [];
    const services = servicesOf(gateway, domain);
    if (services.length === 0) return [];
    return (gateway.spec.listeners ?? []).map((listener) => {
      return convertListener(source, gateway, listener, services, grants);
    });
  });
}

/** Services in front of a gateway: the one istiod makes, or those the Gateway names as its addresses. */
export function servicesOf({ name, namespace, annotations, spec }: Config<GatewaySpec>, domain: string): string[] {
  if (isManaged(spec)) {
    const service = annotations['gateway.istio.io/name-override'] || managedName(name, spec.gatewayClassName);
    return [`${service}.${namespace}.svc.${domain}`];
  }
  return (spec.addresses ?? [])
    .filter(({ type = 'Hostname' }) => type === 'Hostname')
    .map(({ value = '' }) => (value.includes('.') ? value : `${value}.${namespace}.svc.${domain}`));
}

function convertListener(
  source: ObjectSource,
  gateway: Config<GatewaySpec>,
  listener: GatewayListener,
  services: readonly string[],
  grants: ReferenceGrants,
): ConvertedListener {
  const { namespace } = gateway;
  const name = `${gateway.name}~${generatedName}~${listener.name}`;
  const hosts = serverHosts(source, namespace, listener);
  const parent: ParentListener = {
    parent: `${namespace}/${gateway.name}`,
    section: listener.name,
    gateway: `${namespace}/${name}`,
    hosts,
    hostname: listener.hostname ?? '',
    port: listener.port,
    protocol: listener.protocol,
    kinds: allowedKinds(listener),
  };
  const tls = serverTls(source, gateway, listener, grants);
  if (tls === 'invalid' || !['HTTP', 'HTTPS', 'TLS'].includes(listener.protocol)) return { parent };
  const server: Server = {
    port: { name: 'default', number: listener.port, protocol: listener.protocol },
    hosts,
    ...(tls ? { tls } : {}),
  };
  const config: Config<Gateway> = {
    kind: 'Gateway',
    name,
    namespace,
    createdAt: gateway.createdAt,
    labels: {},
    annotations: {
      [gatewayServiceAnnotation]: services.join(),
      [parentsAnnotation]: `Gateway/${gateway.name}/${listener.name}.${namespace}`,
    },
    spec: { servers: [server] },
  };
  return { parent, config };
}

/** The listener's host, once for each namespace that may bind to it. */
function serverHosts(source: ObjectSource, own: string, { hostname = '*', allowedRoutes }: GatewayListener): string[] {
  const { from = 'Same', selector } = allowedRoutes?.namespaces ?? {};
  if (from === 'Same') return [`${own}/${hostname}`];
  if (from === 'All' || !selector) return [`*/${hostname}`];
  const namespaces = source
    .list('Namespace')
    .filter(({ metadata: { name, labels } }) => {
      return matchesSelector(selector, { ...labels, 'kubernetes.io/metadata.name': name });
    })
    .map(({ metadata }) => metadata.name)
    .sort(compareText);
  return namespaces.length > 0 ? namespaces.map((namespace) => `${namespace}/${hostname}`) : [`~/${hostname}`];
}

export function allowedKinds({ protocol, allowedRoutes, tls }: GatewayListener): string[] {
  const byProtocol: Record<string, string[]> = {
    HTTP: ['HTTPRoute', 'GRPCRoute'],
    HTTPS: ['HTTPRoute', 'GRPCRoute'],
    TLS: tls?.mode === 'Terminate' ? ['TLSRoute', 'TCPRoute'] : ['TLSRoute'],
    TCP: ['TCPRoute'],
  };
  const supported = byProtocol[protocol] ?? [];
  const kinds = allowedRoutes?.kinds ?? [];
  if (kinds.length === 0) return supported;
  return supported.filter((each) => {
    return kinds.some(({ group = gatewayApiGroup, kind }) => group === gatewayApiGroup && kind === each);
  });
}

function serverTls(
  source: ObjectSource,
  gateway: Config<GatewaySpec>,
  { tls, port }: GatewayListener,
  grants: ReferenceGrants,
): ServerTlsSettings | 'invalid' | undefined {
  if (!tls) return undefined;
  if (tls.mode === 'Passthrough') {
    return { mode: isAutoPassthrough(gateway, port, tls.options) ? 'AUTO_PASSTHROUGH' : 'PASSTHROUGH' };
  }
  const mode = tls.options?.['gateway.istio.io/tls-terminate-mode'];
  if (mode === 'ISTIO_SIMPLE') return { mode: 'SIMPLE', credentialName: 'builtin://' };
  if (mode === 'ISTIO_MUTUAL') return { mode: 'ISTIO_MUTUAL' };
  const references = tls.certificateRefs ?? [];
  if (references.length > 2) return 'invalid';
  const names = references.flatMap((reference) => {
    const namespace = reference.namespace ?? gateway.namespace;
    const from = { kind: `${gatewayApiGroup}/Gateway`, namespace: gateway.namespace };
    const usable =
      referenceKind(reference, { group: '', kind: 'Secret' }) === '/Secret' &&
      grants.allows(from, { kind: '/Secret', namespace }, reference.name) &&
      holdsCertificate(source, namespace, reference.name);
    return usable ? [`kubernetes-gateway://${namespace}/${reference.name}`] : [];
  });
  const [only = ''] = names;
  if (names.length === 0) return 'invalid';
  const ciphers = (tls.options?.['gateway.istio.io/tls-cipher-suites'] ?? '').split(',').map((each) => each.trim());
  return {
    mode: mode === 'MUTUAL' || mode === 'OPTIONAL_MUTUAL' ? mode : 'SIMPLE',
    ...(names.length === 1 ? { credentialName: only } : { credentialNames: names }),
    ...(ciphers[0] ? { cipherSuites: ciphers } : {}),
  };
}

function holdsCertificate(source: ObjectSource, namespace: string, name: string): boolean {
  const secret = source
    .list('Secret')
    .find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
  const data = (secret?.data ?? {}) as Record<string, string>;
  return Boolean((data['tls.crt'] && data['tls.key']) || (data.cert && data.key));
}

function isAutoPassthrough(
  { labels }: Config<GatewaySpec>,
  port: number,
  options: Record<string, string> | undefined,
): boolean {
  if (options?.['gateway.istio.io/listener-protocol'] === 'auto-passthrough') return true;
  if (!('topology.istio.io/network' in labels)) return false;
  return String(port) === (labels['networking.istio.io/gatewayPort'] ?? '15443');
}
