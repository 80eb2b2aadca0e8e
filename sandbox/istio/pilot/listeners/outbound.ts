import type { Listener } from '../../../envoy/xds/types.ts';
import type { IstioEgressListener } from '../api/networking.ts';
import type { Build } from '../build.ts';
import { httpInspector, tlsInspector } from '../filters/constants.ts';
import { isIpAddress, localhostAddress, socketAddress, unspecifiedAddress } from '../model/addresses.ts';
import { protoDuration } from '../model/duration.ts';
import { isHttp, isSniffed, isTcp, listenerProtocol, type Protocol, parseProtocol } from '../model/protocol.ts';
import type { VirtualServiceConfig } from '../model/virtual-services.ts';
import type { Service, ServicePort } from '../registry/service.ts';
import { endpointsOfPort } from '../registry/service-index.ts';
import { buildChain, type ChainSpec, chainsConflict, matchesAll, needsTlsInspector } from './chain.ts';
import { connectionManager } from './connection-manager.ts';
import { tcpChains } from './outbound-tcp.ts';
import { fallthroughFilters } from './virtual-outbound.ts';

interface Bind {
  /** '' until the service's own address is taken. */
  address: string;
  toPort: boolean;
}

interface Entry {
  port: ServicePort;
  bind: Bind;
  protocol: Protocol;
  chains: ChainSpec[];
  /** Made by a Sidecar's own port: a listener for everything adds nothing to it. */
  locked: boolean;
}

const plaintextHttp = { applicationProtocols: ['http/1.1', 'h2c'], transportProtocol: 'raw_buffer' } as const;

/**
 * Listeners for what the application calls: one for each address and port, several services sharing `0.0.0.0` where the
 * protocol is HTTP (networking/core/listener.go).
 */
export function outboundListeners(build: Build): Listener[] {
  const listeners = new OutboundListeners(build);
  for (const { listener, services, virtualServices } of build.scope.egressListeners) {
    listeners.addAll(listener, services, virtualServices);
  }
  return listeners.build();
}

function bindOf(listener: IstioEgressListener | undefined): Bind {
  const address = listener?.bind ?? '';
  const toPort = listener?.captureMode === 'NONE' || address.startsWith('unix://');
  return { address: address || (toPort ? localhostAddress : ''), toPort };
}

class OutboundListeners {
  readonly #build: Build;
  readonly #entries = new Map<string, Entry>();

  constructor(build: Build) {
    this.#build = build;
  }

  addAll(
    listener: IstioEgressListener | undefined,
    services: readonly Service[],
    virtualServices: readonly VirtualServiceConfig[],
  ): void {
    const bind = bindOf(listener);
    if (listener?.port) {
      const { number, protocol, name } = listener.port;
      const port = { port: number, protocol: parseProtocol(protocol), name: name ?? '' };
      if (this.#isReserved(bind.address, port)) return;
      for (const service of services) this.#add(service, port, bind, virtualServices);
      return;
    }
    for (const entry of this.#entries.values()) entry.locked = true;
    for (const service of services) {
      for (const port of service.ports) {
        if (!this.#isReserved(bind.address, port)) this.#addPort(service, port, bind, virtualServices);
      }
    }
  }

  /** Envoy's own ports cannot be taken on the wildcard address. */
  #isReserved(address: string, { port, protocol }: ServicePort): boolean {
    if (address === '' ? !isHttp(protocol) : address !== unspecifiedAddress) return false;
    const { proxyListenPort, proxyInboundListenPort } = this.#build.push.mesh;
    return [15021, 15090, proxyListenPort, proxyInboundListenPort].includes(port);
  }

  /** A TCP service without an address of its own is reached at the addresses of its endpoints. */
  #addPort(service: Service, port: ServicePort, bind: Bind, configs: readonly VirtualServiceConfig[]): void {
    const headless = service.resolution === 'Passthrough' && service.addresses[0] === unspecifiedAddress;
    if (bind.address !== '' || !headless || !(isTcp(port.protocol) || isSniffed(port.protocol))) {
      this.#add(service, port, bind, configs);
      return;
    }
    const endpoints = endpointsOfPort(this.#build.push.serviceIndex, service, port.port);
    if (service.registry === 'External' && endpoints.length === 0 && !service.selector) {
      this.#add(service, port, bind, configs);
      return;
    }
    for (const { address } of endpoints) {
      if (!isIpAddress(address) || address === this.#build.proxy.address) continue;
      this.#add(service, port, { ...bind, address }, configs);
    }
  }

  #add(service: Service, port: ServicePort, bind: Bind, configs: readonly VirtualServiceConfig[]): void {
    const kind = listenerProtocol(port.protocol);
    if (service.resolution === 'Alias' || kind === 'none') return;
    let address = bind.address;
    let cidrs: string[] = [];
    if (kind === 'http') address ||= unspecifiedAddress;
    else if (address === '') {
      const own = service.addresses[0] ?? unspecifiedAddress;
      const network = own.includes('/');
      address = network ? unspecifiedAddress : own;
      if (network) cidrs = [own];
    }
    const key = `${address} ${port.port}`;
    const current = this.#entries.get(key);
    if (current?.locked) return;
    const target: Bind = { ...bind, address };
    const entry = (protocol: Protocol, chains: ChainSpec[]): Entry => ({
      port,
      bind: target,
      protocol,
      chains,
      locked: false,
    });
    const http = () => this.#httpChain(service, port, target, kind);
    const tcp = () => tcpChains(this.#build, { service, port, bind: address, cidrs, configs });

    if (port.protocol === 'HTTP_PROXY') {
      if (!current) this.#entries.set(key, entry(port.protocol, [http()]));
    } else if (kind === 'http') {
      // HTTP listeners are shared as they are; on the wildcard address other bytes may come, too.
      if (current && !isTcp(current.protocol)) return;
      const wildcard = address === unspecifiedAddress;
      const chain = wildcard ? { ...http(), ...plaintextHttp } : http();
      if (current) this.#merge(current, port, [chain], 'UnsupportedProtocol');
      else this.#entries.set(key, entry(wildcard ? 'UnsupportedProtocol' : port.protocol, [chain]));
    } else if (kind === 'tcp') {
      if (current)
        this.#merge(current, port, tcp(), isHttp(current.protocol) ? 'UnsupportedProtocol' : current.protocol);
      else this.#entries.set(key, entry(port.protocol, tcp()));
    } else {
      const chains = () => [...tcp(), { ...http(), ...plaintextHttp }];
      if (!current || isHttp(current.protocol)) this.#entries.set(key, entry(port.protocol, chains()));
      else if (isTcp(current.protocol)) this.#merge(current, port, chains(), 'UnsupportedProtocol');
    }
  }

  /** Adds chains that do not match what others match already. Server-first protocols share a listener with nothing. */
  #merge(current: Entry, port: ServicePort, chains: readonly ChainSpec[], protocol: Protocol): void {
    const alone = (each: Protocol) => each === 'Mongo' || each === 'MySQL';
    if ((alone(port.protocol) || alone(current.protocol)) && port.protocol !== current.protocol) return;
    for (const chain of chains) {
      if (!current.chains.some((existing) => chainsConflict(existing, chain))) current.chains.push(chain);
    }
    current.protocol = protocol;
  }

  #httpChain(service: Service, port: ServicePort, bind: Bind, kind: 'http' | 'auto' | 'tcp'): ChainSpec {
    const own = kind === 'auto' && bind.address !== unspecifiedAddress;
    const routes = port.port === 0 ? bind.address : own ? `${service.hostname}:${port.port}` : String(port.port);
    const filter = connectionManager(this.#build, {
      listener: 'outbound',
      statPrefix: `outbound_${bind.address}_${port.port};`,
      protocol: port.protocol,
      routes,
    });
    return { filters: [filter] };
  }

  build(): Listener[] {
    return [...this.#entries.values()].map((entry) => this.#listener(entry));
  }

  #listener({ bind, port, chains }: Entry): Listener {
    const sniffs = chains.some(({ applicationProtocols }) => applicationProtocols?.length);
    const listenerFilters = [
      ...(chains.some(needsTlsInspector) ? [tlsInspector] : []),
      ...(sniffs ? [httpInspector] : []),
    ];
    const matchAll = chains.find(matchesAll);
    const filterChains = chains.filter((chain) => !matchesAll(chain)).map(buildChain);
    const defaultChain = matchAll
      ? buildChain(matchAll)
      : {
          filterChainMatch: {},
          filters: fallthroughFilters(this.#build),
          name: 'PassthroughFilterChain',
        };
    const onlyDefault = filterChains.length === 0;
    const { protocolDetectionTimeout } = this.#build.push.mesh;
    return {
      name: `${bind.address}_${port.port}`,
      address: socketAddress(bind.address, port.port),
      filterChains: onlyDefault ? [defaultChain] : filterChains,
      ...(onlyDefault ? {} : { defaultFilterChain: defaultChain }),
      ...(listenerFilters.length > 0 ? { listenerFilters } : {}),
      listenerFiltersTimeout: sniffs ? protoDuration(protocolDetectionTimeout) : '0s',
      continueOnListenerFiltersTimeout: true,
      trafficDirection: 'OUTBOUND',
      ...(bind.toPort ? { maxConnectionsToAcceptPerSocketEvent: 1 } : { bindToPort: false }),
    };
  }
}
