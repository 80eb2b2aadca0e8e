import { encode } from '../../kernel/streams.ts';
import { printYaml } from '../../kernel/yaml-print.ts';
import { resourcePath } from './client.ts';
import { type Command, fieldManagerFlag, filenameFlags, selectorFlag } from './command.ts';
import { isNotFound, KubectlError, throwAll } from './errors.ts';
import { goQuote } from './flags.ts';
import type { Kubectl } from './kubectl.ts';
import { lastAppliedAnnotation, withLastApplied } from './last-applied.ts';
import { threeWayMergePatch } from './merge-patch.ts';
import { isRecord, type KubeObject } from './objects.ts';
import { patchSchema } from './patch-schema.ts';
import { withoutManagedFields } from './printers.ts';
import { flagsOf, getObject, type Info, select } from './resources.ts';
import { threeWayStrategicPatch } from './strategic-patch.ts';

export const diff: Command = {
  name: 'diff',
  short: 'Diff the live version against a would-be applied version',
  use: 'diff -f FILENAME',
  flags: [
    ...filenameFlags('that holds the configuration to compare.'),
    selectorFlag,
    fieldManagerFlag('kubectl-client-side-apply'),
    { name: 'server-side', kind: 'bool', usage: 'Let the server merge the configuration.' },
    { name: 'force-conflicts', kind: 'bool', usage: 'Take fields over from other managers (with --server-side).' },
    { name: 'show-managed-fields', kind: 'bool', usage: 'Keep managedFields.' },
  ],
  run: runDiff,
};

async function runDiff(k: Kubectl): Promise<number> {
  if (k.flags.list('filename').length === 0) throw new KubectlError('must specify one of -f and -k', { exitCode: 2 });
  const { files } = k.process.machine;
  const number = () => String(k.process.kernel.random.int(2 ** 32));
  const [live, merged] = [`/tmp/LIVE-${number()}`, `/tmp/MERGED-${number()}`];
  for (const directory of [live, merged]) files.makeDirectory(directory, { parents: true });
  try {
    const { infos, errors } = await select(k, { ...flagsOf(k), args: [], all: false });
    throwAll(errors);
    for (const info of infos) {
      const { group, version, kind } = info.mapping;
      const name = `${group === '' ? '' : `${group}.`}${version}.${kind}.${info.namespace}.${info.name}`;
      const [current, wanted] = await versions(k, info);
      if (current) files.writeFile(`${live}/${name}`, encode(printYaml(current)));
      files.writeFile(`${merged}/${name}`, encode(printYaml(wanted)));
    }
    return await compare(k, live, merged);
  } finally {
    for (const directory of [live, merged]) files.remove(directory, { recursive: true });
  }
}

/** The object as it is, and as applying the file would make it. */
async function versions(k: Kubectl, info: Info): Promise<[KubeObject | undefined, KubeObject]> {
  const shown = (object: KubeObject) =>
    withoutLastApplied(k.flags.bool('show-managed-fields') ? object : withoutManagedFields(object));
  const query = { fieldManager: k.flags.text('field-manager'), dryRun: 'All' };
  const configuration = withLastApplied(info.object as KubeObject);
  try {
    const current = await getObject(k, info);
    const noted = current.metadata.annotations?.[lastAppliedAnnotation];
    const parsed: unknown = noted ? JSON.parse(noted) : {};
    const original = isRecord(parsed) ? parsed : {};
    const schema = patchSchema(info.mapping.group, info.mapping.kind);
    const wanted = await k.client.json<KubeObject>('PATCH', resourcePath(info.mapping, info.namespace, info.name), {
      query,
      contentType: schema ? 'application/strategic-merge-patch+json' : 'application/merge-patch+json',
      body: schema
        ? threeWayStrategicPatch(original, configuration, current, schema)
        : threeWayMergePatch(original, configuration, current),
    });
    return [shown(current), shown(wanted)];
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const wanted = await k.client.json<KubeObject>('POST', resourcePath(info.mapping, info.namespace), {
      query,
      body: configuration,
    });
    return [undefined, shown(wanted)];
  }
}

function withoutLastApplied(object: KubeObject): KubeObject {
  const { [lastAppliedAnnotation]: _, ...annotations } = object.metadata.annotations ?? {};
  const { annotations: __, ...metadata } = object.metadata;
  return { ...object, metadata: Object.keys(annotations).length > 0 ? { ...metadata, annotations } : metadata };
}

async function compare(k: Kubectl, live: string, merged: string): Promise<number> {
  const { env, machine } = k.process;
  const [name = 'diff', ...options] = (env.get('KUBECTL_EXTERNAL_DIFF') ?? 'diff -u -N').split(' ').filter(Boolean);
  const program = machine.findProgram(name, env.get('PATH'));
  if (!program) {
    throw new KubectlError(
      `failed to run ${goQuote(name)}: exec: ${goQuote(name)}: executable file not found in $PATH`,
      { exitCode: 2 },
    );
  }
  await k.flush();
  const status = await k.process.spawn(program, { argv: [name, ...options, live, merged] }).exited;
  if (status > 1) throw new KubectlError(`exit status ${status}`, { exitCode: status });
  return status;
}
