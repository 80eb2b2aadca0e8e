import type { OpenFile } from './files.ts';
import type { Child } from './process.ts';

/** A pod's place on a node: one network namespace, shared by its containers. */
export interface PodSandbox {
  uid: string;
  namespace: string;
  name: string;
  hostname: string;
  /** IPv4 address; the node's own with `hostNetwork`. */
  ip: string;
  hostNetwork: boolean;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  serviceAccount: string;
  node: string;
}

/** One container as the kubelet wants it: references resolved, nothing of Kubernetes left to look up. */
export interface ContainerSpec {
  /** Unique among all containers ever started: `<pod uid>/<container name>/<restart count>`. */
  id: string;
  pod: PodSandbox;
  name: string;
  image: string;
  /** Pod spec's `command` and `args`; empty: the image's own. */
  command: string[];
  args: string[];
  env: Record<string, string>;
  workingDir?: string;
  uid?: number;
  privileged: boolean;
  /** prctl(2)'s flag: no program gains rights by set-user-ID (`allowPrivilegeEscalation: false`). */
  noNewPrivileges?: boolean;
  capabilities: string[];
  /** Files of configMap, secret, projected and downwardAPI volumes by absolute path, and empty directories. */
  files: Record<string, string>;
  directories: string[];
  /** Paths where writing is refused (readOnly mounts, readOnlyRootFilesystem gives "/"). */
  readOnly: string[];
}

export interface ContainerStatus {
  state: 'running' | 'exited';
  startedAt: number;
  finishedAt?: number;
  exitCode?: number;
}

export interface ImageFacts {
  /** As `kubectl describe pod` prints it: `docker.io/curlimages/curl:8.16.0`. */
  reference: string;
  /** `docker.io/curlimages/curl@sha256:…`. */
  id: string;
  bytes: number;
  /** How long a first pull takes on the simulated line, in ms. */
  pullTime: number;
}

export interface LogLine {
  /** ms since 1970. */
  time: number;
  stream: 'stdout' | 'stderr';
  /** Without the newline. */
  text: string;
}

/** What a kubelet asks of the machine below it (CRI). State lives behind it as plain data; `images/` implements it. */
export interface ContainerRuntime {
  /** What a registry knows of an image, or undefined if none has it. */
  image(reference: string): ImageFacts | undefined;
  /** Why `image` knows nothing of a reference, in containerd's words. */
  pullError(reference: string): string;
  /** Makes a pod's network namespace; its containers start in it. */
  createSandbox(pod: PodSandbox): void;
  /** Takes the network namespace down. Containers of the pod must be stopped. */
  removeSandbox(uid: string): void;
  /** Starts a container; the answer is the runtime's words if it could not. */
  start(container: ContainerSpec): string | undefined;
  /** Signals the main process; after `grace` ms of cluster time it is killed. */
  stop(id: string, grace: number): void;
  /** Forgets a container, its files and logs. */
  remove(id: string): void;
  status(id: string): ContainerStatus | undefined;
  /** Told whenever a container's status changed or it became ready or unready; the answer unsubscribes. */
  onChange(listener: (id: string) => void): () => void;
  /** An HTTP, TCP or exec probe as it would answer now; synchronous because a probe's outcome follows from state. */
  probe(id: string, probe: Probe): ProbeResult;
  logs(id: string): readonly LogLine[];
  /** Called for each new line; the answer unsubscribes. */
  followLogs(id: string, listener: (line: LogLine) => void): () => void;
  /** Runs a command in a running container; undefined (with the runtime's words) if it cannot start. */
  exec(id: string, argv: string[], streams: ExecStreams): Child | { error: string; exitCode: number };
}

export interface ProbeResult {
  success: boolean;
  /** What the kubelet says of a failure: `HTTP probe failed with statuscode: 503`. */
  output: string;
}

export interface Probe {
  kind: 'http' | 'tcp' | 'exec' | 'grpc';
  port?: number;
  path?: string;
  command?: string[];
}

export interface ExecStreams {
  stdin?: OpenFile;
  stdout: OpenFile;
  /** The same as `stdout` with a TTY. */
  stderr: OpenFile;
  tty: boolean;
}
