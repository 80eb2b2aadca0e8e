import { Kernel } from '../../kernel/kernel.ts';
import type {
  ContainerRuntime,
  ContainerSpec,
  ContainerStatus,
  ExecStreams,
  ImageFacts,
  LogLine,
  PodSandbox,
  Probe,
} from '../../kernel/runtime.ts';
import { parseTime } from '../../kernel/time.ts';
import { ApiServer } from '../apiserver/server.ts';
import type { KubernetesObject } from '../objects.ts';
import { bootstrap } from './bootstrap.ts';
import { kinds } from './context.ts';
import type { EventObject } from './events.ts';
import { type Controllers, startControllers } from './index.ts';
import type { Pod } from './types.ts';

/** For tests: a runtime whose containers do what the test says. */
export class FakeRuntime implements ContainerRuntime {
  readonly started: ContainerSpec[] = [];
  readonly sandboxes = new Set<string>();
  /** By container name: ends with this code right after its start. */
  readonly exits = new Map<string, number>();
  /** By container name: how probes answer; success if absent. */
  readonly answers = new Map<string, string | true>();
  readonly #kernel: Kernel;
  readonly #statuses = new Map<string, ContainerStatus>();
  readonly #listeners: ((id: string) => void)[] = [];

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    kernel.timers.handle('fake-runtime', (id) => this.exit(id, 0));
  }

  image(reference: string): ImageFacts | undefined {
    if (reference.includes('missing')) return undefined;
    const name = reference.includes('.') ? reference : `docker.io/${reference}`;
    return { reference: name, id: `${name}@sha256:${'0'.repeat(64)}`, bytes: 1000, pullTime: 2000 };
  }

  pullError(reference: string): string {
    return `rpc error: code = NotFound desc = ${reference}: not found`;
  }

  createSandbox(pod: PodSandbox): void {
    this.sandboxes.add(pod.uid);
  }

  removeSandbox(uid: string): void {
    this.sandboxes.delete(uid);
  }

  start(container: ContainerSpec): string | undefined {
    this.started.push(container);
    this.#statuses.set(container.id, { state: 'running', startedAt: this.#kernel.now() });
    const code = this.exits.get(container.name);
    if (code !== undefined) this.exit(container.id, code);
    return undefined;
  }

  exit(id: string, exitCode: number): void {
    const status = this.#statuses.get(id);
    if (status?.state !== 'running') return;
    this.#statuses.set(id, { ...status, state: 'exited', exitCode, finishedAt: this.#kernel.now() });
    this.changed(id);
  }

  changed(id: string): void {
    for (const listener of this.#listeners) listener(id);
  }

  stop(id: string, grace: number): void {
    if (grace === 0) this.exit(id, 137);
    else this.#kernel.timers.set('fake-runtime', id, this.#kernel.now() + 100);
  }

  remove(id: string): void {
    this.#statuses.delete(id);
  }

  status(id: string): ContainerStatus | undefined {
    return this.#statuses.get(id);
  }

  onChange(listener: (id: string) => void): () => void {
    this.#listeners.push(listener);
    return () => this.#listeners.splice(this.#listeners.indexOf(listener), 1);
  }

  probe(id: string, _probe: Probe) {
    const answer = this.answers.get(id.split('/')[1] ?? '') ?? true;
    return answer === true ? { success: true, output: '' } : { success: false, output: answer };
  }

  logs(): readonly LogLine[] {
    return [{ time: this.#kernel.now(), stream: 'stdout', text: 'hello' }];
  }

  followLogs(): () => void {
    return () => {};
  }

  exec(_id: string, _argv: string[], _streams: ExecStreams) {
    return { error: 'no programs here', exitCode: 127 };
  }
}

export interface TestCluster {
  kernel: Kernel;
  server: ApiServer;
  client: ReturnType<ApiServer['client']>;
  runtime: FakeRuntime;
  controllers: Controllers;
  /** Lets time pass. */
  pass(milliseconds: number): void;
  apply(kind: (typeof kinds)[keyof typeof kinds], object: KubernetesObject): void;
  pods(namespace?: string): Pod[];
  /** `reason: message` of the events of an object, in order. */
  events(name: string): string[];
}

/** For tests: API server, controllers and kubelet on a fake runtime; `fresh` leaves out the objects of a kind cluster. */
export function testCluster(options: { seed?: number; bootstrapped?: boolean } = {}): TestCluster {
  const kernel = new Kernel({ epoch: parseTime('2026-01-31T10:00:00Z') as number, seed: options.seed ?? 1 });
  const server = new ApiServer({ kernel, version: 'v1.35.2', freeze: true });
  const runtime = new FakeRuntime(kernel);
  const client = server.client('kubernetes-admin');
  const names = { node: 'meshtab-control-plane', hostIP: '172.18.0.2' };
  const controllers = startControllers({
    kernel,
    clientFor: (user) => server.client(user),
    kubelet: { runtime, ...names, podPrefix: '10.244.0', images: [] },
    rootCertificate: () => 'PEM',
  });
  const pass = (milliseconds: number) => {
    const end = kernel.now() + milliseconds;
    while (kernel.step(end));
    kernel.idleUntil(end);
  };
  bootstrap({
    kernel,
    client,
    ...names,
    podRange: '10.244.0.0/16',
    serviceRange: '10.96.0.0/12',
    dnsAddress: '10.96.0.10',
    apiServerAddress: '10.96.0.1',
    images: { coredns: 'registry.k8s.io/coredns/coredns:v1.13.1' },
    kubernetesVersion: 'v1.35.2',
    containerRuntimeVersion: 'containerd://2.2.1',
  });
  if (options.bootstrapped !== false) pass(120_000);
  return {
    kernel,
    server,
    client,
    runtime,
    controllers,
    pass,
    apply: (kind, object) => void client.create(kind, object),
    pods: (namespace = 'default') => [...client.list<Pod>(kinds.pods, namespace)],
    events: (name) =>
      client
        .list<EventObject>(kinds.events)
        .filter((event) => event.involvedObject.name === name)
        .sort((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
        .map((event) => `${event.reason}: ${event.message}`),
  };
}
