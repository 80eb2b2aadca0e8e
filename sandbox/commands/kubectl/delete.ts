import { resourcePath } from './client.ts';
import {
  allNamespacesFlag,
  type Command,
  dryRunFlag,
  fieldSelectorFlag,
  filenameFlags,
  selectorFlag,
} from './command.ts';
import { withSource } from './create-object.ts';
import { Deadline } from './deadline.ts';
import { isNotFound, KubectlError, StatusError, throwAll } from './errors.ts';
import { watchEvents } from './get-watch.ts';
import type { Kubectl } from './kubectl.ts';
import { qualifiedKind } from './mapper.ts';
import { at, type KubeObject, text } from './objects.ts';
import { dryRun } from './printers.ts';
import { flagsOf, getObject, type Info, select } from './resources.ts';

export const remove: Command = {
  name: 'delete',
  short: 'Delete resources by file names, stdin, resources and names, or by resources and label selector',
  use: 'delete ([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)])',
  examples: `# Delete what a file names
kubectl delete -f ./pod.json

# Delete by kind and name
kubectl delete pod,service baz foo

# Delete by label
kubectl delete pods,services -l name=myLabel`,
  flags: [
    ...filenameFlags('that names the objects to delete.'),
    selectorFlag,
    fieldSelectorFlag,
    allNamespacesFlag,
    dryRunFlag,
    { name: 'all', kind: 'bool', usage: 'Every object of the kinds in the namespace.' },
    { name: 'force', kind: 'bool', usage: 'Take the object out of the API at once.' },
    { name: 'grace-period', kind: 'int', default: '-1', usage: 'Seconds an object has to end.' },
    { name: 'now', kind: 'bool', usage: 'The same as --grace-period=1.' },
    { name: 'ignore-not-found', kind: 'bool', usage: 'Objects that do not exist are no error.' },
    { name: 'wait', kind: 'bool', default: 'true', usage: 'Wait until the objects are gone.' },
    { name: 'timeout', kind: 'duration', usage: 'How long to wait; 0 is for ever.' },
    {
      name: 'cascade',
      kind: 'string',
      default: 'background',
      bare: 'background',
      usage: 'How dependents are deleted: background, orphan or foreground.',
    },
    { name: 'interactive', short: 'i', kind: 'bool', usage: 'Ask before anything is deleted.' },
    { name: 'output', short: 'o', kind: 'string', usage: 'Output format: name.' },
    { name: 'raw', kind: 'string', usage: 'Path to DELETE on the server as it is.' },
  ],
  run: runDelete,
};

async function runDelete(k: Kubectl): Promise<undefined> {
  const { flags } = k;
  if (flags.text('raw') !== '') {
    const response = await k.client.request('DELETE', flags.text('raw'));
    k.out(response.body ?? '');
    return;
  }
  const policy = propagation(flags.text('cascade'));
  const bulk = flags.bool('all') || flags.text('selector') !== '' || flags.text('field-selector') !== '';
  const ignoreNotFound = flags.bool('ignore-not-found') || (bulk && !flags.changed('ignore-not-found'));
  const grace = gracePeriod(k);
  dryRun(k);
  const selection = await select(k, { ...flagsOf(k), fetch: false });
  validate(k, grace);
  if (flags.bool('interactive') && !(await confirm(k, selection.infos))) return;
  const errors: Error[] = selection.sequence ? [] : selection.errors;
  const deleted: { info: Info; uid: string }[] = [];
  let found = 0;
  for (const info of selection.sequence ?? selection.infos) {
    if (info instanceof Error) {
      errors.push(info);
      continue;
    }
    found++;
    if (dryRun(k) === 'client') {
      printDeleted(k, info);
      continue;
    }
    try {
      const uid = await deleteOne(k, info, grace, policy);
      printDeleted(k, info);
      deleted.push({ info, uid });
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      if (isNotFound(error) && ignoreNotFound) continue;
      errors.push(withSource(error, 'deleting', info.source));
    }
  }
  throwAll(errors.filter((error) => !(ignoreNotFound && isNotFound(error))));
  if (found === 0) k.out('No resources found\n');
  if (flags.bool('wait') && dryRun(k) === 'none') await waitForDeletion(k, deleted, flags.duration('timeout'));
}

function propagation(cascade: string): 'Background' | 'Orphan' | 'Foreground' {
  switch (cascade) {
    case 'background':
      return 'Background';
    case 'orphan':
      return 'Orphan';
    case 'foreground':
      return 'Foreground';
    default:
      throw new KubectlError(`invalid cascade value (${cascade}). Must be "background", "foreground", or "orphan"`);
  }
}

/** Seconds, or -1 for what the object says itself. */
function gracePeriod(k: Kubectl): number {
  let grace = k.flags.int('grace-period');
  if (k.flags.bool('now')) {
    if (grace !== -1) throw new KubectlError('--now and --grace-period cannot be specified together');
    grace = 1;
  }
  if (grace === 0 && !k.flags.bool('force')) return 1;
  return k.flags.bool('force') && grace < 0 ? 0 : grace;
}

function validate(k: Kubectl, grace: number): void {
  const output = k.flags.text('output');
  if (output !== '' && output !== 'name') {
    throw new KubectlError(`unexpected -o output mode: ${output}. We only support '-o name'`);
  }
  if (k.flags.bool('all') && k.flags.text('selector') !== '') {
    throw new KubectlError('cannot set --all and --selector at the same time');
  }
  if (k.flags.bool('all') && k.flags.text('field-selector') !== '') {
    throw new KubectlError('cannot set --all and --field-selector at the same time');
  }
  if (!k.flags.bool('force')) return;
  if (grace > 0) {
    throw new KubectlError('--force and --grace-period greater than 0 cannot be specified together');
  }
  k.warn(
    'Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.',
  );
}

async function confirm(k: Kubectl, infos: Info[]): Promise<boolean> {
  if (infos.length === 0) {
    k.out('No resources found\n');
    return false;
  }
  k.out(`You are about to delete the following ${infos.length} resource(s):\n`);
  for (const { mapping, name } of infos) k.out(`${qualifiedKind(mapping)}/${name}\n`);
  k.out('Do you want to continue? (y/N): ');
  await k.flush();
  const answer = new TextDecoder().decode((await k.process.read(0)) ?? new Uint8Array()).trim();
  if (/^(?:y|Y)$/.test(answer)) return true;
  k.out('deletion is cancelled\n');
  return false;
}

/** Deletes an object and returns its uid, '' where the server does not say it. */
export async function deleteOne(
  k: Kubectl,
  info: Info,
  grace: number,
  policy: 'Background' | 'Orphan' | 'Foreground',
): Promise<string> {
  // Without a name the path would be that of the whole collection: rest.Request.Name refuses it before it is sent.
  if (info.name === '') throw new KubectlError('resource name may not be empty');
  const answer = await k.client.json<Record<string, unknown>>(
    'DELETE',
    resourcePath(info.mapping, info.namespace, info.name),
    {
      body: {
        kind: 'DeleteOptions',
        apiVersion: 'v1',
        ...(grace >= 0 && { gracePeriodSeconds: grace }),
        propagationPolicy: policy,
        ...(dryRun(k) === 'server' && { dryRun: ['All'] }),
      },
    },
  );
  return text(answer.kind === 'Status' ? at(answer, 'details', 'uid') : at(answer, 'metadata', 'uid'));
}

function printDeleted(k: Kubectl, info: Info): void {
  const kind = qualifiedKind(info.mapping);
  if (k.flags.text('output') === 'name') {
    k.out(`${kind}/${info.name}\n`);
    return;
  }
  let operation = gracePeriod(k) === 0 ? 'force deleted' : 'deleted';
  if (info.mapping.namespaced) operation += ` from ${info.namespace} namespace`;
  const suffix = { none: '', client: ' (dry run)', server: ' (server dry run)' }[dryRun(k)];
  k.out(`${kind} "${info.name}" ${operation}${suffix}\n`);
}

/** Waits until the deleted objects are gone, or replaced by others of the same name. */
export async function waitForDeletion(
  k: Kubectl,
  deleted: { info: Info; uid: string }[],
  timeout: number,
): Promise<void> {
  const deadline = new Deadline(k, timeout === 0 ? 168 * 3_600_000 : timeout);
  for (const { info, uid } of deleted) {
    const current = await currentUid(k, info);
    if (current === undefined || (uid !== '' && current !== uid)) continue;
    const events = watchEvents(k, resourcePath(info.mapping, info.namespace), {
      watch: 'true',
      resourceVersion: '0',
      fieldSelector: `metadata.name=${info.name}`,
    });
    for (;;) {
      const next = await deadline.race(
        events.next(),
        () => new KubectlError(`timed out waiting for the condition on ${info.mapping.resource}/${info.name}`),
      );
      if (next.done) break;
      const { type, object } = next.value;
      if (type === 'BOOKMARK') continue;
      const eventUid = text((object as KubeObject).metadata?.uid);
      if (type === 'DELETED' || (uid !== '' && eventUid !== uid)) break;
    }
    await events.return(undefined);
  }
  deadline.end();
}

async function currentUid(k: Kubectl, info: Info): Promise<string | undefined> {
  try {
    return text((await getObject(k, info)).metadata.uid);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
