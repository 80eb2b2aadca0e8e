import type { ApiResponse } from '../../kubernetes/apiserver/http.ts';
import { type Command, selectorFlag } from './command.ts';
import { isNotFound, KubectlError, UsageError } from './errors.ts';
import { goQuote } from './flags.ts';
import { readLines } from './get-watch.ts';
import type { Kubectl } from './kubectl.ts';
import type { KubeObject } from './objects.ts';
import { containersOf, defaultContainer, objectFor, podsFor, strayDefaultContainer } from './pods.ts';
import { listObjects } from './resources.ts';

export const logs: Command = {
  name: 'logs',
  short: 'Print the logs for a container in a pod',
  use: 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]',
  examples: `# Logs of a pod with one container
kubectl logs nginx

# Of every container of every pod with a label
kubectl logs -l app=nginx --all-containers=true

# The last 20 lines, and what follows
kubectl logs -f --tail=20 nginx`,
  flags: [
    selectorFlag,
    { name: 'all-containers', kind: 'bool', usage: 'Logs of all containers.' },
    { name: 'all-pods', kind: 'bool', usage: 'Logs of all pods; lines have a prefix.' },
    { name: 'container', short: 'c', kind: 'string', usage: 'Container whose logs to print.' },
    { name: 'follow', short: 'f', kind: 'bool', usage: 'Go on with what comes.' },
    { name: 'ignore-errors', kind: 'bool', usage: 'Go on after errors.' },
    { name: 'insecure-skip-tls-verify-backend', kind: 'bool', usage: 'Do not check the identity of the kubelet.' },
    { name: 'limit-bytes', kind: 'int64', default: '0', usage: 'Most bytes to print.' },
    { name: 'max-log-requests', kind: 'int', default: '5', usage: 'Most logs to follow at once.' },
    { name: 'pod-running-timeout', kind: 'duration', default: '20s', usage: 'How long to wait for a running pod.' },
    { name: 'prefix', kind: 'bool', usage: 'Begin each line with its source.' },
    { name: 'previous', short: 'p', kind: 'bool', usage: 'Logs of the container before its last restart.' },
    { name: 'since', kind: 'duration', usage: 'Only what is newer than this span.' },
    { name: 'since-time', kind: 'string', usage: 'Only what is newer than this time (RFC 3339).' },
    { name: 'tail', kind: 'int64', default: '-1', usage: 'Lines from the end; all without a selector, 10 with one.' },
    { name: 'timestamps', kind: 'bool', usage: 'Begin each line with its time.' },
  ],
  run: runLogs,
};

const usage =
  "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command";

interface Source {
  pod: KubeObject;
  container: string;
}

async function runLogs(k: Kubectl): Promise<undefined> {
  const { flags, args } = k;
  const selector = flags.text('selector');
  if ((args.length === 0 && selector === '') || args.length > 2) throw new UsageError(k.path, usage);
  if (args.length === 1 && selector !== '') {
    throw new UsageError(k.path, 'only a selector (-l) or a POD name is allowed');
  }
  const container = args[1] ?? flags.text('container');
  const query = logQuery(k);
  const pods = await chosenPods(k, selector);
  validate(k, container);
  const sources: Source[] = [];
  for (const pod of pods) sources.push(...sourcesOf(k, pod, container));
  const most = flags.int('max-log-requests');
  if (flags.bool('follow') && sources.length > 1) {
    if (sources.length > most) {
      throw new KubectlError(
        `you are attempting to follow ${sources.length} log streams, but maximum allowed concurrency is ${most}, use --max-log-requests to increase the limit`,
      );
    }
    await Promise.all(sources.map((source) => print(k, source, query)));
    return;
  }
  for (const source of sources) await print(k, source, query);
}

function validate(k: Kubectl, container: string): void {
  const { flags } = k;
  if (flags.text('since-time') !== '' && flags.duration('since') !== 0) {
    throw new KubectlError('at most one of `sinceTime` or `sinceSeconds` may be specified');
  }
  if (flags.bool('all-containers') && container !== '') {
    throw new KubectlError(`--all-containers=true should not be specified with container name ${container}`);
  }
  if (flags.changed('container') && k.args.length === 2) {
    throw new KubectlError('only one of -c or an inline [CONTAINER] arg is allowed');
  }
  if (flags.int('limit-bytes') < 0) throw new KubectlError('--limit-bytes must be greater than 0');
  if (flags.duration('since') < 0) throw new KubectlError('--since must be greater than 0');
  if (flags.int('tail') < -1) throw new KubectlError('--tail must be greater than or equal to -1');
}

function logQuery(k: Kubectl): Record<string, string | undefined> {
  const { flags } = k;
  const since = Math.round(flags.duration('since') / 1000);
  const tail = flags.int('tail');
  const bySelector = flags.text('selector') !== '' && tail === -1 && !flags.changed('tail');
  return {
    follow: flags.bool('follow') ? 'true' : undefined,
    previous: flags.bool('previous') ? 'true' : undefined,
    timestamps: flags.bool('timestamps') ? 'true' : undefined,
    sinceSeconds: since !== 0 ? String(since) : undefined,
    sinceTime: flags.text('since-time') || undefined,
    limitBytes: flags.int('limit-bytes') !== 0 ? flags.text('limit-bytes') : undefined,
    tailLines: bySelector ? '10' : tail !== -1 ? String(tail) : undefined,
  };
}

async function chosenPods(k: Kubectl, selector: string): Promise<KubeObject[]> {
  if (selector !== '') {
    const { items } = await listObjects(k, k.mapper.resource('pods'), k.namespace, { selector });
    if (items.length === 0) k.err(`No resources found in ${k.namespace} namespace.\n`);
    return items;
  }
  let object: KubeObject;
  try {
    object = await objectFor(k, k.args[0] as string);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new KubectlError(`error from server (NotFound): ${error.message} in namespace ${goQuote(k.namespace)}`);
  }
  if (object.kind === 'Pod') return [object];
  const pods = await podsFor(k, object, {
    verb: 'cannot get the logs from',
    order: 'logging',
    timeout: k.flags.duration('pod-running-timeout'),
  });
  const first = pods[0] as KubeObject;
  if (pods.length === 1 || k.flags.bool('all-pods')) return pods;
  k.err(`Found ${pods.length} pods, using pod/${first.metadata.name}\n`);
  return [first];
}

function sourcesOf(k: Kubectl, pod: KubeObject, container: string): Source[] {
  if (k.flags.bool('all-containers')) {
    const order = ['initContainers', 'containers', 'ephemeralContainers'];
    return order.flatMap((wanted) =>
      containersOf(pod)
        .filter(({ list }) => list === wanted)
        .map(({ name }) => ({ pod, container: name })),
    );
  }
  if (container === '') {
    const stray = strayDefaultContainer(pod);
    if (stray !== '') k.err(`Default container name ${goQuote(stray)} not found in pod ${pod.metadata.name}\n`);
    const chosen = defaultContainer(pod);
    if (!k.flags.bool('all-pods')) k.err(chosen.note);
    return [{ pod, container: chosen.name }];
  }
  if (!containersOf(pod).some(({ name }) => name === container)) {
    throw new KubectlError(`container ${container} is not valid for pod ${pod.metadata.name}`);
  }
  return [{ pod, container }];
}

async function print(k: Kubectl, { pod, container }: Source, query: Record<string, string | undefined>): Promise<void> {
  const { namespace, name } = pod.metadata;
  const prefixed = k.flags.bool('prefix') || k.flags.bool('all-pods');
  const prefix = prefixed ? `[pod/${name}/${container}] ` : '';
  let response: ApiResponse;
  try {
    response = await k.client.request('GET', `/api/v1/namespaces/${namespace}/pods/${name}/log`, {
      query: { container, ...query },
      accept: '*/*',
    });
  } catch (error) {
    if (!k.flags.bool('ignore-errors') || !(error instanceof Error)) throw error;
    k.out(`error: ${error.message}\n`);
    return;
  }
  if (!response.stream) {
    const body = response.body ?? '';
    k.out(prefix === '' ? body : body.replace(/^(?=[\s\S])/gm, prefix));
    return;
  }
  await k.flush();
  for await (const line of readLines(k, response.stream, true)) {
    await k.process.write(1, `${prefix}${line}\n`);
  }
}
