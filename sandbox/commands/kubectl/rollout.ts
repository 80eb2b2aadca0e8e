import { formatSeconds } from '../../kernel/time.ts';
import { resourcePath } from './client.ts';
import { type Command, dryRunFlag, fieldManagerFlag, filenameFlags, printFlags, selectorFlag } from './command.ts';
import { KubectlError, StatusError, throwAll } from './errors.ts';
import { goQuote } from './flags.ts';
import type { Kubectl } from './kubectl.ts';
import { qualifiedResource } from './mapper.ts';
import { at, type KubeObject, records, text } from './objects.ts';
import { resultPrinter } from './printers.ts';
import { flagsOf, type Info, type Selection, select } from './resources.ts';
import { rolloutHistory, rolloutUndo } from './rollout-history.ts';
import { watchObject } from './watch-object.ts';

const common = [...filenameFlags('that names the objects.'), selectorFlag];

const status: Command = {
  name: 'status',
  short: 'Show the status of the rollout',
  use: 'status (TYPE NAME | TYPE/NAME) [flags]',
  flags: [
    ...common,
    { name: 'watch', short: 'w', kind: 'bool', default: 'true', usage: 'Watch until the rollout is done.' },
    { name: 'revision', kind: 'int64', default: '0', usage: 'Revision to follow; 0 is the latest.' },
    { name: 'timeout', kind: 'duration', usage: 'How long to wait; 0 is for ever.' },
  ],
  run: runStatus,
};

const restart: Command = {
  name: 'restart',
  short: 'Restart a resource',
  use: 'restart RESOURCE',
  flags: [...printFlags, ...common, fieldManagerFlag('kubectl-rollout')],
  run: runRestart,
};

const pause: Command = {
  name: 'pause',
  short: 'Mark the provided resource as paused',
  use: 'pause RESOURCE',
  flags: [...printFlags, ...common, fieldManagerFlag('kubectl-rollout')],
  run: (k) => setPaused(k, true),
};

const resume: Command = {
  name: 'resume',
  short: 'Resume a paused resource',
  use: 'resume RESOURCE',
  flags: [...printFlags, ...common, fieldManagerFlag('kubectl-rollout')],
  run: (k) => setPaused(k, false),
};

const history: Command = {
  name: 'history',
  short: 'View rollout history',
  use: 'history (TYPE NAME | TYPE/NAME) [flags]',
  flags: [
    ...printFlags,
    ...common,
    { name: 'revision', kind: 'int64', default: '0', usage: 'Revision to show, with its pod template.' },
  ],
  run: rolloutHistory,
};

const undo: Command = {
  name: 'undo',
  short: 'Undo a previous rollout',
  use: 'undo (TYPE NAME | TYPE/NAME) [flags]',
  flags: [
    ...printFlags,
    ...common,
    dryRunFlag,
    { name: 'to-revision', kind: 'int64', default: '0', usage: 'Revision to go back to; 0 is the last one.' },
  ],
  run: rolloutUndo,
};

export const rollout: Command = {
  name: 'rollout',
  short: 'Manage the rollout of a resource',
  long: 'Manage the rollout of one or many resources.\n        \n Valid resource types include:\n\n  *  deployments\n  *  daemonsets\n  *  statefulsets',
  use: 'rollout SUBCOMMAND',
  examples: `# Rollback to the previous deployment
kubectl rollout undo deployment/abc

# Check the rollout status of a daemonset
kubectl rollout status daemonset/foo

# Restart a deployment
kubectl rollout restart deployment/abc

# Restart deployments with the 'app=nginx' label
kubectl rollout restart deployment --selector=app=nginx`,
  commands: [history, pause, restart, resume, status, undo],
};

/** The workloads a sub-command is about. */
export async function workloads(k: Kubectl): Promise<Selection> {
  if (k.args.length === 0 && k.flags.list('filename').length === 0) {
    throw new KubectlError('required resource not specified');
  }
  return select(k, { ...flagsOf(k), allowEmptySelector: true, latest: true });
}

async function runStatus(k: Kubectl): Promise<undefined> {
  const revision = k.flags.int('revision');
  const { infos, errors } = await workloads(k);
  if (revision < 0) throw new KubectlError(`revision must be a positive integer: ${revision}`);
  throwAll(errors);
  const timeout = k.flags.duration('timeout');
  for (const info of infos) {
    if (!viewers[info.mapping.kind]) {
      throw new KubectlError(`no status viewer has been implemented for ${info.mapping.kind}`);
    }
    const options = {
      timeout: timeout === 0 ? 10 * 365 * 24 * 3_600_000 : timeout,
      late: () => new KubectlError('timed out waiting for the condition'),
    };
    let last = '';
    await watchObject(k, info, options, (object, deleted) => {
      if (deleted) throw new KubectlError('object has been deleted');
      if (!object) return undefined;
      const seen = (viewers[object.kind] as Viewer)(object, revision);
      k.out(seen.message);
      last = seen.message;
      return seen.done || !k.flags.bool('watch') ? true : undefined;
    });
    void last;
  }
  if (infos.length === 0) k.err(`No resources found in ${k.namespace} namespace.\n`);
  return undefined;
}

type Viewer = (object: KubeObject, revision: number) => { message: string; done: boolean };

const viewers: Record<string, Viewer> = {
  Deployment: (object, revision) => {
    const name = goQuote(object.metadata.name);
    const waiting = (what: string) => ({
      message: `Waiting for deployment ${name} rollout to finish: ${what}...\n`,
      done: false,
    });
    const count = (field: string) => Number(at(object, 'status', field) ?? 0);
    if (revision > 0) {
      const running = Number(object.metadata.annotations?.['deployment.kubernetes.io/revision'] ?? 0);
      if (running !== revision) {
        throw new KubectlError(`desired revision (${revision}) is different from the running revision (${running})`);
      }
    }
    if ((object.metadata.generation ?? 0) > count('observedGeneration')) {
      return { message: 'Waiting for deployment spec update to be observed...\n', done: false };
    }
    const progressing = records(at(object, 'status', 'conditions')).find(({ type }) => type === 'Progressing');
    if (text(progressing?.reason) === 'ProgressDeadlineExceeded') {
      throw new KubectlError(`deployment ${name} exceeded its progress deadline`);
    }
    const replicas = Number(at(object, 'spec', 'replicas') ?? 1);
    const [updated, all, available] = [count('updatedReplicas'), count('replicas'), count('availableReplicas')];
    if (updated < replicas) return waiting(`${updated} out of ${replicas} new replicas have been updated`);
    if (all > updated) return waiting(`${all - updated} old replicas are pending termination`);
    if (available < updated) return waiting(`${available} of ${updated} updated replicas are available`);
    return { message: `deployment ${name} successfully rolled out\n`, done: true };
  },
  DaemonSet: (object) => {
    const name = goQuote(object.metadata.name);
    const count = (field: string) => Number(at(object, 'status', field) ?? 0);
    if (text(at(object, 'spec', 'updateStrategy', 'type')) !== 'RollingUpdate') {
      throw new KubectlError('rollout status is only available for RollingUpdate strategy type');
    }
    if ((object.metadata.generation ?? 0) > count('observedGeneration')) {
      return { message: 'Waiting for daemon set spec update to be observed...\n', done: false };
    }
    const desired = count('desiredNumberScheduled');
    const [updated, available] = [count('updatedNumberScheduled'), count('numberAvailable')];
    const begin = `Waiting for daemon set ${name} rollout to finish:`;
    if (updated < desired) {
      return { message: `${begin} ${updated} out of ${desired} new pods have been updated...\n`, done: false };
    }
    if (available < desired) {
      return { message: `${begin} ${available} of ${desired} updated pods are available...\n`, done: false };
    }
    return { message: `daemon set ${name} successfully rolled out\n`, done: true };
  },
};

async function runRestart(k: Kubectl): Promise<undefined> {
  const at = formatSeconds(k.now());
  return patchEach(k, 'restarted', (info) => {
    if (!['Deployment', 'DaemonSet', 'StatefulSet'].includes(info.mapping.kind)) {
      throw new KubectlError('restarting is not supported');
    }
    if (info.object?.kind === 'Deployment' && (info.object.spec as Record<string, unknown>).paused === true) {
      throw new KubectlError("can't restart paused deployment (run rollout resume first)");
    }
    const annotations = { 'kubectl.kubernetes.io/restartedAt': at };
    const spec = info.object?.spec as { template?: { metadata?: { annotations?: Record<string, string> } } };
    if (spec?.template?.metadata?.annotations?.['kubectl.kubernetes.io/restartedAt'] === at) return undefined;
    return { spec: { template: { metadata: { annotations } } } };
  });
}

async function setPaused(k: Kubectl, paused: boolean): Promise<undefined> {
  return patchEach(k, paused ? 'paused' : 'resumed', (info) => {
    if (info.mapping.kind !== 'Deployment') {
      throw new KubectlError(paused ? 'pausing is not supported' : 'resuming is not supported');
    }
    const now = (info.object?.spec as { paused?: boolean } | undefined)?.paused === true;
    if (now === paused) throw new KubectlError(paused ? 'is already paused' : 'is not paused');
    return { spec: { paused: paused ? true : null } };
  });
}

async function patchEach(
  k: Kubectl,
  operation: string,
  patchOf: (info: Info) => Record<string, unknown> | undefined,
): Promise<undefined> {
  const print = resultPrinter(k);
  const { infos, errors } = await workloads(k);
  if (infos.length === 0 && errors.length === 0) {
    k.err(`No resources found in ${k.namespace} namespace.\n`);
    return undefined;
  }
  for (const info of infos) {
    let patch: Record<string, unknown> | undefined;
    try {
      patch = patchOf(info);
    } catch (error) {
      if (!(error instanceof KubectlError)) throw error;
      errors.push(new KubectlError(`error: ${qualifiedResource(info.mapping)} ${goQuote(info.name)} ${error.message}`));
      continue;
    }
    if (!patch) {
      errors.push(
        new KubectlError(
          `failed to create patch for ${info.name}: if restart has already been triggered within the past second, please wait before attempting to trigger another`,
        ),
      );
      continue;
    }
    try {
      const object = await k.client.json<KubeObject>('PATCH', resourcePath(info.mapping, info.namespace, info.name), {
        query: { fieldManager: k.flags.text('field-manager') },
        contentType: 'application/strategic-merge-patch+json',
        body: patch,
      });
      k.out(print(object, operation));
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      errors.push(new KubectlError(`failed to patch: ${error.message}`));
    }
  }
  throwAll(errors);
  return undefined;
}
