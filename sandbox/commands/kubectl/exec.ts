import type { OpenFile } from '../../kernel/files.ts';
import type { RemoteStreams } from '../../kubernetes/apiserver/http.ts';
import { type Command, filenameFlags } from './command.ts';
import { KubectlError, UsageError } from './errors.ts';
import type { Kubectl } from './kubectl.ts';
import { at, type KubeObject, text } from './objects.ts';
import { defaultContainer, objectFor, podsFor } from './pods.ts';
import { remoteTerminal } from './remote-terminal.ts';

/** ms until a process runs in the container: the connection switches protocols, the runtime starts it. */
const connectTime = 90;

export const exec: Command = {
  name: 'exec',
  short: 'Execute a command in a container',
  use: 'exec (POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...]',
  examples: `# Run 'date' in the first container of a pod
kubectl exec mypod -- date

# Run it in another container
kubectl exec mypod -c ruby-container -- date

# A shell on the terminal
kubectl exec mypod -i -t -- bash

# In the first pod of a deployment
kubectl exec deploy/mydeployment -- date`,
  flags: [
    ...filenameFlags('that names the object to run the command in.'),
    { name: 'container', short: 'c', kind: 'string', usage: 'Container; the default one of the pod if absent.' },
    { name: 'stdin', short: 'i', kind: 'bool', usage: 'Pass stdin to the container.' },
    { name: 'tty', short: 't', kind: 'bool', usage: 'Stdin is a TTY.' },
    { name: 'quiet', short: 'q', kind: 'bool', usage: 'Print only what the command prints.' },
    { name: 'pod-running-timeout', kind: 'duration', default: '1m0s', usage: 'How long to wait for a running pod.' },
  ],
  run: runExec,
};

async function runExec(k: Kubectl): Promise<number> {
  const { flags } = k;
  const { args, dash } = flags;
  const files = flags.list('filename');
  const name = args.length > 0 && dash !== 0 ? (args[0] as string) : '';
  if (dash < 0 && (args.length > 1 || (args.length > 0 && files.length > 0))) {
    throw new UsageError(k.path, 'exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead');
  }
  const command = dash < 0 ? [] : args.slice(dash);
  const timeout = flags.duration('pod-running-timeout');
  if (timeout <= 0) throw new UsageError(k.path, '--pod-running-timeout must be higher than zero');
  if (name === '' && files.length === 0) throw new KubectlError('pod, type/name or --filename must be specified');
  if (command.length === 0) throw new KubectlError('you must specify at least one command for the container');
  const target = await objectFor(k, name);
  const pod = await podOf(k, target, timeout);
  const phase = text(at(pod, 'status', 'phase'));
  if (phase === 'Succeeded' || phase === 'Failed') {
    throw new KubectlError(`cannot exec into a container in a completed pod; current phase is ${phase}`);
  }
  let container = flags.text('container');
  if (container === '') {
    const chosen = defaultContainer(pod);
    if (!flags.bool('quiet')) k.err(chosen.note);
    container = chosen.name;
  }
  return runRemote(k, pod, container, command, { stdin: flags.bool('stdin'), tty: flags.bool('tty') });
}

/** The pod itself, or the best pod of a workload. */
export async function podOf(k: Kubectl, object: KubeObject, timeout: number): Promise<KubeObject> {
  if (object.kind === 'Pod') return object;
  const pods = await podsFor(k, object, { verb: 'cannot attach to', order: 'active', timeout });
  return pods[0] as KubeObject;
}

/** Runs a command in a container with this process's streams and returns its exit code. */
export async function runRemote(
  k: Kubectl,
  pod: KubeObject,
  container: string,
  command: string[],
  options: { stdin: boolean; tty: boolean; subresource?: string; streams?: Partial<RemoteStreams> },
): Promise<number> {
  const { process } = k;
  let tty = options.stdin && options.tty;
  if (tty && !process.isTerminal(0)) {
    tty = false;
    if (!k.flags.bool('quiet')) {
      k.err('Unable to use a TTY - input is not a terminal or the right kind of file\n');
    }
  }
  await k.flush();
  const { namespace = '', name } = pod.metadata;
  const query = [
    ['container', container],
    ...command.map((word) => ['command', word]),
    ...(options.stdin ? [['stdin', 'true']] : []),
    ['stdout', 'true'],
    ...(tty ? [['tty', 'true']] : [['stderr', 'true']]),
  ].map(([key, value]) => `${key}=${encodeURIComponent(value as string)}`);
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/${options.subresource ?? 'exec'}?${query.join('&')}`;
  await process.kernel.compute(connectTime, process.cancellation);
  const response = await k.client.request('POST', path, { upgrade: true });
  if (!response.upgrade) throw new KubectlError('unable to upgrade connection: the server did not switch protocols');
  const stdout = options.streams?.stdout ?? (process.fds.get(1) as OpenFile);
  const stderr = options.streams?.stderr ?? (process.fds.get(2) as OpenFile);
  const input = options.streams?.stdin ?? (options.stdin ? process.fds.get(0) : undefined);
  const { stdin, stdout: shown } = tty ? remoteTerminal(input, stdout) : { stdin: input, stdout };
  const remote = response.upgrade({ ...(stdin && { stdin }), stdout: shown, stderr: tty ? shown : stderr });
  const off = process.cancellation.onCancel(() => remote.close());
  // With a terminal there, Ctrl-C is a byte like any other here.
  const { interrupt } = remote;
  const give = interrupt ? process.onSignal('SIGINT', () => interrupt()) : () => {};
  const { exitCode, error } = await process.cancellation.guard(remote.exited).finally(() => {
    off();
    give();
  });
  if (error !== undefined && error !== '') throw new KubectlError(error, { exitCode: exitCode || 1 });
  if (exitCode !== 0) {
    throw new KubectlError(`command terminated with exit code ${exitCode}\n`, { exitCode, raw: true });
  }
  return 0;
}
