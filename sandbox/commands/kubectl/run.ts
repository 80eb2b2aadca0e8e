import { type Command, dryRunFlag, fieldManagerFlag, printFlags } from './command.ts';
import { createAndPrint } from './create-common.ts';
import { KubectlError, StatusError, UsageError } from './errors.ts';
import { runRemote } from './exec.ts';
import type { Flag } from './flags.ts';
import { readLines } from './get-watch.ts';
import type { Kubectl } from './kubectl.ts';
import { applyMergePatch } from './merge-patch.ts';
import { at, type KubeObject, records, text } from './objects.ts';
import { dryRun } from './printers.ts';
import { watchObject } from './watch-object.ts';

const flags: readonly Flag[] = [
  ...printFlags,
  dryRunFlag,
  fieldManagerFlag('kubectl-run'),
  { name: 'image', kind: 'string', usage: 'Image to run.' },
  { name: 'image-pull-policy', kind: 'string', usage: 'Always, IfNotPresent or Never.' },
  { name: 'command', kind: 'bool', usage: 'The arguments are the command, not its arguments.' },
  { name: 'env', kind: 'array', usage: 'Environment variable (key=value); may be repeated.' },
  { name: 'labels', short: 'l', kind: 'string', usage: 'Labels of the pod (key=value,…).' },
  { name: 'annotations', kind: 'array', usage: 'Annotation of the pod (key=value); may be repeated.' },
  { name: 'port', kind: 'string', usage: 'Port of the container.' },
  { name: 'expose', kind: 'bool', usage: 'Make a service of the pod too.' },
  { name: 'restart', kind: 'string', default: 'Always', usage: 'Restart policy: Always, OnFailure or Never.' },
  { name: 'stdin', short: 'i', kind: 'bool', usage: 'Keep stdin of the container open, and attach.' },
  { name: 'tty', short: 't', kind: 'bool', usage: 'Give the container a TTY.' },
  { name: 'attach', kind: 'bool', usage: 'Attach to the container when it runs.' },
  { name: 'rm', kind: 'bool', usage: 'Delete the pod after it was attached to.' },
  { name: 'quiet', short: 'q', kind: 'bool', usage: 'Print only what the container prints.' },
  { name: 'leave-stdin-open', kind: 'bool', usage: 'Keep stdin open after the first attach.' },
  { name: 'privileged', kind: 'bool', usage: 'Run a privileged container.' },
  { name: 'overrides', kind: 'string', usage: 'JSON laid over the generated object.' },
  { name: 'pod-running-timeout', kind: 'duration', default: '1m0s', usage: 'How long to wait for the running pod.' },
];

export const run: Command = {
  name: 'run',
  short: 'Run a particular image on the cluster',
  use: 'run NAME --image=image [--env="key=value"] [--port=port] [--dry-run=server|client] [--overrides=inline-json] [--command] -- [COMMAND] [args...]',
  examples: `# A pod of an image
kubectl run nginx --image=nginx

# A shell that is gone afterwards
kubectl run -i -t busybox --image=busybox --restart=Never --rm`,
  flags,
  run: runRun,
};

async function runRun(k: Kubectl): Promise<number | undefined> {
  const { flags: given } = k;
  const attach = given.changed('attach') ? given.bool('attach') : given.bool('stdin') || given.bool('tty');
  if (!given.changed('image')) throw new KubectlError('required flag(s) "image" not set');
  const names = given.dash < 0 ? given.args : given.args.slice(0, given.dash);
  if (given.args.length === 0 || given.dash === 0) throw new UsageError(k.path, 'NAME is required for run');
  const name = names[0] as string;
  const args = given.args.slice(1);
  if (given.bool('rm') && !attach) throw new UsageError(k.path, '--rm should only be used for attached containers');
  if (attach && dryRun(k) !== 'none') {
    throw new UsageError(
      k.path,
      "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)",
    );
  }
  if (given.bool('tty') && !given.bool('stdin')) {
    throw new UsageError(k.path, '-i/--stdin is required for containers with -t/--tty=true');
  }
  if (given.bool('expose') && given.text('port') === '') {
    throw new UsageError(k.path, '--port must be set when exposing a service');
  }
  const restart = given.text('restart');
  if (!['Always', 'OnFailure', 'Never'].includes(restart)) {
    throw new UsageError(k.path, `invalid restart policy: ${restart}`);
  }
  const image = given.text('image');
  if (!/^[\w][\w.\-/:@]*$/.test(image))
    throw new KubectlError(`Invalid image name ${JSON.stringify(image)}: invalid reference format`);
  const quietOutput = attach && (given.bool('quiet') || given.bool('rm') || given.bool('stdin'));
  const object = podOf(k, name, image, args, restart);
  if (!attach) await createAndPrint(k, object, { namespaced: true });
  else await createAndPrint(k, object, { namespaced: true, operation: 'created', silent: quietOutput });
  if (given.bool('expose')) await expose(k, object);
  return attach ? attachTo(k, object) : undefined;
}

function pairs(list: string[], what: string): [string, string][] {
  return list.map((each) => {
    const equal = each.indexOf('=');
    if (equal <= 0) throw new KubectlError(`invalid ${what}: ${each}`);
    return [each.slice(0, equal), each.slice(equal + 1)];
  });
}

function podOf(k: Kubectl, name: string, image: string, args: string[], restart: string): KubeObject {
  const { flags: given } = k;
  const labelText = given.text('labels');
  const labels = labelText === '' ? { run: name } : Object.fromEntries(pairs(labelText.split(','), 'label'));
  const annotations = Object.fromEntries(pairs(given.list('annotations'), 'annotation'));
  const env = pairs(given.list('env'), 'env').map(([key, value]) => ({ name: key, value }));
  const port = given.text('port');
  const policy = given.text('image-pull-policy');
  const container = {
    name,
    image,
    ...(args.length > 0 && (given.bool('command') ? { command: args } : { args })),
    ...(port !== '' && { ports: [{ containerPort: Number(port) }] }),
    ...(env.length > 0 && { env }),
    resources: {},
    ...(policy !== '' && { imagePullPolicy: policy }),
    ...(given.bool('privileged') && { securityContext: { privileged: true } }),
    ...(given.bool('stdin') && { stdin: true, ...(!given.bool('leave-stdin-open') && { stdinOnce: true }) }),
    ...(given.bool('tty') && { tty: true }),
  };
  const pod = {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name, labels, ...(Object.keys(annotations).length > 0 && { annotations }) },
    spec: { containers: [container], restartPolicy: restart, dnsPolicy: 'ClusterFirst' },
    status: {},
  };
  const overrides = given.text('overrides');
  if (overrides === '') return pod;
  try {
    return applyMergePatch(pod, JSON.parse(overrides)) as KubeObject;
  } catch (error) {
    if (error instanceof SyntaxError) throw new KubectlError('Invalid JSON Patch');
    throw error;
  }
}

async function expose(k: Kubectl, pod: KubeObject): Promise<void> {
  const port = Number(k.flags.text('port'));
  const service = {
    kind: 'Service',
    apiVersion: 'v1',
    metadata: { name: pod.metadata.name },
    spec: { ports: [{ protocol: 'TCP', port, targetPort: port }], selector: pod.metadata.labels ?? {} },
    status: { loadBalancer: {} },
  };
  await createAndPrint(k, service, { namespaced: true });
}

/** Waits for the container, joins its streams (or prints its log) and gives its exit code. */
async function attachTo(k: Kubectl, created: KubeObject): Promise<number> {
  const { name } = created.metadata;
  const mapping = k.mapper.resource('pods');
  const info = { mapping, namespace: k.namespace, name };
  const timeout = k.flags.duration('pod-running-timeout');
  const late = () => new KubectlError('timed out waiting for the condition');
  try {
    const pod = await watchObject(k, info, { timeout, late }, (object) => {
      const phase = text(at(object, 'status', 'phase'));
      return phase === 'Running' || phase === 'Succeeded' || phase === 'Failed' ? object : undefined;
    });
    if (!k.flags.bool('quiet') && k.flags.bool('stdin')) {
      k.err(
        'All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.\n',
      );
      k.err("If you don't see a command prompt, try pressing enter.\n");
    }
    if (text(at(pod, 'status', 'phase')) === 'Running') {
      await runRemote(k, pod, name, [], {
        stdin: k.flags.bool('stdin'),
        tty: k.flags.bool('tty'),
        subresource: 'attach',
      });
    } else await printLog(k, name);
    const ended = await watchObject(k, info, { timeout: 3_600_000, late }, (object, deleted) =>
      deleted || ['Succeeded', 'Failed'].includes(text(at(object, 'status', 'phase'))) ? (object ?? pod) : undefined,
    );
    const state = records(at(ended, 'status', 'containerStatuses'))[0];
    const code = Number(at(state, 'state', 'terminated', 'exitCode') ?? 0);
    if (code !== 0)
      k.err(`pod ${k.namespace}/${name} terminated (${text(at(state, 'state', 'terminated', 'reason'))})\n`);
    return code;
  } finally {
    if (k.flags.bool('rm')) await removePod(k, name);
  }
}

async function printLog(k: Kubectl, name: string): Promise<void> {
  const response = await k.client.request('GET', `/api/v1/namespaces/${k.namespace}/pods/${name}/log`, {
    query: { container: name },
    accept: '*/*',
  });
  k.out(response.body ?? '');
  if (response.stream) for await (const line of readLines(k, response.stream, true)) k.out(`${line}\n`);
}

async function removePod(k: Kubectl, name: string): Promise<void> {
  try {
    await k.client.json('DELETE', `/api/v1/namespaces/${k.namespace}/pods/${name}`, {
      body: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' },
    });
    if (!k.flags.bool('quiet')) k.out(`pod "${name}" deleted from ${k.namespace} namespace\n`);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
  }
}
