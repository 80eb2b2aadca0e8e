import type { Stateful } from '../kernel/json.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { basename } from '../kernel/paths.ts';
import type { Child, Program } from '../kernel/process.ts';
import type {
  ContainerRuntime,
  ContainerSpec,
  ContainerStatus,
  ExecStreams,
  ImageFacts,
  LogLine,
  PodSandbox,
  Probe,
  ProbeResult,
} from '../kernel/runtime.ts';
import type { Network } from '../network/network.ts';
import type { NetworkStack } from '../network/socket.ts';
import { Container, type ContainerState } from './container.ts';
import type { Image } from './image.ts';
import { Registry } from './registry.ts';

const graceOwner = 'containerd';
const wakeOwner = 'container';

export interface RuntimeOptions {
  kernel: Kernel;
  network: Network;
  images: readonly Image[];
  /** Ordinary commands by name (`sh`, `cat`, `curl`): what images choose from. */
  program(name: string): Program | undefined;
  /** Id of the node's own network namespace, for pods with `hostNetwork`. */
  node: string;
}

export interface RuntimeState {
  sandboxes: PodSandbox[];
  containers: ContainerState[];
}

/**
 * containerd with its images: sandboxes, containers, logs. After a restore (`load` of network and runtime, in that order)
 * daemons listen again and say nothing; other main processes begin anew, quietly as far as they are quiet at their start.
 */
export class Runtime implements ContainerRuntime, Stateful<RuntimeState> {
  readonly #kernel: Kernel;
  readonly #network: Network;
  readonly #registry: Registry;
  readonly #options: RuntimeOptions;
  readonly #sandboxes = new Map<string, PodSandbox>();
  readonly #containers = new Map<string, Container>();
  readonly #listeners = new Set<(id: string) => void>();

  constructor(options: RuntimeOptions) {
    this.#kernel = options.kernel;
    this.#network = options.network;
    this.#registry = new Registry(options.images);
    this.#options = options;
    this.#kernel.timers.handle(graceOwner, (id) => this.#containers.get(id)?.kill());
    this.#kernel.timers.handle(wakeOwner, (key) => {
      const hash = key.indexOf('#');
      this.#containers.get(key.slice(0, hash))?.daemon?.wake?.(key.slice(hash + 1));
    });
  }

  image(reference: string): ImageFacts | undefined {
    return this.#registry.facts(reference);
  }

  pullError(reference: string): string {
    return this.#registry.pullError(reference);
  }

  createSandbox(pod: PodSandbox): void {
    this.#sandboxes.set(pod.uid, pod);
  }

  /** The network namespace of a pod, made when its first container starts (resolv.conf comes with containers). */
  #stackOf(pod: PodSandbox, files: Record<string, string>): NetworkStack {
    if (pod.hostNetwork) {
      const stack = this.#network.stack(this.#options.node);
      if (!stack) throw new Error(`runtime: no network namespace ${this.#options.node}`);
      return stack;
    }
    const [resolvConf, hosts] = [files['/etc/resolv.conf'], files['/etc/hosts']];
    return this.#network.addNamespace({
      id: networkId(pod),
      address: pod.ip,
      hostname: pod.hostname,
      ...(resolvConf !== undefined && { resolvConf }),
      ...(hosts !== undefined && { hosts }),
    });
  }

  removeSandbox(uid: string): void {
    const pod = this.#sandboxes.get(uid);
    this.#sandboxes.delete(uid);
    if (pod && !pod.hostNetwork) this.#network.removeNamespace(networkId(pod));
  }

  start(spec: ContainerSpec): string | undefined {
    const container = this.#make(spec);
    this.#containers.set(spec.id, container);
    const failure = container.start();
    if (failure !== undefined) this.#containers.delete(spec.id);
    return failure;
  }

  #make(spec: ContainerSpec, saved?: ContainerState): Container {
    const image = this.#registry.find(spec.image);
    if (!image) throw new Error(`runtime: no image ${spec.image}`);
    const host = {
      kernel: this.#kernel,
      network: this.#stackOf(spec.pod, spec.files),
      program: (name: string) => this.#options.program(name),
      probePod: (pod: PodSandbox, probe: Probe) => this.#probePod(pod, probe),
      exited: (container: Container) => this.#exited(container),
      changed: (container: Container) => this.#tell(container.id),
      after: (container: Container, milliseconds: number, key: string, options: { idle?: boolean }) => {
        this.#kernel.timers.replace(wakeOwner, `${container.id}#${key}`, this.#kernel.now() + milliseconds, options);
      },
    };
    return new Container(spec, image, host, saved);
  }

  #exited(container: Container): void {
    this.#kernel.timers.cancel(graceOwner, container.id);
    this.#tell(container.id);
  }

  #tell(id: string): void {
    for (const listener of [...this.#listeners]) listener(id);
  }

  stop(id: string, grace: number): void {
    const container = this.#containers.get(id);
    if (container?.status.state !== 'running') return;
    if (grace <= 0) {
      container.kill();
      return;
    }
    this.#kernel.timers.replace(graceOwner, id, this.#kernel.now() + grace);
    container.terminate();
  }

  remove(id: string): void {
    this.#containers.get(id)?.abandon();
    this.#containers.delete(id);
    this.#kernel.timers.cancel(graceOwner, id);
  }

  status(id: string): ContainerStatus | undefined {
    return this.#containers.get(id)?.status;
  }

  onChange(listener: (id: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  probe(id: string, probe: Probe): ProbeResult {
    const container = this.#containers.get(id);
    if (!container) return { success: false, output: 'container not found' };
    return probe.kind === 'exec' ? probeCommand(container, probe.command ?? []) : this.#probePod(container.pod, probe);
  }

  #probePod(pod: PodSandbox, { kind, port = 0, path = '/' }: Probe): ProbeResult {
    const address = `${pod.ip}:${port}`;
    const refused = `dial tcp ${address}: connect: connection refused`;
    for (const container of this.#containers.values()) {
      if (container.pod.uid !== pod.uid || container.status.state !== 'running') continue;
      const status = container.daemon?.http?.(port, path);
      if (status === undefined) continue;
      const success = kind !== 'http' || (status >= 200 && status < 400);
      return { success, output: success ? '' : `HTTP probe failed with statuscode: ${status}` };
    }
    const stack = pod.hostNetwork ? this.#network.stack(this.#options.node) : this.#network.stack(networkId(pod));
    if (stack?.listening(port)) return { success: true, output: '' };
    const output =
      kind === 'tcp'
        ? refused
        : kind === 'grpc'
          ? `timeout: failed to connect service "${address}" within 1s: context deadline exceeded`
          : `Get "http://${address}${path}": ${refused}`;
    return { success: false, output };
  }

  logs(id: string): readonly LogLine[] {
    return this.#containers.get(id)?.logs ?? [];
  }

  followLogs(id: string, listener: (line: LogLine) => void): () => void {
    const followers = this.#containers.get(id)?.followers;
    followers?.add(listener);
    return () => followers?.delete(listener);
  }

  exec(id: string, argv: string[], streams: ExecStreams): Child | { error: string; exitCode: number } {
    const container = this.#containers.get(id);
    if (container?.status.state !== 'running') return { error: 'container is not running', exitCode: 126 };
    return container.exec(argv, streams);
  }

  save(): RuntimeState {
    return {
      sandboxes: [...this.#sandboxes.values()].map((pod) => structuredClone(pod)),
      containers: [...this.#containers.values()].map((container) => container.save()),
    };
  }

  load(state: RuntimeState): void {
    for (const container of this.#containers.values()) container.abandon();
    this.#containers.clear();
    this.#sandboxes.clear();
    for (const pod of state.sandboxes) this.#sandboxes.set(pod.uid, structuredClone(pod));
    for (const saved of state.containers) {
      const container = this.#make(structuredClone(saved.spec), saved);
      this.#containers.set(container.id, container);
      if (container.status.state === 'running') container.start();
    }
  }
}

/** Name of a pod's network namespace. */
export function networkId(pod: PodSandbox): string {
  return `${pod.namespace}/${pod.name}`;
}

/**
 * A command as a probe. Its answer must follow from state at once: commands that look at files are acted out; of others it is
 * only asked whether they are there.
 */
function probeCommand(container: Container, command: string[]): ProbeResult {
  const [name = '', ...args] = command;
  if (!container.findProgram(name, container.env.get('PATH'))) {
    return {
      success: false,
      output: `OCI runtime exec failed: exec failed: unable to start container process: exec: "${name}": executable file not found in $PATH`,
    };
  }
  const plain = basename(name);
  const paths = args.filter((word) => !word.startsWith('-'));
  if (plain === 'cat' || plain === 'ls' || plain === 'test' || plain === '[') {
    const missing = paths.find((path) => path !== ']' && !container.files.exists(path));
    if (missing === undefined) return { success: true, output: '' };
    return {
      success: false,
      output: plain === 'cat' ? `cat: can't open '${missing}': No such file or directory\n` : '',
    };
  }
  return { success: plain !== 'false', output: '' };
}
