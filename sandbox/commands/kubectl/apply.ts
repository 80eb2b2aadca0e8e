import { lastAppliedCommands } from './apply-commands.ts';
import { resourcePath } from './client.ts';
import {
  type Command,
  dryRunFlag,
  fieldManagerFlag,
  filenameFlags,
  printFlags,
  selectorFlag,
  validateFlag,
} from './command.ts';
import { createObject, withSource } from './create-object.ts';
import { isNotFound, KubectlError, StatusError, throwAll, UsageError } from './errors.ts';
import { goQuote } from './flags.ts';
import type { Kubectl } from './kubectl.ts';
import { lastAppliedAnnotation, withLastApplied } from './last-applied.ts';
import { sortedJson } from './manifests.ts';
import { threeWayMergePatch } from './merge-patch.ts';
import { isRecord, type KubeObject } from './objects.ts';
import { patchSchema } from './patch-schema.ts';
import { dryRun, listOf, resultPrinter } from './printers.ts';
import { flagsOf, getObject, type Info, select } from './resources.ts';
import { threeWayStrategicPatch } from './strategic-patch.ts';
import { fieldValidation } from './validation.ts';

export const apply: Command = {
  name: 'apply',
  short: 'Apply a configuration to a resource by file name or stdin',
  long: 'Apply a configuration to a resource by file name or stdin. What is not there yet is created.\n\n JSON and YAML formats are accepted.',
  use: 'apply (-f FILENAME | -k DIRECTORY)',
  examples: `# Apply a file
kubectl apply -f ./pod.yaml

# Apply what stdin says
cat pod.json | kubectl apply -f -

# Apply every manifest of a directory
kubectl apply -f ./manifests/`,
  flags: [
    ...printFlags,
    ...filenameFlags('that holds the configuration to apply.'),
    selectorFlag,
    dryRunFlag,
    validateFlag,
    fieldManagerFlag('kubectl-client-side-apply'),
    { name: 'server-side', kind: 'bool', usage: 'Let the server merge the configuration.' },
    { name: 'force-conflicts', kind: 'bool', usage: 'Take fields over from other managers (with --server-side).' },
    { name: 'force', kind: 'bool', usage: 'Delete and create anew what cannot be patched.' },
    { name: 'grace-period', kind: 'int', default: '-1', usage: 'Seconds an object has to end before --force.' },
    { name: 'overwrite', kind: 'bool', default: 'true', usage: 'Resolve conflicts in favour of the file.' },
    { name: 'openapi-patch', kind: 'bool', default: 'true', usage: 'Take merge rules from OpenAPI.' },
    { name: 'all', kind: 'bool', usage: 'All objects of the namespace (with --prune).' },
    { name: 'prune', kind: 'bool', usage: 'Delete what is no longer in the files.' },
    { name: 'prune-allowlist', kind: 'array', usage: 'Kinds that --prune may delete.' },
    { name: 'applyset', kind: 'string', usage: 'Set of objects that --prune works on.' },
    { name: 'wait', kind: 'bool', usage: 'Wait until what is deleted is gone.' },
    { name: 'timeout', kind: 'duration', usage: 'How long to wait for deletions.' },
    {
      name: 'cascade',
      kind: 'string',
      default: 'background',
      bare: 'background',
      usage: 'How dependents are deleted.',
    },
    { name: 'subresource', kind: 'string', usage: 'Subresource to apply to (with --server-side).' },
  ],
  commands: lastAppliedCommands,
  run: runApply,
};

async function runApply(k: Kubectl): Promise<undefined> {
  const { flags } = k;
  if (k.args.length > 0) throw new UsageError(k.path, `Unexpected args: [${k.args.join(' ')}]`);
  if (flags.list('filename').length === 0 && flags.text('kustomize') === '') {
    throw new KubectlError('must specify one of -f and -k');
  }
  const serverSide = flags.bool('server-side');
  if (flags.bool('force-conflicts') && !serverSide) {
    throw new KubectlError('--force-conflicts only works with --server-side');
  }
  if (dryRun(k) === 'client' && serverSide) {
    throw new KubectlError("--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)");
  }
  if (serverSide && flags.bool('force')) throw new KubectlError('--force cannot be used with --server-side');
  if (dryRun(k) === 'server' && flags.bool('force')) {
    throw new KubectlError('--dry-run=server cannot be used with --force');
  }
  if (flags.bool('prune')) {
    throw new KubectlError(
      flags.bool('all') || flags.text('selector') !== ''
        ? '--prune is not supported by this kubectl'
        : 'all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector',
    );
  }
  const validation = fieldValidation(k);
  const { infos, errors } = await select(k, { ...flagsOf(k), args: [], all: false, validate: validation !== 'Ignore' });
  if (infos.length === 0 && errors.length === 0) throw new KubectlError('no objects passed to apply');
  const format = flags.text('output');
  const whole = format !== '' && format !== 'name';
  const objects: KubeObject[] = [];
  for (const info of infos) {
    try {
      const { object, done } = serverSide ? await viaServer(k, info, validation) : await applyOne(k, info, validation);
      objects.push(object);
      if (!whole) k.out(resultPrinter(k)(object, done));
    } catch (error) {
      if (!(error instanceof StatusError) && !(error instanceof KubectlError)) throw error;
      errors.push(error);
    }
  }
  throwAll(errors);
  if (whole)
    k.out(
      resultPrinter(k)(
        objects.length === 1 ? (objects[0] as KubeObject) : listOf(objects, {} as KubeObject['metadata']),
        '',
      ),
    );
  return undefined;
}

async function viaServer(k: Kubectl, info: Info, validation: string): Promise<Applied> {
  requireName(info);
  const { applyServerSide } = await k.process.kernel.hold(import('./apply-server-side.ts'));
  const object = await applyServerSide(k, info, validation);
  warnIfDeleting(k, object);
  return { object, done: 'serverside-applied' };
}

interface Applied {
  object: KubeObject;
  done: string;
}

function requireName(info: Info): void {
  const generate = info.object?.metadata.generateName;
  if (info.name === '' && generate) throw new KubectlError(`from ${generate}: cannot use generate name with apply`);
}

async function applyOne(k: Kubectl, info: Info, validation: string): Promise<Applied> {
  requireName(info);
  const wanted = info.object as KubeObject;
  let current: KubeObject;
  try {
    if (info.name === '') throw new KubectlError('resource name may not be empty');
    current = await getObject(k, info);
  } catch (error) {
    if (!isNotFound(error)) throw retrieving(error, info);
    const noted = withoutNulls(withLastApplied(wanted));
    if (dryRun(k) === 'client') return { object: noted, done: 'created' };
    try {
      return { object: await createObject(k, info, noted, validation), done: 'created' };
    } catch (refusal) {
      throw refusal instanceof StatusError ? withSource(refusal, 'creating', info.source) : refusal;
    }
  }
  if (dryRun(k) === 'client') return { object: current, done: 'configured' };
  if (current.metadata.annotations?.[lastAppliedAnnotation] === undefined) {
    k.err(
      `Warning: resource ${info.mapping.resource}/${info.name} is missing the ${lastAppliedAnnotation} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n`,
    );
  }
  const { patch, object } = await patchObject(k, info, current, withLastApplied(wanted), validation);
  warnIfDeleting(k, object);
  const unchanged = Object.keys(patch).length === 0;
  return { object, done: unchanged ? 'unchanged' : 'configured' };
}

function warnIfDeleting(k: Kubectl, object: KubeObject): void {
  if (!object.metadata.deletionTimestamp) return;
  k.err(`Warning: Detected changes to resource ${object.metadata.name} which is currently being deleted.\n`);
}

async function patchObject(
  k: Kubectl,
  info: Info,
  before: KubeObject,
  modified: KubeObject,
  validation: string,
): Promise<{ patch: Record<string, unknown>; object: KubeObject }> {
  const schema = patchSchema(info.mapping.group, info.mapping.kind);
  let current = before;
  for (let attempt = 0; ; attempt++) {
    const original = originalConfiguration(current);
    const patch = schema
      ? threeWayStrategicPatch(original, modified, current, schema)
      : threeWayMergePatch(original, modified, current);
    if (Object.keys(patch).length === 0) return { patch, object: current };
    try {
      const object = await k.client.json<KubeObject>('PATCH', resourcePath(info.mapping, info.namespace, info.name), {
        query: {
          fieldManager: k.flags.text('field-manager'),
          fieldValidation: validation,
          dryRun: dryRun(k) === 'server' ? 'All' : undefined,
        },
        contentType: schema ? 'application/strategic-merge-patch+json' : 'application/merge-patch+json',
        body: sortedJson(patch),
      });
      return { patch, object };
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      if (error.reason === 'Conflict' && attempt < 5) {
        current = await getObject(k, info);
        continue;
      }
      if ((error.reason === 'Conflict' || error.reason === 'Invalid') && k.flags.bool('force')) {
        return { patch, object: await replaceByForce(k, info, modified, validation) };
      }
      throw applying(error, info, patch);
    }
  }
}

async function replaceByForce(k: Kubectl, info: Info, modified: KubeObject, validation: string): Promise<KubeObject> {
  const path = resourcePath(info.mapping, info.namespace, info.name);
  const grace = k.flags.int('grace-period');
  await k.client.json('DELETE', path, {
    body: {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy: 'Background',
      ...(grace >= 0 && { gracePeriodSeconds: grace }),
    },
  });
  for (;;) {
    try {
      await getObject(k, info);
    } catch (error) {
      if (isNotFound(error)) break;
      throw error;
    }
    await k.process.sleep(1000);
  }
  return createObject(k, info, modified, validation);
}

function originalConfiguration(object: KubeObject): Record<string, unknown> {
  const noted = object.metadata.annotations?.[lastAppliedAnnotation];
  if (noted === undefined || noted === '') return {};
  try {
    const parsed: unknown = JSON.parse(noted);
    return isRecord(parsed) ? parsed : {};
  } catch {
    throw new KubectlError('invalid JSON document');
  }
}

/** The words around a refusal while the patch was sent. */
function applying(error: StatusError, info: Info, patch: Record<string, unknown>): Error {
  const patched = withSource(error, 'patching', info.source);
  const shown = `applying patch:\n${sortedJson(patch)}\nto:\n${describeInfo(info)}\nfor:`;
  return withSource(patched, shown, info.source);
}

function retrieving(error: unknown, info: Info): unknown {
  const shown = `retrieving current configuration of:\n${describeInfo(info)}\nfrom server for:`;
  if (error instanceof StatusError) return withSource(error, shown, info.source);
  if (error instanceof KubectlError) {
    return new KubectlError(`error when ${shown} ${goQuote(info.source)}: ${error.message}`);
  }
  return error;
}

function describeInfo({ mapping, name, namespace }: Info): string {
  const version = mapping.group === '' ? `/${mapping.version}` : `${mapping.group}/${mapping.version}`;
  return `Resource: ${goQuote(`${version}, Resource=${mapping.resource}`)}, GroupVersionKind: ${goQuote(`${version}, Kind=${mapping.kind}`)}\nName: ${goQuote(name)}, Namespace: ${goQuote(namespace)}`;
}

function withoutNulls<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withoutNulls) as T;
  if (!isRecord(value)) return value;
  const kept: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) if (member !== null) kept[key] = withoutNulls(member);
  return kept as T;
}
