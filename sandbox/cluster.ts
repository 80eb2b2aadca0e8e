import { ServiceNetwork } from './cluster/kube-proxy.ts';
import { kubernetesRootCertificate } from './cluster/kubernetes-ca.ts';
import { PolicyNetwork } from './cluster/network-policy.ts';
import { webhookBackend } from './cluster/webhooks.ts';
import { programs } from './commands/index.ts';
import { images } from './images/index.ts';
import { Runtime, type RuntimeState } from './images/runtime.ts';
import { sites } from './internet/index.ts';
import { attachInternet } from './internet/internet.ts';
import type { Site } from './internet/site.ts';
import { installIstio } from './istio/install/install.ts';
import { Istiod, type IstiodState } from './istio/pilot/discovery.ts';
import { type HandleWebhook, istioWebhooks } from './istio/webhooks.ts';
import { advance, type HostTurn } from './kernel/drivers.ts';
import type { Stateful } from './kernel/json.ts';
import { Kernel, type KernelState } from './kernel/kernel.ts';
import type { Program } from './kernel/process.ts';
import type { ApiTransport } from './kubernetes/apiserver/http.ts';
import { ApiServer } from './kubernetes/apiserver/server.ts';
import type { StoreState } from './kubernetes/apiserver/store.ts';
import { bootstrap } from './kubernetes/controllers/bootstrap.ts';
import { type Controllers, startControllers } from './kubernetes/controllers/index.ts';
import type { KubeletState } from './kubernetes/controllers/kubelet/memory.ts';
import { KubeletBackend } from './kubernetes/controllers/kubelet/node-backend.ts';
import type { ApiClient, KubernetesObject } from './kubernetes/objects.ts';
import { Network, type NetworkState } from './network/network.ts';
import { findRelease, type Release } from './releases/index.ts';
import { ash, bash } from './shell/bash.ts';

export type Profile = 'demo' | 'default' | 'minimal' | 'none';

export interface ClusterOptions {
  release: Release;
  /** Istio's profile that is installed when the session starts; `none`: a bare cluster. */
  profile: Profile;
  /** ms since 1970: what the clock shows when the session starts. */
  epoch: number;
  seed: number;
  /** The world outside; the sites there are if not said. Not part of the state: a restore has the usual world. */
  sites?: readonly Site[];
}

export interface ClusterState {
  release: { istio: string; kubernetes: string };
  epoch: number;
  seed: number;
  kernel: KernelState;
  api: StoreState;
  network: NetworkState;
  istiod: IstiodState;
  runtime: RuntimeState;
  kubelet: KubeletState;
}

const node = 'meshtab-control-plane';
const hostIP = '172.18.0.2';
const podRange = '10.244.0.0/16';
const serviceRange = '10.96.0.0/12';
const pods = { group: '', version: 'v1', resource: 'pods' };
/** How long before the session's start the cluster was made. Longer than it takes to become ready. */
const age = 5 * 60 * 1000;

interface Pod extends KubernetesObject {
  status?: { phase?: string; conditions?: { type: string; status: string }[] };
}

const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;

/** A whole cluster: the one place that knows every room. Its state is what `save` gives; the rest follows from it. */
export class Cluster implements Stateful<ClusterState> {
  readonly release: Release;
  readonly kernel: Kernel;
  readonly api: ApiServer;
  readonly network: Network;
  readonly istiod: Istiod;
  readonly runtime: Runtime;
  readonly #controllers: Controllers;
  readonly #services: ServiceNetwork;
  readonly #policies: PolicyNetwork;
  readonly #client: ApiClient;
  readonly #webhooks = new Map<string, HandleWebhook>();
  readonly #epoch: number;
  readonly #seed: number;
  #root: string | undefined;

  /** Puts the rooms together; nothing is in the cluster yet. */
  private constructor(release: Release, epoch: number, seed: number) {
    this.release = release;
    this.#epoch = epoch;
    this.#seed = seed;
    this.kernel = new Kernel({ epoch: epoch - age, seed });
    const { kernel } = this;
    this.network = new Network(kernel);
    this.network.setLocalRanges([podRange, serviceRange, '172.18.0.0/16']);
    this.api = new ApiServer({ kernel, version: release.kubernetes.build.gitVersion, build: release.kubernetes.build });
    this.#client = this.api.client('system:kube-controller-manager');
    this.istiod = new Istiod({
      kernel,
      client: this.api.client('system:serviceaccount:istio-system:istiod'),
      release: release.istio,
      seed,
    });
    this.runtime = new Runtime({
      kernel,
      network: this.network,
      images: images({
        network: this.network,
        xds: this.istiod,
        release,
        istiodDebug: (path) => this.istiod.debug(path),
      }),
      program: (name) => programs[name] ?? shells[name],
      node,
    });
    this.#controllers = startControllers({
      kernel,
      clientFor: (user) => this.api.client(user),
      kubelet: {
        runtime: this.runtime,
        node,
        hostIP,
        podPrefix: '10.244.0',
        images: Object.values(release.kubernetes.images),
      },
      rootCertificate: () => this.#rootCertificate(),
    });
    const { kubelet } = this.#controllers;
    this.api.nodes = new KubeletBackend({
      kernel,
      client: this.api.client(`system:node:${node}`),
      runtime: this.runtime,
      kubelet,
    });
    this.api.webhooks = webhookBackend(this.#client, (service) => this.#webhooksOf(service));
    this.#services = new ServiceNetwork(this.#client, this.network, hostIP);
    this.#policies = new PolicyNetwork(this.#client, this.network, hostIP);
    this.#client.onChange(pods, () => this.#watchIstiod());
  }

  /** A cluster that is ready, its clock at `epoch`. */
  static async create(options: ClusterOptions, turn: HostTurn): Promise<Cluster> {
    const { release, profile, epoch, seed } = options;
    const cluster = new Cluster(release, epoch, seed);
    cluster.network.addNamespace({ id: node, address: hostIP, hostname: node });
    cluster.#attachWorld(options.sites);
    cluster.#bootstrap();
    if (profile !== 'none') installIstio(cluster.#client, { release: release.istio, set: [`profile=${profile}`] });
    await advance(cluster.kernel, age, turn);
    const waiting = cluster.#client.list<Pod>(pods).filter((pod) => !isReady(pod));
    if (waiting.length > 0)
      throw new Error(`not ready in time: ${waiting.map(({ metadata }) => metadata.name).join(', ')}`);
    return cluster;
  }

  /** The cluster that `save` described, in a fresh process or in this one. */
  static restore(state: ClusterState): Cluster {
    const cluster = new Cluster(findRelease(state.release), state.epoch, state.seed);
    cluster.load(state);
    return cluster;
  }

  get transport(): ApiTransport {
    return (request) => this.api.handle(request);
  }

  /** ms since 1970, in the cluster's own time. */
  now(): number {
    return this.kernel.now();
  }

  save(): ClusterState {
    const { istio, kubernetes } = this.release;
    return {
      release: { istio: istio.version, kubernetes: kubernetes.version },
      epoch: this.#epoch,
      seed: this.#seed,
      kernel: this.kernel.save(),
      api: this.api.save(),
      network: this.network.save(),
      istiod: this.istiod.save(),
      runtime: this.runtime.save(),
      kubelet: this.#controllers.kubelet.save(),
    };
  }

  load(state: ClusterState): void {
    this.kernel.load(state.kernel);
    this.api.load(state.api);
    this.network.load(state.network);
    this.#attachWorld();
    this.istiod.load(state.istiod);
    this.#services.sync();
    this.#policies.sync();
    this.#watchIstiod();
    this.runtime.load(state.runtime);
    this.#controllers.kubelet.load(state.kubelet);
    this.#controllers.resync();
    // Once more: what the rooms did while they came back (timers set, chance drawn) has not happened.
    this.kernel.load(state.kernel);
  }

  #attachWorld(world: readonly Site[] = sites): void {
    attachInternet(this.network, world, this.#epoch);
  }

  #bootstrap(): void {
    const { build, containerRuntimeVersion, images: component } = this.release.kubernetes;
    bootstrap({
      kernel: this.kernel,
      client: this.#client,
      kubernetesVersion: build.gitVersion,
      containerRuntimeVersion,
      apiServerAddress: '10.96.0.1',
      node,
      hostIP,
      podRange,
      serviceRange,
      dnsAddress: '10.96.0.10',
      images: component,
    });
  }

  /** Made when the first namespace asks for it. */
  #rootCertificate(): string {
    this.#root ??= kubernetesRootCertificate(this.#seed, this.#epoch - age);
    return this.#root;
  }

  /** The control plane behind a Service: its revision stands in the Service's labels. */
  #webhooksOf({ metadata }: KubernetesObject): HandleWebhook | undefined {
    if (metadata.labels?.app !== 'istiod') return undefined;
    const namespace = metadata.namespace ?? '';
    const revision = metadata.labels['istio.io/rev'] ?? 'default';
    const key = `${namespace}/${revision}`;
    const handler = this.#webhooks.get(key) ?? istioWebhooks(this.#client, { namespace, revision });
    this.#webhooks.set(key, handler);
    return handler;
  }

  /** istiod works as long as one of its pods is ready: proxies get nothing from a control plane that is not there. */
  #watchIstiod(): void {
    const running = this.#client.list<Pod>(pods).some((pod) => pod.metadata.labels?.app === 'istiod' && isReady(pod));
    this.istiod.setRunning(running);
  }
}

/** Shells stand beside the other programs: `commands/` knows nothing of bash. */
const shells: Readonly<Record<string, Program>> = { bash, ash, sh: ash };
