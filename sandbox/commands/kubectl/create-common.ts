import { dryRunFlag, fieldManagerFlag, printFlags, validateFlag } from './command.ts';
import { createObject } from './create-object.ts';
import { UsageError } from './errors.ts';
import type { Flag } from './flags.ts';
import type { Kubectl } from './kubectl.ts';
import { withLastApplied } from './last-applied.ts';
import { groupOf, type KubeObject, versionOf } from './objects.ts';
import { dryRun, resultPrinter } from './printers.ts';
import { fieldValidation } from './validation.ts';

/** Flags of everything that makes an object from the command line. */
export const createFlags: readonly Flag[] = [
  ...printFlags,
  dryRunFlag,
  validateFlag,
  fieldManagerFlag('kubectl-create'),
  { name: 'save-config', kind: 'bool', usage: 'Note the configuration in the annotation of kubectl apply.' },
];

/** The one NAME argument. */
export function nameArgument(k: Kubectl): string {
  const count = k.flags.dash < 0 ? k.args.length : k.flags.dash;
  if (count !== 1) throw new UsageError(k.path, `exactly one NAME is required, got ${count}`);
  return k.args[0] as string;
}

/** Creates an object (or only shows it) and says so. */
export async function createAndPrint(
  k: Kubectl,
  object: KubeObject,
  options: { namespaced: boolean; operation?: string },
): Promise<undefined> {
  const print = resultPrinter(k);
  const client = dryRun(k) === 'client';
  if (options.namespaced && (k.explicitNamespace || k.namespace !== 'default' || !client)) {
    object.metadata.namespace = k.namespace;
  }
  let made = k.flags.bool('save-config') ? withLastApplied(object) : object;
  if (!client) {
    const mapping = k.mapper.kind(groupOf(object.apiVersion), versionOf(object.apiVersion), object.kind);
    const namespace = mapping.namespaced ? k.namespace : '';
    made = await createObject(k, { mapping, namespace }, made, fieldValidation(k));
  }
  k.out(print(made, options.operation ?? 'created'));
  return undefined;
}
