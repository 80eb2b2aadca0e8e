import type { Gateway, Server } from '../api/networking.ts';
import type { MeshProxy } from '../proxy.ts';
import type { ServiceTarget } from '../registry/service.ts';
import type { Config } from './config.ts';
import { selects } from './labels.ts';
import { isHttp, type Protocol, parseProtocol } from './protocol.ts';

/** Annotation of Gateways istiod made from Gateway API objects: the Services that expose them. */
export const gatewayServiceAnnotation = 'internal.istio.io/gateway-service';

export interface ServerPort {
  number: number;
  protocol: Protocol;
  bind: string;
}

/** A server of a Gateway that the proxy serves. */
export interface MergedServer {
  server: Server & { port: NonNullable<Server['port']> };
  /** `namespace/name` of its Gateway. */
  gateway: string;
  routeName: string;
  /** For TLS servers, sorted. */
  sniHosts: string[];
}

/** Servers that share a port of the proxy. */
export interface MergedPort extends ServerPort {
  servers: MergedServer[];
  /** Route configuration of a plain HTTP port. */
  routeName: string;
}

/** All Gateways of a proxy as one (model/gateway.go). */
export interface MergedGateway {
  ports: MergedPort[];
  serversByRouteName: Map<string, MergedServer[]>;
  autoPassthrough: boolean;
}

/** The Gateways that select a proxy, merged; undefined if none does. */
export function mergeGateways(
  configs: readonly Config<Gateway>[],
  proxy: MeshProxy,
  targets: readonly ServiceTarget[],
): MergedGateway | undefined {
  const merge = new GatewayMerge();
  let any = false;
  for (const config of configs) {
    const services = config.annotations[gatewayServiceAnnotation]?.split(',');
    if (services) {
      const owner = config.annotations['internal.istio.io/parent-namespace'] || config.namespace;
      const matching = targets.filter(
        ({ service }) => services.includes(service.hostname) && service.namespace === owner,
      );
      if (matching.length === 0) continue;
      merge.add(config, matching, false);
    } else {
      if (config.spec.selector && !selects(config.spec.selector, proxy.labels)) continue;
      merge.add(config, targets, true);
    }
    any = true;
  }
  return any ? merge.result() : undefined;
}

/** Also the mode of a server that names none. */
export function isPassthrough({ tls }: Server): boolean {
  return tls !== undefined && ['PASSTHROUGH', 'AUTO_PASSTHROUGH'].includes(tls.mode ?? 'PASSTHROUGH');
}

/** HTTP, with or without TLS that ends here. */
export function isHttpServer(server: MergedServer['server']): boolean {
  const protocol = parseProtocol(server.port.protocol);
  return isHttp(protocol) || (protocol === 'HTTPS' && !isPassthrough(server));
}

export function isHttpsTermination(server: MergedServer['server']): boolean {
  return server.tls !== undefined && parseProtocol(server.port.protocol) === 'HTTPS' && !isPassthrough(server);
}

function isTlsServer(server: MergedServer['server']): boolean {
  return server.tls !== undefined && !isHttp(parseProtocol(server.port.protocol));
}

/** Hosts that are taken already with this bind address; if none is, they are taken now. */
export function takeHosts(hosts: readonly string[], bind: string, taken: Map<string, string>): boolean {
  if (hosts.some((host) => taken.get(host) === bind)) return false;
  for (const host of hosts) taken.set(host, bind);
  return true;
}

class GatewayMerge {
  readonly #ports: MergedPort[] = [];
  readonly #plaintext = new Map<number, MergedPort>();
  readonly #tlsHosts = new Map<number, Map<string, string>>();
  readonly #byRouteName = new Map<string, MergedServer[]>();
  #autoPassthrough = false;

  add(config: Config<Gateway>, targets: readonly ServiceTarget[], bySelector: boolean): void {
    for (const written of config.spec.servers ?? []) {
      if (!written.port) continue;
      const server = { ...qualifyHosts(written, config.namespace), port: written.port };
      for (const number of resolvePorts(server.port.number, targets, bySelector)) {
        this.#addServer(config, server, number);
      }
    }
  }

  result(): MergedGateway {
    return { ports: this.#ports, serversByRouteName: this.#byRouteName, autoPassthrough: this.#autoPassthrough };
  }

  #addServer(config: Config<Gateway>, server: MergedServer['server'], number: number): void {
    const bind = server.bind ?? '';
    if (server.tls) {
      let taken = this.#tlsHosts.get(number);
      if (!taken) {
        taken = new Map();
        this.#tlsHosts.set(number, taken);
      }
      if (!takeHosts(server.hosts, bind, taken)) return;
      if (server.tls.mode === 'AUTO_PASSTHROUGH') this.#autoPassthrough = true;
    }
    const merged: MergedServer = {
      server,
      gateway: `${config.namespace}/${config.name}`,
      routeName: routeName(server, number, config),
      sniHosts: server.tls ? sniHosts(server) : [],
    };
    const port: ServerPort = { number, protocol: parseProtocol(server.port.protocol), bind };
    if (!this.#ports.some((known) => known.number === number)) this.#open(port, merged);
    else if (this.#plaintext.has(number)) this.#joinPlaintext(port, merged);
    else this.#joinOther(port, merged);
  }

  #open(port: ServerPort, merged: MergedServer): void {
    const opened: MergedPort = { ...port, servers: [merged], routeName: merged.routeName };
    this.#ports.push(opened);
    if (!isTlsServer(merged.server)) this.#plaintext.set(port.number, opened);
    if (isHttpServer(merged.server)) this.#byRouteName.set(merged.routeName, [merged]);
  }

  #find({ number, protocol, bind }: ServerPort): MergedPort | undefined {
    return this.#ports.find((each) => each.number === number && each.protocol === protocol && each.bind === bind);
  }

  /** HTTP servers can share a port; nothing else can share one with them. */
  #joinPlaintext(port: ServerPort, merged: MergedServer): void {
    const current = this.#plaintext.get(port.number) as MergedPort;
    if (current.bind === port.bind) {
      const mergeable = (isHttp(port.protocol) || port.protocol === current.protocol) && isHttp(current.protocol);
      if (!mergeable || merged.routeName === '') return;
      current.servers.push(merged);
      this.#append(merged);
      return;
    }
    const known = this.#find(port);
    if (!known) {
      this.#open(port, merged);
      return;
    }
    known.routeName = merged.routeName;
    known.servers.push(merged);
    this.#append(merged);
  }

  #append(merged: MergedServer): void {
    this.#byRouteName.set(merged.routeName, [...(this.#byRouteName.get(merged.routeName) ?? []), merged]);
  }

  #joinOther(port: ServerPort, merged: MergedServer): void {
    if (!isTlsServer(merged.server)) {
      this.#open(port, merged);
      return;
    }
    if (isHttpServer(merged.server)) {
      if (merged.routeName === '' || this.#byRouteName.has(merged.routeName)) return;
      this.#byRouteName.set(merged.routeName, [merged]);
    }
    const known = this.#find(port);
    if (known) known.servers.push(merged);
    else this.#ports.push({ ...port, servers: [merged], routeName: '' });
  }
}

/** `./host` is of the Gateway's namespace, `*` + `/host` of any. */
function qualifyHosts(server: Server, namespace: string): Server {
  if (!server.hosts.some((host) => host.includes('/'))) return server;
  if (server.hosts.includes('*/*')) return { ...server, hosts: ['*'] };
  const hosts = server.hosts.map((host) => {
    const [owner, name] = host.split('/');
    if (name === undefined) return host;
    return owner === '.' ? `${namespace}/${name}` : owner === '*' ? name : host;
  });
  return { ...server, hosts };
}

/** Ports of the proxy a Gateway's port leads to, over the Services in front of it; without such a Service, itself. */
function resolvePorts(number: number, targets: readonly ServiceTarget[], bySelector: boolean): number[] {
  const ports = new Set<number>();
  for (const { service, port, targetPort } of targets) {
    if (bySelector && 'experimental.istio.io/disable-gateway-port-translation' in service.labels) continue;
    if (port.port !== number) continue;
    if (bySelector) return [targetPort];
    ports.add(targetPort);
  }
  return ports.size === 0 && bySelector ? [number] : [...ports];
}

function sniHosts(server: Server): string[] {
  return [...new Set(server.hosts.map((host) => host.split('/')[1] ?? host))].sort();
}

/** `http.8080`, or `https.443.port.gateway.namespace` for a server that ends TLS; '' for what has no routes. */
function routeName(server: MergedServer['server'], number: number, config: Config<Gateway>): string {
  const protocol = parseProtocol(server.port.protocol);
  const bind = server.bind ? `.${server.bind}` : '';
  if (isHttp(protocol)) return `http.${number}${bind}`;
  if (protocol !== 'HTTPS' || isPassthrough(server)) return '';
  return `https.${server.port.number}.${server.port.name}.${config.name}.${config.namespace}${bind}`;
}
