import { resourcePath } from './client.ts';
import { type Command, dryRunFlag, filenameFlags, printFlags, selectorFlag } from './command.ts';
import { KubectlError, StatusError, throwAll } from './errors.ts';
import type { Kubectl } from './kubectl.ts';
import { at, type KubeObject, text } from './objects.ts';
import { dryRun, resultPrinter } from './printers.ts';
import { flagsOf, type Info, select } from './resources.ts';

export const scale: Command = {
  name: 'scale',
  short: 'Set a new size for a deployment, replica set, or replication controller',
  use: 'scale [--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME)',
  examples: `# Three replicas of a replica set
kubectl scale --replicas=3 rs/foo

# Only if there are two now
kubectl scale --current-replicas=2 --replicas=3 deployment/mysql`,
  flags: [
    ...printFlags,
    ...filenameFlags('that names the objects to scale.'),
    selectorFlag,
    dryRunFlag,
    { name: 'all', kind: 'bool', usage: 'Every object of the kinds in the namespace.' },
    { name: 'replicas', kind: 'int', default: '-1', usage: 'The new number of replicas.' },
    { name: 'current-replicas', kind: 'int', default: '-1', usage: 'Scale only from this number.' },
    { name: 'resource-version', kind: 'string', usage: 'Scale only an object of this version.' },
    { name: 'timeout', kind: 'duration', usage: 'How long to wait until the size is reached; 0 does not wait.' },
  ],
  run: runScale,
};

async function runScale(k: Kubectl): Promise<undefined> {
  const { flags } = k;
  if (!flags.changed('replicas')) throw new KubectlError('required flag(s) "replicas" not set');
  const print = resultPrinter(k);
  if (flags.int('replicas') < 0) {
    throw new KubectlError('The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0');
  }
  if (flags.int('current-replicas') < -1) {
    throw new KubectlError('The --current-replicas must specify an integer of -1 or greater');
  }
  const { infos, errors } = await select(k, { ...flagsOf(k), all: false, allowEmptySelector: flags.bool('all') });
  if (flags.text('resource-version') !== '' && infos.length > 1) {
    throw new KubectlError('cannot use --resource-version with multiple resources');
  }
  if (infos.length === 0) {
    throwAll(errors);
    throw new KubectlError('no objects passed to scale');
  }
  for (const info of infos) {
    if (dryRun(k) !== 'client') await scaleOne(k, info);
    k.out(print(info.object as KubeObject, 'scaled'));
  }
  throwAll(errors);
  return undefined;
}

async function scaleOne(k: Kubectl, info: Info): Promise<void> {
  const { flags } = k;
  const path = resourcePath(info.mapping, info.namespace, info.name, 'scale');
  const replicas = flags.int('replicas');
  const expected = flags.int('current-replicas');
  const version = flags.text('resource-version');
  const query = { dryRun: dryRun(k) === 'server' ? 'All' : undefined };
  if (expected === -1 && version === '') {
    await k.client.json('PATCH', path, {
      query,
      contentType: 'application/merge-patch+json',
      body: { spec: { replicas } },
    });
  } else {
    const current = await k.client.json<KubeObject>('GET', path);
    const now = Number(at(current, 'spec', 'replicas') ?? 0);
    if (expected !== -1 && now !== expected) {
      throw new KubectlError(`Expected replicas to be ${expected}, was ${now}`);
    }
    if (version !== '' && text(current.metadata.resourceVersion) !== version) {
      throw new KubectlError(
        `Expected resource version to be ${version}, was ${text(current.metadata.resourceVersion)}`,
      );
    }
    await k.client.json('PUT', path, { query, body: { ...current, spec: { replicas } } });
  }
  const timeout = flags.duration('timeout');
  if (timeout === 0 || dryRun(k) !== 'none') return;
  for (const end = k.now() + timeout; ; ) {
    try {
      const current = await k.client.json<KubeObject>('GET', path);
      if (Number(at(current, 'status', 'replicas') ?? 0) === replicas) return;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
    }
    if (k.now() >= end) throw new KubectlError('timed out waiting for the condition');
    await k.process.sleep(Math.min(1000, end - k.now()));
  }
}
