import type { Command } from './command.ts';
import { ErrorList, KubectlError } from './errors.ts';
import { goQuote } from './flags.ts';
import type { Kubectl } from './kubectl.ts';
import { changeFlags, changeMetadata } from './metadata-changes.ts';
import { splitPairs } from './pairs.ts';

export const label: Command = {
  name: 'label',
  short: 'Update the labels on a resource',
  use: 'label [--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version]',
  examples: `# Give a pod a label
kubectl label pods foo unhealthy=true

# Give it another value
kubectl label --overwrite pods foo status=unhealthy

# Take it away
kubectl label pods foo bar-`,
  flags: changeFlags('kubectl-label', 'label'),
  run: runLabel,
};

async function runLabel(k: Kubectl): Promise<undefined> {
  const { resources, pairs } = splitPairs(k.args, 'label');
  const { set, remove } = parseLabels(pairs);
  const { flags } = k;
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
  if (Object.keys(set).length === 0 && remove.length === 0 && !flags.bool('list')) {
    throw new KubectlError('at least one label update is required');
  }
  await changeMetadata(k, {
    field: 'labels',
    resources,
    set,
    remove,
    missing: (key) => k.out(`label ${goQuote(key)} not found.\n`),
    checkOverwrites: (present) => {
      const taken = Object.keys(set).filter((key) => Object.hasOwn(present, key) && present[key] !== set[key]);
      if (taken.length === 0) return;
      const errors = taken.map(
        (key) => new KubectlError(`'${key}' already has a value (${present[key]}), and --overwrite is false`),
      );
      if (errors.length === 1) throw errors[0];
      throw new KubectlError(new ErrorList(errors).message);
    },
    result: (changed, shorter) => {
      if (!changed) return 'not labeled';
      return !flags.bool('overwrite') && shorter ? 'unlabeled' : 'labeled';
    },
  });
}

function parseLabels(pairs: string[]): { set: Record<string, string>; remove: string[] } {
  const set: Record<string, string> = {};
  const remove: string[] = [];
  for (const pair of pairs) {
    if (pair.includes('=')) {
      const [key = '', value = '', ...more] = pair.split('=');
      if (more.length > 0) throw new KubectlError(`invalid label spec: ${pair}`);
      const problems = labelValueProblems(value);
      if (problems.length > 0) throw new KubectlError(`invalid label value: ${goQuote(pair)}: ${problems.join(';')}`);
      set[key] = value;
    } else if (pair.endsWith('-')) remove.push(pair.slice(0, -1));
    else throw new KubectlError(`unknown label spec: ${pair}`);
  }
  if (remove.some((key) => Object.hasOwn(set, key))) {
    throw new KubectlError('can not both modify and remove a label in the same command');
  }
  return { set, remove };
}

/** apimachinery's IsValidLabelValue. */
export function labelValueProblems(value: string): string[] {
  const problems: string[] = [];
  if (value.length > 63) problems.push('must be no more than 63 bytes');
  if (!/^(?:(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/.test(value)) {
    problems.push(
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    );
  }
  return problems;
}
