import {
  type Command,
  dryRunFlag,
  fieldManagerFlag,
  filenameFlags,
  printFlags,
  selectorFlag,
  validateFlag,
} from './command.ts';
import { createCommands } from './create-commands.ts';
import { createObject, withSource } from './create-object.ts';
import { KubectlError, StatusError, throwAll, UsageError } from './errors.ts';
import type { Kubectl } from './kubectl.ts';
import { withLastApplied } from './last-applied.ts';
import { copy, type KubeObject } from './objects.ts';
import { dryRun, resultPrinter } from './printers.ts';
import { flagsOf, select } from './resources.ts';
import { fieldValidation } from './validation.ts';

export const create: Command = {
  name: 'create',
  short: 'Create a resource from a file or from stdin',
  long: 'Create a resource from a file or from stdin.\n\n JSON and YAML formats are accepted.',
  use: 'create -f FILENAME',
  examples: `# Create what a file says
kubectl create -f ./pod.yaml

# Create what stdin says
cat pod.json | kubectl create -f -`,
  flags: [
    ...printFlags,
    ...filenameFlags('to create the objects of.'),
    selectorFlag,
    dryRunFlag,
    validateFlag,
    fieldManagerFlag('kubectl-create'),
    { name: 'save-config', kind: 'bool', usage: 'Note the configuration in the annotation of kubectl apply.' },
    { name: 'edit', kind: 'bool', usage: 'Edit the objects first.' },
    { name: 'raw', kind: 'string', usage: 'Path to POST the file to as it is.' },
    { name: 'windows-line-endings', kind: 'bool', usage: 'Line ends of Windows for --edit.' },
  ],
  commands: createCommands,
  run: runCreate,
};

async function runCreate(k: Kubectl): Promise<undefined> {
  const files = k.flags.list('filename');
  if (files.length === 0 && k.flags.text('kustomize') === '') {
    if (k.args.length > 0) throw new UsageError(k.path, `Unexpected args: [${k.args.join(' ')}]`);
    throw new KubectlError('must specify one of -f and -k');
  }
  if (k.args.length > 0) throw new UsageError(k.path, `Unexpected args: [${k.args.join(' ')}]`);
  const validation = fieldValidation(k);
  const print = resultPrinter(k);
  const { sequence = [] } = await select(k, { ...flagsOf(k), args: [], validate: validation !== 'Ignore' });
  if (sequence.length === 0) throw new KubectlError('no objects passed to create');
  const errors: Error[] = [];
  for (const info of sequence) {
    if (info instanceof Error) {
      errors.push(info);
      continue;
    }
    let object = copy(info.object as KubeObject);
    if (k.flags.bool('save-config')) object = withLastApplied(object);
    if (dryRun(k) !== 'client') {
      try {
        object = await createObject(k, info, object, validation);
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        errors.push(withSource(error, 'creating', info.source));
        continue;
      }
    }
    k.out(print(object, 'created'));
  }
  throwAll(errors);
}
