import type { ProxyNode, Push, XdsServer, XdsStream } from '../../envoy/xds/server.ts';
import type { ProxyConfiguration, Secret } from '../../envoy/xds/types.ts';
import type { Stateful } from '../../kernel/json.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { formatSeconds } from '../../kernel/time.ts';
import type { ApiClient } from '../../kubernetes/objects.ts';
import { AddressAllocator, type AllocatorState } from './discovery/address-allocator.ts';
import { type AuthorityOptions, CertificateAuthority, isDue } from './discovery/certificate-authority.ts';
import { Comparison, type Connection, type ConnectionState, discoveryTypes } from './discovery/connections.ts';
import { syncz } from './discovery/debug.ts';
import { GatewayDeployer } from './discovery/gateway-deployer.ts';
import { writeGatewayStatuses } from './discovery/gateway-status.ts';
import { configMaps, MeshWatcher } from './discovery/mesh-watcher.ts';
import { RootCertPublisher } from './discovery/root-cert-publisher.ts';
import { credentialSecret, rootSecret, workloadSecret } from './discovery/secrets.ts';
import { ResourceTable, restoreConfiguration, type StoredConfiguration } from './discovery/stored-configurations.ts';
import { apiSource, isRelevant, watchedResources } from './discovery/watched-kinds.ts';
import { generateConfiguration } from './generate.ts';
import { compareText, type WatchedKind } from './model/config.ts';
import { proxyOfPod } from './proxy.ts';
import { PushContext } from './push-context.ts';
import { spiffeId } from './registry/service.ts';
import type { PodObject } from './registry/workloads.ts';

/** Changes are collected until none came for this long, ms of cluster time (PILOT_DEBOUNCE_AFTER, PILOT_DEBOUNCE_MAX). */
const debounceAfter = 100;
const debounceMax = 10_000;

const owner = 'istiod';
const pushTimer = 'push';
const addressesTimer = 'addresses';

export interface IstiodState {
  /** How the certificate authority was made, once it is needed. */
  authority?: AuthorityOptions;
  /** The last mesh config that could be read, as YAML. */
  mesh?: string;
  addresses: AllocatorState;
  running: boolean;
  /** Number of the last push. */
  pushes: number;
  /** When the first change came that was not pushed yet, ms since 1970. */
  firstChange?: number;
  /** Changes came while nobody was there to push them. */
  missed: boolean;
  /** What `configuration` refers to. */
  resources: unknown[];
  connections: (ConnectionState & {
    /** Left out where the proxy has exactly what istiod would generate now. */
    configuration?: StoredConfiguration;
    /** Whether the proxy has been sent anything. */
    configured: boolean;
  })[];
}

/**
 * The running istiod: watches the API server, and pushes to each connected proxy when its configuration differs from what it
 * has. It works only while `setRunning` says that one of its pods does; proxies keep what they have meanwhile.
 */
export class Istiod implements XdsServer, Stateful<IstiodState> {
  readonly #kernel: Kernel;
  readonly #client: ApiClient;
  readonly #version: string;
  readonly #namespace: string;
  readonly #seed: number;
  readonly #fetchKeys: (uri: string) => string | undefined;
  readonly #meshWatcher: MeshWatcher;
  readonly #allocator: AddressAllocator;
  readonly #publisher: RootCertPublisher;
  readonly #deployer: GatewayDeployer;
  readonly #connections = new Map<string, Connection>();
  #authority: CertificateAuthority | undefined;
  #running = false;
  #pushes = 0;
  #firstChange: number | undefined;
  #missed = false;
  #context: PushContext | undefined;

  /**
   * `seed`: certificates follow from it. `namespace`: where istiod runs, default `istio-system`. `fetchKeys`: the key set (JSON)
   * at a RequestAuthentication's `jwksUri`; the same address must always give the same.
   */
  constructor(options: {
    kernel: Kernel;
    client: ApiClient;
    release: { version: string };
    seed: number;
    namespace?: string;
    fetchKeys?: (uri: string) => string | undefined;
  }) {
    this.#kernel = options.kernel;
    this.#client = options.client;
    this.#version = options.release.version;
    this.#namespace = options.namespace ?? 'istio-system';
    this.#seed = options.seed;
    this.#fetchKeys = options.fetchKeys ?? (() => undefined);
    this.#meshWatcher = new MeshWatcher(options.client, this.#namespace);
    this.#allocator = new AddressAllocator(options.client);
    this.#publisher = new RootCertPublisher({
      kernel: options.kernel,
      client: options.client,
      certificate: () => this.rootCertificate(),
      running: () => this.#running,
    });
    this.#deployer = new GatewayDeployer({
      kernel: options.kernel,
      client: options.client,
      namespace: this.#namespace,
      running: () => this.#running,
    });
    options.kernel.timers.handle(owner, (key) => {
      if (key === addressesTimer) this.#allocator.reconcile();
      else this.#push();
    });
    for (const kind of Object.keys(watchedResources) as WatchedKind[]) {
      options.client.onChange(watchedResources[kind], (change) => {
        if (isRelevant(kind, change)) this.#changed();
      });
    }
    options.client.onChange(watchedResources.ServiceEntry, ({ type }) => {
      if (type !== 'DELETED') this.#allocateAddresses();
    });
    options.client.onChange(configMaps, ({ object }) => {
      if (this.#meshWatcher.isMeshConfig(object)) this.#changed();
    });
  }

  /** PEM of the mesh's root certificate. */
  rootCertificate(): string {
    return this.#certificates().rootCertificate();
  }

  /** Told whenever it may have changed whether a pod of istiod is ready. */
  setRunning(running: boolean): void {
    if (running === this.#running) return;
    this.#running = running;
    if (running) {
      this.#context = undefined;
      this.#missed = false;
      this.#firstChange = undefined;
      this.#publisher.resync();
      this.#deployer.resync();
      this.#push();
    } else if (this.#isPending()) {
      this.#kernel.timers.cancel(owner, pushTimer);
      this.#firstChange = undefined;
      this.#missed = true;
    }
  }

  /** `receive` may be called before this returns: a proxy that connects is answered at once. */
  connect(node: ProxyNode, receive: (push: Push) => void): XdsStream {
    const now = this.#kernel.now();
    const known = this.#connections.get(node.id);
    const connection: Connection = known ?? {
      state: { node, since: now, certificateSince: now, version: '', nonce: '', types: {} },
    };
    connection.receive = receive;
    this.#connections.set(node.id, connection);
    // After a restore a proxy comes back and has what it had.
    if (connection.configuration) this.#deliver(connection, []);
    else if (this.#running) this.#update(connection, this.#isPending() ? this.#newContext() : this.#currentContext());
    return {
      acknowledge: (nonce, error) => this.#acknowledge(connection, nonce, error),
      secret: (name) => this.#secret(connection, name),
      close: () => {
        if (this.#connections.get(node.id) === connection) this.#connections.delete(node.id);
      },
    };
  }

  /** What istiod answers on its debug port: JSON, or undefined where there is no such page. */
  debug(path: string): string | undefined {
    const [page, query = ''] = path.split('?');
    if (page !== '/debug/syncz') return undefined;
    const namespace = /(?:^|&)namespace=([^&]*)/.exec(query)?.[1];
    const status = syncz(this.#sorted(), {
      version: this.#version,
      cluster: 'Kubernetes',
      ...(namespace ? { namespace } : {}),
    });
    return JSON.stringify(status, undefined, 2);
  }

  #sorted(): Connection[] {
    return [...this.#connections.values()].sort((a, b) => compareText(a.state.node.id, b.state.node.id));
  }

  /** istiod makes its root when it is first needed, with the trust domain of then. */
  #certificates(): CertificateAuthority {
    const { trustDomain } = this.#meshWatcher.current();
    this.#authority ??= new CertificateAuthority({ seed: this.#seed, since: this.#kernel.now(), trustDomain });
    return this.#authority;
  }

  #changed(): void {
    if (!this.#running) {
      this.#missed = true;
      return;
    }
    const now = this.#kernel.now();
    this.#firstChange ??= now;
    const at = Math.min(now + debounceAfter, this.#firstChange + debounceMax);
    this.#kernel.timers.replace(owner, pushTimer, at);
  }

  /** A little later, as a controller does: not while the change itself is still being told. */
  #allocateAddresses(): void {
    if (this.#running) this.#kernel.timers.set(owner, addressesTimer, this.#kernel.now());
  }

  #isPending(): boolean {
    return this.#firstChange !== undefined;
  }

  /** Of the last push. While nothing is waiting to be pushed it can be made anew at any time. */
  #currentContext(): PushContext {
    this.#context ??= this.#newContext();
    return this.#context;
  }

  #newContext(): PushContext {
    const mesh = this.#meshWatcher.current();
    const traceSampling = this.#traceSampling();
    return new PushContext(apiSource(this.#client), { mesh, traceSampling, fetchKeys: this.#fetchKeys });
  }

  /** PILOT_TRACE_SAMPLING of istiod's own pod. */
  #traceSampling(): number {
    const pods = this.#client.list(watchedResources.Pod, this.#namespace);
    for (const { metadata, spec } of pods) {
      if (metadata.labels?.app !== 'istiod') continue;
      const { containers = [] } = spec as { containers?: { env?: { name: string; value?: string }[] }[] };
      const value = containers
        .flatMap(({ env = [] }) => env)
        .find(({ name }) => name === 'PILOT_TRACE_SAMPLING')?.value;
      if (value !== undefined && Number.isFinite(Number(value))) return Number(value);
    }
    return 1;
  }

  #push(): void {
    this.#kernel.timers.cancel(owner, pushTimer);
    this.#firstChange = undefined;
    if (!this.#running) return;
    this.#context = undefined;
    const context = this.#currentContext();
    const comparison = new Comparison();
    for (const connection of this.#sorted()) this.#update(connection, context, comparison);
    writeGatewayStatuses(this.#client, context, this.#kernel.now());
  }

  /** Generates a proxy's configuration and sends it if it differs. A proxy whose pod is not known yet waits. */
  #update(connection: Connection, context: PushContext, comparison = new Comparison()): void {
    const generated = this.#generate(connection.state.node, context);
    if (!generated) return;
    const { configuration, changed } = comparison.reuse(connection.configuration, generated);
    connection.configuration = configuration;
    if (changed.length === 0) return;
    const { state } = connection;
    const now = this.#kernel.now();
    this.#pushes++;
    state.version = `${formatSeconds(now)}/${this.#pushes}`;
    state.nonce = `${state.version}-${state.node.pod}`;
    for (const type of changed) {
      state.types[type] = { sent: state.nonce, sentAt: now, acked: state.types[type]?.acked ?? '' };
    }
    this.#deliver(connection, changed);
  }

  #generate(node: ProxyNode, context: PushContext): ProxyConfiguration | undefined {
    const pod = this.#podOf(node, context);
    if (!pod) return undefined;
    const type = node.id.startsWith('router~') ? 'router' : 'sidecar';
    return generateConfiguration(context, proxyOfPod(context, pod, { type }));
  }

  #podOf(node: ProxyNode, context: PushContext): PodObject | undefined {
    return context.serviceIndex.workloads.pod(node.namespace, node.pod);
  }

  #deliver({ state, configuration, receive }: Connection, changed: Push['changed']): void {
    if (!configuration) return;
    receive?.({ version: state.version, nonce: state.nonce, changed, configuration });
  }

  #acknowledge({ state }: Connection, nonce: string, error: string | undefined): void {
    for (const type of discoveryTypes) {
      const sync = state.types[type];
      if (sync?.sent !== nonce) continue;
      if (error === undefined) {
        sync.acked = nonce;
        delete sync.error;
      } else {
        sync.error = error;
      }
    }
  }

  #secret({ state }: Connection, name: string): Secret | undefined {
    if (name === 'ROOTCA') return rootSecret(this.rootCertificate());
    const { namespace, pod } = state.node;
    if (name !== 'default') return credentialSecret(this.#client, name, namespace);
    const now = this.#kernel.now();
    if (this.#running && isDue(state.certificateSince, now)) state.certificateSince = now;
    const spec = this.#client.get(watchedResources.Pod, namespace, pod)?.spec as
      | { serviceAccountName?: string }
      | undefined;
    const { trustDomain } = this.#meshWatcher.current();
    const id = spiffeId(trustDomain, namespace, spec?.serviceAccountName ?? 'default');
    return workloadSecret(this.#certificates().issue(id, state.certificateSince));
  }

  save(): IstiodState {
    // Where nothing is waiting to be pushed, every proxy whose pod is still there has what would be generated now.
    const settled = this.#running && !this.#isPending() && !this.#missed;
    const follows = ({ node }: ConnectionState) => settled && this.#podOf(node, this.#currentContext()) !== undefined;
    const mesh = this.#meshWatcher.save();
    const table = new ResourceTable();
    const connections = this.#sorted().map(({ state, configuration }) => ({
      ...structuredClone(state),
      configured: configuration !== undefined,
      ...(configuration && !follows(state) ? { configuration: table.store(configuration) } : {}),
    }));
    return {
      ...(this.#authority ? { authority: this.#authority.options } : {}),
      ...(mesh === undefined ? {} : { mesh }),
      addresses: this.#allocator.save(),
      running: this.#running,
      pushes: this.#pushes,
      ...(this.#firstChange === undefined ? {} : { firstChange: this.#firstChange }),
      missed: this.#missed,
      resources: table.resources,
      connections,
    };
  }

  /** The API server's state must be there already. */
  load(state: IstiodState): void {
    this.#authority = state.authority && new CertificateAuthority(state.authority);
    this.#meshWatcher.load(state.mesh);
    this.#allocator.load(state.addresses);
    this.#running = state.running;
    this.#pushes = state.pushes;
    this.#firstChange = state.firstChange;
    this.#missed = state.missed;
    this.#context = undefined;
    this.#connections.clear();
    const resources = structuredClone(state.resources);
    for (const { configuration, configured, ...connection } of state.connections) {
      const restored: Connection = { state: structuredClone(connection) };
      const has = configuration
        ? restoreConfiguration(configuration, resources)
        : configured
          ? this.#generate(connection.node, this.#currentContext())
          : undefined;
      if (has) restored.configuration = has;
      this.#connections.set(connection.node.id, restored);
    }
  }
}
