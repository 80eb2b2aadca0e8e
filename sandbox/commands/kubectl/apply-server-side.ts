import { resourcePath } from './client.ts';
import { KubectlError, StatusError } from './errors.ts';
import type { Kubectl } from './kubectl.ts';
import { lastAppliedAnnotation } from './last-applied.ts';
import { sortedJson } from './manifests.ts';
import { at, isRecord, type KubeObject, records } from './objects.ts';
import { dryRun } from './printers.ts';
import { getObject, type Info } from './resources.ts';

const applyPatch = 'application/apply-patch+yaml';

/** `apply --server-side`: one patch, and what brings an object over that was applied by the client before. */
export async function applyServerSide(k: Kubectl, info: Info, fieldValidation: string): Promise<KubeObject> {
  const fieldManager = k.flags.changed('field-manager') ? k.flags.text('field-manager') : 'kubectl';
  const query = {
    fieldManager,
    fieldValidation,
    force: String(k.flags.bool('force-conflicts')),
    dryRun: dryRun(k) === 'server' ? 'All' : undefined,
  };
  const path = resourcePath(info.mapping, info.namespace, info.name, k.flags.text('subresource'));
  const body = sortedJson(info.object);
  let object: KubeObject;
  try {
    object = await k.client.json<KubeObject>('PATCH', path, { query, contentType: applyPatch, body });
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'Conflict') throw new KubectlError(conflictHelp(error));
    throw error;
  }
  try {
    if (fieldManager === 'kubectl') object = await keepLastApplied(k, path, object, query);
    const migrated = await migrate(k, info, path, object, query);
    if (migrated) object = await k.client.json<KubeObject>('PATCH', path, { query, contentType: applyPatch, body });
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    k.err(
      `Warning: server rejected managed fields migration to Server-Side Apply. This is non-fatal and will be retried next time you apply. Error: ${error.message}\n`,
    );
  }
  return object;
}

type Query = Record<string, string | undefined>;

/** The annotation gets a manager of its own, so that it outlives the client's. */
async function keepLastApplied(k: Kubectl, path: string, object: KubeObject, query: Query): Promise<KubeObject> {
  const noted = object.metadata.annotations?.[lastAppliedAnnotation];
  if (noted === undefined || owners(object, 'Apply').length > 0) return object;
  const { name, namespace } = object.metadata;
  return k.client.json('PATCH', path, {
    query: { ...query, fieldManager: 'kubectl-last-applied', force: undefined },
    contentType: applyPatch,
    body: sortedJson({
      apiVersion: object.apiVersion,
      kind: object.kind,
      metadata: { name, ...(namespace && { namespace }), annotations: { [lastAppliedAnnotation]: noted } },
    }),
  });
}

type Entry = Record<string, unknown>;

/** The managers that own the annotation of kubectl apply. */
function owners(object: KubeObject, operation: 'Apply' | 'Update'): Entry[] {
  return records(object.metadata.managedFields).filter(
    (entry) =>
      entry.operation === operation &&
      at(entry, 'fieldsV1', 'f:metadata', 'f:annotations', `f:${lastAppliedAnnotation}`) !== undefined,
  );
}

/** Gives the fields of client-side managers to the server-side one (client-go's csaupgrade); false if there are none. */
async function migrate(k: Kubectl, info: Info, path: string, object: KubeObject, query: Query): Promise<boolean> {
  let current = object;
  for (let attempt = 0; attempt < 5; attempt++) {
    const names = new Set(owners(current, 'Update').map((entry) => entry.manager));
    if (names.size === 0) return false;
    let entries = records(current.metadata.managedFields);
    for (const name of names) entries = upgraded(entries, name, query.fieldManager as string);
    try {
      await k.client.json('PATCH', path, {
        query: { ...query, force: undefined },
        contentType: 'application/json-patch+json',
        body: [
          { op: 'replace', path: '/metadata/managedFields', value: entries },
          { op: 'replace', path: '/metadata/resourceVersion', value: current.metadata.resourceVersion },
        ],
      });
      return true;
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'Conflict') throw error;
      current = await getObject(k, info);
    }
  }
  return false;
}

function upgraded(before: Entry[], client: unknown, server: string): Entry[] {
  const entries = before.map((entry) => ({ ...entry }));
  const isClient = (entry: Entry) => entry.manager === client && entry.operation === 'Update' && !entry.subresource;
  const isServer = (entry: Entry) => entry.manager === server && entry.operation === 'Apply' && !entry.subresource;
  let target = entries.find(isServer);
  if (!target) {
    target = entries.find(isClient);
    if (!target) return entries;
    target.operation = 'Apply';
    target.manager = server;
  }
  const { apiVersion } = target;
  const source = entries.find((entry) => isClient(entry) && entry.apiVersion === apiVersion);
  if (source) target.fieldsV1 = union(target.fieldsV1, source.fieldsV1);
  return entries.filter((entry) => !isClient(entry));
}

function union(a: unknown, b: unknown): unknown {
  if (!isRecord(a) || !isRecord(b)) return a ?? b;
  const merged: Record<string, unknown> = { ...a };
  for (const [key, value] of Object.entries(b)) merged[key] = union(merged[key], value);
  return merged;
}

function conflictHelp(error: StatusError): string {
  return `${error.message}
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the \`--force-conflicts\` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts`;
}
