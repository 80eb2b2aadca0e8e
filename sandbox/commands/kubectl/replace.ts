import { resourcePath } from './client.ts';
import { type Command, dryRunFlag, fieldManagerFlag, filenameFlags, printFlags, validateFlag } from './command.ts';
import { createObject, withSource } from './create-object.ts';
import { deleteOne, waitForDeletion } from './delete.ts';
import { isNotFound, KubectlError, StatusError, throwAll } from './errors.ts';
import type { Kubectl } from './kubectl.ts';
import { lastAppliedAnnotation, withLastApplied } from './last-applied.ts';
import { qualifiedKind } from './mapper.ts';
import { copy, type KubeObject } from './objects.ts';
import { dryRun, resultPrinter } from './printers.ts';
import { flagsOf, getObject, type Info, select } from './resources.ts';
import { fieldValidation } from './validation.ts';

export const replace: Command = {
  name: 'replace',
  short: 'Replace a resource by file name or stdin',
  use: 'replace -f FILENAME',
  examples: `# Replace an object by what a file says
kubectl replace -f ./pod.json

# Delete it first
kubectl replace --force -f ./pod.json`,
  flags: [
    ...printFlags,
    ...filenameFlags('to replace the objects by.'),
    dryRunFlag,
    validateFlag,
    fieldManagerFlag('kubectl-replace'),
    { name: 'force', kind: 'bool', usage: 'Delete and create anew.' },
    { name: 'grace-period', kind: 'int', default: '-1', usage: 'Seconds an object has to end (with --force).' },
    { name: 'timeout', kind: 'duration', usage: 'How long to wait for deletions (with --force).' },
    { name: 'wait', kind: 'bool', usage: 'Wait until what is deleted is gone.' },
    {
      name: 'cascade',
      kind: 'string',
      default: 'background',
      bare: 'background',
      usage: 'How dependents are deleted.',
    },
    { name: 'save-config', kind: 'bool', usage: 'Note the configuration in the annotation of kubectl apply.' },
    { name: 'subresource', kind: 'string', usage: 'Subresource to replace.' },
    { name: 'raw', kind: 'string', usage: 'Path to PUT the file to as it is.' },
  ],
  run: runReplace,
};

async function runReplace(k: Kubectl): Promise<undefined> {
  const { flags } = k;
  const print = resultPrinter(k);
  if (flags.list('filename').length === 0) throw new KubectlError('must specify one of -f and -k');
  const force = flags.bool('force');
  if (flags.int('grace-period') >= 0 && !force) throw new KubectlError('--grace-period must have --force specified');
  if (flags.duration('timeout') !== 0 && !force) throw new KubectlError('--timeout must have --force specified');
  if (force && dryRun(k) !== 'none') throw new KubectlError('--dry-run can not be used when --force is set');
  const validation = fieldValidation(k);
  const { sequence = [] } = await select(k, { ...flagsOf(k), args: [], validate: validation !== 'Ignore' });
  const errors: Error[] = [];
  for (const info of sequence) {
    if (info instanceof Error) {
      errors.push(info);
      continue;
    }
    const object = annotated(info.object as KubeObject, flags.bool('save-config'));
    try {
      if (force) k.out(print(await recreate(k, info, object, validation), 'replaced'));
      else if (dryRun(k) === 'client') k.out(print(object, 'replaced'));
      else k.out(print(await put(k, info, object, validation), 'replaced'));
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      errors.push(withSource(error, 'replacing', info.source));
    }
  }
  throwAll(errors);
  return undefined;
}

/** With --save-config, or where it was noted before, the annotation follows the configuration. */
function annotated(object: KubeObject, always: boolean): KubeObject {
  const noted = object.metadata.annotations?.[lastAppliedAnnotation] !== undefined;
  return always || noted ? withLastApplied(object) : object;
}

async function put(k: Kubectl, info: Info, object: KubeObject, validation: string): Promise<KubeObject> {
  const body = copy(object);
  const subresource = k.flags.text('subresource');
  if (!body.metadata.resourceVersion) {
    const current = await getObject(k, info, subresource);
    if (current.metadata.resourceVersion) body.metadata.resourceVersion = current.metadata.resourceVersion;
  }
  return k.client.json('PUT', resourcePath(info.mapping, info.namespace, info.name, subresource), {
    query: {
      fieldManager: k.flags.text('field-manager'),
      fieldValidation: validation,
      dryRun: dryRun(k) === 'server' ? 'All' : undefined,
    },
    body,
  });
}

async function recreate(k: Kubectl, info: Info, object: KubeObject, validation: string): Promise<KubeObject> {
  const grace = k.flags.int('grace-period');
  try {
    const uid = await deleteOne(k, info, grace === 0 ? 1 : grace, 'Background');
    const from = info.mapping.namespaced ? ` from ${info.namespace} namespace` : '';
    k.out(`${qualifiedKind(info.mapping)} "${info.name}" deleted${from}\n`);
    await waitForDeletion(k, [{ info, uid }], k.flags.duration('timeout') || 300_000);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  return createObject(k, info, object, validation);
}
