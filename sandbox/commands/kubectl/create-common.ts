import { dryRunFlag, fieldManagerFlag, printFlags, validateFlag } from './command.ts';
import { createObject } from './create-object.ts';
import { KubectlError, StatusError, UsageError } from './errors.ts';
import type { Flag } from './flags.ts';
import type { Kubectl } from './kubectl.ts';
import { lastAppliedAnnotation } from './last-applied.ts';
import { escapeHtml } from './manifests.ts';
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

/** The object with itself noted, its members in the order of its Go type. */
function withConfiguration(object: KubeObject): KubeObject {
  const { name, namespace, labels, ...rest } = object.metadata;
  const annotations = { [lastAppliedAnnotation]: `${escapeHtml(JSON.stringify(object))}\n` };
  const metadata = { name, ...(namespace && { namespace }), ...(labels && { labels }), ...rest, annotations };
  return { ...object, metadata };
}

/**
 * Creates an object (or only shows it) and says so. `failure` stands before the server's words where kubectl has some.
 * Members are in the order of the Go types, which -o json shows.
 */
export async function createAndPrint(
  k: Kubectl,
  object: KubeObject,
  options: { namespaced: boolean; operation?: string; failure?: string; silent?: boolean },
): Promise<undefined> {
  const print = resultPrinter(k, { typed: true });
  const client = dryRun(k) === 'client';
  if (options.namespaced && (k.explicitNamespace || k.namespace !== 'default' || !client)) {
    const { name, ...rest } = object.metadata;
    object.metadata = { name, namespace: k.namespace, ...rest };
  }
  let made = k.flags.bool('save-config') ? withConfiguration(object) : object;
  if (!client) {
    try {
      const mapping = k.mapper.kind(groupOf(object.apiVersion), versionOf(object.apiVersion), object.kind);
      const namespace = mapping.namespaced ? k.namespace : '';
      made = await createObject(k, { mapping, namespace }, made, fieldValidation(k));
    } catch (error) {
      if (!(error instanceof StatusError) || !options.failure) throw error;
      throw new KubectlError(`${options.failure} ${error.message}`);
    }
  }
  if (!options.silent) k.out(print(made, options.operation ?? 'created'));
  return undefined;
}
