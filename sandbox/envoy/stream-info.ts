import type { SocketAddress, TlsSession } from '../network/socket.ts';
import type { HeaderMap, RequestHead } from './headers.ts';

/** What is known of a request or a TCP connection while it lives, and what its access log line says of it. */
export interface StreamInfo {
  /** ms since 1970. */
  startTime: number;
  endTime?: number;
  protocol?: string;
  request?: RequestHead;
  response?: HeaderMap;
  responseCode: number;
  /** Short names (`UF`), in the order they were set. */
  flags: string[];
  responseCodeDetails?: string;
  connectionTerminationDetails?: string;
  upstreamTransportFailureReason?: string;
  bytesReceived: number;
  bytesSent: number;
  upstreamHost?: string;
  upstreamCluster?: UpstreamClusterNames;
  upstreamLocalAddress?: SocketAddress;
  upstreamTls?: TlsSession;
  downstream: Downstream;
  /** The client's address as the HTTP connection manager trusts it (x-forwarded-for); the connection's otherwise. */
  remoteAddress?: SocketAddress;
  /** Who the workloads on both sides say they are (istio.metadata_exchange). */
  peers?: { downstream?: WorkloadPeer; upstream?: WorkloadPeer };
  routeName?: string;
  virtualHostName?: string;
  dynamicMetadata: Record<string, Record<string, unknown>>;
  filterState: Record<string, unknown>;
}

/** A workload's description of itself, empty where it says nothing. */
export interface WorkloadPeer {
  workload: string;
  namespace: string;
  cluster: string;
  canonicalName: string;
  canonicalRevision: string;
  app: string;
  version: string;
}

export interface UpstreamClusterNames {
  name: string;
  /** `altStatName` where set. */
  observability: string;
}

/** A downstream connection as its proxy sees it. */
export interface Downstream {
  /** The original destination where the listener restored it. */
  local: SocketAddress;
  remote: SocketAddress;
  /** Is `local` what iptables' redirection hid (SO_ORIGINAL_DST)? */
  restored: boolean;
  /** Server name the inspector or the handshake saw. */
  serverName?: string;
  tls?: TlsSession;
  connectionId: number;
}

export function newStreamInfo(startTime: number, downstream: Downstream): StreamInfo {
  return {
    startTime,
    responseCode: 0,
    flags: [],
    bytesReceived: 0,
    bytesSent: 0,
    downstream,
    dynamicMetadata: {},
    filterState: {},
  };
}

export function addFlag(info: StreamInfo, flag: string): void {
  if (!info.flags.includes(flag)) info.flags.push(flag);
}
