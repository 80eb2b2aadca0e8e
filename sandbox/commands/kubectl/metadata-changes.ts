import { resourcePath } from './client.ts';
import {
  allNamespacesFlag,
  dryRunFlag,
  fieldManagerFlag,
  fieldSelectorFlag,
  filenameFlags,
  printFlags,
  selectorFlag,
} from './command.ts';
import { KubectlError, StatusError, throwAll } from './errors.ts';
import type { Flag } from './flags.ts';
import type { Kubectl } from './kubectl.ts';
import { createMergePatch } from './merge-patch.ts';
import { copy, groupOf, type KubeObject } from './objects.ts';
import { dryRun, resultPrinter } from './printers.ts';
import { flagsOf, type Info, select } from './resources.ts';

export const changeFlags = (manager: string, what: string): Flag[] => [
  ...printFlags,
  ...filenameFlags('that names the objects to change.'),
  selectorFlag,
  fieldSelectorFlag,
  allNamespacesFlag,
  dryRunFlag,
  fieldManagerFlag(manager),
  { name: 'all', kind: 'bool', usage: 'Every object of the kinds in the namespace.' },
  { name: 'overwrite', kind: 'bool', usage: `Let ${what}s that are there get another value.` },
  { name: 'list', kind: 'bool', usage: `Show the ${what}s.` },
  { name: 'local', kind: 'bool', usage: 'Change the files only; ask no server.' },
  { name: 'resource-version', kind: 'string', usage: 'Change the object only if it is of this version.' },
];

/** What label and annotate differ in. */
export interface MetadataChange {
  field: 'labels' | 'annotations';
  resources: string[];
  set: Record<string, string>;
  remove: string[];
  /** Refuses to overwrite, in the verb's own words. */
  checkOverwrites: (present: Record<string, string>) => void;
  /** Tells of keys that cannot be removed. */
  missing?: (key: string) => void;
  result: (changed: boolean, shorter: boolean) => string;
}

/** Changes labels or annotations of the chosen objects. */
export async function changeMetadata(k: Kubectl, change: MetadataChange): Promise<void> {
  const { flags } = k;
  const print = resultPrinter(k);
  const listing = flags.bool('list');
  const { infos, errors, singleItemImplied } = await select(k, {
    ...flagsOf(k),
    args: change.resources,
    allowEmptySelector: flags.bool('all'),
    latest: !flags.bool('local'),
    fetch: !flags.bool('local'),
  });
  if (!singleItemImplied && flags.text('resource-version') !== '') {
    throw new KubectlError('--resource-version may only be used with a single resource');
  }
  for (const info of infos) {
    try {
      const before = info.object as KubeObject;
      const local = dryRun(k) === 'client' || flags.bool('local') || listing;
      const present = before.metadata[change.field] ?? {};
      if (!local) for (const key of change.remove) if (!Object.hasOwn(present, key)) change.missing?.(key);
      if (!flags.bool('overwrite')) change.checkOverwrites(present);
      const after = changed(before, change);
      const [old, fresh] = [JSON.stringify(before), JSON.stringify(after)];
      const patch = createMergePatch(before, after);
      const differs = Object.keys(patch).length > 0;
      const object = local ? after : await sendPatch(k, info, patch);
      if (listing) list(k, object, change.field, singleItemImplied);
      else k.out(print(object, change.result(differs, fresh.length < old.length)));
    } catch (error) {
      if (!(error instanceof StatusError) && !(error instanceof KubectlError)) throw error;
      errors.push(error);
    }
  }
  throwAll(errors);
}

function changed(before: KubeObject, change: MetadataChange): KubeObject {
  const after = copy(before);
  const values = { ...after.metadata[change.field], ...change.set };
  for (const key of change.remove) delete values[key];
  if (Object.keys(values).length > 0) after.metadata[change.field] = values;
  else delete after.metadata[change.field];
  return after;
}

async function sendPatch(k: Kubectl, info: Info, patch: Record<string, unknown>): Promise<KubeObject> {
  const version = k.flags.text('resource-version');
  const metadata = { ...(patch.metadata as Record<string, unknown>), ...(version && { resourceVersion: version }) };
  return k.client.json('PATCH', resourcePath(info.mapping, info.namespace, info.name), {
    query: {
      fieldManager: k.flags.text('field-manager'),
      dryRun: dryRun(k) === 'server' ? 'All' : undefined,
    },
    contentType: 'application/merge-patch+json',
    body: Object.keys(metadata).length > 0 ? { ...patch, metadata } : patch,
  });
}

function list(k: Kubectl, object: KubeObject, field: 'labels' | 'annotations', single: boolean): void {
  if (!single) k.out(`Listing ${field} for ${object.kind}.${groupOf(object.apiVersion)}/${object.metadata.name}:\n`);
  const values = object.metadata[field] ?? {};
  for (const key of Object.keys(values).sort()) k.out(`${single ? '' : ' '}${key}=${values[key]}\n`);
}
