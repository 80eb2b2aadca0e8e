import type { FilterChain, Listener, NamedAny } from '../../../envoy/xds/types.ts';
import type { Build } from '../build.ts';
import { patchRoutes } from '../envoy-filters/routes.ts';
import { metadataExchange, tlsSocket } from '../filters/constants.ts';
import { configMetadata } from '../filters/metadata.ts';
import { socketAddress, unspecifiedAddress } from '../model/addresses.ts';
import { protoDuration } from '../model/duration.ts';
import { listenerProtocol, type Protocol, parseProtocol } from '../model/protocol.ts';
import { type MutualTlsMode, modeForPort } from '../policies/peer-authentication.ts';
import { inboundKey, type Service } from '../registry/service.ts';
import { inboundRoutes } from '../routes/inbound.ts';
import { statName } from '../stat-names.ts';
import { connectionManager } from './connection-manager.ts';
import { inboundMatches } from './inbound-matches.ts';
import { inboundListenerFilters } from './inspectors.ts';
import { protocolFilters, tcpProxy } from './tcp-filters.ts';
import { inboundTlsContext } from './tls-context.ts';
import { blackHole } from './virtual-outbound.ts';

/** One port of the application as the sidecar serves it. */
interface InboundPort {
  /** What the connection was for; 0 is any port without a service. */
  targetPort: number;
  servicePort: number;
  portName: string;
  protocol: Protocol;
  cluster: string;
  bind: string;
  bindToPort: boolean;
  /** For statistics and trace names. */
  hostname: string;
  service?: Service;
  /** Sidecar that defines the port. */
  config?: { kind: string; namespace: string; name: string };
}

/** virtualInbound, to which iptables sends every inbound connection, and ports a Sidecar binds itself. */
export function inboundListeners(build: Build): [Listener, ...Listener[]] {
  const captured: FilterChain[] = [];
  const bound: Listener[] = [];
  for (const port of inboundPorts(build)) {
    const mode = modeForPort(build.mutualTls, port.targetPort);
    const chains = portChains(build, port, mode);
    if (port.bindToPort)
      bound.push(listener(build, `${port.bind}_${port.targetPort}`, port.bind, port.targetPort, chains, true));
    else captured.push(...chains);
  }
  const { proxyInboundListenPort } = build.push.mesh;
  const chains = [...passthroughChains(build), ...captured];
  return [listener(build, 'virtualInbound', unspecifiedAddress, proxyInboundListenPort, chains, false), ...bound];
}

function listener(
  build: Build,
  name: string,
  address: string,
  port: number,
  filterChains: FilterChain[],
  bindToPort: boolean,
): Listener {
  const { accessLogs } = build.filters('inbound');
  return {
    name,
    address: socketAddress(address, port),
    filterChains,
    listenerFilters: inboundListenerFilters(filterChains, bindToPort),
    listenerFiltersTimeout: protoDuration(build.push.mesh.protocolDetectionTimeout),
    continueOnListenerFiltersTimeout: true,
    trafficDirection: 'INBOUND',
    ...(accessLogs.listener ? { accessLog: accessLogs.listener } : {}),
    maxConnectionsToAcceptPerSocketEvent: 1,
  };
}

function inboundPorts(build: Build): InboundPort[] {
  const ports = new Map<number, InboundPort>();
  const add = (port: InboundPort) => {
    if (!ports.has(port.targetPort)) ports.set(port.targetPort, port);
  };
  const { sidecar, name, namespace } = build.scope;
  if (sidecar?.ingress?.length) {
    for (const { port, bind, captureMode } of sidecar.ingress) {
      if ([15021, 15090].includes(port.number) && (bind ?? unspecifiedAddress) === unspecifiedAddress) continue;
      add({
        targetPort: port.number,
        servicePort: port.number,
        portName: port.name ?? '',
        protocol: parseProtocol(port.protocol),
        cluster: inboundKey(port.number),
        bind: bind || build.proxy.address,
        bindToPort: captureMode === 'NONE',
        hostname: `${name}.${namespace}`,
        config: { kind: 'Sidecar', namespace, name },
      });
    }
  } else {
    const { proxyListenPort, proxyInboundListenPort } = build.push.mesh;
    const reserved = [15021, 15090, proxyListenPort, proxyInboundListenPort];
    for (const { service, port, targetPort } of build.targets) {
      if (reserved.includes(targetPort)) continue;
      add({
        targetPort,
        servicePort: port.port,
        portName: port.name,
        protocol: port.protocol,
        cluster: inboundKey(targetPort),
        bind: unspecifiedAddress,
        bindToPort: false,
        hostname: service.hostname,
        service,
      });
    }
  }
  return [...ports.values()].sort((a, b) => a.targetPort - b.targetPort);
}

/** Connections to ports without a service: to 15006 itself they end here, all others go on to where they were going. */
function passthroughChains(build: Build): FilterChain[] {
  const { mutualTls, targets, scope, push } = build;
  const served = scope.sidecar?.ingress?.length
    ? scope.sidecar.ingress.map(({ port }) => port.number)
    : targets.map(({ targetPort }) => targetPort);
  const own = [...mutualTls.ports].filter(([port]) => !served.includes(port));
  const modes: [number, MutualTlsMode][] = [[0, modeForPort(mutualTls, 0)], ...own];
  const chains = modes.flatMap(([targetPort, mode]) =>
    portChains(
      build,
      {
        targetPort,
        servicePort: 0,
        portName: 'virtualInbound',
        protocol: 'UnsupportedProtocol',
        cluster: 'InboundPassthroughCluster',
        bind: '',
        bindToPort: false,
        hostname: '',
      },
      mode,
    ),
  );
  return [
    {
      filterChainMatch: { destinationPort: push.mesh.proxyInboundListenPort },
      filters: [metadataExchange, ...build.filters('inbound').metrics, blackHole()],
      name: 'virtualInbound-blackhole',
    },
    ...chains,
  ];
}

function portChains(build: Build, port: InboundPort, mode: MutualTlsMode): FilterChain[] {
  return inboundMatches(mode, listenerProtocol(port.protocol)).map((match) => {
    const http = match.protocol === 'http';
    const passthrough = port.cluster === 'InboundPassthroughCluster';
    const name = passthrough ? `virtualInbound${http ? '-catchall-http' : ''}` : `${port.bind}_${port.targetPort}`;
    return {
      filterChainMatch: {
        ...(port.targetPort > 0 ? { destinationPort: port.targetPort } : {}),
        transportProtocol: match.transportProtocol,
        ...(match.applicationProtocols ? { applicationProtocols: [...match.applicationProtocols] } : {}),
      },
      filters: http ? httpFilters(build, port) : tcpFilters(build, port),
      ...(match.terminatesTls
        ? { transportSocket: tlsSocket('Downstream', inboundTlsContext(build.push, match.protocol)) }
        : {}),
      name,
      ...(port.config ? { metadata: configMetadata(port.config) } : {}),
    };
  });
}

function httpFilters(build: Build, port: InboundPort): NamedAny[] {
  const passthrough = port.cluster === 'InboundPassthroughCluster';
  const statPrefix = passthrough ? port.cluster : `inbound_${port.bind}_${port.targetPort}`;
  return [
    metadataExchange,
    connectionManager(build, {
      listener: 'inbound',
      statPrefix: `${statPrefix};`,
      protocol: port.protocol,
      routes: patchRoutes(build.envoyPatches, 'SIDECAR_INBOUND', inboundRoutes(port)),
    }),
  ];
}

function tcpFilters(build: Build, port: InboundPort): NamedAny[] {
  const { cluster, service } = port;
  const { tcpCustom, tcp, metrics } = build.filters('inbound');
  const pattern = build.push.mesh.inboundClusterStatName;
  const statPrefix = (service && statName(pattern, service, port.servicePort)) ?? cluster;
  const proxy = tcpProxy(build, 'inbound', { statPrefix, cluster });
  return [metadataExchange, ...tcpCustom, ...tcp, ...metrics, ...protocolFilters(port.protocol, statPrefix), proxy];
}
