import { segmentSize } from '../network/connection.ts';
import type { SegmentReader } from '../network/segments.ts';
import type { Connection } from '../network/socket.ts';
import { tlsSession } from '../network/tls.ts';
import type { Trace } from '../network/trace.ts';
import { AccessLog } from './access-log/access-log.ts';
import { note, type ProxyContext } from './context.ts';
import { milliseconds } from './duration.ts';
import { addFlag, type Downstream, newStreamInfo, type StreamInfo } from './stream-info.ts';
import { openTunnel } from './tcp-tunnel.ts';
import type { Cluster } from './upstream/cluster.ts';
import { UpstreamFailure } from './upstream/failure.ts';
import type { Any, NamedAny } from './xds/types.ts';

interface TcpProxyConfig {
  cluster?: string;
  weightedClusters?: { clusters: { name: string; weight: number }[] };
  accessLog?: NamedAny[];
  idleTimeout?: string;
  maxConnectAttempts?: number;
  tunnelingConfig?: { hostname: string; usePost?: boolean };
}

const defaultIdleTimeout = 3_600_000;

/** envoy.filters.network.tcp_proxy: pipes bytes to a host of a cluster; one log line when all is over. */
export class TcpProxy {
  readonly #context: ProxyContext;
  readonly #config: TcpProxyConfig;
  readonly #log: AccessLog;

  constructor(config: Any, context: ProxyContext) {
    this.#context = context;
    this.#config = config as TcpProxyConfig;
    this.#log = new AccessLog(this.#config.accessLog, (path, line) => context.writeAccessLog(path, line));
  }

  /** `authorize`: a filter before this one; false closes the connection when its first bytes come. */
  async serve(
    downstream: Connection,
    segments: SegmentReader,
    facts: Downstream,
    authorize: (info: StreamInfo) => boolean,
  ): Promise<void> {
    const info = newStreamInfo(this.#context.kernel.now(), facts);
    const trace = downstream.trace;
    if (!authorize(info)) {
      downstream.close();
      this.#finish(info);
      return;
    }
    const upstream = await this.#connect(info, trace);
    if (!upstream) {
      downstream.reset();
      this.#finish(info);
      return;
    }
    await this.#pipe(downstream, segments, upstream, info);
    this.#finish(info);
  }

  #cluster(): string {
    const { cluster, weightedClusters } = this.#config;
    if (!weightedClusters) return cluster ?? '';
    const total = weightedClusters.clusters.reduce((sum, { weight }) => sum + weight, 0);
    let point = this.#context.kernel.random.int(Math.max(1, total));
    const chosen = weightedClusters.clusters.find(({ weight }) => {
      point -= weight;
      return point < 0;
    });
    return chosen?.name ?? '';
  }

  async #connect(info: StreamInfo, trace: Trace | undefined): Promise<Connection | undefined> {
    const { clusters } = this.#context;
    const name = this.#cluster();
    const cluster = clusters.get(name);
    if (!cluster) {
      addFlag(info, 'NC');
      note(this.#context, trace, 'cluster', 'cluster-not-found', { cluster: name });
      return undefined;
    }
    info.upstreamCluster = { name: cluster.name, observability: cluster.observabilityName };
    const attempts = this.#config.maxConnectAttempts ?? 1;
    for (let attempt = 1; ; attempt++) {
      const connection = await this.#attempt(cluster, info, trace);
      if (connection !== 'failed') return connection;
      if (attempt < attempts) continue;
      addFlag(info, 'UF');
      addFlag(info, 'URX');
      return undefined;
    }
  }

  async #attempt(
    cluster: Cluster,
    info: StreamInfo,
    trace: Trace | undefined,
  ): Promise<Connection | 'failed' | undefined> {
    const { clusters } = this.#context;
    const host = clusters.choose(cluster, { downstream: info.downstream });
    if (!host) {
      addFlag(info, 'UH');
      note(this.#context, trace, 'endpoint', 'no-healthy-upstream', { cluster: cluster.name });
      return undefined;
    }
    if (!clusters.pools.hasRoom(cluster)) {
      addFlag(info, 'UO');
      return undefined;
    }
    info.upstreamHost = host.key;
    note(this.#context, trace, 'endpoint', 'host-chosen', { cluster: cluster.name, host: host.key });
    try {
      const connection = await clusters.pools.connect(cluster, host, { tls: {}, downstream: info.downstream, trace });
      const { tunnelingConfig } = this.#config;
      if (tunnelingConfig) await openTunnel(connection, tunnelingConfig.hostname, info);
      info.upstreamLocalAddress = connection.local;
      const session = tlsSession(connection);
      if (session) info.upstreamTls = session;
      return connection;
    } catch (error) {
      if (!(error instanceof UpstreamFailure)) throw error;
      clusters.report(cluster, host, 'local-failure');
      if (error.transport) info.upstreamTransportFailureReason = error.transport;
      return 'failed';
    }
  }

  /** Both directions until both are closed, or one breaks, or nothing moves for too long. */
  async #pipe(downstream: Connection, segments: SegmentReader, upstream: Connection, info: StreamInfo): Promise<void> {
    const { kernel } = this.#context;
    const limit = milliseconds(this.#config.idleTimeout) ?? defaultIdleTimeout;
    let cancel = () => {};
    const touch = () => {
      cancel();
      if (limit <= 0) return;
      cancel = kernel.wakeAt(kernel.now() + limit, () => {
        downstream.close();
        upstream.reset();
      });
    };
    touch();
    const outward = async () => {
      try {
        for (let segment = await segments.next(); segment; segment = await segments.next()) {
          touch();
          info.bytesReceived += segmentSize(segment);
          upstream.write(segment);
        }
        upstream.close();
      } catch {
        upstream.reset();
      }
    };
    const inward = async () => {
      try {
        for (let segment = await upstream.read(); segment; segment = await upstream.read()) {
          touch();
          info.bytesSent += segmentSize(segment);
          downstream.write(segment);
        }
        downstream.close();
      } catch {
        if (!downstreamOver(downstream)) addFlag(info, 'UR');
        downstream.reset();
      }
    };
    let over = false;
    downstream.onClose(() => {
      over = true;
    });
    const downstreamOver = (connection: Connection) => connection === downstream && over;
    await Promise.all([outward(), inward()]);
    cancel();
  }

  #finish(info: StreamInfo): void {
    info.endTime = this.#context.kernel.now();
    this.#log.log(info);
  }
}
