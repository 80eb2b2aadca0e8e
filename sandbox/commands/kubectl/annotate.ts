import type { Command } from './command.ts';
import { KubectlError } from './errors.ts';
import type { Kubectl } from './kubectl.ts';
import { changeFlags, changeMetadata } from './metadata-changes.ts';
import { splitPairs } from './pairs.ts';

export const annotate: Command = {
  name: 'annotate',
  short: 'Update the annotations on a resource',
  use: 'annotate [--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version]',
  examples: `# Note something on a pod
kubectl annotate pods foo description='my frontend'

# Take it away
kubectl annotate pods foo description-`,
  flags: changeFlags('kubectl-annotate', 'annotation'),
  run: runAnnotate,
};

async function runAnnotate(k: Kubectl): Promise<undefined> {
  const { flags } = k;
  const { resources, pairs } = splitPairs(k.args, 'annotation');
  const set: Record<string, string> = {};
  const remove: string[] = [];
  for (const pair of pairs) {
    const equal = pair.indexOf('=');
    if (equal > 0) set[pair.slice(0, equal)] = pair.slice(equal + 1);
    else remove.push(pair.slice(0, -1));
  }
  if (flags.bool('list') && flags.text('output') !== '') {
    throw new KubectlError('--list and --output may not be specified together');
  }
  if (flags.bool('all') && flags.text('selector') !== '') {
    throw new KubectlError('cannot set --all and --selector at the same time');
  }
  if (flags.bool('all') && flags.text('field-selector') !== '') {
    throw new KubectlError('cannot set --all and --field-selector at the same time');
  }
  if (resources.length === 0 && flags.list('filename').length === 0) {
    throw new KubectlError('one or more resources must be specified as <resource> <name> or <resource>/<name>');
  }
  if (pairs.length === 0 && !flags.bool('list')) throw new KubectlError('at least one annotation update is required');
  const both = remove.filter((key) => Object.hasOwn(set, key));
  if (both.length > 0) {
    throw new KubectlError(
      `can not both modify and remove the following annotation(s) in the same command: ${both.join(', ')}`,
    );
  }
  await changeMetadata(k, {
    field: 'annotations',
    resources,
    set,
    remove,
    checkOverwrites: (present) => {
      const taken = Object.keys(set).filter((key) => Object.hasOwn(present, key));
      if (taken.length === 0) return;
      const shown = taken.map((key) => `'${key}' already has a value (${present[key]})`).join('; ');
      throw new KubectlError(`--overwrite is false but found the following declared annotation(s): ${shown}`);
    },
    result: () => 'annotated',
  });
}
