import { decode } from '../kernel/streams.ts';
import { SegmentReader } from '../network/segments.ts';
import { type Connection, type Segment, SocketError } from '../network/socket.ts';
import { TlsError, tlsAccept, tlsResume } from '../network/tls.ts';
import { AccessLog } from './access-log/access-log.ts';
import { note, originOf, type ProxyContext } from './context.ts';
import { networkRbac } from './filters/network-rbac.ts';
import { alwaysAccepted } from './filters/registry.ts';
import { HttpConnectionManager } from './http/connection-manager.ts';
import { chooseFilterChain } from './match/filter-chain.ts';
import type { ListenerTable } from './match/listener.ts';
import { inspectors, type Sniffed } from './match/listener-filters.ts';
import { addFlag, type Downstream, newStreamInfo, type StreamInfo } from './stream-info.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { SecretMissing, serverOptions, socketType } from './upstream/transport-socket.ts';
import type { Any, FilterChain, Listener, NamedAny } from './xds/types.ts';

/** A filter chain ready to serve: a cache, made when its first connection comes. */
interface CompiledChain {
  http: HttpConnectionManager | undefined;
  tcp: TcpProxy | undefined;
  rbac: Any[];
}

/** Network filters that change nothing that can be seen from outside. */
const transparent = new Set(['istio.metadata_exchange', 'istio.stats', 'envoy.filters.network.mongo_proxy']);

const own = new Set(['envoy.filters.network.tcp_proxy', 'envoy.filters.network.rbac']);

const preamble = /^[A-Z!#$%&'*+.^_`|~-]+ \S+ HTTP\/1\.([01])\r?\n/i;

/** Takes connections in: listener filters, filter chain, TLS, network filters. */
export class ConnectionHandler {
  readonly #context: ProxyContext;
  readonly #table: () => ListenerTable;
  readonly #chains = new WeakMap<FilterChain, CompiledChain>();
  readonly #logs = new WeakMap<Listener, AccessLog>();

  constructor(context: ProxyContext, table: () => ListenerTable) {
    this.#context = context;
    this.#table = table;
  }

  /** Throws what Envoy says of a listener it refuses. Chains are compiled when they are first used, but for what may be refused. */
  validate(listener: Listener): void {
    for (const chain of [...(listener.filterChains ?? []), listener.defaultFilterChain]) {
      if (chain?.filters?.some(mayBeRefused)) this.#compile(chain, listener);
    }
  }

  /** A connection that a listener's socket accepted. */
  accept(bound: Listener, connection: Connection): void {
    this.#context.stats.increment(`listener.${bound.name}.downstream_cx_total`);
    this.#serve(bound, connection).catch((error: unknown) => {
      if (!(error instanceof SocketError) && !(error instanceof TlsError)) throw error;
      connection.reset();
    });
  }

  async #serve(bound: Listener, connection: Connection): Promise<void> {
    const { address, port } = connection.originalDestination;
    const restores = bound.useOriginalDst || bound.listenerFilters?.some(({ name }) => name.endsWith('.original_dst'));
    const redirected = port !== connection.local.port || address !== connection.local.address;
    const local = restores ? connection.originalDestination : connection.local;
    const listener = (bound.useOriginalDst && this.#table().forDestination(address, port)) || bound;
    note(this.#context, connection.trace, 'listener', 'listener-matched', {
      listener: listener.name,
      destination: `${address}:${port}`,
    });
    const segments = new SegmentReader(connection);
    const sniffed = await this.#sniff(listener, connection, segments, local.port);
    if (!sniffed) {
      if (!connection.atRest) connection.close();
      return;
    }
    const downstream: Downstream = {
      local,
      remote: connection.remote,
      restored: restores === true && redirected,
      connectionId: this.#context.nextConnectionId(),
      ...(sniffed.serverName !== undefined && { serverName: sniffed.serverName }),
    };
    const { remote } = connection;
    const chain = chooseFilterChain(listener, { ...sniffed, ...local, sourceAddress: remote.address });
    if (!chain) return this.#noChain(listener, connection, downstream);
    note(
      this.#context,
      connection.trace,
      'filter-chain',
      'filter-chain-matched',
      {
        listener: listener.name,
        filterChain: chain.name ?? '-',
        transportProtocol: sniffed.transportProtocol,
        serverName: sniffed.serverName ?? '-',
        applicationProtocols: sniffed.applicationProtocols.join(),
      },
      originOf(chain.metadata),
    );
    await this.#throughTls(listener, chain, connection, segments, downstream);
  }

  async #throughTls(
    listener: Listener,
    chain: FilterChain,
    connection: Connection,
    segments: SegmentReader,
    downstream: Downstream,
  ): Promise<void> {
    const socket = chain.transportSocket;
    if (!socket || socketType(socket) !== 'tls') {
      if (connection.resumed?.tls) return connection.reset(); // the configuration changed while it rested
      return this.#run(listener, chain, connection, segments, downstream);
    }
    const { trace, resumed } = connection;
    try {
      const secure = resumed?.tls
        ? tlsResume(connection, resumed.tls)
        : await tlsAccept(
            connection,
            serverOptions(socket.typedConfig ?? { '@type': '' }, this.#context.secrets, this.#context.kernel.now()),
            segments,
          );
      const { session } = secure;
      note(this.#context, trace, 'tls', 'accepted', {
        serverName: session.sni ?? '-',
        alpn: session.alpn ?? '-',
        client: session.clientCertificate?.subjectAltNames.join() ?? '-',
      });
      const facts = { ...downstream, tls: session, ...(session.sni !== undefined && { serverName: session.sni }) };
      await this.#run(listener, chain, secure, new SegmentReader(secure), facts);
    } catch (error) {
      if (error instanceof SecretMissing) return connection.reset();
      if (!(error instanceof TlsError)) throw error;
      note(this.#context, trace, 'tls', 'handshake-failed', { reason: error.message });
      this.#context.stats.increment(`listener.${listener.name}.ssl.connection_error`);
      if (error.code === 'not-tls') connection.reset();
      else connection.close();
    }
  }

  async #run(
    listener: Listener,
    chain: FilterChain,
    connection: Connection,
    segments: SegmentReader,
    downstream: Downstream,
  ): Promise<void> {
    const { http, tcp, rbac } = this.#compile(chain, listener);
    const allowed = (info: StreamInfo) =>
      rbac.every((config) => networkRbac(config, info, this.#context, connection.trace));
    if (http) {
      if (rbac.length > 0 && !allowed(newStreamInfo(this.#context.kernel.now(), downstream))) return connection.close();
      await http.serve(connection, segments, downstream);
    } else if (tcp) await tcp.serve(connection, segments, downstream, allowed);
    else connection.close();
  }

  #noChain(listener: Listener, connection: Connection, downstream: Downstream): void {
    const now = this.#context.kernel.now();
    const info = newStreamInfo(now, downstream);
    info.endTime = now;
    info.responseCodeDetails = 'filter_chain_not_found';
    addFlag(info, 'NR');
    note(this.#context, connection.trace, 'filter-chain', 'no-filter-chain-matched', { listener: listener.name });
    this.#logOf(listener).log(info);
    // Unread bytes make the kernel answer with RST.
    connection.reset();
  }

  /** What the inspectors see in a connection's first bytes; undefined: it ended before. */
  async #sniff(
    listener: Listener,
    connection: Connection,
    segments: SegmentReader,
    port: number,
  ): Promise<Sniffed | undefined> {
    const session = connection.resumed?.tls;
    if (session) {
      return { transportProtocol: 'tls', serverName: session.sni, applicationProtocols: session.offered ?? [] };
    }
    const plain: Sniffed = { transportProtocol: 'raw_buffer', serverName: undefined, applicationProtocols: [] };
    const active = inspectors(listener, port);
    if (!active.tls && !active.http) return plain;
    const first = await segments.peek();
    if (!first) return undefined;
    if (active.tls && first.kind === 'tls' && first.record.type === 'clientHello') {
      const { sni, alpn } = first.record;
      return { transportProtocol: 'tls', serverName: sni, applicationProtocols: alpn };
    }
    const protocol = active.http ? sniffHttp(first) : undefined;
    return protocol ? { ...plain, applicationProtocols: [protocol] } : plain;
  }

  #compile(chain: FilterChain, listener: Listener): CompiledChain {
    const present = this.#chains.get(chain);
    if (present) return present;
    const compiled: CompiledChain = { http: undefined, tcp: undefined, rbac: [] };
    for (const filter of chain.filters ?? []) this.#add(compiled, filter, listener);
    this.#chains.set(chain, compiled);
    return compiled;
  }

  #add(compiled: CompiledChain, { name, typedConfig }: NamedAny, listener: Listener): void {
    const config = typedConfig ?? { '@type': '' };
    if (name === 'envoy.filters.network.http_connection_manager') {
      compiled.http = new HttpConnectionManager(config, this.#context, listener.trafficDirection);
    } else if (name === 'envoy.filters.network.tcp_proxy') compiled.tcp = new TcpProxy(config, this.#context);
    else if (name === 'envoy.filters.network.rbac') compiled.rbac.push(config);
    else if (!transparent.has(name)) {
      const type = config['@type'].replace(/^.*\//, '');
      throw new Error(`Didn't find a registered implementation for '${name}' with type URL: '${type}'`);
    }
  }

  #logOf(listener: Listener): AccessLog {
    let log = this.#logs.get(listener);
    if (!log) {
      log = new AccessLog(listener.accessLog, (path, line) => this.#context.writeAccessLog(path, line));
      this.#logs.set(listener, log);
    }
    return log;
  }
}

/** Are there filters that are unknown, or that look at their configuration before they take it? */
function mayBeRefused({ name, typedConfig }: NamedAny): boolean {
  if (name !== 'envoy.filters.network.http_connection_manager') return !transparent.has(name) && !own.has(name);
  const filters = (typedConfig?.httpFilters ?? []) as NamedAny[];
  return filters.some((filter) => !alwaysAccepted(filter.name));
}

function sniffHttp(segment: Segment): string | undefined {
  if (segment.kind === 'h2') return 'h2c';
  if (segment.kind !== 'bytes') return undefined;
  const match = preamble.exec(decode(segment.bytes.subarray(0, 8192)));
  return match ? `http/1.${match[1]}` : undefined;
}
