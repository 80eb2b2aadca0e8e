import type { Stateful } from '../kernel/json.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { HttpResponse } from '../network/http.ts';
import { serveHttp } from '../network/http-server.ts';
import { type NetworkStack, SocketError } from '../network/socket.ts';
import { Admin } from './admin.ts';
import { bootstrapClusters, bootstrapListeners } from './bootstrap.ts';
import { ConnectionHandler } from './connection-handler.ts';
import type { CompiledRoutes, ProxyContext } from './context.ts';
import type { TokenBucket } from './filters/local-rate-limit.ts';
import { ListenerTable } from './match/listener.ts';
import { VirtualHosts } from './match/virtual-host.ts';
import { Resources, type ResourcesState } from './resources.ts';
import { Secrets } from './secrets.ts';
import { Stats, type StatsState } from './stats.ts';
import { ClusterManager, type ClusterManagerState } from './upstream/cluster-manager.ts';
import type { ProxyNode, Push, XdsServer, XdsStream } from './xds/server.ts';
import type { Listener, ProxyConfiguration, Secret } from './xds/types.ts';

export interface EnvoyOptions {
  kernel: Kernel;
  stack: NetworkStack;
  xds: XdsServer;
  node: ProxyNode;
  /** Unique among all runs of all proxies, the same after a restore (the container's id): names timers and connections. */
  incarnation: string;
  /** One line of the proxy's log, to stdout (access log) or stderr (Envoy's own), without newline. */
  writeLog: (line: string, stream: 'stdout' | 'stderr') => void;
  /** The bootstrap's node metadata, as pilot-agent writes it. */
  metadata?: Record<string, unknown>;
  /** Envoy's version as `/server_info` prints it. */
  version?: string;
  /** Files that TLS settings name by path. */
  readFile?: (path: string) => string | undefined;
  /** Roots of the operating system's trust store. */
  systemRoots?: readonly string[];
  /** Called when a push made the proxy ready. */
  onReady?: () => void;
  /** `--log_level`; Istio's is warning. */
  logLevel?: LogLevel;
  /** `--component-log-level`; Istio's is `misc:error`. */
  loggerLevels?: Readonly<Record<string, LogLevel>>;
}

export const logLevels = ['trace', 'debug', 'info', 'warning', 'error', 'critical', 'off'] as const;
export type LogLevel = (typeof logLevels)[number];

/** `--file-flush-interval-msec` of Istio's proxies. */
const flushInterval = 1000;
export const adminPort = 15000;

export interface EnvoyState {
  running: boolean;
  startedAt: number;
  /** Version of the last push, empty before the first. */
  version: string;
  logLevel: LogLevel;
  /** Of loggers that have a level of their own. */
  loggerLevels: Record<string, LogLevel>;
  nextConnectionId: number;
  /** Access log lines that wait for the next flush. */
  pendingLog: string[];
  stats: StatsState;
  clusters: ClusterManagerState;
  buckets: Record<string, { tokens: number; filledAt: number }>;
  resources: ResourcesState;
}

/** One Envoy process: fed by xDS, serving its network namespace. */
export class EnvoyProxy implements Stateful<EnvoyState>, ProxyContext {
  readonly kernel: Kernel;
  readonly stack: NetworkStack;
  readonly where: string;
  readonly clusters: ClusterManager;
  readonly secrets: Secrets;
  readonly stats = new Stats();
  readonly nodeMetadata: Readonly<Record<string, unknown>>;
  readonly nodeId: string;
  readonly options: EnvoyOptions;
  readonly resources: Resources;
  configuration: ProxyConfiguration = { listeners: [], clusters: [], routes: [], endpoints: [] };
  /** Of every logger that has none of its own in `loggerLevels`. */
  logLevel: LogLevel;
  loggerLevels: Record<string, LogLevel> = {};
  #stream: XdsStream | undefined;
  #table = new ListenerTable([]);
  #routes = new Map<string, CompiledRoutes>();
  readonly #handler: ConnectionHandler;
  readonly #admin: Admin;
  #sockets = new Map<string, { listener: Listener; stop: () => void }>();
  #stopAdmin = () => {};
  #unhandle = () => {};
  #state: Pick<EnvoyState, 'running' | 'startedAt' | 'version' | 'nextConnectionId' | 'pendingLog' | 'buckets'> = {
    running: false,
    startedAt: 0,
    version: '',
    nextConnectionId: 0,
    pendingLog: [],
    buckets: {},
  };

  constructor(options: EnvoyOptions) {
    this.options = options;
    this.kernel = options.kernel;
    this.stack = options.stack;
    this.where = `${options.node.namespace}/${options.node.pod}`;
    this.nodeId = options.node.id;
    this.nodeMetadata = options.metadata ?? {};
    this.logLevel = options.logLevel ?? 'warning';
    this.loggerLevels = { ...options.loggerLevels };
    this.secrets = new Secrets({
      fetch: (name) => this.#stream?.secret(name),
      ...(options.readFile && { readFile: options.readFile }),
      ...(options.systemRoots && { systemRoots: options.systemRoots }),
    });
    this.clusters = new ClusterManager(this);
    this.resources = new Resources(() => this.kernel.now());
    this.#handler = new ConnectionHandler(this, () => this.#table);
    this.#admin = new Admin(this);
  }

  /** Has the first configuration been taken over? */
  get ready(): boolean {
    return this.#state.running && this.#state.version !== '';
  }

  get startedAt(): number {
    return this.#state.startedAt;
  }

  get version(): string {
    return this.#state.version;
  }

  get #owner(): string {
    return `envoy ${this.options.incarnation}`;
  }

  /** Starts the process, or goes on after `load`: sockets open, the stream to istiod is made. */
  start(): void {
    if (!this.#state.running) {
      this.#state = { ...this.#state, running: true, startedAt: this.kernel.now() };
    }
    this.#unhandle = this.kernel.timers.handle(this.#owner, () => this.#flush());
    this.#stopAdmin = this.stack.listen(
      adminPort,
      (connection) => void serveHttp(connection, (request) => this.admin(request.target, request.method)),
      { address: '127.0.0.1', incarnation: this.options.incarnation },
    );
    // istiod may answer before `connect` returns, and what is received needs the stream: for secrets, and to acknowledge.
    const early: Push[] = [];
    this.#stream = this.options.xds.connect(this.options.node, (push) => {
      if (this.#stream) this.#receive(push);
      else early.push(push);
    });
    for (const push of early) this.#receive(push);
  }

  /** Ends the process; buffered lines are written first, as Envoy does on SIGTERM. */
  stop(): void {
    this.#flush();
    this.kernel.timers.cancel(this.#owner, 'flush');
    this.#unhandle();
    this.#stream?.close();
    this.#stream = undefined;
    this.#stopAdmin();
    for (const { stop } of this.#sockets.values()) stop();
    this.#sockets.clear();
    this.#state.running = false;
  }

  /** An answer of the admin interface (port 15000). */
  admin(target: string, method = 'GET'): HttpResponse {
    return this.#admin.answer(target, method);
  }

  routes(name: string): CompiledRoutes | undefined {
    let compiled = this.#routes.get(name);
    if (!compiled) {
      const configuration = this.configuration.routes.find((entry) => entry.name === name);
      if (!configuration) return undefined;
      compiled = { configuration, hosts: new VirtualHosts(configuration) };
      this.#routes.set(name, compiled);
    }
    return compiled;
  }

  /** A secret as istiod serves it. */
  secret(name: string): Secret | undefined {
    return this.#stream?.secret(name);
  }

  writeAccessLog(_path: string, line: string): void {
    this.#state.pendingLog.push(line);
    this.kernel.timers.set(this.#owner, 'flush', this.kernel.now() + flushInterval);
  }

  nextConnectionId(): number {
    return this.#state.nextConnectionId++;
  }

  takeToken(name: string, bucket: TokenBucket): boolean {
    const now = this.kernel.now();
    const record = this.#state.buckets[name] ?? { tokens: bucket.maximum, filledAt: now };
    this.#state.buckets[name] = record;
    const fills = Math.floor((now - record.filledAt) / bucket.interval);
    if (fills > 0) {
      record.tokens = Math.min(bucket.maximum, record.tokens + fills * bucket.perFill);
      record.filledAt += fills * bucket.interval;
    }
    if (record.tokens <= 0) return false;
    record.tokens--;
    return true;
  }

  #flush(): void {
    const lines = this.#state.pendingLog;
    this.#state.pendingLog = [];
    for (const line of lines) this.options.writeLog(line, 'stdout');
  }

  #receive(push: Push): void {
    const restored = this.#state.version === push.version && this.#state.version !== '';
    const first = this.#state.version === '';
    const { configuration } = push;
    this.configuration = configuration;
    this.#routes.clear();
    this.secrets.forget();
    const { rejected: clusters } = this.clusters.update(
      [...bootstrapClusters(), ...configuration.clusters],
      !restored && !first,
    );
    this.clusters.updateEndpoints(configuration.endpoints);
    const rejected = [
      this.#complain('cluster.v3.Cluster', 'cluster(s)', clusters),
      this.#updateListeners(configuration.listeners),
    ].filter((complaint) => complaint !== undefined);
    this.#state.version = push.version;
    if (!restored) this.resources.take(push);
    this.#stream?.acknowledge(push.nonce, rejected.length > 0 ? rejected.join('') : undefined);
    if (first) this.options.onReady?.();
  }

  /** Listeners that are refused keep what they had before; the answer is Envoy's complaint. */
  #updateListeners(listeners: readonly Listener[]): string | undefined {
    const accepted: Listener[] = [...bootstrapListeners()];
    const complaints: string[] = [];
    for (const listener of listeners) {
      try {
        this.#handler.validate(listener);
        accepted.push(listener);
      } catch (error) {
        complaints.push(`${listener.name}: ${(error as Error).message}`);
        const present = this.#table.get(listener.name);
        if (present) accepted.push(present);
      }
    }
    this.#table = new ListenerTable(accepted);
    this.#bind(complaints);
    return this.#complain('listener.v3.Listener', 'listener(s)', complaints);
  }

  #complain(type: string, what: string, complaints: readonly string[]): string | undefined {
    if (complaints.length === 0) return undefined;
    const text = `Error adding/updating ${what} ${complaints.join('\n')}\n`;
    const source = `type.googleapis.com/envoy.config.${type}`;
    this.log('warning', 'config', `gRPC config for ${source} rejected: ${text}`);
    return text;
  }

  /** Opens the sockets of new listeners, closes those of gone ones; a changed listener keeps its socket. */
  #bind(complaints: string[]): void {
    const wanted = new Map<string, { listener: Listener; address: string; port: number }>();
    for (const socket of this.#table.sockets()) wanted.set(`${socket.address}:${socket.port}`, socket);
    for (const [key, { stop }] of this.#sockets) {
      if (wanted.has(key)) continue;
      stop();
      this.#sockets.delete(key);
    }
    for (const [key, { listener, address, port }] of wanted) {
      const present = this.#sockets.get(key);
      if (present) {
        present.listener = listener;
        continue;
      }
      const entry = { listener, stop: () => {} };
      try {
        entry.stop = this.stack.listen(port, (connection) => this.#handler.accept(entry.listener, connection), {
          ...(address !== '0.0.0.0' && { address }),
          incarnation: this.options.incarnation,
        });
      } catch (error) {
        if (!(error instanceof SocketError)) throw error;
        complaints.push(`${listener.name}: cannot bind '${key}': ${error.message}`);
        continue;
      }
      this.#sockets.set(key, entry);
    }
  }

  /** A line of Envoy's own log, where its level is high enough. */
  log(level: LogLevel, component: string, message: string): void {
    if (logLevels.indexOf(level) < logLevels.indexOf(this.loggerLevels[component] ?? this.logLevel)) return;
    this.options.writeLog(this.#admin.logLine(level, component, message), 'stderr');
  }

  save(): EnvoyState {
    return structuredClone({
      ...this.#state,
      logLevel: this.logLevel,
      loggerLevels: this.loggerLevels,
      stats: this.stats.save(),
      clusters: this.clusters.save(),
      resources: this.resources.save(),
    });
  }

  /** Puts the state back; `start` then takes the configuration from istiod again. */
  load(state: EnvoyState): void {
    const { logLevel, loggerLevels, stats, clusters, resources, ...own } = structuredClone(state);
    this.#state = own;
    this.logLevel = logLevel;
    this.loggerLevels = loggerLevels;
    this.stats.load(stats);
    this.clusters.load(clusters);
    this.resources.load(resources);
  }
}
