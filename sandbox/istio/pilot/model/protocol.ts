/** Protocols of ports and what they mean for configuration (pkg/config/protocol, pkg/config/kube). */
export type Protocol =
  | 'GRPC'
  | 'GRPC-Web'
  | 'HTTP'
  | 'HTTP_PROXY'
  | 'HTTP2'
  | 'HTTPS'
  | 'TCP'
  | 'TLS'
  | 'UDP'
  | 'Mongo'
  | 'Redis'
  | 'MySQL'
  | 'UnsupportedProtocol';

/** How a listener treats a port. `auto`: the first bytes decide. */
export type ListenerProtocol = 'http' | 'tcp' | 'auto' | 'none';

const byName = new Map<string, Protocol>(
  (
    [
      'TCP',
      'UDP',
      'GRPC',
      'GRPC-Web',
      'HTTP',
      'HTTP_PROXY',
      'HTTP2',
      'HTTPS',
      'TLS',
      'Mongo',
      'Redis',
      'MySQL',
    ] as const
  ).map((protocol) => [protocol.toLowerCase(), protocol]),
);
const http = new Set<Protocol>(['HTTP', 'HTTP2', 'HTTP_PROXY', 'GRPC', 'GRPC-Web']);
const http2 = new Set<Protocol>(['HTTP2', 'GRPC', 'GRPC-Web']);
const tcp = new Set<Protocol>(['TCP', 'HTTPS', 'TLS', 'Mongo', 'Redis', 'MySQL']);

export const isHttp = (protocol: Protocol): boolean => http.has(protocol);
export const isHttp2 = (protocol: Protocol): boolean => http2.has(protocol);
export const isTcp = (protocol: Protocol): boolean => tcp.has(protocol);
export const isTls = (protocol: Protocol): boolean => protocol === 'HTTPS' || protocol === 'TLS';
export const isGrpc = (protocol: Protocol): boolean => protocol === 'GRPC' || protocol === 'GRPC-Web';
export const isSniffed = (protocol: Protocol): boolean => protocol === 'UnsupportedProtocol';
export const isHttpOrSniffed = (protocol: Protocol): boolean => isHttp(protocol) || isSniffed(protocol);

export function parseProtocol(name: string | undefined): Protocol {
  return byName.get((name ?? '').toLowerCase()) ?? 'UnsupportedProtocol';
}

export function listenerProtocol(protocol: Protocol): ListenerProtocol {
  if (isHttp(protocol)) return 'http';
  if (isTcp(protocol)) return 'tcp';
  return protocol === 'UDP' ? 'none' : 'auto';
}

/** What is left when the listener has ended TLS. */
export function afterTlsTermination(protocol: Protocol): Protocol {
  if (protocol === 'HTTPS') return 'HTTP';
  return protocol === 'TLS' ? 'TCP' : protocol;
}

const wellKnownTcpPorts = new Set([25, 53, 3306, 27017]);
const applicationProtocols = new Map<string, Protocol>([
  ['kubernetes.io/h2c', 'HTTP2'],
  ['kubernetes.io/ws', 'HTTP'],
  ['kubernetes.io/wss', 'HTTPS'],
]);

/** The protocol of a Service's port: appProtocol, else the name up to its first dash; some port numbers are always TCP. */
export function servicePortProtocol(port: {
  port: number;
  name?: string;
  protocol?: string;
  appProtocol?: string;
}): Protocol {
  if (port.protocol === 'UDP') return 'UDP';
  const known = port.appProtocol === undefined ? undefined : applicationProtocols.get(port.appProtocol);
  if (known) return known;
  const name = port.appProtocol ?? port.name ?? '';
  if (name.slice(0, 8).toLowerCase() === 'grpc-web') return 'GRPC-Web';
  const dash = name.indexOf('-');
  const protocol = parseProtocol(dash < 0 ? name : name.slice(0, dash));
  return isSniffed(protocol) && wellKnownTcpPorts.has(port.port) ? 'TCP' : protocol;
}
