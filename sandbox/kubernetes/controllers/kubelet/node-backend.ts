import type { Kernel } from '../../../kernel/kernel.ts';
import type { ContainerRuntime, LogLine } from '../../../kernel/runtime.ts';
import { encode, Pipe } from '../../../kernel/streams.ts';
import { formatMicros, parseTime } from '../../../kernel/time.ts';
import type { ExecQuery, LogQuery, NodeBackend } from '../../apiserver/backends.ts';
import { ApiError, badRequest, notFound } from '../../apiserver/errors.ts';
import type { RemoteCommand, RemoteStreams } from '../../apiserver/http.ts';
import type { ApiClient } from '../../objects.ts';
import { kinds } from '../context.ts';
import type { ContainerStatusObject, Pod } from '../types.ts';
import type { Kubelet } from './kubelet.ts';
import { containerDigest } from './tokens.ts';

export interface NodeBackendParts {
  kernel: Kernel;
  client: ApiClient;
  runtime: ContainerRuntime;
  kubelet: Kubelet;
}

/** Logs and exec, with the words of API server (pkg/registry/core/pod/strategy.go) and kubelet (kubelet_pods.go). */
export class KubeletBackend implements NodeBackend {
  readonly #parts: NodeBackendParts;

  constructor(parts: NodeBackendParts) {
    this.#parts = parts;
  }

  logs(query: LogQuery): { text: string } | { stream: Pipe } {
    const { runtime, kubelet } = this.#parts;
    const { pod, container } = this.#resolve(query.namespace, query.pod, query.container);
    const status = statusOf(pod, container);
    const ids = kubelet.containerIds(pod, container);
    const stillBefore =
      status?.state.waiting && (status.lastState.terminated || status.state.waiting.reason === 'CrashLoopBackOff');
    const words = `container "${container}" in pod "${pod.metadata.name}"`;
    if (query.previous && ids.length < 2 && !stillBefore) {
      throw badRequest(`previous terminated ${words} not found`);
    }
    const id = query.previous && !stillBefore ? ids[1] : ids[0];
    if (!id) throw badRequest(waitingWords(words, status));
    const lines = runtime.logs(id);
    if (!query.follow || query.previous) return { text: this.#format(query, this.#select(query, lines)) };
    return { stream: this.#follow(query, id, this.#select(query, lines)) };
  }

  /** Appends to the stream until the container ends or nobody reads. */
  #follow(query: LogQuery, id: string, lines: readonly LogLine[]): Pipe {
    const { runtime } = this.#parts;
    const pipe = new Pipe();
    const send = (list: readonly LogLine[]) => {
      pipe.write(encode(this.#format(query, list))).catch(() => stop());
    };
    const stopFollowing = runtime.followLogs(id, (line) => send([line]));
    const ended = () => runtime.status(id)?.state !== 'running';
    const offChange = runtime.onChange((changed) => {
      if (changed === id && ended()) stop();
    });
    const stop = () => {
      stopFollowing();
      offChange();
      pipe.close();
    };
    if (lines.length > 0) send(lines);
    if (ended()) stop();
    return pipe;
  }

  #select(query: LogQuery, lines: readonly LogLine[]): readonly LogLine[] {
    const { sinceSeconds, sinceTime, tailLines } = query;
    const now = this.#parts.kernel.now();
    const since =
      sinceTime !== undefined
        ? parseTime(sinceTime)
        : sinceSeconds !== undefined
          ? now - sinceSeconds * 1000
          : undefined;
    const recent = since === undefined ? lines : lines.filter((line) => line.time >= since);
    return tailLines === undefined || tailLines < 0 ? recent : recent.slice(Math.max(0, recent.length - tailLines));
  }

  #format(query: LogQuery, lines: readonly LogLine[]): string {
    let text = '';
    for (const line of lines) text += `${query.timestamps ? `${nanos(line.time)} ` : ''}${line.text}\n`;
    return query.limitBytes === undefined ? text : text.slice(0, query.limitBytes);
  }

  exec(query: ExecQuery): (streams: RemoteStreams) => RemoteCommand {
    const { runtime, kubelet } = this.#parts;
    const { pod, container } = this.#resolve(query.namespace, query.pod, query.container);
    const { phase } = pod.status ?? {};
    if (phase === 'Succeeded' || phase === 'Failed') {
      throw new ApiError(
        500,
        'InternalError',
        `Internal error occurred: cannot exec into a container in a completed pod; current phase is ${phase}`,
      );
    }
    const [id] = kubelet.containerIds(pod, container);
    if (!id || runtime.status(id)?.state !== 'running') {
      const words = `unable to upgrade connection: container not found ("${container}")`;
      throw new ApiError(500, 'InternalError', words);
    }
    return (streams) => this.#run(id, query, streams);
  }

  #run(id: string, query: ExecQuery, streams: RemoteStreams): RemoteCommand {
    const { runtime, kernel } = this.#parts;
    const child = runtime.exec(id, query.command, {
      ...(streams.stdin && { stdin: streams.stdin }),
      stdout: streams.stdout,
      stderr: streams.stderr,
      tty: query.tty,
    });
    if ('error' in child) {
      const digest = containerDigest(`${id} ${kernel.random.uint32()}`);
      const why = `error executing command in container: failed to exec in container: failed to start exec "${digest}": ${child.error}`;
      // Said twice: once by the kubelet, once by the API server that translates the protocol.
      const error = `Internal error occurred: Internal error occurred: ${why}`;
      return { exited: Promise.resolve({ exitCode: child.exitCode, error }), close: () => {} };
    }
    return {
      exited: child.exited.then((exitCode) => ({ exitCode })),
      close: () => child.kill('SIGHUP'),
      ...(query.tty && { interrupt: () => child.kill('SIGINT') }),
    };
  }

  #resolve(namespace: string, name: string, asked: string | undefined): { pod: Pod; container: string } {
    const pod = this.#parts.client.get<Pod>(kinds.pods, namespace, name);
    if (!pod) throw notFound({ group: '', name: 'pods' }, name);
    const names = pod.spec.containers.map((container) => container.name);
    const init = (pod.spec.initContainers ?? []).map((container) => container.name);
    if (asked !== undefined && asked !== '') {
      if (![...names, ...init].includes(asked)) throw badRequest(`container ${asked} is not valid for pod ${name}`);
      if (!pod.spec.nodeName) throw badRequest(`pod ${name} does not have a host assigned`);
      return { pod, container: asked };
    }
    const [only] = names;
    if (names.length + init.length === 1 && only !== undefined) return { pod, container: only };
    const choice = `choose one of: [${names.join(' ')}]`;
    const inits = init.length > 0 ? ` or one of the init containers: [${init.join(' ')}]` : '';
    throw badRequest(`a container name must be specified for pod ${name}, ${choice}${inits}`);
  }
}

function statusOf(pod: Pod, container: string): ContainerStatusObject | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  return [...containerStatuses, ...initContainerStatuses].find(({ name }) => name === container);
}

function waitingWords(words: string, status: ContainerStatusObject | undefined): string {
  const reason = status?.state.waiting?.reason;
  if (!status) return `${words} is not available`;
  if (reason === 'ErrImagePull' || reason === 'ImagePullBackOff')
    return `${words} is waiting to start: trying and failing to pull image`;
  return `${words} is waiting to start: ${reason ?? 'ContainerCreating'}`;
}

/** RFC 3339 with nanoseconds, as containerd writes log files. */
function nanos(time: number): string {
  return `${formatMicros(time).slice(0, -1)}000Z`;
}
