import { EnvoyProxy, type EnvoyState, type LogLevel, logLevels } from '../../envoy/proxy.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { Probe } from '../../kernel/runtime.ts';
import { decode, encode } from '../../kernel/streams.ts';
import type { HttpRequest, HttpResponse } from '../../network/http.ts';
import { serveHttp } from '../../network/http-server.ts';
import type { Connection } from '../../network/socket.ts';
import { publicRoots } from '../../network/trust.ts';
import { httpDate } from '../go-time.ts';
import type { Daemon, DaemonContainer } from '../image.ts';
import { istioIptables } from './istio-init.ts';
import { IstioLogger } from './logger.ts';
import { type ProxyConfig, proxyConfigOf, toYaml } from './proxy-config.ts';
import type { IstioServices } from './services.ts';
import { retryKey, XdsProxy } from './xds-proxy.ts';

/** ms from pilot-agent's first line to Envoy's start. */
const preparation = 40;

/** `pilot-agent proxy` and `pilot-agent istio-iptables`: what a container of the proxy's image runs. */
export function pilotAgent(container: DaemonContainer, services: IstioServices): Daemon {
  const [, command = '', role = 'sidecar'] = container.argv;
  if (command === 'istio-iptables') return istioIptables(container, services);
  if (command === 'proxy' && (role === 'sidecar' || role === 'router'))
    return new ProxyAgent(container, services, role);
  if (command === 'proxy') container.log(`Error: invalid proxy Type: ${role}`, 'stderr');
  else container.log(`Error: unknown command ${JSON.stringify(command)} for "pilot-agent"`, 'stderr');
  container.exit(command === 'proxy' ? 255 : 1);
  return { dispose: () => {} };
}

/** pilot-agent as the parent of an Envoy (pilot/cmd/pilot-agent, pkg/istio-agent, pkg/envoy/agent.go). */
export class ProxyAgent implements Daemon {
  readonly #container: DaemonContainer;
  readonly #services: IstioServices;
  readonly #role: 'sidecar' | 'router';
  readonly #log: IstioLogger;
  readonly #config: ProxyConfig;
  readonly #xds: XdsProxy;
  #envoy: EnvoyProxy | undefined;
  readonly #stops: (() => void)[] = [];

  constructor(container: DaemonContainer, services: IstioServices, role: 'sidecar' | 'router') {
    this.#container = container;
    this.#services = services;
    this.#role = role;
    this.#log = new IstioLogger(container);
    this.#config = proxyConfigOf(container);
    this.#xds = new XdsProxy(container, services.xds, this.#config.discoveryAddress);
    if (container.fresh) {
      container.state.startedAt = container.kernel.now();
      this.#sayHello();
      container.after(preparation, 'envoy');
    } else if (container.state.envoy) this.#startEnvoy();
    this.#serve();
  }

  #sayHello(): void {
    const { argv, pod } = this.#container;
    const { build, version } = this.#services.release;
    for (const [name, value] of Object.entries(flagsOf(argv, pod.namespace))) {
      this.#log.info(`FLAG: --${name}=${JSON.stringify(value)}`);
    }
    this.#log.info(`Version ${version}-${build.revision}-${build.status}`);
    this.#log.info('Proxy role', {
      labels: { ips: `[${pod.ip}]`, type: this.#role, id: `${pod.name}.${pod.namespace}`, domain: this.#domain() },
    });
    const own = this.#container.env.get('PROXY_CONFIG');
    if (own !== undefined) this.#log.info(`Apply proxy config from env ${own}`);
    const limit = Number(this.#container.env.get('ISTIO_CPU_LIMIT') ?? 0);
    if (limit > 0) this.#log.info(`cpu limit detected as ${limit}, setting concurrency`);
    this.#log.info(`Effective config: ${toYaml(this.#config)}`);
    this.#log.info('JWT policy is third-party-jwt');
    this.#log.info('using credential fetcher of JWT type in cluster.local trust domain');
    this.#log.info(`Opening status port ${this.#config.statusPort}`);
    this.#log.info('Starting default Istio SDS Server');
    const endpoint = this.#container.env.get('CA_ADDR') ?? this.#config.discoveryAddress;
    this.#log.info(`CA Endpoint ${endpoint}, provider Citadel`);
    this.#log.info(`Using CA ${endpoint} cert with certs: var/run/secrets/istio/root-cert.pem`);
    const cluster = this.#container.env.get('ISTIO_META_CLUSTER_ID') ?? 'Kubernetes';
    const upstream = `Initializing with upstream address ${JSON.stringify(this.#config.discoveryAddress)} and cluster ${JSON.stringify(cluster)}`;
    this.#log.info(upstream, { scope: 'xdsproxy' });
    this.#log.info(`Pilot SAN: [${this.#config.discoveryAddress.replace(/:\d+$/, '')}]`);
    this.#log.info('Starting proxy agent');
  }

  #domain(): string {
    return `${this.#container.pod.namespace}.svc.cluster.local`;
  }

  wake(key: string): void {
    if (key === 'envoy') {
      this.#log.info(`Envoy command: [${this.#envoyArguments().join(' ')}]`);
      this.#container.state.envoy = true;
      this.#startEnvoy();
    } else if (key === retryKey) {
      this.#xds.retry();
    } else if (key === 'terminated') {
      this.#log.info('Graceful termination period complete, terminating remaining proxies.');
      this.#end();
    }
  }

  #envoyArguments(): string[] {
    const level = flagsOf(this.#container.argv, '').proxyLogLevel ?? 'warning';
    const components = flagsOf(this.#container.argv, '').proxyComponentLogLevel;
    const { concurrency, drainDuration } = this.#config;
    return [
      ...['-c', 'etc/istio/proxy/envoy-rev.json', '--drain-time-s', String(Number.parseInt(drainDuration, 10))],
      ...['--drain-strategy', 'immediate', '--local-address-ip-version', 'v4', '--file-flush-interval-msec', '1000'],
      ...['--disable-hot-restart', '--allow-unknown-static-fields', '-l', level],
      ...(components ? ['--component-log-level', components] : []),
      ...['--concurrency', String(concurrency)],
    ];
  }

  #startEnvoy(): void {
    const { kernel, network, pod, id, state, files } = this.#container;
    const { proxyLogLevel, proxyComponentLogLevel = '' } = flagsOf(this.#container.argv, '');
    const level = proxyLogLevel as LogLevel;
    const components = proxyComponentLogLevel.split(',').map((pair) => pair.split(':'));
    const known = components.filter(([, each]) => logLevels.includes(each as LogLevel));
    this.#envoy = new EnvoyProxy({
      kernel,
      stack: network,
      xds: this.#xds,
      node: {
        id: `${this.#role}~${pod.ip}~${pod.name}.${pod.namespace}~${this.#domain()}`,
        namespace: pod.namespace,
        pod: pod.name,
      },
      incarnation: id,
      metadata: nodeMetadata(this.#container, this.#config, this.#services.release.version),
      version: this.#services.release.envoyVersion,
      systemRoots: publicRoots,
      readFile: (path) => (files.exists(path) ? decode(files.readFile(path)) : undefined),
      writeLog: (line, stream) => this.#container.log(line, stream),
      onReady: () => this.#configured(),
      ...(logLevels.includes(level) && { logLevel: level }),
      loggerLevels: Object.fromEntries(known) as Record<string, LogLevel>,
    });
    if (state.envoyState) this.#envoy.load(state.envoyState as unknown as EnvoyState);
    this.#envoy.start();
  }

  save(): void {
    if (this.#envoy) this.#container.state.envoyState = this.#envoy.save() as unknown as JsonObject;
  }

  /** Envoy took its first configuration: what the XDS proxy and the SDS server say on the way. */
  #configured(): void {
    const { state, pod, kernel } = this.#container;
    if (state.configured) return;
    state.configured = true;
    const node = `${pod.name}.${pod.namespace}`;
    this.#log.info(`connected to upstream XDS server: ${this.#config.discoveryAddress}`, { scope: 'xdsproxy' });
    this.#log.info(`ADS: new connection for node:${node}-1`, { scope: 'ads' });
    // The signing took a moment that the cluster's clock does not show; certificates live 24 hours.
    const latency = kernel.random.between(28_000, 61_000) / 1000;
    const ttl = `23h59m${((60_000 - latency) / 1000).toFixed(6).replace(/0+$/, '')}s`;
    this.#log.info('generated new workload certificate', {
      scope: 'cache',
      labels: { resourceName: 'default', latency: `${latency}ms`, ttl },
    });
    this.#log.info('Root cert has changed, start rotating root cert', { scope: 'cache' });
    this.#log.info(`ADS: new connection for node:${node}-2`, { scope: 'ads' });
    this.#log.info('returned workload certificate from cache', { scope: 'cache', labels: { ttl } });
    this.#container.changed();
  }

  /** pilot-agent's own port; Envoy opens its own, the static ones of its bootstrap among them. */
  #serve(): void {
    const { network, id } = this.#container;
    const accept = (connection: Connection) =>
      void serveHttp(connection, (request) => this.#answer(request), { http1Only: true });
    this.#stops.push(network.listen(this.#config.statusPort, accept, { incarnation: id }));
  }

  #answer(request: HttpRequest): HttpResponse {
    const { status, body } = this.status(request.method, request.target);
    const headers: [string, string][] = [['Date', httpDate(this.#container.kernel.now())]];
    if (body) headers.push(['Content-Type', 'text/plain; charset=utf-8']);
    return { status, protocol: request.protocol, headers, body: encode(body) };
  }

  /** The status port's answers (pilot/cmd/pilot-agent/status/server.go). */
  status(method: string, target: string): { status: number; body: string } {
    const [path = '/'] = target.split('?');
    if (path === '/healthz/ready') return { status: this.#readiness(), body: '' };
    if (path === '/drain' && method === 'POST') {
      this.#log.info('handling /drain, starting drain');
      this.#log.info('Agent draining proxy');
      this.#envoy?.admin('/drain_listeners?graceful', 'POST');
      this.#container.state.drained = true;
      return { status: 200, body: 'OK' };
    }
    if (path === '/quitquitquit' && method === 'POST') {
      this.#log.info('handling /quitquitquit, notifying pilot-agent to exit');
      this.#container.state.drained = true;
      this.terminate();
      return { status: 200, body: 'OK' };
    }
    if (path.startsWith('/app-health/')) return { status: this.#appHealth(path), body: '' };
    if (path === '/stats/prometheus') return this.admin('GET', '/stats/prometheus') ?? { status: 503, body: '' };
    return { status: 404, body: '404 page not found\n' };
  }

  #readiness(): number {
    const { state, kernel } = this.#container;
    if (!this.#envoy?.ready) {
      const counts = 'cds updates: 0 successful, 0 rejected; lds updates: 0 successful, 0 rejected';
      const why = this.#envoy
        ? `config not received from XDS server (is Istiod running?): ${counts}`
        : 'failed to get stats: Get "http://127.0.0.1:15000/stats?usedonly&filter=%5E%28cluster_manager.cds%7Clistener_manager.lds%29.%28update_success%7Cupdate_rejected%29%24": dial tcp 127.0.0.1:15000: connect: connection refused';
      this.#log.warn(`Envoy proxy is NOT ready: ${why}`);
      state.lastReady = false;
      return 503;
    }
    if (!state.everReady) {
      const took = kernel.now() - Number(state.startedAt ?? kernel.now());
      const minutes = Math.floor(took / 60_000);
      const long = `${minutes > 0 ? `${minutes}m` : ''}${(took % 60_000) / 1000}s`;
      this.#log.info(`Readiness succeeded in ${took >= 1000 ? long : `${took}ms`}`);
      state.everReady = true;
    }
    if (state.lastReady !== true) this.#log.info('Envoy proxy is ready');
    state.lastReady = true;
    return 200;
  }

  /** Asks the application what its own probe says (ISTIO_KUBE_APP_PROBERS). */
  #appHealth(path: string): number {
    let probers: Record<
      string,
      { httpGet?: { path?: string; port: number }; tcpSocket?: { port: number }; grpc?: { port: number } }
    > = {};
    try {
      probers = JSON.parse(this.#container.env.get('ISTIO_KUBE_APP_PROBERS') ?? '{}');
    } catch {
      return 500;
    }
    const prober = probers[path];
    if (!prober) return 404;
    const probe: Probe = prober.httpGet
      ? { kind: 'http', port: prober.httpGet.port, path: prober.httpGet.path ?? '/' }
      : { kind: prober.tcpSocket ? 'tcp' : 'grpc', port: prober.tcpSocket?.port ?? prober.grpc?.port ?? 0 };
    const { success, output } = this.#container.probePod(probe);
    const code = /statuscode: (\d+)/.exec(output);
    return success ? 200 : code ? Number(code[1]) : 500;
  }

  http(port: number, path: string): number | undefined {
    if (port === 15021) return this.#envoy?.ready ? this.status('GET', '/healthz/ready').status : undefined;
    if (port === this.#config.statusPort) return this.status('GET', path).status;
    if (port === 15090) return this.#envoy?.ready ? 200 : undefined;
    return undefined;
  }

  /** Envoy's admin interface; undefined while it does not run. */
  admin(method: string, path: string): { status: number; body: string } | undefined {
    const answer = this.#envoy?.admin(path, method);
    return answer && { status: answer.status, body: decode(answer.body) };
  }

  terminate(): void {
    this.#log.info('Agent draining Proxy for termination');
    if (this.#container.state.drained) {
      this.#log.info('Agent already drained, exiting immediately');
      this.#end();
      return;
    }
    this.#envoy?.admin('/drain_listeners?graceful', 'POST');
    const seconds = Number.parseInt(this.#config.terminationDrainDuration, 10);
    this.#log.info(`Graceful termination period is ${seconds}s, starting...`);
    this.#container.after(seconds * 1000, 'terminated');
  }

  #end(): void {
    this.#log.warn('Aborting proxy');
    this.#log.info('Envoy aborted normally');
    this.#log.warn('Aborted proxy instance');
    this.#log.info('Agent has successfully terminated');
    this.#container.exit(0);
  }

  dispose(): void {
    this.#envoy?.stop();
    this.#envoy = undefined;
    for (const stop of this.#stops.splice(0)) stop();
  }
}

/** pilot-agent's flags in the order it prints them, with what the command line says. */
function flagsOf(argv: readonly string[], namespace: string): Record<string, string> {
  const flags: Record<string, string> = {
    concurrency: '0',
    domain: '',
    help: 'false',
    log_as_json: 'false',
    log_caller: '',
    log_output_level: 'default:info',
    log_stacktrace_level: 'default:none',
    log_target: '[stdout]',
    meshConfig: './etc/istio/config/mesh',
    outlierLogPath: '',
    profiling: 'true',
    proxyComponentLogLevel: '',
    proxyLogLevel: 'warning',
    serviceCluster: 'istio-proxy',
    stsPort: '0',
    templateFile: '',
    tokenManagerPlugin: '',
    vklog: '0',
  };
  for (const [index, word] of argv.entries()) {
    const match = /^--([\w-]+)(?:=(.*))?$/s.exec(word);
    const name = match?.[1];
    if (name !== undefined && flags[name] !== undefined) flags[name] = match?.[2] ?? argv[index + 1] ?? '';
  }
  if (flags.domain === '' && namespace) flags.domain = `${namespace}.svc.cluster.local`;
  return flags;
}

/** The bootstrap's node metadata (pkg/bootstrap/config.go): what ISTIO_META_ variables and the pod's files say. */
function nodeMetadata(container: DaemonContainer, config: ProxyConfig, version: string): Record<string, unknown> {
  const { env, pod } = container;
  const metadata: Record<string, unknown> = {
    ANNOTATIONS: pod.annotations,
    ENVOY_PROMETHEUS_PORT: 15090,
    ENVOY_STATUS_PORT: 15021,
    INSTANCE_IPS: pod.ip,
    ISTIO_VERSION: version,
    LABELS: pod.labels,
    NAME: pod.name,
    NAMESPACE: pod.namespace,
    NODE_NAME: pod.node,
    PILOT_SAN: [config.discoveryAddress.replace(/:\d+$/, '')],
    PROXY_CONFIG: config,
    SERVICE_ACCOUNT: env.get('SERVICE_ACCOUNT') ?? pod.serviceAccount,
  };
  for (const [name, value] of env) {
    if (name.startsWith('ISTIO_META_')) metadata[name.slice('ISTIO_META_'.length)] = jsonOrText(value);
  }
  return metadata;
}

function jsonOrText(value: string): unknown {
  if (!value.startsWith('[') && !value.startsWith('{')) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
